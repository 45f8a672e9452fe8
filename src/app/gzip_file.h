/** Whole files, gzip-compressed or not. */
#ifndef DEEPQ_APP_GZIP_FILE_H
#define DEEPQ_APP_GZIP_FILE_H

#include <stddef.h>

#include "deepq/status.h"

/** Read a file and decompress it if it is gzip's: then a trace or observation reference, of as many
 *  bytes as its head tells of, or a ROM. @param[out] bytes malloc'd, the caller's to free().
 *  DQ_ERR_INPUT: no such file, damaged, or more than that or max_bytes. */
DQ_NODISCARD dq_status gzip_file_read(const char *path, size_t max_bytes, void **bytes, size_t *n);
/** Write n bytes atomically, compressed when the name ends in ".gz". */
DQ_NODISCARD dq_status gzip_file_write(const char *path, const void *bytes, size_t n);

#endif
