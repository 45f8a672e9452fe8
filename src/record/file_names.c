#include "record/file_names.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"

dq_status dq_path_format(char *to, size_t cap, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int n = vsnprintf(to, cap, format, args);
    va_end(args);
    if (n < 0 || (size_t)n >= cap)
        return dq_fail(DQ_ERR_CONFIG, "the path %.60s... is too long: choose a shorter one", to);
    return DQ_OK;
}

char *dq_file_name_part(char *to, size_t cap, const char *text)
{
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                  "._-+=";
    size_t n = 0;
    for (; text[n] && n + 1 < cap; n++)
        to[n] = text[n];
    to[n] = '\0';
    for (size_t i = 0; i < n; i++)
        if (!strchr(allowed, to[i]) || (i == 0 && to[i] == '.'))
            to[i] = '-';
    return to;
}
