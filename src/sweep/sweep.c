/* Rank 0, which may be alone: gives out the runs, and has some itself. */
#include "sweep/sweep.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "sweep/sweep_crew.h"

/** What others may take longer before they are first heard of: they look for the folder. */
static const double GREETING_S = 60;

/** Another process of mpirun. */
typedef struct peer {
    int n_slots, n_running;
    bool is_gone;
    double heard_s;
    char host[DQ_MACHINE_HOST];
} peer;

typedef struct master {
    dq_sweep *s;
    sweep_crew crew;
    size_t *queue, n_queue, next;  // runs without a score, the longest first
    size_t n_running;
    peer *peers;  // [n_ranks], the first is not used
    int n_ranks, n_greeted, n_gone;
    double said_s;  // when the others were last told that we are alive
    bool stopping;
} master;

/* ---------------------------------------------------------------- the queue */

typedef struct waiting {
    size_t run;
    int64_t left;  // frames
} waiting;

static int longer_first(const void *a, const void *b)
{
    const waiting *x = a, *y = b;
    if (x->left != y->left)
        return x->left < y->left ? 1 : -1;
    return x->run < y->run ? -1 : x->run > y->run;
}

static dq_status make_queue(master *m)
{
    const dq_sweep_plan *p = m->s->plan;
    waiting *all = calloc(p->n_runs, sizeof(*all));
    m->queue = calloc(p->n_runs, sizeof(*m->queue));
    m->s->runs = calloc(p->n_runs, sizeof(*m->s->runs));
    if (!all || !m->queue || !m->s->runs) {
        free(all);
        return dq_fail(DQ_ERR_NOMEM, "no memory for %zu runs", p->n_runs);
    }
    for (size_t i = 0; i < p->n_runs; i++) {
        dq_sweep_progress at;
        dq_sweep_look(m->s->path, &p->runs[i], &at);
        if (at.has_score)
            m->s->runs[i].state = DQ_RUN_DONE;
        else
            all[m->n_queue++] = (waiting){i, p->runs[i].frames - at.frame};
    }
    qsort(all, m->n_queue, sizeof(*all), longer_first);
    for (size_t i = 0; i < m->n_queue; i++)
        m->queue[i] = all[i].run;
    free(all);
    return DQ_OK;
}

/* ---------------------------------------------------------------- what happens to runs */

static void run_ended(master *m, size_t run, dq_job_state how)
{
    dq_run_status *r = &m->s->runs[run];
    r->state = how == DQ_JOB_DONE     ? DQ_RUN_DONE
               : how == DQ_JOB_FAILED ? DQ_RUN_FAILED
                                      : DQ_RUN_WAITING;
    m->n_running--;
    m->s->teller.ended(m->s->teller.ctx, m->s, run);
}

static dq_status on_own_note(void *ctx, size_t run, const char *text)
{
    const master *m = ctx;
    (void)run;
    m->s->teller.note(m->s->teller.ctx, text);
    return DQ_OK;
}

static dq_status on_own_end(void *ctx, size_t run, dq_job_state how)
{
    run_ended(ctx, run, how);
    return DQ_OK;
}

static dq_status send_all(master *m, dq_message_kind kind)
{
    const dq_message message = {.kind = kind};
    for (int rank = 1; rank < m->n_ranks; rank++)
        DQ_TRY(dq_machines_send(m->s->machines, rank, &message));
    return DQ_OK;
}

static dq_status stop(master *m)
{
    if (m->stopping)
        return DQ_OK;
    m->stopping = true;
    sweep_crew_stop(&m->crew);
    return send_all(m, DQ_MESSAGE_STOP);
}

/** The rank that has the least to do for what it can; -1: all have as much as they can. */
static int free_rank(const master *m)
{
    for (int rank = 1; rank < m->n_ranks; rank++)
        if (m->peers[rank].n_running < m->peers[rank].n_slots)
            return rank;
    return sweep_crew_has_room(&m->crew) ? 0 : -1;
}

static dq_status give_out(master *m)
{
    int rank;
    if (m->n_greeted < m->n_ranks - 1)  // one without the folder is found before anything runs
        return DQ_OK;
    while (!m->stopping && m->next < m->n_queue && (rank = free_rank(m)) >= 0) {
        size_t run = m->queue[m->next++];
        dq_run_status *r = &m->s->runs[run];
        *r = (dq_run_status){DQ_RUN_RUNNING, rank, dq_clock_s()};
        m->n_running++;
        m->s->teller.began(m->s->teller.ctx, m->s, run);
        if (rank == 0) {
            sweep_crew_begin(&m->crew, run);
            continue;
        }
        const dq_message message = {.kind = DQ_MESSAGE_RUN, .number = (int32_t)run};
        m->peers[rank].n_running++;
        DQ_TRY(dq_machines_send(m->s->machines, rank, &message));
    }
    return DQ_OK;
}

/* ---------------------------------------------------------------- the others */

