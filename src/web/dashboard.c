#include "web/dashboard.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/whole_number.h"
#include "deepq/version.h"
#include "web/dashboard_internal.h"
#include "web/page_files.h"

enum { MAX_CONNECTIONS = 48, TIMEOUT_S = 15, STACK_BYTES = 1 << 20, CONNECTION_BYTES = 1 << 16 };
static const double REFRESH_S = 0.25;

void dq_dashboard_refresh(dq_dashboard *d)
{
    double now = dq_clock_s();
    if (now - d->refreshed_s < REFRESH_S)
        return;
    for (size_t i = 0; i < d->n_runs; i++)
        dq_run_view_refresh(d->runs[i]);
    d->refreshed_s = now;
}

/* ---------------------------------------------------------------- answers */

/** Hand an answer over, with what keeps a browser from doing more with it than show it here. */
static enum MHD_Result answer(struct MHD_Connection *c, unsigned status, struct MHD_Response *r)
{
    static const struct {
        const char *name, *value;
    } headers[] = {
        {"Content-Security-Policy",
         "default-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"},
        {"X-Content-Type-Options", "nosniff"},
        {"X-Frame-Options", "DENY"},
        {"Referrer-Policy", "no-referrer"},
        {"Cross-Origin-Resource-Policy", "same-origin"},
        {"Cache-Control", "no-store"}};
    if (!r)
        return MHD_NO;
    for (size_t i = 0; i < DQ_COUNT(headers); i++)
        MHD_add_response_header(r, headers[i].name, headers[i].value);
    if (status == MHD_HTTP_METHOD_NOT_ALLOWED)
        MHD_add_response_header(r, MHD_HTTP_HEADER_ALLOW, "GET, HEAD");
    enum MHD_Result queued = MHD_queue_response(c, status, r);
    MHD_destroy_response(r);
    return queued;
}

/** One line of text. */
static enum MHD_Result refuse(struct MHD_Connection *c, unsigned status, const char *why)
{
    char line[1100];
    int n = snprintf(line, sizeof(line), "%u: %s\n", status, why);
    struct MHD_Response *r =
        MHD_create_response_from_buffer((size_t)n, line, MHD_RESPMEM_MUST_COPY);
    if (r)
        MHD_add_response_header(r, MHD_HTTP_HEADER_CONTENT_TYPE, "text/plain; charset=utf-8");
    return answer(c, status, r);
}

static enum MHD_Result answer_file(struct MHD_Connection *c, const dq_page_file *f)
{
    struct MHD_Response *r = MHD_create_response_from_buffer(
        f->n, (void *)(uintptr_t)f->bytes, MHD_RESPMEM_PERSISTENT);  // it is not written to
    if (r)
        MHD_add_response_header(r, MHD_HTTP_HEADER_CONTENT_TYPE, f->type);
    return answer(c, MHD_HTTP_OK, r);
}

/** JSON, or why there is none. Takes the text over. */
static enum MHD_Result answer_json(struct MHD_Connection *c, dq_status st, dq_web_text *t)
{
    if (st == DQ_OK && t->failed)
        st = dq_fail(DQ_ERR_NOMEM, "no memory for an answer");
    if (st != DQ_OK) {
        dq_web_text_free(t);
        return refuse(c, st == DQ_ERR_NOMEM ? MHD_HTTP_INTERNAL_SERVER_ERROR : MHD_HTTP_NOT_FOUND,
                      dq_errmsg());
    }
    struct MHD_Response *r = MHD_create_response_from_buffer(t->n, t->bytes, MHD_RESPMEM_MUST_FREE);
    if (r)
        MHD_add_response_header(r, MHD_HTTP_HEADER_CONTENT_TYPE, "application/json");
    else
        dq_web_text_free(t);
    return answer(c, MHD_HTTP_OK, r);
}

/* ---------------------------------------------------------------- what can be asked for */

/** GET /api/runs: {"version", "live": facts of dq_live_game_write_facts() or null, "runs":
 * [{"name", "exists"}, ...]}. With a live game the first run is the one that trains. */
