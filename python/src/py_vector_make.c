#include "py_vector_make.h"

#include <stdlib.h>
#include <string.h>

static bool read_choices(dq_py_vector_choices *c, PyObject *args, PyObject *kwargs)
{
    static char *names[] = {"game",           "num_envs",
                            "batch_size",     "num_threads",
                            "max_frames",     "repeat_action_probability",
                            "full_actions",   "autoreset",
                            "img_height",     "img_width",
                            "grayscale",      "maxpool",
                            "stack_num",      "frameskip",
                            "noop_max",       "episodic_life",
                            "life_loss_info", "reward_clipping",
                            "use_fire_reset", "seed",
                            "rom_dir",        NULL};
    return PyArg_ParseTupleAndKeywords(
        args, kwargs, "siiiifpsiippiiippppKz", names, &c->game, &c->n_envs, &c->batch,
        &c->n_threads, &c->max_frames, &c->sticky, &c->full_actions, &c->autoreset, &c->height,
        &c->width, &c->grey, &c->pool, &c->stack, &c->skip, &c->noop_max, &c->episodic_life,
        &c->life_loss_info, &c->clip, &c->fire, &c->seed, &c->rom_dir);
}

static bool check_choices(const dq_py_vector_choices *c)
{
    if (c->n_envs < 1 || c->n_envs > DQ_VECTOR_MAX)
        PyErr_Format(PyExc_ValueError, "num_envs=%d: choose 1 to %d", c->n_envs, DQ_VECTOR_MAX);
    else if (c->batch < 0 || c->batch > c->n_envs)
        PyErr_Format(PyExc_ValueError, "batch_size=%d: choose 1 to num_envs, %d, or 0 for all",
                     c->batch, c->n_envs);
    else if (c->height < 1 || c->width < 1)
        PyErr_Format(PyExc_ValueError, "img_height=%d, img_width=%d: choose 1 or more", c->height,
                     c->width);
    else if (c->max_frames < 1)
        PyErr_Format(PyExc_ValueError, "max_num_frames_per_episode=%d: choose 1 or more",
                     c->max_frames);
    else
        return true;
    return false;
}

static bool read_autoreset(const char *name, dq_autoreset *mode)
{
    static const char *const names[] = {"NextStep", "SameStep", "Disabled"};
    for (int i = 0; i < 3; i++)
        if (strcmp(name, names[i]) == 0) {
            *mode = (dq_autoreset)i;
            return true;
        }
    PyErr_Format(PyExc_ValueError,
                 "Invalid autoreset_mode: %s: choose NextStep, SameStep or Disabled", name);
    return false;
}

bool dq_py_vector_read(dq_py_vector_choices *c, PyObject *args, PyObject *kwargs)
{
    return read_choices(c, args, kwargs) && check_choices(c) &&
           read_autoreset(c->autoreset, &c->mode);
}

static dq_status make_one(dq_env **out, const dq_py_vector_choices *c, int index)
{
    dq_preprocessing p;
    dq_atari_options o;
    *out = NULL;
    dq_status st = dq_preprocessing_init(&p, "ale-vector");
    if (st == DQ_OK)
        st = dq_atari_options_init(&o, c->game);
    if (st != DQ_OK)
        return st;
    p.skip = c->skip;
    p.stack = c->stack;
    p.noop_max = c->noop_max;
    p.fire_reset = c->fire;
    p.episodic_life = c->episodic_life;
    p.clip_reward = c->clip;
    p.height = c->height;
    p.width = c->width;
    p.colour = !c->grey;
    p.no_pooling = !c->pool;
    o.rom_dir = c->rom_dir;
    o.seed = c->seed + (uint64_t)index;
    o.repeat_action_probability = c->sticky;
    o.full_action_set = c->full_actions;
    o.max_ticks = (uint32_t)c->max_frames;
    return dq_env_make_preprocessed(out, c->game, &p, &o);
}

dq_status dq_py_vector_make(dq_vector **out, const dq_py_vector_choices *c)
{
    dq_vector_config cfg = {.n_threads = c->n_threads, .autoreset = c->mode};
    dq_env **envs = calloc((size_t)c->n_envs, sizeof(dq_env *));
    dq_status st = envs ? DQ_OK : DQ_ERR_NOMEM;
    int n = 0;
    while (st == DQ_OK && n < c->n_envs) {
        st = make_one(&envs[n], c, n);
        n += st == DQ_OK;
    }
    if (st == DQ_OK)
        st = dq_vector_create(out, envs, n, &cfg);
    for (int i = 0; st != DQ_OK && i < n; i++)
        dq_env_destroy(envs[i]);
    free(envs);
    return st;
}
