/** The worlds that tests/oracle/make_toy_text.py describes, by its names, and its files. */
#ifndef DEEPQ_TESTS_TOY_WORLDS_H
#define DEEPQ_TESTS_TOY_WORLDS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>
#include <zlib.h>

#include "deepq/env.h"
#include "deepq/toy_text.h"

static inline dq_env *make_lake(const dq_frozen_lake_config *cfg)
{
    dq_env *env;
    assert_int_equal(dq_frozen_lake_create(&env, cfg), DQ_OK);
    return env;
}

static inline dq_env *make_by_id(const char *id)
{
    dq_env *env;
    assert_int_equal(dq_env_make(&env, id, NULL), DQ_OK);
    assert_string_equal(dq_env_get_spec(env)->id, id);
    return env;
}

static inline dq_env *make_world(const char *name)
{
    dq_env *env;
    dq_frozen_lake_config cfg = dq_frozen_lake_default();
    if (strcmp(name, "lake") == 0)
        return make_by_id("FrozenLake-v1");
    if (strcmp(name, "lake8x8") == 0)
        return make_by_id("FrozenLake8x8-v1");
    if (strcmp(name, "cliff") == 0)
        return make_by_id("CliffWalking-v1");
    if (strcmp(name, "slippery") == 0)
        return make_by_id("CliffWalkingSlippery-v1");
    if (strcmp(name, "taxi") == 0)
        return make_by_id("Taxi-v4");
    if (strcmp(name, "rainy") == 0) {
        assert_int_equal(dq_taxi_create(&env, 0.8, 0), DQ_OK);
        return env;
    }
    if (strcmp(name, "firm") == 0) {
        cfg.is_slippery = false;
    } else if (strcmp(name, "rate") == 0) {
        cfg.success_rate = 0.7;
    } else {
        assert_string_equal(name, "custom");
        cfg.map = "SFHFS,FFFFF,GFHFG";
        cfg.reward_goal = 10;
        cfg.reward_hole = -5;
        cfg.reward_frozen = -1;
    }
    return make_lake(&cfg);
}

static inline gzFile open_data(const char *name)
{
    char path[512];
    snprintf(path, sizeof(path), "%s/toy_text/%s", DEEPQ_TEST_DATA, name);
    gzFile f = gzopen(path, "rb");
    assert_non_null(f);
    return f;
}

#endif