static void write_runs(dq_dashboard *d, dq_web_text *t)
{
    dq_web_text_add(t, "{\"version\":\"%s\",\"live\":", dq_version());
    if (d->live)
        dq_live_game_write_facts(d->live, t);
    else
        dq_web_text_add(t, "null");
    dq_web_text_add(t, ",\"runs\":[");
    for (size_t i = 0; i < d->n_runs; i++) {
        dq_web_text_add(t, "%s{\"name\":", i ? "," : "");
        dq_web_text_string(t, dq_run_view_dir(d->runs[i]));
        dq_web_text_add(t, ",\"exists\":%s}", dq_run_view_exists(d->runs[i]) ? "true" : "false");
    }
    dq_web_text_add(t, "]}");
}

/** A number of the query within low..high, unchanged where the query lacks it. */
static bool read_query(struct MHD_Connection *c, const char *key, int64_t low, int64_t high,
                       int64_t *value)
{
    const char *text = MHD_lookup_connection_value(c, MHD_GET_ARGUMENT_KIND, key);
    return !text || (dq_whole_number(text, value) && *value >= low && *value <= high);
}

static enum MHD_Result answer_games(dq_dashboard *d, struct MHD_Connection *c, size_t run)
{
    int64_t from = 0;
    dq_web_text t = {.bytes = NULL};
    if (!read_query(c, "from", 0, INT64_MAX, &from))
        return refuse(c, MHD_HTTP_BAD_REQUEST, "from: a number of a game, from 0");
    pthread_mutex_lock(&d->mutex);
    dq_dashboard_refresh(d);
    dq_run_view_write_games(d->runs[run], (size_t)from, &t);
    pthread_mutex_unlock(&d->mutex);
    return answer_json(c, DQ_OK, &t);
}

static enum MHD_Result answer_settings(dq_dashboard *d, struct MHD_Connection *c, size_t run)
{
    dq_web_text t = {.bytes = NULL};
    dq_run_view_write_settings(d->runs[run], &t);
    return answer_json(c, DQ_OK, &t);
}

static enum MHD_Result answer_episodes(dq_dashboard *d, struct MHD_Connection *c, size_t run)
{
    dq_web_text t = {.bytes = NULL};
    return answer_json(c, dq_episode_player_list(d->player, dq_run_view_dir(d->runs[run]), &t), &t);
}

static enum MHD_Result answer_episode(dq_dashboard *d, struct MHD_Connection *c, size_t run,
                                      int64_t number)
{
    int64_t from = 0, n = DQ_EPISODE_PART_MAX;
    dq_web_text t = {.bytes = NULL};
    if (!read_query(c, "from", 0, INT64_MAX, &from) ||
        !read_query(c, "n", 1, DQ_EPISODE_PART_MAX, &n))
        return refuse(c, MHD_HTTP_BAD_REQUEST, "from, n: a position from 0, and how many");
    const dq_episode_part part = {dq_run_view_dir(d->runs[run]), number, from, (int)n};
    return answer_json(c, dq_episode_player_write(d->player, &part, &t), &t);
}

static enum MHD_Result answer_stream(dq_dashboard *d, struct MHD_Connection *c)
{
    struct MHD_Response *r = dq_dashboard_stream(d);
    return r ? answer(c, MHD_HTTP_OK, r)
             : refuse(c, MHD_HTTP_SERVICE_UNAVAILABLE, "too many pages are open");
}

/** Take the digits of a number below 10^9. */
static bool take_number(const char **p, int64_t *number)
{
    size_t n = strspn(*p, "0123456789");
    *number = strtol(*p, NULL, 10);
    *p += n;
    return n >= 1 && n <= 9;
}

/** GET /api/runs/N/games?from=K, /api/runs/N/settings, /api/runs/N/episodes and
 *  /api/runs/N/episodes/K?from=S&n=M; `p` is what follows /api/runs/. */
