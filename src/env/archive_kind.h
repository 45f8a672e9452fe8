/** Archives by their first bytes. */
#ifndef DEEPQ_ENV_ARCHIVE_KIND_H
#define DEEPQ_ENV_ARCHIVE_KIND_H

#include <stddef.h>

enum { DQ_ARCHIVE_HEAD = 263 };  // bytes that are enough to tell

/** "zip", "gzip", "tar", "rar", "7z", "xz", "bzip2", "zstd", or NULL. */
const char *dq_archive_kind(const void *head, size_t n);

#endif
