#include "sweep/sweep_machines.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/module_file.h"
#include "sweep/mpi_ops.h"

static const char NAME[] = "libdeepq_mpi.so";

struct dq_machines {
    const dq_mpi_ops *ops;
    int rank, n;
};

/* What Open MPI, MPICH with its relatives, and Slurm's srun --mpi=pmix set. */
static const char *const sizes[] = {"OMPI_COMM_WORLD_SIZE", "PMI_SIZE", "PMIX_RANK"};
static const char *const ranks[] = {"OMPI_COMM_WORLD_RANK", "PMI_RANK", "PMIX_RANK"};

bool dq_machines_are_meant(void)
{
    for (size_t i = 0; i < DQ_COUNT(sizes); i++)
        if (getenv(sizes[i]))
            return true;
    return false;
}

int dq_machines_likely_rank(void)
{
    for (size_t i = 0; i < DQ_COUNT(ranks); i++) {
        const char *rank = getenv(ranks[i]);
        if (rank)
            return (int)strtol(rank, NULL, 10);
    }
    return 0;
}

bool dq_machines_are_built(void)
{
    char path[DQ_MODULE_PATH];
    return dq_module_find(NAME, path);
}

/** dlsym() gives a data pointer; ISO C has no cast from it to a function. */
static dq_mpi_entry *find_entry(void *module)
{
    dq_mpi_entry *entry;
    void *symbol = dlsym(module, DQ_MPI_ENTRY);
    memcpy(&entry, &symbol, sizeof(entry));
    return entry;
}

static dq_status load(const dq_mpi_ops **ops)
{
    char path[DQ_MODULE_PATH];
    if (!dq_module_find(NAME, path))
        return dq_fail(
            DQ_ERR_UNSUPPORTED,
            "many machines: %s is not beside deepq, which was built without MPI: install "
            "libopenmpi-dev and build it again, or start it without mpirun",
            NAME);
    void *module = dlopen(path, RTLD_NOW | RTLD_GLOBAL);  // Open MPI's own modules look for symbols
    dq_mpi_entry *entry = module ? find_entry(module) : NULL;
    if (!entry)
        return dq_fail(DQ_ERR_UNSUPPORTED, "many machines: cannot load the module: %s", dlerror());
    *ops = entry();
    if ((*ops)->abi == DQ_MPI_ABI)
        return DQ_OK;
    return dq_fail(DQ_ERR_UNSUPPORTED,
                   "many machines: %s is of another version of deepq: install both again", path);
}

dq_status dq_machines_open(dq_machines **out)
{
    dq_machines m = {NULL, 0, 1};
    *out = NULL;
    DQ_TRY(load(&m.ops));
    if (m.ops->begin(&m.rank, &m.n) != 0)
        return dq_fail(DQ_ERR_IO, "many machines: the processes of mpirun do not find each other");
    *out = malloc(sizeof(m));
    if (!*out)
        return dq_fail(DQ_ERR_NOMEM, "no memory for the processes of mpirun");
    **out = m;
    return DQ_OK;
}

int dq_machines_rank(const dq_machines *m)
{
    return m->rank;
}

int dq_machines_count(const dq_machines *m)
{
    return m->n;
}

static dq_status check(int failed)
{
    return failed ? dq_fail(DQ_ERR_IO, "many machines: MPI cannot send or receive any more")
                  : DQ_OK;
}

dq_status dq_machines_share(dq_machines *m, void *bytes, size_t n)
{
    return check(m->ops->share(bytes, n));
}

dq_status dq_machines_send(dq_machines *m, int to, const dq_message *message)
{
    return check(m->ops->send(to, message, sizeof(*message)));
}

dq_status dq_machines_receive(dq_machines *m, bool *has_one, int *from, dq_message *message)
{
    int n = m->ops->receive(from, message, sizeof(*message));
    *has_one = n > 0;
    if (n > 0)
        message->text[sizeof(message->text) - 1] = '\0';
    return check(n < 0);
}

void dq_machines_close(dq_machines *m)
{
    if (m)
        (void)m->ops->end();
    free(m);
}

void dq_machines_abort(dq_machines *m, int exit_status)
{
    m->ops->abort(exit_status);
    exit(exit_status);  // where abort() came back
}
