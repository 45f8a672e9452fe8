#include "run/checkpoints.h"

#include <assert.h>
#include <dirent.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#include "base/atomic_file.h"
#include "base/error.h"
#include "base/stream_internal.h"
#include "record/run_folder.h"

#define PART_PREFIX "replay-"

static const uint64_t STATE = UINT64_MAX;     // id of a job
static const size_t MOST_WAITING = 64000000;  // bytes that segments may wait with

/** A file with a segment, on the disk or on its way. */
typedef struct known {
    dq_checkpoint_part part;
    uint64_t id;
    bool on_way;
} known;

struct dq_checkpoints {
    char run[DQ_PATH_CAP];
    dq_file_queue *queue;
    dq_writer *state;  // the copy of the state
    known *known;      // [n_known]
    size_t n_known, cap_known;
    uint64_t known_bytes;                       // of all of them
    uint64_t next_id, next_segment;             // a complete one that was not given yet
    dq_checkpoint_parts newest, before, begun;  // of three checkpoints
    uint64_t state_bytes, begun_bytes;
    bool is_begun;
    int64_t begun_step;
};

/* ---------------------------------------------------------------- names */

static dq_status path_of(const dq_checkpoints *c, const char *name, char to[DQ_PATH_CAP])
{
    return dq_path_format(to, DQ_PATH_CAP, "%s/checkpoint/%s", c->run, name);
}

static void name_part(const dq_checkpoint_part *p, char *to, size_t cap)
{
    int n = snprintf(to, cap, PART_PREFIX "%08" PRIu64, p->segment);
    if (p->step >= 0)
        snprintf(to + n, cap - (size_t)n, "-%" PRId64, p->step);
}

static dq_status path_of_part(const dq_checkpoints *c, const dq_checkpoint_part *p,
                              char to[DQ_PATH_CAP])
{
    char name[64];
    name_part(p, name, sizeof(name));
    return path_of(c, name, to);
}

/* ---------------------------------------------------------------- lists of files */

static bool is_same(const dq_checkpoint_part *a, const dq_checkpoint_part *b)
{
    return a->segment == b->segment && a->step == b->step;
}

static bool is_among(const dq_checkpoint_parts *parts, const dq_checkpoint_part *p)
{
    for (size_t i = 0; i < parts->n; i++)
        if (is_same(&parts->part[i], p))
            return true;
    return false;
}

static known *find(const dq_checkpoints *c, const dq_checkpoint_part *p)
{
    for (size_t i = c->n_known; i-- > 0;)
        if (is_same(&c->known[i].part, p))
            return &c->known[i];
    return NULL;
}

/** Make room for one more, so that a file that was given is never unknown. */
static dq_status reserve(dq_checkpoints *c)
{
    if (c->n_known < c->cap_known)
        return DQ_OK;
    size_t cap = c->cap_known ? 2 * c->cap_known : 64;
    known *more = realloc(c->known, cap * sizeof(*more));
    if (!more)
        return dq_fail(DQ_ERR_NOMEM, "no memory for a list of files");
    c->known = more;
    c->cap_known = cap;
    return DQ_OK;
}

/** There is room for it. */
static void add(dq_checkpoints *c, const known *file)
{
    c->known[c->n_known++] = *file;
    c->known_bytes += file->part.bytes;
}

static void forget(dq_checkpoints *c, size_t i)
{
    c->known_bytes -= c->known[i].part.bytes;
    c->known[i] = c->known[--c->n_known];
}

static dq_status know_all(dq_checkpoints *c, const dq_checkpoint_parts *parts)
{
    for (size_t i = 0; i < parts->n; i++)
        if (!find(c, &parts->part[i])) {
            DQ_TRY(reserve(c));
            add(c, &(known){.part = parts->part[i]});
        }
    return DQ_OK;
}

static void drop(dq_checkpoint_parts *parts)
{
    free(parts->part);
    *parts = (dq_checkpoint_parts){NULL, 0};
}

