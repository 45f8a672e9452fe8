#include "app/environment_check.h"

#include <string.h>

#include "app/app.h"
#include "deepq/env.h"
#include "env/env_ids.h"

static bool is_known(const char *id)
{
    dq_atari_id parsed;
    if (dq_atari_id_parse(id, &parsed))
        return true;
    size_t n;
    const char *const *ids = dq_env_ids(&n);
    for (size_t i = 0; i < n; i++)
        if (strcmp(ids[i], id) == 0)
            return true;
    return false;
}

int environments_check_id(const char *id)
{
    if (is_known(id))
        return APP_DONE;
    const char *near = dq_env_suggest(id);
    if (near)
        return app_fail(APP_MISUSED, "no environment '%s': did you mean %s?", id, near);
    return app_fail(APP_MISUSED, "no environment '%s': deepq envs lists those there are", id);
}
