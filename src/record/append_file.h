/** A record that grows piece by piece and outlives any crash. What cannot be written now waits, and
 *  is tried again with the next piece: a disk that was full for a second leaves no gap. */
#ifndef DEEPQ_RECORD_APPEND_FILE_H
#define DEEPQ_RECORD_APPEND_FILE_H

#include <stddef.h>
#include <sys/types.h>

#include "deepq/status.h"

enum { DQ_APPEND_MAX_WAITING = 1 << 26 };  // bytes; of what comes beyond, nothing is kept

typedef struct dq_append_file {
    int fd;
    char *path;
    off_t end;    // after the last whole piece
    int is_torn;  // there is a part of a piece behind it
    unsigned char *waiting;
    size_t n, cap;
} dq_append_file;

enum { DQ_APPEND_WHOLE = -1 };

/** Open a file for appending, making it when missing, and cut it to `end` bytes; DQ_APPEND_WHOLE
 *  leaves it as long as it is. */
DQ_NODISCARD dq_status dq_append_open(dq_append_file *f, const char *path, off_t end);
/** Take a piece; dq_append_flush() hands it on. DQ_ERR_NOMEM: it is lost. */
dq_status dq_append_put(dq_append_file *f, const void *bytes, size_t n);
/** Hand all pieces so far to the operating system. After DQ_ERR_IO they wait, and the file ends
 * with the last whole one. */
dq_status dq_append_flush(dq_append_file *f);
/** The same, and have them on the disk. */
dq_status dq_append_sync(dq_append_file *f);
/** Flush and close; the first failure. */
dq_status dq_append_close(dq_append_file *f);

#endif
