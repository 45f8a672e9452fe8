/** Byte streams: how state is saved and loaded.
 *
 *  A writer collects bytes in memory, a reader gives them back. To save to a file, write
 *  dq_writer_bytes() to it yourself, best under a temporary name that is then renamed; to load,
 *  read the file into memory and give it to dq_reader_create(). A reader never reads past its end:
 *  a stream that is too short gives DQ_ERR_INPUT. After the first failure of a stream every later
 *  call returns that failure, so a function that saves may write all its fields and check only the
 *  last status. Numbers are little-endian. */
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

/** Create a writer to memory, which grows as needed.
 *  @param[out] out to be freed by dq_writer_destroy(); NULL on failure
 *  @return DQ_OK or DQ_ERR_NOMEM */
DQ_API
DQ_NODISCARD dq_status dq_writer_create(dq_writer **out);
/** The bytes written so far, owned by the writer, valid until the next write.
 *  @param[out] n their number */
DQ_API
const void *dq_writer_bytes(const dq_writer *w, size_t *n);
/** Accepts NULL. */
DQ_API
void dq_writer_destroy(dq_writer *w);

/** Create a reader of n bytes, which must exist as long as the reader.
 *  @param[out] out to be freed by dq_reader_destroy(); NULL on failure
 *  @return DQ_OK or DQ_ERR_NOMEM */
DQ_API
DQ_NODISCARD dq_status dq_reader_create(dq_reader **out, const void *bytes, size_t n);
/** Bytes that were not read yet. */
DQ_API
size_t dq_reader_left(const dq_reader *r);
/** Accepts NULL. */
DQ_API
void dq_reader_destroy(dq_reader *r);

/** Write n bytes.
 *  @return DQ_OK; DQ_ERR_NOMEM; or the writer's first failure */
DQ_API
dq_status dq_write(dq_writer *w, const void *bytes, size_t n);
/** dq_write() of 4 bytes. */
DQ_API
dq_status dq_write_u32(dq_writer *w, uint32_t v);
/** dq_write() of 8 bytes. */
DQ_API
dq_status dq_write_u64(dq_writer *w, uint64_t v);
/** dq_write() of 8 bytes, IEEE 754. */
DQ_API
dq_status dq_write_f64(dq_writer *w, double v);
/** Write the tag of a section, four characters, and the version of its format. */
DQ_API
dq_status dq_write_tag(dq_writer *w, const char tag[4], uint32_t version);

/** Read n bytes.
 *  @return DQ_OK; DQ_ERR_INPUT when fewer are left; or the reader's first failure */
DQ_API
dq_status dq_read(dq_reader *r, void *bytes, size_t n);
/** dq_read() of 4 bytes. */
DQ_API
dq_status dq_read_u32(dq_reader *r, uint32_t *v);
/** dq_read() of 8 bytes. */
DQ_API
dq_status dq_read_u64(dq_reader *r, uint64_t *v);
/** dq_read() of 8 bytes, IEEE 754. */
DQ_API
dq_status dq_read_f64(dq_reader *r, double *v);
/** Read the tag and the version of a section.
 *  @return DQ_OK; DQ_ERR_INPUT names a tag or a version that is not the one expected */
DQ_API
dq_status dq_read_tag(dq_reader *r, const char tag[4], uint32_t version);

#ifdef __cplusplus
}
#endif
#endif
