/** What the commands share: exit statuses, the error line, and the commands themselves.
 *
 *  Each command gets its own arguments (argv[0] is its name) and returns an exit status. */
#ifndef DEEPQ_APP_APP_H
#define DEEPQ_APP_APP_H

#include "deepq/status.h"

enum { APP_DONE = 0, APP_FAILED = 1, APP_MISUSED = 2, APP_INTERRUPTED = 130 };

/** Exit status of a library status: wrong values and damaged files are misuse. */
int app_exit_status(dq_status status);
/** Say dq_errmsg() on standard error ("deepq: what is wrong: what to do") unless `status` is DQ_OK;
 *  returns the exit status. */
int app_report(dq_status status);
/** Say a message of the program's own; returns `exit_status`. */
int app_fail(int exit_status, const char *format, ...) __attribute__((format(printf, 2, 3)));

/** Say a message that is no failure. */
void app_note(const char *format, ...) __attribute__((format(printf, 1, 2)));
/** Text from outside (an argument, a name or value in a file) as it may be printed: one line,
 * without control characters, at most 4351 bytes of it. Good for the next three calls. */
const char *app_plain(const char *text);

/** Flush standard output. A reader that went away early is not a failure of a listing; a full disk
 *  is: it is said, and `exit_status` becomes APP_FAILED. */
int app_finish_output(int exit_status);

int cmd_bench(int argc, char **argv);
int cmd_dashboard(int argc, char **argv);
int cmd_envs(int argc, char **argv);
int cmd_eval(int argc, char **argv);
int cmd_export(int argc, char **argv);
int cmd_inspect(int argc, char **argv);
int cmd_play(int argc, char **argv);
int cmd_compare(int argc, char **argv);
int cmd_plot(int argc, char **argv);
int cmd_replay(int argc, char **argv);
int cmd_roms(int argc, char **argv);
int cmd_sweep(int argc, char **argv);
int cmd_tabular(int argc, char **argv);
int cmd_trace(int argc, char **argv);
int cmd_train(int argc, char **argv);

#endif