/** Remove the files that neither of the two checkpoints needs, nor the next one. */
static void remove_unneeded(dq_checkpoints *c)
{
    char path[DQ_PATH_CAP];
    uint64_t oldest = c->newest.n > 0 ? c->newest.part[0].segment : 0;
    for (size_t i = c->n_known; i-- > 0;) {
        const dq_checkpoint_part *p = &c->known[i].part;
        bool may_come = p->step < 0 && p->segment >= oldest;
        if (c->known[i].on_way || may_come || is_among(&c->newest, p) || is_among(&c->before, p))
            continue;
        if (path_of_part(c, p, path) == DQ_OK)
            unlink(path);
        forget(c, i);
    }
}

/** Remove files with segments that a killed process left. */
static void remove_strays(const dq_checkpoints *c)
{
    char folder[DQ_PATH_CAP], path[DQ_PATH_CAP], name[64];
    DIR *dir = path_of(c, "", folder) == DQ_OK ? opendir(folder) : NULL;
    if (!dir)
        return;
    for (const struct dirent *e; (e = readdir(dir));) {
        bool is_needed = strncmp(e->d_name, PART_PREFIX, strlen(PART_PREFIX)) != 0;
        for (size_t i = 0; i < c->n_known && !is_needed; i++) {
            name_part(&c->known[i].part, name, sizeof(name));
            is_needed = strcmp(name, e->d_name) == 0;
        }
        if (!is_needed && path_of(c, e->d_name, path) == DQ_OK)
            unlink(path);
    }
    closedir(dir);
}

uint64_t dq_checkpoints_bytes(const dq_checkpoints *c)
{
    return c->state_bytes + c->known_bytes;
}

/* ---------------------------------------------------------------- opening */

dq_status dq_checkpoints_create(dq_checkpoints **out, const char *run)
{
    dq_checkpoints *c = *out = calloc(1, sizeof(*c));
    if (!c)
        return dq_fail(DQ_ERR_NOMEM, "no memory for checkpoints");
    dq_status st = dq_path_format(c->run, sizeof(c->run), "%s", run);
    if (st == DQ_OK)
        st = dq_writer_create(&c->state);
    if (st == DQ_OK)
        st = dq_file_queue_create(&c->queue);
    if (st != DQ_OK) {
        dq_checkpoints_destroy(c);
        *out = NULL;
    }
    return st;
}

void dq_checkpoints_destroy(dq_checkpoints *c)
{
    if (!c)
        return;
    dq_file_queue_destroy(c->queue);
    dq_writer_destroy(c->state);
    drop(&c->newest);
    drop(&c->before);
    drop(&c->begun);
    free(c->known);
    free(c);
}

/* ---------------------------------------------------------------- loading */

static dq_status load_part(const dq_checkpoints *c, const dq_checkpoint_part *p, dq_replay *replay)
{
    char path[DQ_PATH_CAP];
    dq_reader *r;
    DQ_TRY(path_of_part(c, p, path));
    DQ_TRY(dq_file_reader_create(&r, path, true));
    dq_status st = DQ_OK;
    if (dq_reader_left(r) != p->bytes || r->crc != p->crc)
        st = dq_fail(DQ_ERR_INPUT, "is of another checkpoint");
    if (st == DQ_OK)
        st = dq_replay_load_segment(replay, r);
    if (st == DQ_OK && dq_reader_left(r) > 0)
        st = dq_fail(DQ_ERR_INPUT, "%zu bytes too many at its end", dq_reader_left(r));
    dq_reader_destroy(r);
    return st == DQ_OK ? DQ_OK : dq_fail_within(st, "%s", path);
}

/** The trainer must be where the head says. */
static dq_status check_head(const dq_trainer *trainer, const dq_checkpoint_info *info)
{
    dq_progress p;
    dq_trainer_progress(trainer, &p);
    if (info->step != p.step || info->n_updates != p.n_updates || info->n_games != p.n_games)
        return dq_fail(DQ_ERR_INPUT, "is damaged: its head tells of frame %lld, its state of %lld",
                       (long long)info->step, (long long)p.step);
    return DQ_OK;
}

static dq_status load_state(const dq_checkpoints *c, const char *path, dq_trainer *trainer,
                            const dq_checkpoint_parts *parts, dq_reader *r)
{
    dq_status st = dq_trainer_load_state(trainer, r);
    if (st != DQ_OK)
        return dq_fail_within(st, "%s", path);
    for (size_t i = 0; i < parts->n; i++)
        DQ_TRY(load_part(c, &parts->part[i], dq_trainer_replay(trainer)));
    st = dq_trainer_load_end(trainer);
    return st == DQ_OK ? DQ_OK : dq_fail_within(st, "%s", path);
}

