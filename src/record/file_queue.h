/** Files that a thread writes beside its caller's work, in the order in which they are given.
 *
 *  A file is written atomically, as by atomic_file.h, and ends with the CRC-32 of its bytes. All
 *  calls come from one thread. */
#ifndef DEEPQ_RECORD_FILE_QUEUE_H
#define DEEPQ_RECORD_FILE_QUEUE_H

#include <stdbool.h>
#include <stdint.h>

#include "deepq/status.h"
#include "deepq/stream.h"
#include "record/file_names.h"

enum { DQ_QUEUE_SYNCED = 4 };

/** A file to be written. */
typedef struct dq_file_job {
    char path[DQ_PATH_CAP];
    dq_writer *bytes;  // to memory
    uint64_t id;       // the caller's
    /** For a file that needs the others: it is not written when one that was given before it failed
     *  and dq_file_queue_done() has not told yet. What had its name gets the name `before`. Its
     * `bytes` remain the caller's, who leaves them alone until it is done. */
    bool is_last;
    char before[DQ_PATH_CAP];
    char synced[DQ_QUEUE_SYNCED][DQ_PATH_CAP];  // files that are to be on the disk first; "": none
} dq_file_job;

/** What became of a file. */
typedef struct dq_file_done {
    uint64_t id;
    bool is_last;
    dq_status status;
    char message[DQ_PATH_CAP + 256];  // of a failure
} dq_file_done;

typedef struct dq_file_queue dq_file_queue;

/** @param[out] out to be freed by dq_file_queue_destroy(); NULL on failure */
DQ_NODISCARD dq_status dq_file_queue_create(dq_file_queue **out);
/** Waits until all files are written. Accepts NULL. */
void dq_file_queue_destroy(dq_file_queue *q);
/** Give a file; its `bytes` are the queue's from now on, also on failure, but for `is_last`.
 *  @return DQ_OK or DQ_ERR_NOMEM */
DQ_NODISCARD dq_status dq_file_queue_give(dq_file_queue *q, const dq_file_job *job);
/** The next file that is done.
 *  @param wait until there is one, if any is left
 *  @return false when there is none (*done untouched) */
bool dq_file_queue_done(dq_file_queue *q, bool wait, dq_file_done *done);
/** Bytes that wait to be written. */
size_t dq_file_queue_bytes(dq_file_queue *q);

#endif
