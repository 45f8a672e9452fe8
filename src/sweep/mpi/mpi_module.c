/* libdeepq_mpi.so: the border of mpi_ops.h over MPI. */
#include <mpi.h>
#include <stdlib.h>
#include <string.h>

#include "sweep/mpi_ops.h"

enum { TAG = 1 };

/** A message on its way; MPI reads its bytes until it has left. */
typedef struct message {
    struct message *next;
    MPI_Request request;
    unsigned char bytes[];
} message;

static message *on_the_way;

static int begin(int *rank, int *n)
{
    int is_ready;
    if (MPI_Initialized(&is_ready) != MPI_SUCCESS ||
        (!is_ready && MPI_Init(NULL, NULL) != MPI_SUCCESS))
        return 1;
    // A failure is told to the program, which says what it means.
    MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN);
    return MPI_Comm_rank(MPI_COMM_WORLD, rank) != MPI_SUCCESS ||
           MPI_Comm_size(MPI_COMM_WORLD, n) != MPI_SUCCESS;
}

static int share(void *bytes, size_t n)
{
    return MPI_Bcast(bytes, (int)n, MPI_BYTE, 0, MPI_COMM_WORLD) != MPI_SUCCESS;
}

/** Free the messages that have left. */
static int forget_sent(void)
{
    for (message **at = &on_the_way; *at;) {
        message *m = *at;
        int has_left;
        if (MPI_Test(&m->request, &has_left, MPI_STATUS_IGNORE) != MPI_SUCCESS)
            return 1;
        if (has_left) {
            *at = m->next;
            free(m);
        } else {
            at = &m->next;
        }
    }
    return 0;
}

static int send(int to, const void *bytes, size_t n)
{
    message *m = malloc(sizeof(*m) + n);
    if (!m)
        return 1;
    memcpy(m->bytes, bytes, n);
    if (MPI_Isend(m->bytes, (int)n, MPI_BYTE, to, TAG, MPI_COMM_WORLD, &m->request) !=
        MPI_SUCCESS) {
        free(m);
        return 1;
    }
    m->next = on_the_way;
    on_the_way = m;
    return 0;
}

static int receive(int *from, void *bytes, size_t n)
{
    int is_there;
    MPI_Status status;
    if (forget_sent() != 0 ||
        MPI_Iprobe(MPI_ANY_SOURCE, TAG, MPI_COMM_WORLD, &is_there, &status) != MPI_SUCCESS)
        return -1;
    if (!is_there)
        return 0;
    *from = status.MPI_SOURCE;
    return MPI_Recv(bytes, (int)n, MPI_BYTE, *from, TAG, MPI_COMM_WORLD, &status) == MPI_SUCCESS
               ? 1
               : -1;
}

static int end(void)
{
    while (on_the_way) {
        message *m = on_the_way;
        if (MPI_Wait(&m->request, MPI_STATUS_IGNORE) != MPI_SUCCESS)
            return 1;
        on_the_way = m->next;
        free(m);
    }
    return MPI_Finalize() != MPI_SUCCESS;
}

static void stop_all(int exit_status)
{
    MPI_Abort(MPI_COMM_WORLD, exit_status);
}

__attribute__((visibility("default"))) const dq_mpi_ops *dq_mpi_module(void);
const dq_mpi_ops *dq_mpi_module(void)
{
    static const dq_mpi_ops ops = {DQ_MPI_ABI, begin, share, send, receive, end, stop_all};
    return &ops;
}
