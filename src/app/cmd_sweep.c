/* deepq sweep: many runs of one plan, side by side, and the table of their scores. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "app/app.h"
#include "app/interrupt.h"
#include "app/options.h"
#include "app/sweep_screen.h"
#include "app/sweep_table.h"
#include "base/cpu.h"
#include "base/error.h"
#include "base/free_memory.h"
#include "record/file_names.h"
#include "sweep/sweep.h"
#include "sweep/sweep_keys.h"

typedef struct sweep_options {
    const char *plan, *out, *status;
    int64_t jobs, silence;
    bool dry_run, plain, json;
} sweep_options;

/** What rank 0 tells the others of its folder. */
typedef struct shared_start {
    int32_t is_good;
    char path[DQ_PATH_CAP], holder[DQ_SWEEP_HOLDER_BYTES];
} shared_start;

/* ---------------------------------------------------------------- looking */

/** Without --out: runs/NAME, of a plan in NAME.plan. */
static dq_status choose_folder(const sweep_options *o, char path[DQ_PATH_CAP])
{
    if (o->out)
        return dq_path_format(path, DQ_PATH_CAP, "%s", o->out);
    const char *slash = strrchr(o->plan, '/'), *name = slash ? slash + 1 : o->plan;
    const char *dot = strrchr(name, '.');
    int n = dot && dot > name ? (int)(dot - name) : (int)strlen(name);
    return dq_path_format(path, DQ_PATH_CAP, "runs/%.*s", n, name);
}

static int show_status(const sweep_options *o)
{
    char path[DQ_PATH_CAP], holder[DQ_SWEEP_HOLDER_BYTES];
    dq_sweep_plan *p;
    dq_status st = dq_path_format(path, sizeof(path), "%s/plan", o->status);
    if (st == DQ_OK)
        st = dq_sweep_plan_read(&p, path);
    if (st == DQ_ERR_NOT_FOUND)
        return app_fail(APP_MISUSED, "no sweep in %s: there is no plan in it", o->status);
    if (st != DQ_OK)
        return app_report(st);
    dq_sweep_folder_holder(o->status, holder);
    sweep_screen_status(p, o->status, holder, o->json);
    dq_sweep_plan_free(p);
    return APP_DONE;
}

static dq_status print_command(dq_status made, dq_arguments *a)
{
    char *text = made == DQ_OK ? dq_arguments_text(a) : NULL;
    if (made == DQ_OK && !text)
        made = dq_fail(DQ_ERR_NOMEM, "no memory for a command line");
    if (text)
        printf("%s\n", text);
    free(text);
    dq_arguments_free(a);
    return made;
}

/** The commands of all runs: what the sweep would do, and what a person could. */
static dq_status print_commands(const dq_sweep_plan *p, const char *path)
{
    for (size_t i = 0; i < p->n_runs; i++) {
        char folder[DQ_PATH_CAP];
        dq_arguments a = {NULL, 0};
        DQ_TRY(dq_path_format(folder, sizeof(folder), "%s/%s", path, p->runs[i].name));
        DQ_TRY(print_command(dq_arguments_train(&a, p, &p->runs[i], folder), &a));
        DQ_TRY(print_command(dq_arguments_eval(&a, p, &p->runs[i], folder), &a));
    }
    return DQ_OK;
}

static dq_status read_plan(dq_sweep_plan **p, const char *path)
{
    dq_status st = dq_sweep_plan_read(p, path);
    return st == DQ_ERR_NOT_FOUND ? DQ_ERR_INPUT : st;
}

static int show_commands(const sweep_options *o)
{
    char path[DQ_PATH_CAP];
    dq_sweep_plan *p;
    dq_status st = read_plan(&p, o->plan);
    if (st != DQ_OK)
        return app_report(st);
    st = choose_folder(o, path);
    if (st == DQ_OK)
        st = print_commands(p, path);
    dq_sweep_plan_free(p);
    return app_report(st);
}

/* ---------------------------------------------------------------- rank 0 */

/** Hold the folder, and see that the plan goes with what is in it. */
static dq_status prepare(const sweep_options *o, dq_sweep_plan **p, dq_sweep_folder *folder)
{
    char path[DQ_PATH_CAP];
    folder->lock_fd = -1;
    DQ_TRY(read_plan(p, o->plan));
    DQ_TRY(choose_folder(o, path));
    DQ_TRY(dq_sweep_folder_hold(folder, path));
    DQ_TRY(dq_sweep_folder_fits(folder->path, *p));
    return dq_sweep_folder_keep_plan(folder->path, o->plan);
}

/** The table of what is there; with runs missing it says so itself. */
static dq_status tell_results(const dq_sweep *s, bool json)
{
    score_table *t;
    DQ_TRY(sweep_table_make(&t, s->plan, s->path));
    dq_status st = sweep_table_write(t, s->plan, s->path);
    char *text = json ? score_table_json(t, true) : score_table_markdown(t, s->plan->n_seeds);
    if (text)
        printf(json ? "%s\n" : "\n%s\n", text);
    free(text);
    score_table_free(t);
    return st;
}

