#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "web/dashboard_internal.h"

/* A reader gets what is newest when it has taken what was sent before: one that is slow misses
 * pictures, and nothing piles up for it. */

enum { MAX_STREAMS = 24, BLOCK_BYTES = 1 << 15 };
static const double LOOK_S = 0.03, PING_S = 3;

typedef struct stream {
    dq_dashboard *d;
    dq_web_text out;  // being sent
    size_t n_sent;
    dq_web_text runs;  // what was last said of them
    int64_t live_number;
    double said_s;
} stream;

static void write_runs(dq_dashboard *d, dq_web_text *t)
{
    pthread_mutex_lock(&d->mutex);
    dq_dashboard_refresh(d);
    dq_web_text_add(t, "[");
    for (size_t i = 0; i < d->n_runs; i++)
        dq_web_text_add(t, "%s{\"exists\":%s,\"generation\":%lld,\"games\":%zu}", i ? "," : "",
                        dq_run_view_exists(d->runs[i]) ? "true" : "false",
                        (long long)dq_run_view_generation(d->runs[i]),
                        dq_run_view_games(d->runs[i]));
    dq_web_text_add(t, "]");
    pthread_mutex_unlock(&d->mutex);
}

/** Say how many games there are, if it is not what was said before. */
static void say_runs(stream *s)
{
    dq_web_text now = {.bytes = NULL};
    write_runs(s->d, &now);
    bool is_new = now.n != s->runs.n || (now.n > 0 && memcmp(now.bytes, s->runs.bytes, now.n) != 0);
    if (is_new && !now.failed) {
        dq_web_text_add(&s->out, "event: runs\ndata: %.*s\n\n", (int)now.n, now.bytes);
        dq_web_text swap = s->runs;
        s->runs = now;
        now = swap;
    }
    dq_web_text_free(&now);
}

static void say_live(stream *s)
{
    int64_t number = s->d->live ? dq_live_game_number(s->d->live) : 0;
    if (number == s->live_number)
        return;
    s->live_number = number;
    dq_web_text_add(&s->out, "event: live\ndata: ");
    dq_live_game_write(s->d->live, &s->out);
    dq_web_text_add(&s->out, "\n\n");
}

/** Wait for something to say; a comment now and then finds out who went away. */
static void find_words(stream *s)
{
    static const struct timespec pause = {0, (long)(LOOK_S * 1e9)};
    s->out.n = s->n_sent = 0;
    while (s->out.n == 0 && !s->d->stop && !s->out.failed) {
        say_runs(s);
        say_live(s);
        double now = dq_clock_s();
        if (s->out.n == 0 && now - s->said_s > PING_S)
            dq_web_text_add(&s->out, ":\n\n");
        if (s->out.n == 0)
            nanosleep(&pause, NULL);
        else
            s->said_s = now;
    }
}

static ssize_t read_stream(void *ctx, uint64_t at, char *to, size_t cap)
{
    stream *s = ctx;
    (void)at;
    if (s->n_sent == s->out.n)
        find_words(s);
    if (s->d->stop || s->out.failed)
        return MHD_CONTENT_READER_END_OF_STREAM;
    size_t left = s->out.n - s->n_sent, n = left < cap ? left : cap;
    memcpy(to, s->out.bytes + s->n_sent, n);
    s->n_sent += n;
    return (ssize_t)n;
}

static void end_stream(void *ctx)
{
    stream *s = ctx;
    atomic_fetch_sub(&s->d->n_streams, 1);
    if (s->d->live)
        dq_live_game_watch(s->d->live, -1);
    dq_web_text_free(&s->out);
    dq_web_text_free(&s->runs);
    free(s);
}

struct MHD_Response *dq_dashboard_stream(dq_dashboard *d)
{
    bool is_one_too_many = atomic_fetch_add(&d->n_streams, 1) >= MAX_STREAMS;
    stream *s = is_one_too_many ? NULL : calloc(1, sizeof(*s));
    if (!s) {
        atomic_fetch_sub(&d->n_streams, 1);
        return NULL;
    }
    s->d = d;
    if (d->live)
        dq_live_game_watch(d->live, 1);
    dq_web_text_add(&s->out, "retry: 1000\n\n");
    struct MHD_Response *r = MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, BLOCK_BYTES,
                                                               read_stream, s, end_stream);
    if (!r)
        end_stream(s);
    else
        MHD_add_response_header(r, MHD_HTTP_HEADER_CONTENT_TYPE, "text/event-stream");
    return r;
}
