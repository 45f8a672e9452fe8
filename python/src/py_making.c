#include "py_making.h"

#include <string.h>

typedef struct target {
    dq_preprocessing p;
    dq_atari_options o;
} target;

typedef enum kind { COUNT, SWITCH, SHARE, NUMBER } kind;

static const struct {
    const char *key;
    kind kind;
    size_t offset;
} options[] = {
    {"noops", COUNT, offsetof(target, p.noop_max)},
    {"fire", SWITCH, offsetof(target, p.fire_reset)},
    {"life_loss", SWITCH, offsetof(target, p.episodic_life)},
    {"clip_rewards", SWITCH, offsetof(target, p.clip_reward)},
    {"frame_skip", COUNT, offsetof(target, p.skip)},
    {"stack", COUNT, offsetof(target, p.stack)},
    {"pool_all", SWITCH, offsetof(target, p.pool_all)},
    {"sticky", SHARE, offsetof(target, o.repeat_action_probability)},
    {"mode", COUNT, offsetof(target, o.mode)},
    {"difficulty", COUNT, offsetof(target, o.difficulty)},
    {"full_actions", SWITCH, offsetof(target, o.full_action_set)},
    {"max_frames", NUMBER, offsetof(target, o.max_ticks)},
};

static bool set(target *t, size_t i, PyObject *value)
{
    void *to = (char *)t + options[i].offset;
    double v = PyFloat_AsDouble(value);
    if (v == -1.0 && PyErr_Occurred())
        return false;
    if (options[i].kind == SHARE)
        *(float *)to = (float)v;
    else if (v < -1e9 || v > 1e9)
        PyErr_Format(PyExc_ValueError, "%s: %R is out of range", options[i].key, value);
    else if (options[i].kind == SWITCH)
        *(bool *)to = v != 0;
    else if (options[i].kind == NUMBER)
        *(uint32_t *)to = v < 0 ? 0 : (uint32_t)v;
    else
        *(int *)to = (int)v;
    return !PyErr_Occurred();
}

/** Read the dict: one key after the other, and none that is not known. */
static bool read_options(target *t, PyObject *dict)
{
    Py_ssize_t n_known = 0;
    if (!dict || dict == Py_None)
        return true;
    for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++) {
        PyObject *value = PyDict_GetItemString(dict, options[i].key);
        if (!value)
            continue;
        n_known++;
        if (!set(t, i, value))
            return false;
    }
    if (n_known == PyDict_Size(dict))
        return true;
    PyErr_Format(
        PyExc_TypeError,
        "environment options %R: there are noops, fire, life_loss, clip_rewards, frame_skip, "
        "stack, pool_all, sticky, mode, difficulty, full_actions, max_frames",
        dict);
    return false;
}

static dq_env *made(dq_env *env, dq_status st)
{
    if (st != DQ_OK)
        (void)dq_py_fail(st);
    return env;
}

static dq_env *make_raw(const dq_py_making *m)
{
    dq_env *env;
    const dq_env_options plain = {.rom_dir = m->rom_dir, .seed = m->seed};
    dq_status st = dq_env_make(&env, m->id, &plain);
    return made(env, st);
}

dq_env *dq_py_make(const dq_py_making *m)
{
    target t;
    dq_env *env = NULL;
    if (!m->dialect)
        return make_raw(m);
    dq_status st = dq_preprocessing_init(&t.p, m->dialect);
    if (st != DQ_OK) {
        PyErr_SetString(PyExc_ValueError, dq_errmsg());
        return NULL;
    }
    st = dq_atari_options_init(&t.o, m->id);
    if (st != DQ_OK)
        return made(NULL, st);
    if (!read_options(&t, m->options))
        return NULL;
    t.o.rom_dir = m->rom_dir;
    t.o.seed = m->seed;
    st = dq_env_make_preprocessed(&env, m->id, &t.p, &t.o);
    return made(env, st);
}
