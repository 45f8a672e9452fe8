#include "run/checkpoint_file.h"

#include <stdlib.h>
#include <string.h>

#include "base/atomic_file.h"
#include "base/error.h"
#include "base/stream_internal.h"

static const char TAG[4] = {'D', 'Q', 'C', 'K'};
enum { WITHOUT_CONFIG = 1, WITHOUT_PARTS, FORMAT_VERSION };
static const uint32_t MOST_PARTS = 1 << 24;

bool dq_checkpoint_is(const void *bytes, size_t n)
{
    return n >= sizeof(TAG) && memcmp(bytes, TAG, sizeof(TAG)) == 0;
}

static void write_info(dq_writer *w, const dq_checkpoint_info *info)
{
    dq_write_tag(w, TAG, FORMAT_VERSION);
    dq_write(w, info->version, sizeof(info->version));
    dq_write(w, info->env_id, sizeof(info->env_id));
    dq_write(w, info->kernels, sizeof(info->kernels));
    dq_write_u64(w, (uint64_t)info->step);
    dq_write_u64(w, (uint64_t)info->n_updates);
    dq_write_u64(w, (uint64_t)info->n_games);
    dq_write_f64(w, info->mean_reward);
    dq_write_f64(w, info->best_mean);
    uint32_t n = (uint32_t)strlen(info->config);
    dq_write_u32(w, n);
    dq_write(w, info->config, n);
}

static dq_status read_text(dq_reader *r, char text[CHECKPOINT_TEXT_BYTES])
{
    dq_status st = dq_read(r, text, CHECKPOINT_TEXT_BYTES);
    text[CHECKPOINT_TEXT_BYTES - 1] = '\0';
    return st;
}

static dq_status read_config(dq_reader *r, char config[CHECKPOINT_CONFIG_BYTES])
{
    uint32_t n;
    DQ_TRY(dq_read_u32(r, &n));
    if (n >= CHECKPOINT_CONFIG_BYTES)
        return dq_fail(DQ_ERR_INPUT, "its settings are too long");
    DQ_TRY(dq_read(r, config, n));
    config[n] = '\0';
    return DQ_OK;
}

static dq_status read_info(dq_reader *r, dq_checkpoint_info *info, uint32_t *version)
{
    uint64_t step, n_updates, n_games;
    DQ_TRY(dq_read_tag_between(r, TAG, WITHOUT_CONFIG, FORMAT_VERSION, version));
    DQ_TRY(read_text(r, info->version));
    DQ_TRY(read_text(r, info->env_id));
    DQ_TRY(read_text(r, info->kernels));
    dq_read_u64(r, &step);
    dq_read_u64(r, &n_updates);
    dq_read_u64(r, &n_games);
    dq_read_f64(r, &info->mean_reward);
    DQ_TRY(dq_read_f64(r, &info->best_mean));
    info->step = (int64_t)step;
    info->n_updates = (int64_t)n_updates;
    info->n_games = (int64_t)n_games;
    return *version == WITHOUT_CONFIG ? DQ_OK : read_config(r, info->config);
}

static dq_status read_parts(dq_reader *r, dq_checkpoint_parts *parts)
{
    uint32_t n;
    DQ_TRY(dq_read_u32(r, &n));
    if (n > MOST_PARTS || n > dq_reader_left(r))
        return dq_fail(DQ_ERR_INPUT, "its list of files is too long");
    parts->part = calloc(n + 1, sizeof(*parts->part));
    if (!parts->part)
        return dq_fail(DQ_ERR_NOMEM, "no memory for a list of files");
    for (; parts->n < n; parts->n++) {
        dq_checkpoint_part *p = &parts->part[parts->n];
        uint64_t step;
        dq_read_u64(r, &p->segment);
        dq_read_u64(r, &step);
        dq_read_u64(r, &p->bytes);
        DQ_TRY(dq_read_u32(r, &p->crc));
        p->step = (int64_t)step;
    }
    return DQ_OK;
}

dq_status dq_checkpoint_write_head(dq_writer *w, const dq_checkpoint_info *info,
                                   const dq_checkpoint_parts *parts)
{
    write_info(w, info);
    dq_status st = dq_write_u32(w, (uint32_t)parts->n);
    for (size_t i = 0; i < parts->n; i++) {
        const dq_checkpoint_part *p = &parts->part[i];
        dq_write_u64(w, p->segment);
        dq_write_u64(w, (uint64_t)p->step);
        dq_write_u64(w, p->bytes);
        st = dq_write_u32(w, p->crc);
    }
    return st;
}

dq_status dq_checkpoint_open(dq_reader **out, dq_checkpoint_info *info, dq_checkpoint_parts *parts,
                             const char *path)
{
    dq_reader *r;
    dq_checkpoint_parts own = {NULL, 0};
    uint32_t version;
    *info = (dq_checkpoint_info){.step = 0};
    *out = NULL;
    DQ_TRY(dq_file_reader_create(&r, path, true));
    dq_status st = read_info(r, info, &version);
    if (st == DQ_OK && version > WITHOUT_PARTS)
        st = read_parts(r, &own);
    if (st == DQ_OK && parts)
        *parts = own;
    else
        free(own.part);
    if (st != DQ_OK) {
        dq_reader_destroy(r);
        return dq_fail_within(st, "%s", path);
    }
    *out = r;
    return DQ_OK;
}
