/** The processes of a sweep that mpirun, or srun, started on one or many machines. */
#ifndef DEEPQ_SWEEP_SWEEP_MACHINES_H
#define DEEPQ_SWEEP_SWEEP_MACHINES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "deepq/status.h"

enum { DQ_MACHINE_TEXT = 480, DQ_MACHINE_HOST = 64 };

typedef enum dq_message_kind {
    // to rank 0
    DQ_MESSAGE_HELLO,    // `number` runs at once, or -1: the folder is not the same; text: the host
    DQ_MESSAGE_NOTE,     // of run `number`
    DQ_MESSAGE_ENDED,    // run `number`, in `state` (dq_job_state)
    DQ_MESSAGE_STOPPED,  // it was told to stop by a signal
    DQ_MESSAGE_BYE,      // the last one, after DQ_MESSAGE_END
    // from rank 0
    DQ_MESSAGE_RUN,   // begin run `number`
    DQ_MESSAGE_STOP,  // tell all runs to stop
    DQ_MESSAGE_END,   // that was all
    // both ways
    DQ_MESSAGE_ALIVE
} dq_message_kind;

typedef struct dq_message {
    int32_t kind, number, state, unused;
    char text[DQ_MACHINE_TEXT];
} dq_message;

typedef struct dq_machines dq_machines;

/** Whether this process was started by something like mpirun. */
bool dq_machines_are_meant(void);
/** Its rank as far as its environment says, before dq_machines_open(); 0 where it does not. */
int dq_machines_likely_rank(void);
/** Whether this deepq has what it takes. */
bool dq_machines_are_built(void);

/** Meet the others. @param[out] out to be ended by dq_machines_close() or dq_machines_abort()
 *  @return DQ_ERR_UNSUPPORTED: this deepq was built without MPI, or cannot load it */
DQ_NODISCARD dq_status dq_machines_open(dq_machines **out);
int dq_machines_rank(const dq_machines *m);
int dq_machines_count(const dq_machines *m);
/** What rank 0 has in n bytes, all have afterwards. */
DQ_NODISCARD dq_status dq_machines_share(dq_machines *m, void *bytes, size_t n);
/** Does not wait. DQ_ERR_IO: the others cannot be reached any more. */
DQ_NODISCARD dq_status dq_machines_send(dq_machines *m, int to, const dq_message *message);
/** @param[out] has_one false: there was none */
DQ_NODISCARD dq_status dq_machines_receive(dq_machines *m, bool *has_one, int *from,
                                           dq_message *message);
/** All must call it. Accepts NULL. */
void dq_machines_close(dq_machines *m);
/** End the whole job, this process too. */
void dq_machines_abort(dq_machines *m, int exit_status);

#endif
