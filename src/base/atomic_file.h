/** Files that are complete or absent: written under a temporary name, synced, renamed. */
#ifndef DEEPQ_BASE_ATOMIC_FILE_H
#define DEEPQ_BASE_ATOMIC_FILE_H

#include <stddef.h>

#include "deepq/status.h"
#include "deepq/stream.h"

/** Start writing a file: bytes go to a temporary file beside it until dq_file_commit(). The writer
 *  has only a small buffer, so large states need no second copy in memory.
 *  @param path absent, or a plain file (plain_file.h) */
DQ_NODISCARD dq_status dq_file_writer_create(dq_writer **out, const char *path);
/** Complete the file: append the CRC-32 of all bytes when `with_crc`, sync, rename, sync the
 *  folder. Destroys the writer. On failure the temporary file is removed and a former `path` is
 *  unchanged. */
DQ_NODISCARD dq_status dq_file_commit(dq_writer *w, int with_crc);
/** dq_file_commit() that leaves what had the name `path` under the name `before`: at any moment one
 *  of the two is there, complete. */
DQ_NODISCARD dq_status dq_file_commit_keeping(dq_writer *w, int with_crc, const char *before);
/** Give up: remove the temporary file and destroy the writer. Accepts NULL. */
void dq_file_abandon(dq_writer *w);

/** Write n bytes to `path` atomically. */
DQ_NODISCARD dq_status dq_file_write(const char *path, const void *bytes, size_t n);

/** Open a file for reading; dq_reader_destroy() closes it.
 *  @param with_crc the last four bytes must be the CRC-32 of the others, else DQ_ERR_INPUT; the
 *         reader ends before them */
DQ_NODISCARD dq_status dq_file_reader_create(dq_reader **out, const char *path, int with_crc);

/** Read a whole file.
 *  @param max_bytes its largest size, else DQ_ERR_INPUT
 *  @param[out] bytes its contents and a zero byte after them, to be freed by free() */
DQ_NODISCARD dq_status dq_file_read(const char *path, size_t max_bytes, void **bytes, size_t *n);

/** Create a folder and its missing parents. */
DQ_NODISCARD dq_status dq_make_dirs(const char *path);

#endif