/** Load one of the two checkpoints. @param[out] parts its files, also when they cannot be loaded */
static dq_status load_from(const dq_checkpoints *c, const char *name, dq_trainer *trainer,
                           dq_checkpoints_fit_fn *fits, void *ctx, dq_checkpoint_info *info,
                           dq_checkpoint_parts *parts)
{
    char path[DQ_PATH_CAP];
    dq_reader *r;
    DQ_TRY(path_of(c, name, path));
    DQ_TRY(dq_checkpoint_open(&r, info, parts, path));
    dq_status st = fits(ctx, info);
    st = st == DQ_OK ? load_state(c, path, trainer, parts, r) : dq_fail_within(st, "%s", path);
    dq_reader_destroy(r);
    if (st != DQ_OK)
        return st;
    st = check_head(trainer, info);
    return st == DQ_OK ? DQ_OK : dq_fail_within(st, "%s", path);
}

static bool is_damage(dq_status st)
{
    return st == DQ_ERR_INPUT || st == DQ_ERR_NOT_FOUND;
}

static bool has_before(const dq_checkpoints *c)
{
    char path[DQ_PATH_CAP];
    return path_of(c, "state.before", path) == DQ_OK && access(path, F_OK) == 0;
}

/** The damaged one must not become the one before. */
static dq_status set_aside(const dq_checkpoints *c)
{
    char state[DQ_PATH_CAP], before[DQ_PATH_CAP], damaged[DQ_PATH_CAP];
    DQ_TRY(path_of(c, "state", state));
    DQ_TRY(path_of(c, "state.before", before));
    DQ_TRY(path_of(c, "state.damaged", damaged));
    (void)rename(state, damaged);
    return rename(before, state) == 0 ? DQ_OK : dq_fail_errno("rename", before);
}

/** What the checkpoint before needs; one that cannot be read needs nothing. */
static void look_at_before(dq_checkpoints *c)
{
    char path[DQ_PATH_CAP];
    dq_checkpoint_info info;
    dq_reader *r;
    if (path_of(c, "state.before", path) != DQ_OK ||
        dq_checkpoint_open(&r, &info, &c->before, path) != DQ_OK)
        return;
    c->state_bytes += r->n;
    dq_reader_destroy(r);
}

dq_status dq_checkpoints_load(dq_checkpoints *c, dq_trainer *trainer, dq_checkpoints_fit_fn *fits,
                              void *ctx, dq_checkpoint_info *info, char *damage, size_t cap)
{
    *damage = '\0';
    dq_status st = load_from(c, "state", trainer, fits, ctx, info, &c->newest);
    if (is_damage(st) && has_before(c)) {
        snprintf(damage, cap, "%s", dq_errmsg());
        drop(&c->newest);
        st = load_from(c, "state.before", trainer, fits, ctx, info, &c->newest);
        if (st == DQ_OK)
            st = set_aside(c);
        else if (is_damage(st))
            st = dq_fail(DQ_ERR_INPUT, "%s; and the checkpoint before: %s", damage, dq_errmsg());
    }
    DQ_TRY(st);
    look_at_before(c);
    DQ_TRY(know_all(c, &c->newest));
    DQ_TRY(know_all(c, &c->before));
    remove_strays(c);
    dq_replay_segments all = dq_replay_get_segments(dq_trainer_replay(trainer));
    c->next_segment = all.first;
    return DQ_OK;
}

/* ---------------------------------------------------------------- writing */

/** Give the file of a segment, unless it is there or on its way.
 *  @param[in,out] part its segment and step, then all of it */
static dq_status give_part(dq_checkpoints *c, const dq_replay *replay, dq_checkpoint_part *part)
{
    const known *there = find(c, part);
    dq_file_job job = {.id = c->next_id};
    if (there) {
        *part = there->part;
        return DQ_OK;
    }
    DQ_TRY(reserve(c));
    DQ_TRY(path_of_part(c, part, job.path));
    DQ_TRY(dq_writer_create(&job.bytes));
    dq_status st = dq_replay_save_segment(replay, part->segment, job.bytes);
    if (st != DQ_OK) {
        dq_writer_destroy(job.bytes);
        return st;
    }
    size_t n;
    const void *bytes = dq_writer_bytes(job.bytes, &n);
    part->bytes = n;
    part->crc = (uint32_t)crc32_z(0, bytes, n);
    DQ_TRY(dq_file_queue_give(c->queue, &job));
    add(c, &(known){.part = *part, .id = c->next_id++, .on_way = true});
    return DQ_OK;
}

