/** Files that are there whole or not at all: written to a temporary name, synced, renamed. */
#ifndef DEEPQ_BASE_ATOMIC_FILE_H
#define DEEPQ_BASE_ATOMIC_FILE_H

#include <stddef.h>

#include "deepq/status.h"
#include "deepq/stream.h"

/** Start writing `path`, which is missing or a plain file (plain_file.h): bytes go to a file beside
 *  it until dq_file_commit(). The writer buffers little, so that large states need no second copy
 * in memory. */
DQ_NODISCARD dq_status dq_file_writer_create(dq_writer **out, const char *path);
/** Append the CRC-32 of all bytes when `with_crc`, sync, rename, sync the folder, destroy the
 *  writer. On any failure the temporary file is removed and an older `path` is left as it was. */
DQ_NODISCARD dq_status dq_file_commit(dq_writer *w, int with_crc);
/** Give up: remove the temporary file and destroy the writer. Accepts NULL. */
void dq_file_abandon(dq_writer *w);

/** Write n bytes to `path` atomically. */
DQ_NODISCARD dq_status dq_file_write(const char *path, const void *bytes, size_t n);

/** Open a file for reading. With `with_crc` the last four bytes must be the CRC-32 of the others
 *  (else DQ_ERR_INPUT), and the reader ends before them. dq_reader_destroy() closes it. */
DQ_NODISCARD dq_status dq_file_reader_create(dq_reader **out, const char *path, int with_crc);

/** Read a whole file of at most max_bytes (more is DQ_ERR_INPUT). @param[out] bytes malloc'd, with
 *  an extra zero byte after the end; the caller's to free(). */
DQ_NODISCARD dq_status dq_file_read(const char *path, size_t max_bytes, void **bytes, size_t *n);

/** Create a folder and its missing parents. */
DQ_NODISCARD dq_status dq_make_dirs(const char *path);

#endif
