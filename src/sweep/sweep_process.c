#include "sweep/sweep_process.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#ifdef __linux__
#include <sys/prctl.h>
#endif

#include "base/error.h"

/** The process whose end is to be followed. */
static const char PARENT[] = "DEEPQ_PARENT";
/** It is the same program even when its file was replaced since. */
static const char PROGRAM[] = "/proc/self/exe";

extern char **environ;

void dq_process_follow_parent(void)
{
    const char *parent = getenv(PARENT);
    if (!parent)
        return;
#ifdef __linux__
    long pid = strtol(parent, NULL, 10);
    unsetenv(PARENT);  // it is meant for this process, not for those that it starts
    (void)prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (getppid() != (pid_t)pid)  // it had ended before
        _exit(128 + SIGTERM);
#endif
}

/** Ours, and who we are. */
static char **make_environment(char parent[48])
{
    size_t n = 0;
    while (environ[n])
        n++;
    char **copy = malloc((n + 2) * sizeof(*copy));
    if (!copy)
        return NULL;
    memcpy(copy, environ, n * sizeof(*copy));
    snprintf(parent, 48, "%s=%ld", PARENT, (long)getpid());
    copy[n] = parent;
    copy[n + 1] = NULL;
    return copy;
}

static int set_files(posix_spawn_file_actions_t *files, const char *out, const char *err)
{
    const int flags = O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW;
    int e = posix_spawn_file_actions_addopen(files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    if (e == 0)
        e = posix_spawn_file_actions_addopen(files, STDOUT_FILENO, out ? out : "/dev/null",
                                             out ? flags : O_WRONLY, 0666);
    if (e == 0)
        e = posix_spawn_file_actions_addopen(files, STDERR_FILENO, err, flags, 0666);
    return e;
}

/** The signals as they are for a program that a shell starts; what is ignored stays so (nohup). */
static int set_signals(posix_spawnattr_t *how, bool own_group)
{
    sigset_t none;
    short flags = POSIX_SPAWN_SETSIGMASK | (own_group ? POSIX_SPAWN_SETPGROUP : 0);
    sigemptyset(&none);
    int e = posix_spawnattr_setsigmask(how, &none);
    if (e == 0)
        e = posix_spawnattr_setpgroup(how, 0);
    return e == 0 ? posix_spawnattr_setflags(how, flags) : e;
}

dq_status dq_process_start(pid_t *pid, const dq_arguments *a, const char *out, const char *err,
                           bool own_group)
{
    posix_spawn_file_actions_t files;
    posix_spawnattr_t how;
    char parent[48];
    char **environment = make_environment(parent);
    if (!environment)
        return dq_fail(DQ_ERR_NOMEM, "no memory for a process");
    int e = posix_spawn_file_actions_init(&files);
    if (e == 0 && (e = posix_spawnattr_init(&how)) != 0)
        posix_spawn_file_actions_destroy(&files);
    if (e == 0) {
        e = set_files(&files, out, err);
        if (e == 0)
            e = set_signals(&how, own_group);
        if (e == 0)
            e = posix_spawn(pid, PROGRAM, &files, &how, a->words, environment);
        posix_spawn_file_actions_destroy(&files);
        posix_spawnattr_destroy(&how);
    }
    free(environment);
    if (e == 0)
        return DQ_OK;
    return dq_fail(DQ_ERR_IO, "cannot start a process that writes %s: %s", err, strerror(e));
}
