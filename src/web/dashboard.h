/** The page of runs in a browser: a server of HTTP on 127.0.0.1 that shows what is in run folders,
 *  and the game of a run that trains in this process.
 *
 *  It only reads: GET and HEAD of the page's own files and of what `dashboard.c` lists under /api/,
 *  of the folders that it was given and no others. A browser may read nothing of it for a page of
 *  another site (no CORS; a Host other than this machine's is refused). It has threads of its own,
 * a bounded number; what a reader does or leaves undone holds up nobody else. */
#ifndef DEEPQ_WEB_DASHBOARD_H
#define DEEPQ_WEB_DASHBOARD_H

#include <stddef.h>

#include "deepq/status.h"
#include "web/live_game.h"

typedef struct dq_dashboard dq_dashboard;

typedef struct dq_dashboard_options {
    const char *const *dirs;  // [n_dirs] run folders; one may be missing yet (run_view.h)
    size_t n_dirs;            // 1 or more
    int port;                 // 0: any that is free
    dq_live_game *live;       // of the first folder's run; NULL: none trains here
} dq_dashboard_options;

/** Whether a port can be listened at, for those who have more to do before they start.
 *  @return as dq_dashboard_start() */
DQ_NODISCARD dq_status dq_dashboard_check(int port);
/** Start to serve.
 *  @param[out] out to be stopped by dq_dashboard_stop(); NULL on failure
 *  @return DQ_OK; DQ_ERR_INPUT: there is no run in a folder; DQ_ERR_CONFIG: the port is in use or
 * not allowed; DQ_ERR_UNSUPPORTED: built without it; DQ_ERR_NOMEM; DQ_ERR_IO */
DQ_NODISCARD dq_status dq_dashboard_start(dq_dashboard **out, const dq_dashboard_options *o);
/** The port that it listens at. */
int dq_dashboard_port(const dq_dashboard *d);
/** End all connections and threads. `live` may be destroyed afterwards. Accepts NULL. */
void dq_dashboard_stop(dq_dashboard *d);

#endif
