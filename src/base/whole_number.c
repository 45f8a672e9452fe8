#include "base/whole_number.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

bool dq_whole_number(const char *text, int64_t *value)
{
    static const double most = 9007199254740992.0;  // 2^53
    char *end;
    size_t n = strspn(text, "0123456789+-.eE");  // strtod() alone would take "inf" and "0x10"
    if (n == 0 || text[n] != '\0')
        return false;
    errno = 0;
    int64_t whole = strtoll(text, &end, 10);
    if (*end == '\0' && end != text && errno == 0) {
        *value = whole;
        return true;
    }
    double number = strtod(text, &end);
    if (strpbrk(text, ".eE") == NULL || *end != '\0' || !(fabs(number) <= most) ||
        number != floor(number))
        return false;
    *value = (int64_t)number;
    return true;
}
