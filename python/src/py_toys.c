/* Toy texts with options of their own (deepq/toy_text.h). */
#include "py_toys.h"

#include <string.h>

#include "deepq/toy_text.h"
#include "env/gym_ids.h"

static bool begins(const char *id, const char *name)
{
    return strncmp(id, name, strlen(name)) == 0;
}

/** Options by name alone, as of a call. */
static bool read_options(PyObject *options, const char *format, char **names, ...)
{
    va_list values;
    PyObject *none = PyTuple_New(0);
    va_start(values, names);
    bool ok = none && PyArg_VaParseTupleAndKeywords(none, options, format, names, values);
    va_end(values);
    Py_XDECREF(none);
    return ok;
}

static dq_env *made(dq_env *env, dq_status st)
{
    if (st != DQ_OK)
        (void)dq_py_fail(st);
    return env;
}

static dq_env *make_lake(const char *id, uint64_t seed, PyObject *options)
{
    static char *names[] = {"map", "is_slippery", "success_rate", "reward_schedule", NULL};
    dq_frozen_lake_config cfg = dq_frozen_lake_default();
    bool is_large = begins(id, "FrozenLake8x8");
    int is_slippery = true;
    dq_env *env;
    cfg.map = dq_frozen_lake_map(is_large ? "8x8" : "4x4");
    if (!read_options(options, "|spd(fff):FrozenLake", names, &cfg.map, &is_slippery,
                      &cfg.success_rate, &cfg.reward_goal, &cfg.reward_hole, &cfg.reward_frozen))
        return NULL;
    cfg.id = id;
    cfg.is_slippery = is_slippery;
    cfg.max_steps = is_large ? 200 : 100;
    cfg.seed = seed;
    dq_status st = dq_frozen_lake_create(&env, &cfg);
    return made(env, st);
}

static dq_env *make_cliff(const char *id, uint64_t seed, PyObject *options)
{
    static char *names[] = {"is_slippery", NULL};
    int is_slippery = begins(id, "CliffWalkingSlippery");
    dq_env *env;
    if (!read_options(options, "|p:CliffWalking", names, &is_slippery))
        return NULL;
    dq_status st = dq_cliff_walking_named(&env, id, is_slippery, seed);
    return made(env, st);
}

static dq_env *make_taxi(const char *id, uint64_t seed, PyObject *options)
{
    static char *names[] = {"is_rainy", "rainy_probability", "fickle_passenger",
                            "fickle_probability", NULL};
    int is_rainy = false, is_fickle = false;
    double dry_rate = 0.8, fickle_rate;
    dq_env *env;
    if (!read_options(options, "|pdpd:Taxi", names, &is_rainy, &dry_rate, &is_fickle, &fickle_rate))
        return NULL;
    if (is_fickle) {
        PyErr_SetString(PyExc_NotImplementedError,
                        "fickle_passenger=True: what happens is no table over Taxi's states, so "
                        "deepq has not got it: use gymnasium's own Taxi");
        return NULL;
    }
    dq_status st = dq_taxi_named(&env, id, is_rainy ? dry_rate : 1, seed);
    return made(env, st);
}

static dq_env *make_blackjack(uint64_t seed, PyObject *options)
{
    static char *names[] = {"natural", "sab", NULL};
    int natural = false, sab = true;
    dq_env *env;
    if (!read_options(options, "|pp:Blackjack", names, &natural, &sab))
        return NULL;
    dq_status st = dq_blackjack_create(&env, sab, natural, seed);
    return made(env, st);
}

dq_env *dq_py_make_toy(const char *id, uint64_t seed, PyObject *options)
{
    if (dq_is_gym_id(id) && begins(id, "FrozenLake"))
        return make_lake(id, seed, options);
    if (dq_is_gym_id(id) && begins(id, "CliffWalking"))
        return make_cliff(id, seed, options);
    if (dq_is_gym_id(id) && begins(id, "Taxi"))
        return make_taxi(id, seed, options);
    if (dq_is_gym_id(id) && begins(id, "Blackjack"))
        return make_blackjack(seed, options);
    PyErr_Format(PyExc_TypeError, "%s takes no options: leave out %R", id, options);
    return NULL;
}
