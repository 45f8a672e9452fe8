/** Any bytes as two members of Stable-Baselines3's archive: the settings up to the first zero byte,
 *  behind it the pickle of policy.pth, whose storages are zeros. The archives around them are
 *  whole: their checksums would keep everything out. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "corpus_depth.h"
#include "deepq/stream.h"
#include "record/model_parts.h"
#include "record/zip_write.h"

const char *const fuzz_depths[] = {"a model is read", "a model with a number of steps is read",
                                   "quantiles are ordered", "a file is refused", NULL};

static const uint8_t zeros[1 << 12];

static dq_writer *write_zip(const dq_zip_member *members, size_t n)
{
    dq_writer *w;
    if (dq_writer_create(&w) != DQ_OK || dq_zip_write(w, members, n, 1) != DQ_OK)
        abort();
    return w;
}

static dq_writer *write_policy(const uint8_t *pickle, size_t n)
{
    const dq_zip_member members[] = {{"archive/data.pkl", pickle, n},
                                     {"archive/data/0", zeros, 4 * 8},
                                     {"archive/data/1", zeros, 4 * 2},
                                     {"archive/data/2", zeros, 2 * 64},
                                     {"archive/data/3", zeros, sizeof(zeros)}};
    return write_zip(members, sizeof(members) / sizeof(*members));
}

static bool has_quantiles(const dq_model *m)
{
    return strcmp(m->tensors[m->n - 1].name, "quantiles") == 0;
}

static void try_file(const dq_writer *file)
{
    size_t n;
    const void *bytes = dq_writer_bytes(file, &n);
    dq_model *m;
    dq_status st = dq_model_parse(&m, bytes, n);
    if (st != DQ_OK && st != DQ_ERR_INPUT)
        abort();
    fuzz_reached(st != DQ_OK ? 3 : has_quantiles(m) ? 2 : m->info && m->info->step >= 0 ? 1 : 0);
    dq_model_destroy(m);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    const uint8_t *end = n ? memchr(bytes, 0, n) : NULL;
    if (!end)
        return 0;
    size_t settings = (size_t)(end - bytes), policy_bytes;
    dq_writer *policy = write_policy(end + 1, n - settings - 1);
    const void *policy_at = dq_writer_bytes(policy, &policy_bytes);
    const dq_zip_member members[] = {{"data", bytes, settings},
                                     {"policy.pth", policy_at, policy_bytes}};
    dq_writer *file = write_zip(members, 2);
    try_file(file);
    dq_writer_destroy(file);
    dq_writer_destroy(policy);
    return 0;
}
