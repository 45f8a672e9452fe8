/* deepq bench: how fast each part is on this machine. */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/app.h"
#include "app/bench_cases.h"
#include "app/bench_layers.h"
#include "app/environment_check.h"
#include "app/interrupt.h"
#include "app/machine_limits.h"
#include "app/options.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/spelling.h"
#include "deepq/atari_env.h"
#include "learn/gpu.h"
#include "nn/graph.h"
#include "run/environments.h"

enum { MAX_REPEATS = 1000 };

typedef struct bench_run {
    bench_settings settings;
    int64_t repeats;
    double seconds;  // of one repeat
    bool json;
    volatile int *stop;
} bench_run;

static int compare_doubles(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void print_figure(const bench_run *run, const bench_case *c, const double *sorted, int n)
{
    double median = n % 2 ? sorted[n / 2] : (sorted[n / 2 - 1] + sorted[n / 2]) / 2;
    const char *device = c->device ? c->device : "cpu";
    if (run->json) {
        json_t *o = json_pack("{s:s, s:s, s:f, s:f, s:f, s:i, s:i, s:s, s:s, s:s?}", "name",
                              c->name, "unit", c->unit, "min", sorted[0], "median", median, "max",
                              sorted[n - 1], "repeats", n, "threads", c->n_threads, "isa", c->isa,
                              "device", device, "precision", c->precision);
        if (c->detail)
            json_object_set_new(o, c->detail, json_real(c->detail_value));
        json_dumpf(o, stdout, JSON_PRESERVE_ORDER | JSON_REAL_PRECISION(7));
        json_decref(o);
        printf("\n");
    } else {
        bool tells_precision = c->precision && !c->device;  // a device's text has it
        printf("%-32s %12.1f %-10s  min %.1f, max %.1f, %d repeats, %d thread%s, %s, %s%s%s\n",
               c->name, median, c->unit, sorted[0], sorted[n - 1], n, c->n_threads,
               c->n_threads == 1 ? "" : "s", c->isa, device, tells_precision ? ", " : "",
               tells_precision ? c->precision : "");
        if (c->detail)
            printf("  %s %.1f\n", c->detail, c->detail_value);
    }
    (void)fflush(stdout);
}

/** One figure: warm up, then work for some time as often as asked. */
static dq_status measure(const bench_run *run, bench_case *c)
{
    double rates[MAX_REPEATS];
    int64_t items;
    int n = 0;
    DQ_TRY(c->work(c->self, &items));
    while (n < run->repeats && !*run->stop) {
        double start = dq_clock_s(), elapsed;
        int64_t done = 0;
        do {
            DQ_TRY(c->work(c->self, &items));
            done += items;
            elapsed = dq_clock_s() - start;
        } while (elapsed < run->seconds && !*run->stop);
        rates[n++] = (double)done * (c->scale > 0 ? c->scale : 1) / elapsed;
    }
    if (*run->stop)
        return dq_fail(DQ_ERR_INTERRUPTED, "%s: interrupted", c->name);
    qsort(rates, (size_t)n, sizeof(rates[0]), compare_doubles);
    print_figure(run, c, rates, n);
    if (c->print_stages && !run->json)
        c->print_stages(c->self, n % 2 ? rates[n / 2] : (rates[n / 2 - 1] + rates[n / 2]) / 2);
    return DQ_OK;
}

static dq_status run_maker(const bench_run *run, const bench_maker *maker)
{
    for (int variant = 0; variant < maker->n_variants; variant++) {
        bench_case c = {0};
        DQ_TRY(maker->make(&c, &run->settings, variant));
        if (!c.work)
            continue;
        dq_status st = measure(run, &c);
        c.destroy(c.self);
        if (st != DQ_OK)
            return st;
    }
    bool wants_layers = maker->has_layers && (!run->json || !maker->make);
    return wants_layers ? bench_layers_print(&run->settings, run->json, run->stop) : DQ_OK;
}

/** Each environment in turn for the makers that play, the first one for the others. */
static dq_status run_what(bench_run *run, const bench_maker *maker, const option_list *envs)
{
    for (size_t i = 0; i < (maker->per_game ? envs->n : 1); i++) {
        run->settings.env_id = envs->values[i];
        DQ_TRY(run_maker(run, maker));
    }
    return DQ_OK;
}

static const bench_maker *find_maker(const char *what)
{
    const char *names[16];
    size_t n;
    const bench_maker *makers = bench_makers(&n);
    for (size_t i = 0; i < n; i++) {
        if (strcmp(makers[i].what, what) == 0)
            return &makers[i];
        names[i] = makers[i].what;
    }
    const char *near = dq_nearest_word(what, names, n);
    app_fail(APP_MISUSED, "bench: cannot measure '%s': %s%s", what,
             near ? "did you mean " : "see deepq bench --help", near ? near : "");
    return NULL;
}

static int bench(bench_run *run, char **what, int n, option_list *envs)
{
    const bench_maker *chosen[16];
    size_t n_makers;
    const bench_maker *makers = bench_makers(&n_makers);
    if (n > 16)
        return app_fail(APP_MISUSED, "bench: %d things to measure: choose at most 16", n);
    bool on_gpu = dq_gpu_is_meant(run->settings.device);
    for (int i = 0; i < n; i++) {
        if (!(chosen[i] = find_maker(what[i])))
            return APP_MISUSED;
        if (on_gpu && chosen[i]->n_variants == 0)
            return app_fail(APP_MISUSED, "bench: %s: CPU only: leave out --device", what[i]);
    }
    if (n == 0)
        for (size_t i = 0; i < n_makers; i++)
            if (makers[i].n_variants > 0 || !on_gpu)
                chosen[n++] = &makers[i];
    for (size_t i = 0; i < envs->n; i++)
        if (environments_check_id(envs->values[i]) != APP_DONE)
            return APP_MISUSED;
    dq_preprocessing p;
    if (run->settings.dialect && dq_preprocessing_init(&p, run->settings.dialect) != DQ_OK)
        return app_fail(APP_MISUSED, "%s", dq_errmsg());
    const bench_settings *s = &run->settings;
    if (dq_network_is_mlp(s->network) || dq_network_is_cnn(s->network))
        return app_fail(APP_MISUSED, "bench: network %s is not for 84x84 pictures: choose another",
                        s->network);
    dq_status st = machine_limits_precision(s->isa, s->device, &run->settings.precision);
    if (st != DQ_OK)
        return app_report(st);
    machine_limits_threads(s->n_threads);
    run->stop = interrupt_catch();
    for (int i = 0; i < n; i++) {
        st = run_what(run, chosen[i], envs);
        if (st != DQ_OK)
            return app_report(st);
    }
    return APP_DONE;
}

int cmd_bench(int argc, char **argv)
{
    bench_run run = {.repeats = 5, .seconds = 1.0};
    option_list envs = {.n = 0};
    int64_t threads = 0, n_envs = 0;
    const option options[] = {
        {"env", 'e', OPTION_LIST, &envs, "ID",
         "environment to play (PongNoFrameskip-v4); may be repeated", 0, 0},
        {"threads", 0, OPTION_INT, &threads, "N",
         "threads (learn and train: one for each core, others: 1)", 1, 1024},
        {"dialect", 0, OPTION_TEXT, &run.settings.dialect, "NAME",
         "env and vector: whose preprocessing (book)", 0, 0},
        {"envs", 0, OPTION_INT, &n_envs, "N", "vector: environments (8)", 1, 65535},
        {"isa", 0, OPTION_TEXT, &run.settings.isa, "NAME",
         "ref, avx2 or avx512 (the best there is)", 0, 0},
        {"device", 0, OPTION_TEXT, &run.settings.device, "NAME",
         "of act, learn and train: cpu or cuda (cpu)", 0, 0},
        {"precision", 0, OPTION_TEXT, &run.settings.precision, "NAME",
         "of act, learn and train: fp32, bf16, on a GPU also tf32 (fp32)", 0, 0},
        {"network", 0, OPTION_TEXT, &run.settings.network, "NAME",
         "act, learn, layers, train: nature, nips, small or nature_same (nature)", 0, 0},
        {"repeats", 0, OPTION_INT, &run.repeats, "N", "times each figure is measured (5)", 1,
         MAX_REPEATS},
        {"seconds", 0, OPTION_NUMBER, &run.seconds, "S", "how long each time (1)", 0.001, 3600},
        {"rom-dir", 0, OPTION_TEXT, &run.settings.rom_dir, "DIR", "look for ROMs here first", 0, 0},
        {"json", 0, OPTION_FLAG, &run.json, NULL, "print one JSON object a line", 0, 0},
    };
    const option_syntax syntax = {
        .command = "bench",
        .operands = "[WHAT...]",
        .max_operands = 1000,
        .about =
            "Measure how fast the parts are: median, least and most of some repetitions.\n"
            "  emulator  console frames/s, without the picture and with the palette screen read\n"
            "  env       agent steps/s of the book's pipeline: skip 4, 84x84, stack of 4\n"
            "  vector    the same of several environments that are stepped together\n"
            "  act       decisions/s: forward passes of one state\n"
            "  learn     learning steps/s alone: sample 32, targets, forward, backward, Adam;\n"
            "            as text with its stages and layers\n"
            "  layers    each kernel of such a step on one thread, beside this core's peak\n"
            "  train     agent steps/s of the whole loop while learning, epsilon 0.01\n"
            "  replay    batches/s of 32 states and next states from each store of the replay "
            "buffer\n"
            "  tabular   iterations/s of the book's Q-learning on FrozenLake-v1, runs until "
            "solved\n"
            "  peak      multiply-adds and reading of memory, on one core and on all\n"
            "Without WHAT: all of them.",
        .examples = "  deepq bench emulator --env PongNoFrameskip-v4 --env BreakoutNoFrameskip-v4\n"
                    "  deepq bench vector --envs 8 --threads 2 --dialect sb3\n"
                    "  deepq bench learn train --precision bf16\n"
                    "  deepq bench learn --threads 1 --json\n"
                    "  deepq bench learn layers --network nips\n"
                    "  deepq bench learn train act --device cuda --precision tf32\n",
        .options = options,
        .n_options = DQ_COUNT(options),
    };
    int n, exit_status;
    if (!options_parse(&syntax, argc, argv, &n, &exit_status))
        return exit_status;
    if (envs.n == 0)
        envs.values[envs.n++] = "PongNoFrameskip-v4";
    run.settings.n_threads = (int)threads;
    run.settings.n_envs = (int)n_envs;
    return bench(&run, argv, n, &envs);
}
