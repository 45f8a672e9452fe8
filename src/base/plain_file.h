/** Opening files for writing, where other users may have put something in their place.
 *
 *  A link, a pipe or a device in the place of a file is refused and left alone. A folder in the
 *  path may be a link. */
#ifndef DEEPQ_BASE_PLAIN_FILE_H
#define DEEPQ_BASE_PLAIN_FILE_H

#include <stdbool.h>
#include <stddef.h>

#include "deepq/status.h"

/** Fail with "cannot VERB PATH: " and the text of errno.
 *  @return DQ_ERR_NOT_FOUND for ENOENT, else DQ_ERR_IO */
dq_status dq_fail_errno(const char *verb, const char *path);

/** Check that `path` is absent or a plain file.
 *  @return DQ_OK or DQ_ERR_INPUT */
DQ_NODISCARD dq_status dq_plain_check(const char *path);

/** Open a log for appending; creates it when it is missing.
 *  @param[out] fd to be closed by the caller */
DQ_NODISCARD dq_status dq_plain_open_append(const char *path, int *fd);

enum { DQ_TEMP_SUFFIX = 14 };  // bytes of ".0123abcd.tmp" with its zero

/** Create a new file beside `path` under a temporary name: its name, a dot, eight hexadecimal
 *  digits and ".tmp", shortened if that is too long.
 *  @param[out] temp its path, strlen(path) + DQ_TEMP_SUFFIX bytes
 *  @param[out] fd open for writing, to be closed by the caller */
DQ_NODISCARD dq_status dq_plain_create_beside(const char *path, char *temp, int *fd);

/** Whether a file name, without a path, is a temporary name. */
bool dq_plain_is_left(const char *name);
/** Remove the files with temporary names from a folder, which killed processes left. Nobody else
 *  may be writing to the folder. */
void dq_plain_remove_left(const char *folder);

#endif
