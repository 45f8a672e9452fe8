#include "app/environment_check.h"

#include "app/app.h"
#include "run/environments.h"

int environments_check_id(const char *id)
{
    return app_report(dq_environments_check(id));
}
