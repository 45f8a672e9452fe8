#include "base/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#undef dq_fail  // macros for the analyzer
#undef dq_fail_within

enum { MESSAGE_CAP = 1024 };

static _Thread_local char message[MESSAGE_CAP];

char *dq_make_plain(char *text)
{
    for (unsigned char *c = (unsigned char *)text; *c; c++)
        if (*c < ' ' || *c == 0x7F)
            *c = '?';
        else if (c[0] == 0xC2 && c[1] >= 0x80 && c[1] <= 0x9F)  // U+0080 to U+009F in UTF-8
            c[0] = c[1] = '?';
    return text;
}

/* A message is one line, whatever the names in it. */
static void keep_line(const char *text)
{
    memcpy(message, text, MESSAGE_CAP);
    dq_make_plain(message);
}

dq_status dq_fail(dq_status status, const char *format, ...)
{
    char text[MESSAGE_CAP];  // the arguments may point into the old message
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    keep_line(text);
    return status;
}

dq_status dq_fail_within(dq_status status, const char *format, ...)
{
    char prefix[MESSAGE_CAP];
    char text[2 * MESSAGE_CAP + 4];
    va_list args;
    va_start(args, format);
    vsnprintf(prefix, sizeof(prefix), format, args);
    va_end(args);
    snprintf(text, sizeof(text), "%s: %s", prefix, message);
    text[MESSAGE_CAP - 1] = '\0';
    keep_line(text);
    return status;
}

const char *dq_errmsg(void)
{
    return message;
}

const char *dq_status_name(dq_status status)
{
    switch (status) {
    case DQ_OK:
        return "ok";
    case DQ_ERR_NOMEM:
        return "out of memory";
    case DQ_ERR_CONFIG:
        return "impossible value";
    case DQ_ERR_INPUT:
        return "damaged input";
    case DQ_ERR_IO:
        return "input/output error";
    case DQ_ERR_NOT_FOUND:
        return "not found";
    case DQ_ERR_EMPTY:
        return "not enough stored";
    case DQ_ERR_UNSUPPORTED:
        return "not supported here";
    case DQ_ERR_INTERRUPTED:
        return "interrupted";
    case DQ_ERR_DEVICE:
        return "device failure";
    case DQ_ERR_DIVERGED:
        return "diverged";
    }
    return "unknown status";
}
