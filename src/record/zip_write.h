/** Zip archives as torch.save() and Stable-Baselines3 write them: members stored, not compressed.
 */
#ifndef DEEPQ_RECORD_ZIP_WRITE_H
#define DEEPQ_RECORD_ZIP_WRITE_H

#include <stddef.h>

#include "deepq/status.h"
#include "deepq/stream.h"

/** A member of an archive. */
typedef struct dq_zip_member {
    const char *name;   // with its folders, "archive/data.pkl"
    const void *bytes;  // [n], the caller's
    size_t n;
} dq_zip_member;

/** Write an archive. The same members give the same bytes: all have one date.
 *  @param alignment the data of each member begins at a multiple of it; 1: anywhere
 *  @return DQ_OK; DQ_ERR_IO; DQ_ERR_NOMEM; or the writer's failure */
DQ_NODISCARD dq_status dq_zip_write(dq_writer *w, const dq_zip_member *members, size_t n,
                                    size_t alignment);

#endif
