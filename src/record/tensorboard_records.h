/** Event files byte by byte: TFRecord's framing of what protobuf packs.
 *  Source: tensorflow/core/lib/io/record_writer.cc. */
#ifndef DEEPQ_RECORD_TENSORBOARD_RECORDS_H
#define DEEPQ_RECORD_TENSORBOARD_RECORDS_H

#include <stddef.h>
#include <stdint.h>

#include "record/repair.h"

enum { DQ_TB_FRAME_BYTES = 8 + 4 + 4 };

/** Frame the n bytes of an event that lie at record + 12: length, its checksum, the event, its
 *  checksum; n + DQ_TB_FRAME_BYTES in all. */
void dq_tb_frame(uint8_t *record, size_t n);

/** Judge every record of a file, in which those of steps above `last` will come again. A file that
 *  is missing has none. */
void dq_tb_look(dq_repair *repair, const char *path, int64_t last);

#endif
