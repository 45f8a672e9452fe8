#define _XOPEN_SOURCE 700  // realpath()
#include "sweep/sweep_folder.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

#include "base/atomic_file.h"
#include "base/error.h"
#include "record/json_lines.h"
#include "record/run_folder.h"

enum { MAX_FILE_BYTES = 1 << 26, TAIL_BYTES = 4096 };

/* ---------------------------------------------------------------- the lock */

/** fcntl()'s lock, not flock()'s: NFS has it between machines. */
static struct flock whole_file(void)
{
    return (struct flock){.l_type = F_WRLCK, .l_whence = SEEK_SET};
}

static void read_holder(int fd, char holder[DQ_SWEEP_HOLDER_BYTES])
{
    ssize_t n = pread(fd, holder, DQ_SWEEP_HOLDER_BYTES - 1, 0);
    holder[n > 0 ? n : 0] = '\0';
    holder[strcspn(holder, "\n")] = '\0';
    dq_make_plain(holder);
    if (!*holder)
        snprintf(holder, DQ_SWEEP_HOLDER_BYTES, "a process that did not say who it is");
}

static dq_status write_holder(dq_sweep_folder *f)
{
    char host[128] = "", date[64];
    time_t now = time(NULL);
    struct tm t;
    gethostname(host, sizeof(host) - 1);
    if (!localtime_r(&now, &t) || strftime(date, sizeof(date), "%Y-%m-%d %H:%M:%S", &t) == 0)
        *date = '\0';
    snprintf(f->holder, sizeof(f->holder), "process %ld on %s since %s", (long)getpid(), host,
             date);
    size_t n = strlen(f->holder);
    if (ftruncate(f->lock_fd, 0) != 0 || pwrite(f->lock_fd, f->holder, n, 0) != (ssize_t)n)
        return dq_fail_errno("write", f->path);
    return DQ_OK;
}

static dq_status take_lock(dq_sweep_folder *f)
{
    char path[DQ_PATH_CAP], holder[DQ_SWEEP_HOLDER_BYTES];
    struct flock lock = whole_file();
    DQ_TRY(dq_path_format(path, sizeof(path), "%s/lock", f->path));
    DQ_TRY(dq_plain_check(path));
    f->lock_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0666);
    if (f->lock_fd < 0)
        return dq_fail_errno("open", path);
    if (fcntl(f->lock_fd, F_SETLK, &lock) == 0)
        return write_holder(f);
    if (errno != EACCES && errno != EAGAIN)
        return dq_fail_errno("lock", path);
    read_holder(f->lock_fd, holder);
    return dq_fail(DQ_ERR_CONFIG,
                   "another sweep is at work in %s (%s): wait for its end or stop it", f->path,
                   holder);
}

dq_status dq_sweep_folder_hold(dq_sweep_folder *f, const char *path)
{
    f->lock_fd = -1;
    *f->holder = '\0';
    DQ_TRY(dq_make_dirs(path));
    char *full = realpath(path, NULL);
    if (!full)
        return dq_fail_errno("open the folder", path);
    dq_status st = dq_path_format(f->path, sizeof(f->path), "%s", full);
    free(full);
    if (st == DQ_OK)
        st = take_lock(f);
    if (st != DQ_OK)
        dq_sweep_folder_let_go(f);
    return st;
}

void dq_sweep_folder_let_go(dq_sweep_folder *f)
{
    if (f->lock_fd >= 0)
        close(f->lock_fd);
    f->lock_fd = -1;
}

