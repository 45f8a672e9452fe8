/** What an earlier process left of a record: judged piece by piece, then cut back to where a run
 * goes on. Nothing is destroyed but what that run will write again. */
#ifndef DEEPQ_RECORD_REPAIR_H
#define DEEPQ_RECORD_REPAIR_H

#include <stddef.h>

#include "deepq/status.h"

typedef enum dq_verdict {
    DQ_PIECE_KEPT,
    DQ_PIECE_LATER,   // than where the run goes on, or unfinished
    DQ_PIECE_DAMAGED  // so is a later piece with one to be kept behind it
} dq_verdict;

typedef struct dq_repair {
    struct dq_repair_run *runs;  // neighbours alike, in the order of the file
    size_t n, cap;
    dq_status status;  // a failure to look at the file: nothing is changed then
} dq_repair;

/** The next piece; `r` is all zero before the first. */
void dq_repair_add(dq_repair *r, dq_verdict verdict, size_t n_bytes);

/** Where nothing is damaged the file at `path` stays as it is, to be cut to *end bytes. Else the
 *  damaged pieces are appended to the file `aside`, then `path` is replaced by what is kept, which
 * is *end bytes long. @param[out] n_damaged pieces. Frees `r`. */
DQ_NODISCARD dq_status dq_repair_finish(dq_repair *r, const char *path, const char *aside,
                                        size_t *end, size_t *n_damaged);

#endif