static bool has_failures(const dq_sweep *s)
{
    for (size_t i = 0; i < s->plan->n_runs; i++)
        if (s->runs[i].state == DQ_RUN_FAILED)
            return true;
    return false;
}

/** What the sweep came to, said. @return the exit status */
static int finish(const dq_sweep *s, sweep_screen *screen, dq_status st, bool json)
{
    int exit_status;
    sweep_screen_clear(screen);
    if (st == DQ_ERR_INTERRUPTED)
        return app_fail(APP_INTERRUPTED,
                        "interrupted; all runs are saved: the same command goes on");
    if (st != DQ_OK)
        return app_report(st);
    st = tell_results(s, json);
    sweep_screen_end(screen, s);
    exit_status = app_report(st);
    if (st == DQ_OK && has_failures(s))
        exit_status =
            app_fail(APP_FAILED, "some runs were given up: the same command tries them again");
    return exit_status;
}

/** @param[out] lost a machine was: nobody can be told that it ends */
static int lead(const sweep_options *o, const dq_sweep_plan *p, const char *path,
                dq_machines *machines, volatile int *stop, bool *lost)
{
    bool plain = o->plain || machines;  // mpirun prints a rank's lines its own way
    sweep_screen *screen = sweep_screen_create(p, path, plain, o->json);
    if (!screen)
        return app_report(dq_fail(DQ_ERR_NOMEM, "no memory for a sweep"));
    dq_sweep s = {.plan = p,
                  .path = path,
                  .n_jobs = (int)o->jobs,
                  .silence_s = (double)o->silence,
                  .machines = machines,
                  .stop = stop,
                  .teller = sweep_screen_teller(screen)};
    dq_status st = dq_sweep_go(&s);
    *lost = machines && st == DQ_ERR_IO;
    int exit_status = finish(&s, screen, st, o->json);
    free(s.runs);
    sweep_screen_destroy(screen);
    return exit_status;
}

/** As many runs as there are cores, unless memory is for fewer. */
static int64_t usual_jobs(const dq_sweep_plan *p)
{
    int cores = dq_cpu_count(), fitting = dq_sweep_plan_fitting(p, dq_memory_limit().bytes);
    if (fitting >= cores)
        return cores;
    app_note("%d at once, as memory is for no more; --jobs N takes the risk", fitting);
    return fitting;
}

static int run_alone(sweep_options *o, volatile int *stop)
{
    dq_sweep_plan *p = NULL;
    dq_sweep_folder folder;
    bool lost;
    dq_status st = prepare(o, &p, &folder);
    if (st == DQ_OK && o->jobs < 0)
        o->jobs = usual_jobs(p);
    int exit_status = st == DQ_OK ? lead(o, p, folder.path, NULL, stop, &lost) : app_report(st);
    dq_sweep_folder_let_go(&folder);
    dq_sweep_plan_free(p);
    return exit_status;
}

/* ---------------------------------------------------------------- many machines */

static int run_first_rank(const sweep_options *o, dq_machines *machines, volatile int *stop)
{
    dq_sweep_plan *p = NULL;
    dq_sweep_folder folder;
    shared_start start = {0};
    bool lost = false;
    dq_status st = prepare(o, &p, &folder);
    if (st == DQ_OK) {
        start.is_good = 1;
        memcpy(start.path, folder.path, sizeof(start.path));
        memcpy(start.holder, folder.holder, sizeof(start.holder));
    }
    int exit_status = app_report(st);
    st = dq_machines_share(machines, &start, sizeof(start));
    if (start.is_good)
        exit_status = st == DQ_OK ? lead(o, p, folder.path, machines, stop, &lost) : app_report(st);
    dq_sweep_folder_let_go(&folder);
    dq_sweep_plan_free(p);
    if (lost)
        dq_machines_abort(machines, exit_status);
    dq_machines_close(machines);
    return exit_status;
}

/** Whether this machine sees the folder that rank 0 holds, and the same plan in it. NFS may take
 * some seconds to show what is new. */
static bool sees_folder(const shared_start *start, dq_sweep_plan **p)
{
    char plan[DQ_PATH_CAP], holder[DQ_SWEEP_HOLDER_BYTES];
    for (int tries = 0; tries < 10; tries++) {
        dq_sweep_folder_holder(start->path, holder);
        if (strcmp(holder, start->holder) == 0 &&
            dq_path_format(plan, sizeof(plan), "%s/plan", start->path) == DQ_OK &&
            dq_sweep_plan_read(p, plan) == DQ_OK)
            return true;
        sleep(1);
    }
    return false;
}

