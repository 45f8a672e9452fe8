/* deepq COMMAND: finds the command and reports what went wrong. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "app/app.h"
#include "app/features.h"
#include "app/options.h"
#include "base/error.h"
#include "base/spelling.h"
#include "sweep/sweep_process.h"

typedef struct command {
    const char *name;
    int (*run)(int argc, char **argv);
    const char *summary;
} command;

static const command commands[] = {
    {"train", cmd_train, "learn a game from its pixels with DQN"},
    {"play", cmd_play, "watch a trained model play, in a window or as a video"},
    {"replay", cmd_replay, "play games of a training run again, from its log of actions"},
    {"dashboard", cmd_dashboard, "show runs in a browser: curves, settings, games"},
    {"plot", cmd_plot, "draw learning curves of runs, published ones beside them"},
    {"compare", cmd_compare, "compare runs: settings, scores, intervals"},
    {"eval", cmd_eval, "score a trained model over many games"},
    {"sweep", cmd_sweep, "train many games, seeds and variants, and compare them"},
    {"export", cmd_export, "write a trained model for other programs, or as C"},
    {"tabular", cmd_tabular, "learn a discrete world with a table: the book's chapters 5 and 6"},
    {"envs", cmd_envs, "list the environments, or describe one"},
    {"roms", cmd_roms, "import, list and verify the games' ROMs"},
    {"trace", cmd_trace, "check the emulator against recordings, or make one"},
    {"inspect", cmd_inspect, "say what a model, checkpoint, trace or ROM file is"},
    {"bench", cmd_bench, "measure the speed of each part"},
};

int app_exit_status(dq_status status)
{
    switch (status) {
    case DQ_OK:
        return APP_DONE;
    case DQ_ERR_CONFIG:
    case DQ_ERR_INPUT:
        return APP_MISUSED;
    case DQ_ERR_INTERRUPTED:
        return APP_INTERRUPTED;
    default:
        return APP_FAILED;
    }
}

int app_report(dq_status status)
{
    if (status != DQ_OK)
        fprintf(stderr, "deepq: %s\n", dq_errmsg());
    return app_exit_status(status);
}

static void say(const char *format, va_list args)
{
    char text[1024];
    vsnprintf(text, sizeof(text), format, args);
    fprintf(stderr, "deepq: %s\n", dq_make_plain(text));
}

int app_fail(int exit_status, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    say(format, args);
    va_end(args);
    return exit_status;
}

void app_note(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    say(format, args);
    va_end(args);
}

const char *app_plain(const char *text)
{
    static char plain[4][4352];
    static unsigned next;
    char *to = plain[next++ % DQ_COUNT(plain)];
    snprintf(to, sizeof(plain[0]), "%s", text);
    return dq_make_plain(to);
}

/** A pipe that nobody reads any more. */
static bool is_deserted(void)
{
    struct pollfd out = {.fd = STDOUT_FILENO, .events = POLLOUT};
    return poll(&out, 1, 0) == 1 && (out.revents & POLLERR);
}

int app_finish_output(int exit_status)
{
    if (fflush(stdout) != 0 && errno != EPIPE)
        return app_fail(APP_FAILED, "cannot write to standard output: %s", strerror(errno));
    if (!ferror(stdout) || is_deserted())
        return exit_status;
    return app_fail(APP_FAILED,
                    "some lines could not be written to standard output: they are lost");
}

static void print_help(FILE *to)
{
    fprintf(to, "Usage: deepq COMMAND [OPTIONS]\n\n"
                "Deep Q-learning on Atari games, with an Atari 2600 of its own.\n\nCommands:\n");
    for (size_t i = 0; i < DQ_COUNT(commands); i++)
        fprintf(to, "  %-10s%s\n", commands[i].name, commands[i].summary);
    fprintf(to, "\nOptions:\n"
                "  -h, --help     show this and exit; deepq COMMAND --help says more\n"
                "      --version  show the version, instruction sets and optional features\n\n"
                "Examples:\n"
                "  deepq roms import ale_py-0.12.1.whl\n"
                "  deepq train --env PongNoFrameskip-v4\n"
                "  deepq play --model PongNoFrameskip-v4-best_19.dat\n");
}

static int fail_command(const char *word)
{
    const char *names[DQ_COUNT(commands)];
    for (size_t i = 0; i < DQ_COUNT(commands); i++)
        names[i] = commands[i].name;
    const char *what = word[0] == '-' ? "option" : "command";
    const char *near = dq_nearest_word(word, names, DQ_COUNT(names));
    if (near)
        return app_fail(APP_MISUSED, "no %s '%s': did you mean deepq %s?", what, word, near);
    return app_fail(APP_MISUSED, "no %s '%s': see deepq --help", what, word);
}

static int run(int argc, char **argv)
{
    if (argc < 2) {
        print_help(stderr);
        return APP_MISUSED;
    }
    const char *word = argv[1];
    if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0) {
        print_help(stdout);
        return APP_DONE;
    }
    if (strcmp(word, "--version") == 0) {
        features_print();
        return APP_DONE;
    }
    for (size_t i = 0; i < DQ_COUNT(commands); i++)
        if (strcmp(word, commands[i].name) == 0)
            return commands[i].run(argc - 1, argv + 1);
    return fail_command(word);
}

/** Who starts us may have closed some: a file that we open would get the number, and our lines. */
static void open_standard_descriptors(void)
{
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
        if (fcntl(fd, F_GETFD) < 0 && errno == EBADF)
            (void)!open("/dev/null", fd == STDIN_FILENO ? O_RDONLY : O_WRONLY);  // the lowest free
}

int main(int argc, char **argv)
{
    dq_process_follow_parent();
    open_standard_descriptors();
    // A reader that goes away, or a file that may not grow, is an error of write(), not our end.
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN);
    return app_finish_output(run(argc, argv));
}
