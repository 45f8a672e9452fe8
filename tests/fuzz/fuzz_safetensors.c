/** Any bytes as a safetensors file, from the header's JSON on: where the first zero byte or the end
 *  is, the header ends. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "corpus_depth.h"
#include "record/model_parts.h"

const char *const fuzz_depths[] = {"a model is read", "a model with metadata is read",
                                   "a file is refused", NULL};

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    const uint8_t *end = n ? memchr(bytes, 0, n) : NULL;
    size_t header = end ? (size_t)(end - bytes) : n;
    uint8_t *file = malloc(8 + n);
    dq_model *m;
    if (!file)
        abort();
    for (int i = 0; i < 8; i++)
        file[i] = (uint8_t)(header >> 8 * i);
    if (n)
        memcpy(file + 8, bytes, n);
    dq_status st = dq_model_parse(&m, file, 8 + n);
    if (st != DQ_OK && st != DQ_ERR_INPUT)
        abort();
    fuzz_reached(st != DQ_OK ? 2 : m->info ? 1 : 0);
    dq_model_destroy(m);
    free(file);
    return 0;
}
