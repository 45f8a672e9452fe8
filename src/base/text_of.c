#include "base/text_of.h"

#include <stdlib.h>

char *dq_text_of(void (*write)(FILE *to, const void *ctx), const void *ctx)
{
    char *text = NULL;
    size_t n;
    FILE *to = open_memstream(&text, &n);
    if (!to)
        return NULL;
    write(to, ctx);
    if (fclose(to) == 0)
        return text;
    free(text);
    return NULL;
}
