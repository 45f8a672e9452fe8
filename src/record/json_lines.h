/** Logs of one JSON object a line (log.jsonl), which outlive any crash. */
#ifndef DEEPQ_RECORD_JSON_LINES_H
#define DEEPQ_RECORD_JSON_LINES_H

#include <jansson.h>
#include <stdint.h>

#include "deepq/status.h"

typedef struct dq_json_lines dq_json_lines;

/** Open a log for appending, or create it. It is first cut back to the point where a run continues:
 *  an unfinished line at its end is dropped, and so are lines whose integer `key` is above `last`,
 *  which the run will write again. Damaged lines, which are not JSON objects or are later than one
 *  that is kept, are moved to the file PATH.damaged.
 *  @param last INT64_MAX keeps every complete line */
DQ_NODISCARD dq_status dq_json_lines_open(dq_json_lines **out, const char *path, const char *key,
                                          int64_t last);
/** Damaged lines that were set aside when it was opened. */
size_t dq_json_lines_damaged(const dq_json_lines *log);

/** Append an object as one line, in the order of its keys, handed to the operating system at once.
 *  Takes over the reference; NULL is DQ_ERR_NOMEM: `append(log, json_pack("{s:i}", "frame", 1))`.
 *  After a failure (DQ_ERR_IO: disk full) the file ends with the last whole line, and the new one
 *  is tried again with the next. */
dq_status dq_json_lines_append(dq_json_lines *log, json_t *object);
/** Hand to the operating system what could not be handed to it before. */
dq_status dq_json_lines_flush(dq_json_lines *log);
/** Have all lines so far on the disk; also those that could not be written before. */
dq_status dq_json_lines_sync(dq_json_lines *log);

/** Accepts NULL. */
dq_status dq_json_lines_close(dq_json_lines *log);

/** Called for each line in turn; anything but DQ_OK ends the reading. */
typedef dq_status dq_json_line_fn(void *ctx, const json_t *object);

/** Read a log up to its end or a torn last line.
 *  @param[out] n_damaged lines that are no objects, and were left out; NULL: the first one ends the
 *         reading with DQ_ERR_INPUT, which names it */
DQ_NODISCARD dq_status dq_json_lines_read(const char *path, dq_json_line_fn *fn, void *ctx,
                                          size_t *n_damaged);

/** Parse JSON. @param[out] value NULL when it is none; the caller's. Fails for want of memory
 *  alone, which is no damage and which jansson may report as one. */
DQ_NODISCARD dq_status dq_json_parse(json_t **value, const void *bytes, size_t n, size_t flags);

/** A text: what is no UTF-8 in it becomes U+FFFD. NULL for want of memory. */
json_t *dq_json_text(const char *text);

/** A number for JSON, which has no infinities: null instead of those and of NaN. */
json_t *dq_json_real(double number);

#endif
