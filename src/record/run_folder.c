#include "record/run_folder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/atomic_file.h"
#include "base/error.h"

enum { MAX_SAME_NAMES = 1000 };

static bool has_file(const char *folder, const char *name)
{
    char path[DQ_PATH_CAP];
    return dq_path_format(path, sizeof(path), "%s/%s", folder, name) == DQ_OK &&
           access(path, F_OK) == 0;
}

static dq_status default_path(char *to, const dq_run_name *name, int attempt)
{
    char env[128], preset[64], again[16] = "";
    struct tm t;
    if (!localtime_r(&name->now, &t))
        return dq_fail(DQ_ERR_CONFIG, "the clock shows an impossible time");
    if (attempt > 1)
        snprintf(again, sizeof(again), "-%d", attempt);
    return dq_path_format(to, DQ_PATH_CAP, "runs/%s-%s-s%llu-%04d%02d%02d-%02d%02d%02d%s",
                          dq_file_name_part(env, sizeof(env), name->env),
                          dq_file_name_part(preset, sizeof(preset), name->preset),
                          (unsigned long long)name->seed, t.tm_year + 1900, t.tm_mon + 1, t.tm_mday,
                          t.tm_hour, t.tm_min, t.tm_sec, again);
}

/** Make a folder that nobody else made: two runs started in the same second share no name. */
static dq_status make_default(char *path, const dq_run_name *name)
{
    DQ_TRY(dq_make_dirs("runs"));
    for (int attempt = 1; attempt <= MAX_SAME_NAMES; attempt++) {
        DQ_TRY(default_path(path, name, attempt));
        if (mkdir(path, 0777) == 0)
            return DQ_OK;
        if (errno != EEXIST)
            break;
    }
    return dq_fail_errno("create the folder", path);
}

static bool is_dots(const char *name)
{
    return strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
}

/** Whether there is nothing in a folder but what `may_stay`, which is NULL where nothing may. */
static dq_status look_inside(const char *folder, bool (*may_stay)(const char *, const char *),
                             bool *is_empty)
{
    DIR *dir = opendir(folder);
    if (!dir && errno == ENOMEM)
        return dq_fail(DQ_ERR_NOMEM, "no memory to look into the folder %s", folder);
    if (!dir)
        return dq_fail_errno("open the folder", folder);
    *is_empty = true;
    for (const struct dirent *e; *is_empty && (e = readdir(dir));)
        *is_empty = is_dots(e->d_name) || (may_stay && may_stay(folder, e->d_name));
    closedir(dir);
    return DQ_OK;
}

/** What a run leaves that did not even get to write its config: it can begin again there. */
static bool is_false_start(const char *folder, const char *name)
{
    char path[DQ_PATH_CAP];
    bool is_empty = false;
    if (strncmp(name, DQ_RUN_CONFIG ".", strlen(DQ_RUN_CONFIG ".")) == 0)
        return dq_plain_is_left(name);
    return strcmp(name, "checkpoint") == 0 &&
           dq_path_format(path, sizeof(path), "%s/%s", folder, name) == DQ_OK &&
           look_inside(path, NULL, &is_empty) == DQ_OK && is_empty;
}

static dq_status refuse_used(const char *path)
{
    bool is_empty = false;
    DQ_TRY(look_inside(path, is_false_start, &is_empty));
    if (is_empty)
        return DQ_OK;
    if (has_file(path, DQ_RUN_CONFIG) || has_file(path, DQ_RUN_CHECKPOINT))
        return dq_fail(DQ_ERR_CONFIG,
                       "%s holds a run already: --resume %s continues it, "
                       "another --out starts a new one",
                       path, path);
    return dq_fail(DQ_ERR_CONFIG, "the folder %s is not empty: choose another --out", path);
}

/** Hold the folder for this process. File systems without locks do without. */
static dq_status lock(dq_run_folder *run)
{
    run->lock_fd = open(run->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (run->lock_fd < 0)
        return dq_fail_errno("open the folder", run->path);
    if (flock(run->lock_fd, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK)
        return DQ_OK;
    dq_run_folder_close(run);
    return dq_fail(DQ_ERR_CONFIG, "another deepq is at work in %s: wait for its end or stop it",
                   run->path);
}

static dq_status set_path(dq_run_folder *run, const char *path)
{
    if (!*path)
        return dq_fail(DQ_ERR_CONFIG, "the name of the run's folder is empty: give one");
    DQ_TRY(dq_path_format(run->path, sizeof(run->path), "%s", path));
    for (size_t n = strlen(run->path); n > 1 && run->path[n - 1] == '/'; n--)
        run->path[n - 1] = '\0';
    return DQ_OK;
}

static dq_status make_checkpoint_folder(const dq_run_folder *run)
{
    char path[DQ_PATH_CAP];
    DQ_TRY(dq_run_file(run, "checkpoint", path));
    return dq_make_dirs(path);
}

dq_status dq_run_folder_create(dq_run_folder *run, const dq_run_name *name)
{
    run->lock_fd = -1;
    if (name->out) {
        DQ_TRY(set_path(run, name->out));
        DQ_TRY(dq_make_dirs(run->path));
    } else {
        DQ_TRY(make_default(run->path, name));
    }
    DQ_TRY(lock(run));
    dq_status st = refuse_used(run->path);
    if (st == DQ_OK)
        st = make_checkpoint_folder(run);
    if (st != DQ_OK)
        dq_run_folder_close(run);
    return st;
}

/** Of a process that was killed while it wrote: the folder is ours alone now. */
static void remove_left(const dq_run_folder *run)
{
    char path[DQ_PATH_CAP];
    dq_plain_remove_left(run->path);
    if (dq_run_file(run, "checkpoint", path) == DQ_OK)
        dq_plain_remove_left(path);
}

dq_status dq_run_folder_open(dq_run_folder *run, const char *path, bool *has_checkpoint)
{
    struct stat info;
    run->lock_fd = -1;
    DQ_TRY(set_path(run, path));
    if (stat(run->path, &info) != 0)
        return dq_fail_errno("resume", run->path);
    if (!S_ISDIR(info.st_mode))
        return dq_fail(DQ_ERR_INPUT, "cannot resume %s: it is a file, give the run's folder",
                       run->path);
    if (!has_file(run->path, DQ_RUN_CONFIG))
        return dq_fail(DQ_ERR_NOT_FOUND,
                       "cannot resume %s: there is no " DQ_RUN_CONFIG
                       " in it, which a run begins with; start a new run",
                       run->path);
    DQ_TRY(lock(run));
    remove_left(run);
    DQ_TRY(make_checkpoint_folder(run));
    *has_checkpoint = has_file(run->path, DQ_RUN_CHECKPOINT) || has_file(run->path, DQ_RUN_BEFORE);
    return DQ_OK;
}

void dq_run_folder_close(dq_run_folder *run)
{
    if (run->lock_fd >= 0)
        close(run->lock_fd);
    run->lock_fd = -1;
}

dq_status dq_run_file(const dq_run_folder *run, const char *name, char to[DQ_PATH_CAP])
{
    return dq_path_format(to, DQ_PATH_CAP, "%s/%s", run->path, name);
}

dq_status dq_run_model_file(const dq_run_folder *run, const char *env, double mean_reward,
                            char to[DQ_PATH_CAP])
{
    char part[128];
    return dq_path_format(to, DQ_PATH_CAP, "%s/%s-best_%.0f.dat", run->path,
                          dq_file_name_part(part, sizeof(part), env), mean_reward);
}
