/** Writing C: formatted text, and the parts of the file that are always the same (c_*.inc), in
 *  which names that begin with model_ or MODEL_ get the file's own prefix. */
#ifndef DEEPQ_EXPORT_C_TEXT_H
#define DEEPQ_EXPORT_C_TEXT_H

#include <stddef.h>
#include <stdint.h>

#include "deepq/stream.h"

/** A file in the making. */
typedef struct dq_c_text {
    dq_writer *w;
    const char *prefix;  // in lower case
} dq_c_text;

/** Write a text of up to 1023 bytes, as printf() would; its names get the prefix, too. */
void dq_c_put(const dq_c_text *t, const char *format, ...) __attribute__((format(printf, 2, 3)));
/** Write one of the fixed parts. @param name "network" for c_network.inc */
void dq_c_put_part(const dq_c_text *t, const char *name);

/** Write the numbers of an array, with line breaks. */
void dq_c_put_floats(const dq_c_text *t, const float *values, size_t n);
void dq_c_put_int8s(const dq_c_text *t, const int8_t *values, size_t n);
void dq_c_put_bytes(const dq_c_text *t, const uint8_t *values, size_t n);

#endif
