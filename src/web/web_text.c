#include "web/web_text.h"

#include <jansson.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "export/base64.h"
#include "record/json_lines.h"

void dq_web_text_free(dq_web_text *t)
{
    free(t->bytes);
    *t = (dq_web_text){.bytes = NULL};
}

/** Room for n bytes more. */
static bool make_room(dq_web_text *t, size_t n)
{
    if (t->failed || n <= t->cap - t->n)
        return !t->failed;
    size_t cap = 2 * t->cap > t->n + n ? 2 * t->cap : t->n + n + 256;
    char *bytes = realloc(t->bytes, cap);
    t->failed = !bytes;
    if (t->failed)
        return false;
    t->bytes = bytes;
    t->cap = cap;
    return true;
}

void dq_web_text_add(dq_web_text *t, const char *format, ...)
{
    va_list args, again;
    va_start(args, format);
    va_copy(again, args);
    int n = vsnprintf(NULL, 0, format, args);
    if (n >= 0 && make_room(t, (size_t)n + 1))  // vsnprintf() ends with a zero
        t->n += (size_t)vsnprintf(t->bytes + t->n, t->cap - t->n, format, again);
    va_end(again);
    va_end(args);
}

void dq_web_text_string(dq_web_text *t, const char *text)
{
    json_t *string = dq_json_text(text);
    char *quoted = string ? json_dumps(string, JSON_ENCODE_ANY) : NULL;
    if (quoted)
        dq_web_text_add(t, "%s", quoted);
    else
        t->failed = true;
    free(quoted);
    json_decref(string);
}

void dq_web_text_number(dq_web_text *t, double number)
{
    char text[40];
    if (!isfinite(number)) {
        dq_web_text_add(t, "null");
        return;
    }
    snprintf(text, sizeof(text), "%.15g", number);
    if (strtod(text, NULL) != number)
        snprintf(text, sizeof(text), "%.17g", number);
    dq_web_text_add(t, "%s", text);
}

void dq_web_text_base64(dq_web_text *t, const uint8_t *bytes, size_t n)
{
    char *text = dq_base64(bytes, n);
    if (text)
        dq_web_text_add(t, "\"%s\"", text);
    else
        t->failed = true;
    free(text);
}
