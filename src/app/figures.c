#include "app/figures.h"

#include <stdio.h>

const char *figure_duration(char text[FIGURE_BYTES], double seconds)
{
    int64_t s = seconds < 3.6e8 ? (int64_t)seconds : 360000000;
    snprintf(text, FIGURE_BYTES, "%lld:%02d:%02d", (long long)(s / 3600), (int)(s / 60 % 60),
             (int)(s % 60));
    return text;
}

const char *figure_count(char text[FIGURE_BYTES], int64_t n)
{
    char digits[24], *to = text;
    int len = snprintf(digits, sizeof(digits), "%lld", (long long)n);
    for (int i = 0; i < len; i++) {
        if (i > 0 && (len - i) % 3 == 0)
            *to++ = ',';
        *to++ = digits[i];
    }
    *to = '\0';
    return text;
}
