/** The fields of readers and writers, for the functions of files (atomic_file.h). */
#ifndef DEEPQ_BASE_STREAM_INTERNAL_H
#define DEEPQ_BASE_STREAM_INTERNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "deepq/stream.h"

struct dq_writer {
    dq_status status;  // the first failure
    uint8_t *bytes;    // what was written, or of a file what is not in it yet
    size_t n, cap;     // bytes used and allocated
    int fd;            // file; -1: bytes stay in memory
    uint32_t crc;      // of all bytes of a file so far
    char *path;        // of the file
    char *temp_path;   // its temporary name
};

struct dq_reader {
    dq_status status;      // the first failure
    size_t n;              // bytes that can be read
    size_t at;             // bytes that were read
    const uint8_t *bytes;  // in memory; NULL: in a file
    int fd;                // file, read and not mapped since it may be cut short meanwhile
    uint8_t *buffer;       // part of the file
    size_t buffer_at;      // where the part begins
    size_t buffer_n;       // its bytes
    uint32_t crc;          // of the file, where that was checked
};

enum { DQ_READER_BUFFER = 1 << 16 };

/** Whether the next bytes are this tag; they remain to be read. */
bool dq_reader_is_at(dq_reader *r, const char tag[4]);

/** dq_read_tag() of a section whose format has several versions.
 *  @param[out] version from `first` to `last`, else DQ_ERR_INPUT */
dq_status dq_read_tag_between(dq_reader *r, const char tag[4], uint32_t first, uint32_t last,
                              uint32_t *version);

/** Forget what a writer to memory has, and keep its memory for what comes. */
void dq_writer_clear(dq_writer *w);
/** Write the buffer of a writer to its file. */
dq_status dq_writer_flush(dq_writer *w);

#endif