static dq_status greet(master *m, int rank, const dq_message *message)
{
    peer *from = &m->peers[rank];
    snprintf(from->host, sizeof(from->host), "%.*s", DQ_MACHINE_HOST - 1, message->text);
    if (message->number < 0)
        return dq_fail(DQ_ERR_CONFIG,
                       "rank %d on %s does not see this sweep in %s: all machines need the same "
                       "folder under that path",
                       rank, from->host, m->s->path);
    m->n_greeted++;
    from->n_slots = message->number;
    m->s->n_slots += message->number;
    return DQ_OK;
}

static bool is_run(const master *m, const dq_message *message)
{
    return message->number >= 0 && (size_t)message->number < m->s->plan->n_runs;
}

static dq_status take(master *m, int rank, const dq_message *message)
{
    m->peers[rank].heard_s = dq_clock_s();
    switch (message->kind) {
    case DQ_MESSAGE_HELLO:
        return greet(m, rank, message);
    case DQ_MESSAGE_NOTE:
        m->s->teller.note(m->s->teller.ctx, message->text);
        return DQ_OK;
    case DQ_MESSAGE_ENDED:
        if (is_run(m, message)) {
            m->peers[rank].n_running--;
            run_ended(m, (size_t)message->number, (dq_job_state)message->state);
        }
        return DQ_OK;
    case DQ_MESSAGE_STOPPED:
        return stop(m);
    case DQ_MESSAGE_BYE:
        m->peers[rank].is_gone = true;
        m->n_gone++;
        return DQ_OK;
    default:
        return DQ_OK;
    }
}

static dq_status listen(master *m)
{
    bool has_one = m->n_ranks > 1;
    while (has_one) {
        dq_message message;
        int from;
        DQ_TRY(dq_machines_receive(m->s->machines, &has_one, &from, &message));
        if (has_one)
            DQ_TRY(take(m, from, &message));
    }
    return DQ_OK;
}

/** Say that we are alive, and see who else is. */
static dq_status keep_in_touch(master *m)
{
    double now = dq_clock_s();
    if (m->n_ranks == 1 || now - m->said_s < DQ_SWEEP_ALIVE_S)
        return DQ_OK;
    m->said_s = now;
    for (int rank = 1; rank < m->n_ranks; rank++)
        if (!m->peers[rank].is_gone && now - m->peers[rank].heard_s > m->s->silence_s)
            return dq_fail(
                DQ_ERR_IO,
                "rank %d on %s was not heard of for %.0f s: the job ends; the same command "
                "goes on",
                rank, *m->peers[rank].host ? m->peers[rank].host : "an unknown host",
                m->s->silence_s);
    return send_all(m, DQ_MESSAGE_ALIVE);
}

/* ---------------------------------------------------------------- the whole */

static dq_status tick(master *m)
{
    if (*m->s->stop)
        DQ_TRY(stop(m));
    DQ_TRY(sweep_crew_poll(&m->crew));
    DQ_TRY(listen(m));
    DQ_TRY(give_out(m));
    DQ_TRY(keep_in_touch(m));
    m->s->teller.tick(m->s->teller.ctx, m->s);
    return DQ_OK;
}

static dq_status begin(master *m, dq_sweep *s)
{
    *m = (master){.s = s, .n_ranks = s->machines ? dq_machines_count(s->machines) : 1};
    s->n_slots = s->n_jobs;
    m->peers = calloc((size_t)m->n_ranks, sizeof(*m->peers));
    if (!m->peers)
        return dq_fail(DQ_ERR_NOMEM, "no memory for %d ranks", m->n_ranks);
    for (int rank = 1; rank < m->n_ranks; rank++)
        m->peers[rank].heard_s = dq_clock_s() + GREETING_S;
    const sweep_crew crew = {.s = s, .ctx = m, .on_note = on_own_note, .on_end = on_own_end};
    DQ_TRY(sweep_crew_create(&m->crew, &crew));
    return make_queue(m);
}

/** Everybody is told that it is over, and has the last word. */
static dq_status say_goodbye(master *m)
{
    DQ_TRY(send_all(m, DQ_MESSAGE_END));
    while (m->n_gone < m->n_ranks - 1) {
        if (listen(m) == DQ_ERR_IO)  // another machine without the folder is no news
            return DQ_ERR_IO;
        DQ_TRY(keep_in_touch(m));
        sweep_crew_pause();
    }
    return DQ_OK;
}

dq_status dq_sweep_go(dq_sweep *s)
{
    master m;
    char why[1024];
    dq_status st = begin(&m, s);
    while (st == DQ_OK && (m.n_running > 0 || (!m.stopping && m.next < m.n_queue))) {
        st = tick(&m);
        sweep_crew_pause();
    }
    snprintf(why, sizeof(why), "%s", st == DQ_OK ? "interrupted" : dq_errmsg());
    if (st == DQ_OK && m.stopping)
        st = DQ_ERR_INTERRUPTED;
    sweep_crew_finish(&m.crew);  // after a failure, what is left of it
    if (m.peers && st != DQ_ERR_IO && say_goodbye(&m) != DQ_OK) {
        st = DQ_ERR_IO;
        snprintf(why, sizeof(why), "%s", dq_errmsg());
    }
    sweep_crew_destroy(&m.crew);
    free(m.peers);
    free(m.queue);
    return st == DQ_OK ? DQ_OK : dq_fail(st, "%s", why);
}