void dq_sweep_folder_holder(const char *path, char holder[DQ_SWEEP_HOLDER_BYTES])
{
    char lock_path[DQ_PATH_CAP];
    struct flock lock = whole_file();
    *holder = '\0';
    if (dq_path_format(lock_path, sizeof(lock_path), "%s/lock", path) != DQ_OK)
        return;
    int fd = open(lock_path, O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (fd < 0)
        return;
    if (fcntl(fd, F_GETLK, &lock) == 0 && lock.l_type != F_UNLCK)
        read_holder(fd, holder);
    close(fd);
}

/* ---------------------------------------------------------------- what is there already */

/** Settings that a machine decides, or that change nothing of what a run learns. */
static bool is_free(const char *key)
{
    static const char *const keys[] = {"version", "threads",   "rom_dir", "rom_md5",     "logdir",
                                       "events",  "precision", "isa",     "replay_store"};
    for (size_t i = 0; i < DQ_COUNT(keys); i++)
        if (strcmp(key, keys[i]) == 0)
            return true;
    return false;
}

typedef struct search {
    const char *key;
    char value[DQ_SETTING_NAME_BYTES];
    bool found;
} search;

static void search_one(void *ctx, const char *key, const char *value)
{
    search *s = ctx;
    if (strcmp(key, s->key) != 0)
        return;
    snprintf(s->value, sizeof(s->value), "%s", value);
    s->found = true;
}

/** What the plan gives a run, what the run began with, and the first difference. */
typedef struct comparison {
    dq_train_settings wants, has;
    const dq_train_settings *other;  // one of the two, while the settings of the other are visited
    char key[DQ_SETTING_BYTES], here[DQ_SETTING_NAME_BYTES], there[DQ_SETTING_NAME_BYTES];
} comparison;

static void compare_one(void *ctx, const char *key, const char *value)
{
    comparison *c = ctx;
    search s = {.key = key, .value = "not chosen"};
    if (*c->key || is_free(key))
        return;
    dq_train_settings_each(c->other, search_one, &s);
    if (s.found && strcmp(s.value, value) == 0)
        return;
    bool of_plan = c->other == &c->has;
    snprintf(c->key, sizeof(c->key), "%s", key);
    snprintf(c->here, sizeof(c->here), "%s", of_plan ? value : s.value);
    snprintf(c->there, sizeof(c->there), "%s", of_plan ? s.value : value);
}

static dq_status run_fits(const char *path, const dq_sweep_plan *p, const dq_sweep_run *run,
                          comparison *c)
{
    char folder[DQ_PATH_CAP];
    *c->key = '\0';
    DQ_TRY(dq_path_format(folder, sizeof(folder), "%s/%s", path, run->name));
    DQ_TRY(dq_sweep_plan_settings(p, run, &c->wants));
    DQ_TRY(dq_train_settings_of_run(&c->has, folder));
    c->other = &c->has;
    dq_train_settings_each(&c->wants, compare_one, c);
    c->other = &c->wants;
    dq_train_settings_each(&c->has, compare_one, c);
    if (!*c->key)
        return DQ_OK;
    return dq_fail(DQ_ERR_CONFIG,
                   "%s: run %s began with %s = %s, the plan now says %s: put it back, or choose "
                   "another --out",
                   p->file, run->name, c->key, c->there, c->here);
}

static const char *eval_value(const dq_sweep_plan *p, const char *key)
{
    for (size_t i = 0; i < p->eval.n; i++)
        if (strcmp(p->eval.pairs[i].key, key) == 0)
            return p->eval.pairs[i].value;
    return "not chosen";
}

/** A score says less of its protocol than the plan; so the plan of then is what is asked. */
static dq_status scores_fit(const char *path, const dq_sweep_plan *p, const char *run)
{
    char plan_path[DQ_PATH_CAP];
    dq_sweep_plan *before;
    DQ_TRY(dq_path_format(plan_path, sizeof(plan_path), "%s/plan", path));
    if (dq_sweep_plan_read(&before, plan_path) != DQ_OK)
        return DQ_OK;
    const dq_sweep_plan *const both[] = {p, before};
    dq_status st = DQ_OK;
    for (size_t side = 0; side < 2; side++)
        for (size_t i = 0; i < both[side]->eval.n && st == DQ_OK; i++) {
            const char *key = both[side]->eval.pairs[i].key;
            const char *now = eval_value(p, key), *then = eval_value(before, key);
            if (strcmp(now, then) != 0)
                st = dq_fail(DQ_ERR_CONFIG,
                             "%s: run %s was scored with [eval] %s = %s, the plan now says %s: "
                             "put it back, or choose another --out",
                             p->file, run, key, then, now);
        }
    dq_sweep_plan_free(before);
    return st;
}

dq_status dq_sweep_folder_fits(const char *path, const dq_sweep_plan *p)
{
    comparison *c = malloc(sizeof(*c));
    if (!c)
        return dq_fail(DQ_ERR_NOMEM, "no memory to compare runs");
    dq_status st = DQ_OK;
    const char *scored = NULL;
    for (size_t i = 0; i < p->n_runs && st == DQ_OK; i++) {
        dq_sweep_progress at;
        dq_sweep_look(path, &p->runs[i], &at);
        if (at.has_begun)
            st = run_fits(path, p, &p->runs[i], c);
        if (at.has_score && !scored)
            scored = p->runs[i].name;
    }
    free(c);
    return st == DQ_OK && scored ? scores_fit(path, p, scored) : st;
}

dq_status dq_sweep_folder_keep_plan(const char *path, const char *plan_file)
{
    char to[DQ_PATH_CAP];
    void *bytes;
    size_t n;
    DQ_TRY(dq_path_format(to, sizeof(to), "%s/plan", path));
    DQ_TRY(dq_file_read(plan_file, MAX_FILE_BYTES, &bytes, &n));
    dq_status st = dq_file_write(to, bytes, n);
    free(bytes);
    return st;
}

/* ---------------------------------------------------------------- runs */

static bool run_path(char to[DQ_PATH_CAP], const char *path, const dq_sweep_run *run,
                     const char *name)
{
    return dq_path_format(to, DQ_PATH_CAP, "%s/%s/%s", path, run->name, name) == DQ_OK;
}

static bool is_there(const char *path, const dq_sweep_run *run, const char *name)
{
    char file[DQ_PATH_CAP];
    return run_path(file, path, run, name) && access(file, F_OK) == 0;
}

/** The last whole line at the end of a file; "" when there is none. */
static char *last_line(char text[TAIL_BYTES], const char *path)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    off_t end = fd < 0 ? 0 : lseek(fd, 0, SEEK_END);
    off_t from = end > TAIL_BYTES - 1 ? end - (TAIL_BYTES - 1) : 0;
    ssize_t n = end > 0 ? pread(fd, text, TAIL_BYTES - 1, from) : 0;
    if (fd >= 0)
        close(fd);
    text[n > 0 ? n : 0] = '\0';
    char *newline = strrchr(text, '\n');
    if (!newline)
        return text + strlen(text);
    *newline = '\0';
    newline = strrchr(text, '\n');
    return newline ? newline + 1 : text;
}

