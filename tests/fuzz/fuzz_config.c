/** Any bytes as a configuration file; what was read must be read back after writing it. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "corpus_depth.h"
#include "record/config_file.h"

const char *const fuzz_depths[] = {"a pair is read", "a pair is written and read",
                                   "text is refused", NULL};

typedef struct pair {
    const char *key, *value;
    int n;
} pair;

static dq_status compare(void *ctx, const char *key, const char *value)
{
    pair *want = ctx;
    if (strcmp(key, want->key) != 0 || strcmp(value, want->value) != 0 || want->n++ != 0)
        abort();
    return DQ_OK;
}

static dq_status write_and_read(void *ctx, const char *key, const char *value)
{
    (void)ctx;
    fuzz_reached(0);
    dq_writer *w;
    size_t n;
    if (dq_writer_create(&w) != DQ_OK)
        abort();
    if (dq_config_write_pair(w, key, value) == DQ_OK) {
        pair want = {key, value, 0};
        const char *text = dq_writer_bytes(w, &n);
        if (dq_config_parse(text, n, "written", compare, &want) != DQ_OK || want.n != 1)
            abort();
        fuzz_reached(1);
    }
    dq_writer_destroy(w);
    return DQ_OK;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    dq_status st = dq_config_parse((const char *)bytes, n, "fuzzed", write_and_read, NULL);
    if (st != DQ_OK && st != DQ_ERR_INPUT)
        abort();
    if (st != DQ_OK)
        fuzz_reached(2);
    return 0;
}
