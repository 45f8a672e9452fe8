/** Any bytes as what follows the magic number of PyTorch's format before 1.6, which has no
 * checksums.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "corpus_depth.h"
#include "record/model_parts.h"

const char *const fuzz_depths[] = {"a model is read", "a file is refused", NULL};

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    static const uint8_t magic[] = {0x80, 2,    0x8a, 10,   0x6c, 0xfc, 0x9c, 0x46,
                                    0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19, '.'};
    uint8_t *file = malloc(sizeof(magic) + n);
    dq_model *m;
    if (!file)
        abort();
    memcpy(file, magic, sizeof(magic));
    memcpy(file + sizeof(magic), bytes, n);
    dq_status st = dq_model_parse(&m, file, sizeof(magic) + n);
    if (st != DQ_OK && st != DQ_ERR_INPUT)
        abort();
    fuzz_reached(st == DQ_OK ? 0 : 1);
    dq_model_destroy(m);
    free(file);
    return 0;
}