static int run_other_rank(const sweep_options *o, dq_machines *machines, volatile int *stop)
{
    dq_sweep_plan *p = NULL;
    shared_start start;
    dq_status st = dq_machines_share(machines, &start, sizeof(start));
    if (st == DQ_OK && !start.is_good) {  // rank 0 says why
        dq_machines_close(machines);
        return APP_DONE;
    }
    if (st == DQ_OK) {
        bool same_folder = sees_folder(&start, &p);
        dq_sweep s = {.plan = p,
                      .path = start.path,
                      .n_jobs = (int)o->jobs,
                      .silence_s = (double)o->silence,
                      .machines = machines,
                      .stop = stop};
        st = dq_sweep_help(&s, same_folder);
    }
    int exit_status = app_report(st);
    dq_sweep_plan_free(p);
    if (st != DQ_OK)  // rank 0 is lost: there is nobody to meet at the end
        _exit(exit_status);
    dq_machines_close(machines);
    return exit_status;
}

static int run_on_machines(const sweep_options *o, volatile int *stop)
{
    dq_machines *machines;
    dq_status st = dq_machines_open(&machines);
    if (st != DQ_OK)
        return dq_machines_likely_rank() == 0 ? app_report(st) : app_exit_status(st);
    if (dq_machines_rank(machines) == 0)
        return run_first_rank(o, machines, stop);
    return run_other_rank(o, machines, stop);
}

/* ---------------------------------------------------------------- the command */

static int run(sweep_options *o)
{
    bool is_one_of_many = dq_machines_are_meant();
    if (o->jobs < 0 && is_one_of_many)
        o->jobs = 1;
    volatile int *stop = interrupt_catch();
    return is_one_of_many ? run_on_machines(o, stop) : run_alone(o, stop);
}

int cmd_sweep(int argc, char **argv)
{
    sweep_options o = {.jobs = -1, .silence = 60};
    const option options[] = {
        {"out", 'o', OPTION_TEXT, &o.out, "DIR", "folder of the runs and the table (runs/PLAN)", 0,
         0},
        {"jobs", 'j', OPTION_INT, &o.jobs, "N",
         "runs side by side (one for each core, if memory is for so many; under mpirun one)", 1,
         DQ_SWEEP_MAX_JOBS},
        {"dry-run", 0, OPTION_FLAG, &o.dry_run, NULL, "print the runs as commands, start nothing",
         0, 0},
        {"status", 0, OPTION_TEXT, &o.status, "DIR", "say how far the sweep in DIR is", 0, 0},
        {"silence", 0, OPTION_INT, &o.silence, "S",
         "under mpirun: a machine that is not heard of for S seconds is lost (60)", 3, 86400},
        {"plain", 0, OPTION_FLAG, &o.plain, NULL, "no live lines", 0, 0},
        {"json", 0, OPTION_FLAG, &o.json, NULL, "one JSON object a line instead", 0, 0},
    };
    const option_syntax syntax = {
        .command = "sweep",
        .operands = "[PLAN]",
        .max_operands = 1,
        .about =
            "Train games x seeds x variants as a plan says, as many at once as there are cores,\n"
            "score each run at its end, and write a table with intervals: table.md, table.csv and\n"
            "table.json in DIR. Stopped at any moment, the same command goes on; runs that die go\n"
            "on from their last checkpoint. A plan is a file like this one:\n"
            "\n"
            "  env = PongNoFrameskip-v4, BreakoutNoFrameskip-v4\n"
            "  seeds = 1..5             # or 1, 2, 7\n"
            "  preset = dopamine-dqn    # settings of all runs: those of deepq train --help-set,\n"
            "  frames = 2e6             # and sticky, noops, dialect, ...\n"
            "  [plain]                  # each section is a variant, with settings of its own\n"
            "  [dueling]\n"
            "  dueling = output\n"
            "  [eval]                   # options of the deepq eval that scores a run\n"
            "  episodes = 100\n"
            "\n"
            "Under mpirun many machines share the work; DIR must be a folder that all see.",
        .examples = "  deepq sweep dueling.plan\n"
                    "  deepq sweep dueling.plan --dry-run\n"
                    "  deepq sweep --status runs/dueling\n"
                    "  mpirun -n 64 deepq sweep dueling.plan --out /shared/dueling\n",
        .options = options,
        .n_options = DQ_COUNT(options),
    };
    int n, exit_status;
    if (!options_parse(&syntax, argc, argv, &n, &exit_status))
        return exit_status;
    if (o.status)
        return n == 0 ? show_status(&o)
                      : app_fail(APP_MISUSED, "sweep: --status takes a folder, not a plan too");
    if (n == 0)
        return app_fail(APP_MISUSED, "sweep: PLAN is missing: see deepq sweep --help");
    o.plan = argv[0];
    return o.dry_run ? show_commands(&o) : run(&o);
}
