/** Files opened for writing: plain ones alone, under names that nobody can have put anything at.
 *
 *  A link, a pipe or a device in a file's place is refused and left alone: somebody else may have
 *  put it there. A folder on the way may be a link. */
#ifndef DEEPQ_BASE_PLAIN_FILE_H
#define DEEPQ_BASE_PLAIN_FILE_H

#include <stdbool.h>
#include <stddef.h>

#include "deepq/status.h"

/** "cannot VERB PATH: " and what errno says: DQ_ERR_NOT_FOUND for ENOENT, else DQ_ERR_IO. */
dq_status dq_fail_errno(const char *verb, const char *path);

/** DQ_ERR_INPUT when there is something at `path` that is no plain file. */
DQ_NODISCARD dq_status dq_plain_check(const char *path);

/** Open a log to append to, made when missing. @param[out] fd the caller's to close */
DQ_NODISCARD dq_status dq_plain_open_append(const char *path, int *fd);

enum { DQ_TEMP_SUFFIX = 14 };  // bytes of ".0123abcd.tmp" with its zero

/** Create a file beside `path` that nobody else has: its name with a dot, eight hexadecimal digits
 *  and ".tmp", cut where that would be too long. @param[out] temp its path, strlen(path) +
 *  DQ_TEMP_SUFFIX bytes @param[out] fd open for writing */
DQ_NODISCARD dq_status dq_plain_create_beside(const char *path, char *temp, int *fd);

/** Whether a file's name (no path) is such a one. */
bool dq_plain_is_left(const char *name);
/** Remove the files of such names in a folder, which a killed process left. The folder must be one
 *  that nobody else writes to now. */
void dq_plain_remove_left(const char *folder);

#endif
