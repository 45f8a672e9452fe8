/** Configuration files: lines `key = value`, blank lines, and comments from a # on.
 *
 *  A # begins a comment at the start of a line or after a blank, so that values may contain one.
 *  Blanks around keys and values do not count; a value may be empty. Some files have sections,
 * which begin with a line `[name]`. */
#ifndef DEEPQ_RECORD_CONFIG_FILE_H
#define DEEPQ_RECORD_CONFIG_FILE_H

#include <stddef.h>

#include "deepq/status.h"
#include "deepq/stream.h"

/** Called for each pair in the file's order; strings are valid during the call only. */
typedef dq_status dq_config_pair_fn(void *ctx, const char *key, const char *value);

/** Read a file. Errors of the file and of `fn` come back as "FILE:LINE: what is wrong". */
DQ_NODISCARD dq_status dq_config_read(const char *path, dq_config_pair_fn *fn, void *ctx);

/** The same for n bytes in memory; `name` stands for the file in messages. */
DQ_NODISCARD dq_status dq_config_parse(const char *bytes, size_t n, const char *name,
                                       dq_config_pair_fn *fn, void *ctx);

/** Called for the name of each section. */
typedef dq_status dq_config_section_fn(void *ctx, const char *name);
/** dq_config_parse() of a file that may have sections. A name in brackets is not empty. */
DQ_NODISCARD dq_status dq_config_parse_sections(const char *bytes, size_t n, const char *name,
                                                dq_config_pair_fn *fn,
                                                dq_config_section_fn *section, void *ctx);

/** Write one pair; w is from dq_file_writer_create() or in memory. DQ_ERR_CONFIG for what would not
 *  be read back the same: newlines, blanks at an end, " #" in a value, "=" or blanks in a key. The
 *  writer remembers that as it does other failures, so that the file is not made. */
dq_status dq_config_write_pair(dq_writer *w, const char *key, const char *value);

/** Write a line of comment. */
dq_status dq_config_write_comment(dq_writer *w, const char *text);

#endif
