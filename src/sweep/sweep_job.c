#include "sweep/sweep_job.h"

#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/atomic_file.h"
#include "base/error.h"
#include "record/json_lines.h"
#include "sweep/sweep_keys.h"
#include "sweep/sweep_process.h"

enum { MAX_SCORE_BYTES = 1 << 26, MAX_WORDS_BYTES = 1 << 20, MISUSED = 2 };
static const double FULL_BYTES = 1 << 20;  // of a disk that has less left, a failure is told so

static const dq_sweep_run *run_of(const dq_sweep_job *j)
{
    return &j->plan->runs[j->run];
}

static void note(dq_sweep_job *j, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void note(dq_sweep_job *j, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int n = snprintf(j->note, sizeof(j->note), "%s: ", run_of(j)->name);
    if (n > 0 && (size_t)n < sizeof(j->note))
        vsnprintf(j->note + n, sizeof(j->note) - (size_t)n, format, args);
    va_end(args);
    dq_make_plain(j->note);
}

/* ---------------------------------------------------------------- files */

/** `suffix` as in "/score.json" or ".err". */
static dq_status path_of(char to[DQ_PATH_CAP], const dq_sweep_job *j, const char *suffix)
{
    return dq_path_format(to, DQ_PATH_CAP, "%s/%s%s", j->path, run_of(j)->name, suffix);
}

static struct stat checkpoint_of(const dq_sweep_job *j)
{
    char path[DQ_PATH_CAP];
    struct stat info;
    if (path_of(path, j, "/checkpoint/state") != DQ_OK || stat(path, &info) != 0)
        memset(&info, 0, sizeof(info));
    return info;
}

static bool is_full(const dq_sweep_job *j)
{
    struct statvfs disk;
    return statvfs(j->path, &disk) == 0 &&
           (double)disk.f_bavail * (double)disk.f_frsize < FULL_BYTES;
}

/** The last thing that its process said, without who it is; "" when it said nothing. */
static void last_words(const dq_sweep_job *j, char *to, size_t cap)
{
    char path[DQ_PATH_CAP];
    void *bytes;
    size_t n;
    *to = '\0';
    if (path_of(path, j, ".err") != DQ_OK ||
        dq_file_read(path, MAX_WORDS_BYTES, &bytes, &n) != DQ_OK)
        return;
    char *text = bytes;
    while (n > 0 && text[n - 1] == '\n')
        text[--n] = '\0';
    const char *line = strrchr(text, '\n');
    line = line ? line + 1 : text;
    if (strncmp(line, "deepq: ", 7) == 0)
        line += 7;
    snprintf(to, cap, "%s", line);
    free(bytes);
}

/** Nothing was said: nobody needs the file. */
static void tidy_words(const dq_sweep_job *j)
{
    char path[DQ_PATH_CAP];
    struct stat info;
    if (path_of(path, j, ".err") == DQ_OK && stat(path, &info) == 0 && info.st_size == 0)
        unlink(path);
}

/** What `deepq eval` printed becomes the score, if it is whole. */
static dq_status keep_score(const dq_sweep_job *j)
{
    char part[DQ_PATH_CAP], path[DQ_PATH_CAP];
    void *bytes;
    size_t n;
    json_t *score = NULL;
    DQ_TRY(path_of(part, j, "/score.part"));
    DQ_TRY(path_of(path, j, "/" DQ_SWEEP_SCORE));
    DQ_TRY(dq_file_read(part, MAX_SCORE_BYTES, &bytes, &n));
    dq_status st = dq_json_parse(&score, bytes, n, 0);
    if (st == DQ_OK && !score)
        st = dq_fail(DQ_ERR_INPUT, "%s is not whole", part);
    if (st == DQ_OK)
        st = dq_file_write(path, bytes, n);
    json_decref(score);
    free(bytes);
    unlink(part);
    return st;
}

/* ---------------------------------------------------------------- processes */

static bool fail(dq_sweep_job *j, const char *why)
{
    j->state = DQ_JOB_FAILED;
    if (is_full(j))
        note(j, "given up: %s: the disk of %s is full: make room, the same command goes on", why,
             j->path);
    else
        note(j, "given up: %s", why);
    return true;
}

static dq_status start_training(dq_sweep_job *j)
{
    char folder[DQ_PATH_CAP], err[DQ_PATH_CAP];
    dq_sweep_progress at;
    dq_arguments a = {NULL, 0};
    DQ_TRY(path_of(folder, j, ""));
    DQ_TRY(path_of(err, j, ".err"));
    dq_sweep_look(j->path, run_of(j), &at);
    dq_status st = at.has_begun ? dq_arguments_resume(&a, j->plan, run_of(j), folder)
                                : dq_arguments_train(&a, j->plan, run_of(j), folder);
    if (st == DQ_OK)
        st = dq_process_start(&j->pid, &a, NULL, err, j->own_group);
    dq_arguments_free(&a);
    return st;
}

static dq_status start_scoring(dq_sweep_job *j)
{
    char folder[DQ_PATH_CAP], err[DQ_PATH_CAP], out[DQ_PATH_CAP];
    dq_arguments a = {NULL, 0};
    DQ_TRY(path_of(folder, j, ""));
    DQ_TRY(path_of(err, j, ".err"));
    DQ_TRY(path_of(out, j, "/score.part"));
    dq_status st = dq_arguments_eval(&a, j->plan, run_of(j), folder);
    if (st == DQ_OK)
        st = dq_process_start(&j->pid, &a, out, err, j->own_group);
    dq_arguments_free(&a);
    return st;
}

/** Start the process of a state. @return whether the job is over */
static bool enter(dq_sweep_job *j, dq_job_state state)
{
    if (state == DQ_JOB_TRAINING && dq_sweep_run_is_held(j->path, run_of(j))) {
        j->state = DQ_JOB_HELD;
        note(j,
             "another process is at work in its folder, perhaps one of an earlier sweep that saves "
             "its run: waiting for its end");
        return false;
    }
    j->state = state;
    j->checkpoint = checkpoint_of(j);
    dq_status st = state == DQ_JOB_TRAINING ? start_training(j) : start_scoring(j);
    return st == DQ_OK ? false : fail(j, dq_errmsg());
}

void dq_job_begin(dq_sweep_job *j, const dq_sweep_plan *p, const char *path, size_t run,
                  bool own_group)
{
    dq_sweep_progress at;
    *j = (dq_sweep_job){.plan = p, .path = path, .run = run, .own_group = own_group};
    dq_sweep_look(path, run_of(j), &at);
    if (at.has_score)
        j->state = DQ_JOB_DONE;
    else
        (void)enter(j, DQ_JOB_TRAINING);
}

/** A process ended otherwise than it should: once more, unless that did not help before. */
static bool died(dq_sweep_job *j, int status)
{
    char words[DQ_SWEEP_NOTE_BYTES / 2], why[DQ_SWEEP_NOTE_BYTES];
    const char *what = j->state == DQ_JOB_TRAINING ? "training" : "its evaluation";
    struct stat now = checkpoint_of(j);
    bool has_saved = now.st_ino != j->checkpoint.st_ino ||
                     now.st_mtim.tv_sec != j->checkpoint.st_mtim.tv_sec ||
                     now.st_mtim.tv_nsec != j->checkpoint.st_mtim.tv_nsec;
    j->n_deaths = has_saved ? 1 : j->n_deaths + 1;
    last_words(j, words, sizeof(words));
    if (WIFSIGNALED(status))
        snprintf(why, sizeof(why), "%s was killed by signal %d", what, WTERMSIG(status));
    else
        snprintf(why, sizeof(why), "%s ended with status %d%s%s", what, WEXITSTATUS(status),
                 *words ? ": " : "", words);
    if (j->n_deaths >= DQ_SWEEP_TRIES)
        return fail(j, why);
    note(j, "%s; it goes on from its last checkpoint", why);
    return enter(j, j->state);
}

static bool misused(dq_sweep_job *j)
{
    char words[DQ_SWEEP_NOTE_BYTES / 2];
    if (j->state == DQ_JOB_TRAINING && dq_sweep_run_is_held(j->path, run_of(j)))
        return enter(j, DQ_JOB_TRAINING);
    last_words(j, words, sizeof(words));
    return fail(j, *words ? words : "it was refused");
}

static bool end_scoring(dq_sweep_job *j)
{
    if (keep_score(j) != DQ_OK)
        return fail(j, dq_errmsg());
    tidy_words(j);
    j->state = DQ_JOB_DONE;
    return true;
}

bool dq_job_poll(dq_sweep_job *j)
{
    int status;
    if (j->state == DQ_JOB_HELD) {
        if (j->is_told_to_stop)
            j->state = DQ_JOB_STOPPED;
        else if (!dq_sweep_run_is_held(j->path, run_of(j)))
            return enter(j, DQ_JOB_TRAINING);
    }
    if (j->state != DQ_JOB_TRAINING && j->state != DQ_JOB_SCORING)
        return j->state != DQ_JOB_HELD;
    pid_t ended = waitpid(j->pid, &status, WNOHANG);
    if (ended == 0 || (ended < 0 && errno == EINTR))
        return false;
    j->pid = 0;
    bool is_well = WIFEXITED(status) && WEXITSTATUS(status) == 0;
    if (is_well && j->state == DQ_JOB_SCORING)
        return end_scoring(j);
    if (j->is_told_to_stop) {
        j->state = DQ_JOB_STOPPED;
        return true;
    }
    if (is_well)
        return enter(j, DQ_JOB_SCORING);
    if (WIFEXITED(status) && WEXITSTATUS(status) == MISUSED)
        return misused(j);
    return died(j, status);
}

void dq_job_stop(dq_sweep_job *j)
{
    if (j->pid > 0 && !j->is_told_to_stop)
        kill(j->pid, SIGTERM);
    j->is_told_to_stop = true;
}
