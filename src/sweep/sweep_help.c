/* The other ranks of a sweep under mpirun: they have what rank 0 gives them. */
#define _XOPEN_SOURCE 700  // gethostname()
#include <stdio.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "sweep/sweep_crew.h"

typedef struct helper {
    dq_sweep *s;
    sweep_crew crew;
    double heard_s, said_s;
    bool stopping, has_ended;
} helper;

static dq_status tell(const helper *h, const dq_message *message)
{
    return dq_machines_send(h->s->machines, 0, message);
}

static dq_status on_note(void *ctx, size_t run, const char *text)
{
    dq_message message = {.kind = DQ_MESSAGE_NOTE, .number = (int32_t)run};
    snprintf(message.text, sizeof(message.text), "%s", text);
    return tell(ctx, &message);
}

static dq_status on_end(void *ctx, size_t run, dq_job_state how)
{
    const dq_message message = {
        .kind = DQ_MESSAGE_ENDED, .number = (int32_t)run, .state = (int32_t)how};
    return tell(ctx, &message);
}

static dq_status greet(const helper *h, bool same_folder)
{
    dq_message message = {.kind = DQ_MESSAGE_HELLO, .number = same_folder ? h->s->n_jobs : -1};
    gethostname(message.text, DQ_MACHINE_HOST - 1);
    return tell(h, &message);
}

static dq_status stop(helper *h, bool say)
{
    const dq_message message = {.kind = DQ_MESSAGE_STOPPED};
    if (h->stopping)
        return DQ_OK;
    h->stopping = true;
    sweep_crew_stop(&h->crew);
    return say ? tell(h, &message) : DQ_OK;
}

static dq_status take(helper *h, const dq_message *message)
{
    h->heard_s = dq_clock_s();
    switch (message->kind) {
    case DQ_MESSAGE_RUN:
        sweep_crew_begin(&h->crew, (size_t)message->number);
        if (h->stopping)  // it was on its way when we were told to stop
            sweep_crew_stop(&h->crew);
        return DQ_OK;
    case DQ_MESSAGE_STOP:
        return stop(h, false);
    case DQ_MESSAGE_END:
        h->has_ended = true;
        return DQ_OK;
    default:
        return DQ_OK;
    }
}

static dq_status keep_in_touch(helper *h)
{
    const dq_message message = {.kind = DQ_MESSAGE_ALIVE};
    double now = dq_clock_s();
    if (now - h->heard_s > h->s->silence_s)
        return dq_fail(DQ_ERR_IO,
                       "rank %d: rank 0 was not heard of for %.0f s: its runs are saved; the same "
                       "command goes on",
                       dq_machines_rank(h->s->machines), h->s->silence_s);
    if (now - h->said_s < DQ_SWEEP_ALIVE_S)
        return DQ_OK;
    h->said_s = now;
    return tell(h, &message);
}

static dq_status tick(helper *h)
{
    bool has_one = true;
    if (*h->s->stop)
        DQ_TRY(stop(h, true));
    DQ_TRY(sweep_crew_poll(&h->crew));
    while (has_one && !h->has_ended) {
        dq_message message;
        int from;
        DQ_TRY(dq_machines_receive(h->s->machines, &has_one, &from, &message));
        if (has_one)
            DQ_TRY(take(h, &message));
    }
    return h->has_ended ? DQ_OK : keep_in_touch(h);
}

dq_status dq_sweep_help(dq_sweep *s, bool same_folder)
{
    helper h = {.s = s, .heard_s = dq_clock_s()};
    const sweep_crew crew = {.s = s, .ctx = &h, .on_note = on_note, .on_end = on_end};
    dq_status st = sweep_crew_create(&h.crew, &crew);
    if (st == DQ_OK)
        st = greet(&h, same_folder);
    while (st == DQ_OK && !h.has_ended) {
        st = tick(&h);
        sweep_crew_pause();
    }
    sweep_crew_finish(&h.crew);
    sweep_crew_destroy(&h.crew);
    const dq_message bye = {.kind = DQ_MESSAGE_BYE};
    return st == DQ_OK ? tell(&h, &bye) : st;
}
