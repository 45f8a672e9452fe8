/** The insides of readers and writers, shared with the file functions. */
#ifndef DEEPQ_BASE_STREAM_INTERNAL_H
#define DEEPQ_BASE_STREAM_INTERNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "deepq/stream.h"

struct dq_writer {
    dq_status status;  // the first failure; later writes return it
    uint8_t *bytes;
    size_t n, cap;
    int fd;  // -1: the bytes stay in memory; else they go there whenever `cap` is full
    uint32_t crc;
    char *path, *temp_path;
};

struct dq_reader {
    dq_status status;
    size_t n, at;
    const uint8_t *bytes;  // in memory; NULL: in a file, which is read and not mapped, since it may
    int fd;                // become shorter meanwhile
    uint8_t *buffer;       // of the file's bytes from buffer_at on
    size_t buffer_at, buffer_n;
};

enum { DQ_READER_BUFFER = 1 << 16 };

/** Whether the next bytes are this tag. */
bool dq_reader_is_at(dq_reader *r, const char tag[4]);

/** dq_read_tag() of a section that has had several versions. @param[out] version first..last */
dq_status dq_read_tag_between(dq_reader *r, const char tag[4], uint32_t first, uint32_t last,
                              uint32_t *version);

/** Write out what is buffered (file writers only). */
dq_status dq_writer_flush(dq_writer *w);

#endif