/** A file with a segment was written, or could not be. */
static void note_part(dq_checkpoints *c, const dq_file_done *done)
{
    for (size_t i = 0; i < c->n_known; i++)
        if (c->known[i].on_way && c->known[i].id == done->id) {
            c->known[i].on_way = false;
            if (done->status != DQ_OK)
                forget(c, i);
            return;
        }
}

/** The checkpoint that was begun is the newest now, or there is none. */
static void note_state(dq_checkpoints *c, const dq_file_done *done)
{
    c->is_begun = false;
    if (done->status == DQ_OK) {
        drop(&c->before);
        c->before = c->newest;
        c->newest = c->begun;
        c->begun = (dq_checkpoint_parts){NULL, 0};
        c->state_bytes = 2 * c->begun_bytes;
        remove_unneeded(c);
    }
    drop(&c->begun);
}

bool dq_checkpoints_ended(dq_checkpoints *c, bool wait, int64_t *step, dq_status *st)
{
    dq_file_done done;
    bool ended = false;
    while (dq_file_queue_done(c->queue, wait && c->is_begun, &done)) {
        if (!done.is_last) {
            note_part(c, &done);
            continue;
        }
        note_state(c, &done);
        *step = c->begun_step;
        *st = done.status == DQ_OK ? DQ_OK : dq_fail(done.status, "%s", done.message);
        ended = true;
    }
    return ended;
}

void dq_checkpoints_follow(dq_checkpoints *c, const dq_trainer *trainer)
{
    const dq_replay *replay = dq_trainer_replay(trainer);
    dq_replay_segments all = dq_replay_get_segments(replay);
    if (c->next_segment < all.first)
        c->next_segment = all.first;
    if (c->next_segment >= all.first + all.n_complete ||
        dq_file_queue_bytes(c->queue) > MOST_WAITING)
        return;
    dq_checkpoint_part part = {.segment = c->next_segment++, .step = -1};
    (void)give_part(c, replay, &part);
}

/** All files of a checkpoint of now. */
static dq_status give_parts(dq_checkpoints *c, const dq_replay *replay, int64_t step)
{
    dq_replay_segments all = dq_replay_get_segments(replay);
    drop(&c->begun);
    c->begun.part = calloc(all.n, sizeof(*c->begun.part));
    if (!c->begun.part)
        return dq_fail(DQ_ERR_NOMEM, "no memory for a list of files");
    for (size_t i = 0; i < all.n; i++) {
        dq_checkpoint_part *p = &c->begun.part[c->begun.n++];
        *p = (dq_checkpoint_part){.segment = all.first + i, .step = i < all.n_complete ? -1 : step};
        DQ_TRY(give_part(c, replay, p));
    }
    return DQ_OK;
}

dq_status dq_checkpoints_begin(dq_checkpoints *c, const dq_checkpoint_info *info,
                               dq_trainer *trainer, const char *const synced[DQ_QUEUE_SYNCED])
{
    dq_file_job job = {.id = STATE, .is_last = true, .bytes = c->state};
    assert(!c->is_begun);  // the thread reads c->state
    DQ_TRY(path_of(c, "state", job.path));
    DQ_TRY(path_of(c, "state.before", job.before));
    for (int i = 0; i < DQ_QUEUE_SYNCED; i++)
        snprintf(job.synced[i], DQ_PATH_CAP, "%s", synced[i] ? synced[i] : "");
    DQ_TRY(give_parts(c, dq_trainer_replay(trainer), info->step));
    dq_writer_clear(c->state);
    dq_checkpoint_write_head(c->state, info, &c->begun);
    DQ_TRY(dq_trainer_save_state(trainer, c->state));
    (void)dq_writer_bytes(c->state, &c->begun_bytes);
    DQ_TRY(dq_file_queue_give(c->queue, &job));
    c->is_begun = true;
    c->begun_step = info->step;
    return DQ_OK;
}
