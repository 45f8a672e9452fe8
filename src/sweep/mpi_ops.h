/** What the module libdeepq_mpi.so gives: messages of a fixed size between the processes that
 * mpirun started, over the least of MPI 3 that serves. The program loads it only then, and needs no
 * MPI otherwise. */
#ifndef DEEPQ_SWEEP_MPI_OPS_H
#define DEEPQ_SWEEP_MPI_OPS_H

#include <stddef.h>

enum { DQ_MPI_ABI = 1 };  // version of this border
#define DQ_MPI_ENTRY "dq_mpi_module"

/** Functions that return an int: 0, or 1 for a failure; after one, abort() is what is left. */
typedef struct dq_mpi_ops {
    int abi;  // DQ_MPI_ABI
    /** Meet the other processes. @param[out] rank 0..n-1 */
    int (*begin)(int *rank, int *n);
    /** What rank 0 has in n bytes, all have afterwards. All must call it. */
    int (*share)(void *bytes, size_t n);
    /** Send a message without waiting for it to arrive. @param n the same in all calls */
    int (*send)(int to, const void *bytes, size_t n);
    /** Take the next message, of n bytes. @return 0: there is none; 1: one; -1: a failure */
    int (*receive)(int *from, void *bytes, size_t n);
    /** End: all must call it, when every message was received. */
    int (*end)(void);
    /** End the processes of all ranks, this one too. */
    void (*abort)(int exit_status);
} dq_mpi_ops;

typedef const dq_mpi_ops *dq_mpi_entry(void);

#endif
