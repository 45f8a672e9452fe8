/** Text that grows while it is written: the JSON that the page asks for. */
#ifndef DEEPQ_WEB_WEB_TEXT_H
#define DEEPQ_WEB_WEB_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** Begin with all zeros. Memory that is lacking is remembered: what is added then is left out. */
typedef struct dq_web_text {
    char *bytes;  // [n], not terminated; freed by dq_web_text_free()
    size_t n, cap;
    bool failed;  // for want of memory: the text is not whole
} dq_web_text;

void dq_web_text_free(dq_web_text *t);
void dq_web_text_add(dq_web_text *t, const char *format, ...) __attribute__((format(printf, 2, 3)));
/** A string of JSON, quoted; what is no UTF-8 in `text` becomes U+FFFD. */
void dq_web_text_string(dq_web_text *t, const char *text);
/** A number of JSON that is read back the same; null for infinities and NaN. */
void dq_web_text_number(dq_web_text *t, double number);
/** Bytes in base64 (RFC 4648), quoted. */
void dq_web_text_base64(dq_web_text *t, const uint8_t *bytes, size_t n);

#endif
