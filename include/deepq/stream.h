/** Byte streams for saving and loading state.
 *
 *  Every layer has one save/load pair on top of these. A writer collects bytes in memory or passes
 *  them to a file; a reader gives them back and never reads past its end: a short stream is
 *  DQ_ERR_INPUT, not a crash. Errors stick: after the first one, later calls return it again, so a
 *  save function may write all its fields and check once at the end. Numbers are little-endian. */
#ifndef DEEPQ_STREAM_H
#define DEEPQ_STREAM_H

#include <stddef.h>
#include <stdint.h>

#include "deepq/status.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct dq_writer dq_writer;
typedef struct dq_reader dq_reader;

/** A writer into memory that grows as needed. Destroy it with dq_writer_destroy(). */
DQ_API
DQ_NODISCARD dq_status dq_writer_create(dq_writer **out);
/** The bytes so far and their number; owned by the writer, valid until the next write. */
DQ_API
const void *dq_writer_bytes(const dq_writer *w, size_t *n);
DQ_API
void dq_writer_destroy(dq_writer *w);

/** A reader over n bytes that the caller keeps alive. */
DQ_API
DQ_NODISCARD dq_status dq_reader_create(dq_reader **out, const void *bytes, size_t n);
/** Bytes not read yet. */
DQ_API
size_t dq_reader_left(const dq_reader *r);
DQ_API
void dq_reader_destroy(dq_reader *r);

DQ_API
dq_status dq_write(dq_writer *w, const void *bytes, size_t n);
DQ_API
dq_status dq_write_u32(dq_writer *w, uint32_t v);
DQ_API
dq_status dq_write_u64(dq_writer *w, uint64_t v);
DQ_API
dq_status dq_write_f64(dq_writer *w, double v);
/** A section tag of four characters plus a version: dq_read_tag() refuses another one by name. */
DQ_API
dq_status dq_write_tag(dq_writer *w, const char tag[4], uint32_t version);

DQ_API
dq_status dq_read(dq_reader *r, void *bytes, size_t n);
DQ_API
dq_status dq_read_u32(dq_reader *r, uint32_t *v);
DQ_API
dq_status dq_read_u64(dq_reader *r, uint64_t *v);
DQ_API
dq_status dq_read_f64(dq_reader *r, double *v);
DQ_API
dq_status dq_read_tag(dq_reader *r, const char tag[4], uint32_t version);

#ifdef __cplusplus
}
#endif
#endif
