/* deepq dashboard: training runs in a browser. */
#include <stdint.h>
#include <stdio.h>
#include <time.h>

#include "app/app.h"
#include "app/interrupt.h"
#include "app/options.h"
#include "base/error.h"
#include "web/dashboard.h"

enum { USUAL_PORT = 8777, MAX_RUNS = 64 };

static void wait_for_end(const volatile int *stop)
{
    const struct timespec pause = {0, 100000000};
    while (!*stop)
        nanosleep(&pause, NULL);
}

static int serve(const dq_dashboard_options *o)
{
    volatile int *stop = interrupt_catch();
    dq_dashboard *d;
    dq_status st = dq_dashboard_start(&d, o);
    if (st != DQ_OK)
        return app_report(st);
    printf("http://127.0.0.1:%d/ shows %zu run%s until Ctrl-C\n", dq_dashboard_port(d), o->n_dirs,
           o->n_dirs == 1 ? "" : "s");
    int exit_status = app_finish_output(APP_INTERRUPTED);
    if (exit_status == APP_INTERRUPTED)
        wait_for_end(stop);
    dq_dashboard_stop(d);
    return exit_status == APP_INTERRUPTED ? app_fail(APP_INTERRUPTED, "interrupted") : exit_status;
}

int cmd_dashboard(int argc, char **argv)
{
    int64_t port = USUAL_PORT;
    const option options[] = {
        {"port", 'p', OPTION_INT, &port, "N", "listen at this port (8777); 0: a free one", 0,
         65535},
    };
    const option_syntax syntax = {
        .command = "dashboard",
        .operands = "RUN...",
        .min_operands = 1,
        .max_operands = MAX_RUNS,
        .about =
            "Show training runs in a browser on this machine: their curves as they grow, their\n"
            "settings and what differs between them, and any of their games, played again. A\n"
            "folder that does not exist yet is shown once a run begins in it. The game that is\n"
            "being played shows deepq train --dashboard PORT.",
        .examples = "  deepq dashboard runs/try\n"
                    "  deepq dashboard runs/* --port 9000\n",
        .options = options,
        .n_options = DQ_COUNT(options),
    };
    int n, exit_status;
    if (!options_parse(&syntax, argc, argv, &n, &exit_status))
        return exit_status;
    const dq_dashboard_options o = {(const char *const *)argv, (size_t)n, (int)port, NULL};
    return serve(&o);
}
