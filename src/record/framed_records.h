/** Files of framed records: TFRecord's framing, which tells a record that is damaged from one that
 *  is whole. Event files and logs of actions have it.
 *  Source: tensorflow/core/lib/io/record_writer.cc. */
#ifndef DEEPQ_RECORD_FRAMED_RECORDS_H
#define DEEPQ_RECORD_FRAMED_RECORDS_H

#include <stddef.h>
#include <stdint.h>

#include "record/repair.h"

enum { DQ_FRAME_HEAD = 8 + 4, DQ_FRAME_BYTES = DQ_FRAME_HEAD + 4 };

/** Frame the n bytes that lie at record + DQ_FRAME_HEAD: their number, its checksum, the bytes,
 *  their checksum; n + DQ_FRAME_BYTES in all. */
void dq_frame_record(uint8_t *record, size_t n);

/** Looks at the n bytes of a record whose checksums are right. */
typedef dq_verdict dq_record_judge_fn(void *ctx, const uint8_t *bytes, size_t n);

/** Judge every record: `judge` those that are whole; the others are damaged, or at the end
 *  unfinished. */
void dq_framed_look_at(dq_repair *repair, const uint8_t *bytes, size_t n, dq_record_judge_fn *judge,
                       void *ctx);
/** The same of a file. One that is missing has none. */
void dq_framed_look(dq_repair *repair, const char *path, dq_record_judge_fn *judge, void *ctx);

#endif
