#include "env/gym_ids.h"

#include <string.h>

#include "base/error.h"
#include "deepq/toy_text.h"
#include "env/classic_control.h"

typedef enum toy_kind { LAKE, LAKE_8X8, CLIFF, SLIPPERY_CLIFF, TAXI, BLACKJACK } toy_kind;

// The one that is suggested for a misspelling comes before its older version.
static const struct {
    const char *id;
    toy_kind kind;
} toys[] = {
    {"FrozenLake-v1", LAKE},
    {"FrozenLake-v0", LAKE},
    {"FrozenLake8x8-v1", LAKE_8X8},
    {"FrozenLake8x8-v0", LAKE_8X8},
    {"CliffWalking-v1", CLIFF},
    {"CliffWalking-v0", CLIFF},
    {"CliffWalkingSlippery-v1", SLIPPERY_CLIFF},
    {"Taxi-v4", TAXI},
    {"Taxi-v3", TAXI},
    {"Blackjack-v1", BLACKJACK},
};

const char *dq_gym_id(size_t i)
{
    return i < DQ_COUNT(toys) ? toys[i].id : dq_classic_control_id(i - DQ_COUNT(toys));
}

bool dq_is_gym_id(const char *id)
{
    for (size_t i = 0; dq_gym_id(i); i++)
        if (strcmp(dq_gym_id(i), id) == 0)
            return true;
    return false;
}

static dq_status make_lake(dq_env **out, const char *id, const char *map, int max_steps,
                           uint64_t seed)
{
    dq_frozen_lake_config cfg = dq_frozen_lake_default();
    cfg.id = id;
    cfg.map = dq_frozen_lake_map(map);
    cfg.max_steps = max_steps;
    cfg.seed = seed;
    return dq_frozen_lake_create(out, &cfg);
}

static dq_status make(dq_env **out, const char *id, toy_kind kind, uint64_t seed)
{
    switch (kind) {
    case LAKE:
        return make_lake(out, id, "4x4", 100, seed);
    case LAKE_8X8:
        return make_lake(out, id, "8x8", 200, seed);
    case CLIFF:
    case SLIPPERY_CLIFF:
        return dq_cliff_walking_named(out, id, kind == SLIPPERY_CLIFF, seed);
    case TAXI:
        return dq_taxi_named(out, id, 1, seed);
    default:
        return dq_blackjack_create(out, true, false, seed);
    }
}

dq_status dq_gym_make(dq_env **out, const char *id, uint64_t seed)
{
    *out = NULL;
    for (size_t i = 0; i < DQ_COUNT(toys); i++)
        if (strcmp(toys[i].id, id) == 0)
            return make(out, toys[i].id, toys[i].kind, seed);
    for (size_t i = 0; dq_classic_control_id(i); i++)
        if (strcmp(dq_classic_control_id(i), id) == 0)
            return dq_classic_control_create(out, i, seed);
    return dq_fail(DQ_ERR_NOT_FOUND, "no environment %s: `deepq envs` lists those there are", id);
}
