/** What the files of the server share. */
#ifndef DEEPQ_WEB_DASHBOARD_INTERNAL_H
#define DEEPQ_WEB_DASHBOARD_INTERNAL_H

#include <microhttpd.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "web/dashboard.h"
#include "web/episode_player.h"
#include "web/run_view.h"

struct dq_dashboard {
    struct MHD_Daemon *daemon;
    int socket, port;
    volatile int stop;  // set once, at the end
    atomic_int n_connections, n_streams;
    dq_live_game *live;
    dq_episode_player *player;

    pthread_mutex_t mutex;  // of what follows
    dq_run_view **runs;     // [n_runs]
    size_t n_runs;
    double refreshed_s;
};

/** Have the runs read on, unless that was a moment ago. With the mutex held. */
void dq_dashboard_refresh(dq_dashboard *d);

/** The answer to /events: server-sent events (WHATWG HTML, 9.2) until the reader goes away. `runs`
 *  says how many games each run has, whenever that changes, `live` what dq_live_game_write() says.
 *  @return NULL: there are too many streams, or no memory */
struct MHD_Response *dq_dashboard_stream(dq_dashboard *d);

#endif
