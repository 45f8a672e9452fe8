/** Paths put together safely, and what went wrong with one. */
#ifndef DEEPQ_RECORD_FILE_NAMES_H
#define DEEPQ_RECORD_FILE_NAMES_H

#include <stddef.h>

#include "base/plain_file.h"  // dq_fail_errno()
#include "deepq/status.h"

enum { DQ_PATH_CAP = 4096 };  // bytes, as PATH_MAX on Linux

/** snprintf() that takes too little room for an error: DQ_ERR_CONFIG. */
DQ_NODISCARD dq_status dq_path_format(char *to, size_t cap, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/** Make a text a part of a file name: "ALE/Pong-v5" becomes "ALE-Pong-v5". All but letters, digits,
 *  dots, dashes, underscores, plus and equals signs become dashes; so does a leading dot. Cut to
 *  `cap` bytes with the final zero. Returns `to`. */
char *dq_file_name_part(char *to, size_t cap, const char *text);

#endif
