/** Members of zip archives in memory. They are read where they are stored as they are: nothing that
 *  writes models compresses, and so nothing has to guard against archives that grow. */
#ifndef DEEPQ_RECORD_ZIP_READ_H
#define DEEPQ_RECORD_ZIP_READ_H

#include <stdbool.h>
#include <stddef.h>

#include "deepq/status.h"

typedef struct dq_zip {
    struct zip *zip;
    size_t bytes_left;  // of the file's size: stored members cannot hold more in all
    bool has_crcs;      // torch.save() leaves them 0 if it is told to
} dq_zip;

/** Whether the bytes begin like a zip archive. */
bool dq_is_zip(const void *bytes, size_t n);
/** The bytes must outlive the archive. @return DQ_OK: to be closed; DQ_ERR_INPUT; DQ_ERR_NOMEM */
DQ_NODISCARD dq_status dq_zip_open(dq_zip *a, const void *bytes, size_t n);
void dq_zip_close(dq_zip *a);

/** The name of the first member, the archive's; NULL: it has none. */
const char *dq_zip_first(const dq_zip *a);
bool dq_zip_has(const dq_zip *a, const char *name);
/** Read a member, whose checksum must be right.
 *  @param[out] bytes malloc'd; NULL when there is no such member, which is no failure */
DQ_NODISCARD dq_status dq_zip_read(dq_zip *a, const char *name, void **bytes, size_t *n);
/** DQ_ERR_INPUT, "NAME in the archive WHAT". */
dq_status dq_zip_fail(const char *name, const char *what);

#endif