static enum MHD_Result answer_run(dq_dashboard *d, struct MHD_Connection *c, const char *p)
{
    int64_t run, number;
    if (take_number(&p, &run) && (uint64_t)run < d->n_runs) {
        if (strcmp(p, "/games") == 0)
            return answer_games(d, c, (size_t)run);
        if (strcmp(p, "/settings") == 0)
            return answer_settings(d, c, (size_t)run);
        if (strcmp(p, "/episodes") == 0)
            return answer_episodes(d, c, (size_t)run);
        if (strncmp(p, "/episodes/", 10) == 0 && (p += 10, take_number(&p, &number)) && !*p)
            return answer_episode(d, c, (size_t)run, number);
    }
    return refuse(c, MHD_HTTP_NOT_FOUND, "there is no such page");
}

static enum MHD_Result route(dq_dashboard *d, struct MHD_Connection *c, const char *path)
{
    for (size_t i = 0; i < dq_n_page_files; i++)
        if (strcmp(path, dq_page_files[i].path) == 0)
            return answer_file(c, &dq_page_files[i]);
    if (strcmp(path, "/events") == 0)
        return answer_stream(d, c);
    if (strcmp(path, "/api/runs") == 0) {
        dq_web_text t = {.bytes = NULL};
        write_runs(d, &t);
        return answer_json(c, DQ_OK, &t);
    }
    return answer_run(d, c, strncmp(path, "/api/runs/", 10) == 0 ? path + 10 : "");
}

/* ---------------------------------------------------------------- who may ask */

/** Whether a request is meant for this machine: a page of another site may have a name of its own
 *  that leads here (DNS rebinding), and then asks by that name. */
static bool is_own_host(const char *host)
{
    static const char *const names[] = {"127.0.0.1", "localhost", "[::1]"};
    for (size_t i = 0; host && i < DQ_COUNT(names); i++) {
        size_t n = strlen(names[i]);
        if (strncasecmp(host, names[i], n) != 0)
            continue;
        const char *port = host + n;
        return *port == '\0' || (*port == ':' && port[1 + strspn(port + 1, "0123456789")] == '\0');
    }
    return false;
}

static enum MHD_Result on_request(void *ctx, struct MHD_Connection *c, const char *path,
                                  const char *method, const char *version, const char *body,
                                  size_t *body_bytes, void **request)
{
    (void)version, (void)body, (void)body_bytes, (void)request;
    if (!is_own_host(MHD_lookup_connection_value(c, MHD_HEADER_KIND, MHD_HTTP_HEADER_HOST)))
        return refuse(c, MHD_HTTP_FORBIDDEN, "this is for 127.0.0.1 and localhost alone");
    if (strcmp(method, MHD_HTTP_METHOD_HEAD) == 0 && strcmp(path, "/events") == 0)
        return refuse(c, MHD_HTTP_OK, "events");  // a stream without a reader would never end
    if (strcmp(method, MHD_HTTP_METHOD_GET) != 0 && strcmp(method, MHD_HTTP_METHOD_HEAD) != 0)
        return refuse(c, MHD_HTTP_METHOD_NOT_ALLOWED, "there is nothing to be changed here");
    return route(ctx, c, path);
}

/** More connections than there may be are closed at once. */
static enum MHD_Result on_accept(void *ctx, const struct sockaddr *from, socklen_t n)
{
    dq_dashboard *d = ctx;
    (void)from, (void)n;
    return atomic_load(&d->n_connections) < MAX_CONNECTIONS ? MHD_YES : MHD_NO;
}

static void on_connection(void *ctx, struct MHD_Connection *c, void **own,
                          enum MHD_ConnectionNotificationCode code)
{
    dq_dashboard *d = ctx;
    (void)c, (void)own;
    atomic_fetch_add(&d->n_connections, code == MHD_CONNECTION_NOTIFY_STARTED ? 1 : -1);
}

/** Escapes (%2e) are left as they are: no path of ours needs one. */
static size_t keep_escapes(void *ctx, struct MHD_Connection *c, char *text)
{
    (void)ctx, (void)c;
    return strlen(text);
}

/* ---------------------------------------------------------------- starting and stopping */

