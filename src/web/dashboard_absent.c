/** What dashboard.h says of a build without libmicrohttpd or dygraphs. */
#include <stddef.h>

#include "base/error.h"
#include "web/dashboard.h"

dq_status dq_dashboard_check(int port)
{
    (void)port;
    return dq_fail(DQ_ERR_UNSUPPORTED,
                   "this deepq was built without its page for browsers: install libmicrohttpd-dev "
                   "and libjs-dygraphs and build it again");
}

dq_status dq_dashboard_start(dq_dashboard **out, const dq_dashboard_options *o)
{
    *out = NULL;
    return dq_dashboard_check(o->port);
}

int dq_dashboard_port(const dq_dashboard *d)
{
    (void)d;
    return 0;
}

void dq_dashboard_stop(dq_dashboard *d)
{
    (void)d;
}