void dq_sweep_look(const char *path, const dq_sweep_run *run, dq_sweep_progress *out)
{
    char file[DQ_PATH_CAP], text[TAIL_BYTES];
    json_t *game = NULL;
    json_int_t frame = 0;
    *out = (dq_sweep_progress){.has_begun = is_there(path, run, DQ_RUN_CONFIG),
                               .has_score = is_there(path, run, DQ_SWEEP_SCORE)};
    if (!out->has_begun || !run_path(file, path, run, DQ_RUN_LOG))
        return;
    const char *line = last_line(text, file);
    if (dq_json_parse(&game, line, strlen(line), 0) == DQ_OK && game) {
        (void)json_unpack(game, "{s?I, s?F, s?F}", "frame", &frame, "reward_100", &out->reward,
                          "speed", &out->speed);
        out->frame = frame;
    }
    json_decref(game);
}

bool dq_sweep_run_is_held(const char *path, const dq_sweep_run *run)
{
    char folder[DQ_PATH_CAP];
    if (dq_path_format(folder, sizeof(folder), "%s/%s", path, run->name) != DQ_OK)
        return false;
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool is_held = fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK;
    if (fd >= 0)
        close(fd);
    return is_held;
}

dq_status dq_sweep_score_in(const char *run_folder, double *mean)
{
    char file[DQ_PATH_CAP];
    void *bytes;
    size_t n;
    json_t *score = NULL;
    DQ_TRY(dq_path_format(file, sizeof(file), "%s/" DQ_SWEEP_SCORE, run_folder));
    if (access(file, F_OK) != 0 && (errno == ENOENT || errno == ENOTDIR))
        return dq_fail(DQ_ERR_NOT_FOUND, "%s has no score yet", run_folder);
    DQ_TRY(dq_file_read(file, MAX_FILE_BYTES, &bytes, &n));
    dq_status st = dq_json_parse(&score, bytes, n, 0);
    free(bytes);
    if (st == DQ_OK && (!score || json_unpack(score, "{s:F}", "mean", mean) != 0))
        st = dq_fail(DQ_ERR_INPUT,
                     "%s is damaged: remove it, and the same sweep plays the games again", file);
    json_decref(score);
    return st;
}

dq_status dq_sweep_score(const char *path, const dq_sweep_run *run, double *mean)
{
    char folder[DQ_PATH_CAP];
    DQ_TRY(dq_path_format(folder, sizeof(folder), "%s/%s", path, run->name));
    return dq_sweep_score_in(folder, mean);
}
