/** Repairing a record that an earlier process left: it is checked piece by piece, then cut back to
 *  the point where a run continues. Only what that run will write again is removed. */
#ifndef DEEPQ_RECORD_REPAIR_H
#define DEEPQ_RECORD_REPAIR_H

#include <stddef.h>

#include "deepq/status.h"

typedef enum dq_verdict {
    DQ_PIECE_KEPT,    // it remains
    DQ_PIECE_LATER,   // later than the point where the run continues, or unfinished
    DQ_PIECE_DAMAGED  // damaged, or later but followed by a piece that is kept
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
 *  is *end bytes long. @param[out] n_damaged pieces. Frees `r`. */
DQ_NODISCARD dq_status dq_repair_finish(dq_repair *r, const char *path, const char *aside,
                                        size_t *end, size_t *n_damaged);

/** Leave the file as it is. @return damaged pieces. Frees `r`. */
size_t dq_repair_drop(dq_repair *r);

#endif
