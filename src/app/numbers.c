#include "app/numbers.h"

#include <stdio.h>

const char *number_duration(char text[NUMBER_BYTES], double seconds)
{
    int64_t s = seconds < 3.6e8 ? (int64_t)seconds : 360000000;
    snprintf(text, NUMBER_BYTES, "%lld:%02d:%02d", (long long)(s / 3600), (int)(s / 60 % 60),
             (int)(s % 60));
    return text;
}

const char *number_count(char text[NUMBER_BYTES], int64_t n)
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