/** @param[out] fd to be closed by the caller, also on failure; -1: there is none */
static dq_status listen_at(int port, int *fd, int *port_found)
{
    int on = 1;
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    socklen_t n = sizeof(at);
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    *fd = socket(AF_INET, SOCK_STREAM, 0);
    if (*fd < 0 || fcntl(*fd, F_SETFD, FD_CLOEXEC) != 0 ||
        setsockopt(*fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) != 0)
        return dq_fail(DQ_ERR_IO, "no socket for the dashboard: %s", strerror(errno));
    if (bind(*fd, (struct sockaddr *)&at, n) != 0 || listen(*fd, MAX_CONNECTIONS) != 0)
        return dq_fail(DQ_ERR_CONFIG, "the dashboard cannot listen at port %d: %s: choose another",
                       port, strerror(errno));
    if (getsockname(*fd, (struct sockaddr *)&at, &n) != 0)
        return dq_fail(DQ_ERR_IO, "no port for the dashboard: %s", strerror(errno));
    *port_found = ntohs(at.sin_port);
    return DQ_OK;
}

dq_status dq_dashboard_check(int port)
{
    int fd, found;
    dq_status st = listen_at(port, &fd, &found);
    if (fd >= 0)
        close(fd);
    return st;
}

static dq_status open_runs(dq_dashboard *d, const dq_dashboard_options *o)
{
    d->runs = calloc(o->n_dirs, sizeof(dq_run_view *));
    if (!d->runs)
        return dq_fail(DQ_ERR_NOMEM, "no memory for %zu runs", o->n_dirs);
    for (; d->n_runs < o->n_dirs; d->n_runs++)
        DQ_TRY(dq_run_view_create(&d->runs[d->n_runs], o->dirs[d->n_runs]));
    return DQ_OK;
}

static dq_status start_daemon(dq_dashboard *d)
{
    d->daemon = MHD_start_daemon(MHD_USE_THREAD_PER_CONNECTION | MHD_USE_INTERNAL_POLLING_THREAD |
                                     MHD_USE_POLL | MHD_USE_ITC,
                                 0, on_accept, d, on_request, d, MHD_OPTION_LISTEN_SOCKET,
                                 d->socket, MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)TIMEOUT_S,
                                 MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)CONNECTION_BYTES,
                                 MHD_OPTION_THREAD_STACK_SIZE, (size_t)STACK_BYTES,
                                 MHD_OPTION_NOTIFY_CONNECTION, on_connection, d,
                                 MHD_OPTION_UNESCAPE_CALLBACK, keep_escapes, NULL, MHD_OPTION_END);
    if (!d->daemon)
        return dq_fail(DQ_ERR_IO, "the dashboard cannot start: %s", strerror(errno));
    d->socket = -1;  // the daemon's
    return DQ_OK;
}

dq_status dq_dashboard_start(dq_dashboard **out, const dq_dashboard_options *o)
{
    dq_dashboard *d = *out = calloc(1, sizeof(*d));
    if (!d)
        return dq_fail(DQ_ERR_NOMEM, "no memory for the dashboard");
    d->socket = -1;
    d->live = o->live;
    pthread_mutex_init(&d->mutex, NULL);
    dq_status st = open_runs(d, o);
    if (st == DQ_OK)
        st = dq_episode_player_create(&d->player, &d->stop);
    if (st == DQ_OK)
        st = listen_at(o->port, &d->socket, &d->port);
    if (st == DQ_OK)
        st = start_daemon(d);
    if (st != DQ_OK) {
        dq_dashboard_stop(d);
        *out = NULL;
    }
    return st;
}

int dq_dashboard_port(const dq_dashboard *d)
{
    return d->port;
}

void dq_dashboard_stop(dq_dashboard *d)
{
    if (!d)
        return;
    d->stop = 1;
    if (d->daemon)
        MHD_stop_daemon(d->daemon);
    if (d->socket >= 0)
        close(d->socket);
    for (size_t i = 0; i < d->n_runs; i++)
        dq_run_view_destroy(d->runs[i]);
    free(d->runs);
    dq_episode_player_destroy(d->player);
    pthread_mutex_destroy(&d->mutex);
    free(d);
}
