/* `Vector`: many Atari games side by side, preprocessed as ale-py's AtariVectorEnv does it
 * (deepq/vector.h with the dialect `ale-vector`). deepq.AtariVectorEnv is Python around it.
 *
 * What a batch of steps gave goes straight into arrays of the caller's, in the order in which the
 * environments were sent. Where steps are sent before it is known which array they go to, they go
 * to memory of the vector's own first. */
#include "py_module.h"

#include <stdlib.h>
#include <string.h>

#include "py_vector_make.h"

typedef struct vector {
    PyObject_HEAD
    dq_vector *v;  // NULL once closed
    dq_py_guard guard;
    int n, batch;  // environments, and those of a batch
    int n_actions;
    bool life_loss_info;
    bool was_reset;
    size_t obs_bytes;
    int *actions;               // [n] of the batch at hand
    int *order;                 // [batch] environments of the last batch
    dq_vector_result *results;  // [n]
    uint8_t *obs, *last_obs;    // [n][obs_bytes] of steps that were sent; NULL: none was yet
} vector;

/* ---------------------------------------------------------------- create */

static bool prepare(vector *self, const dq_py_vector_choices *c)
{
    const dq_env_spec *spec = dq_env_get_spec(dq_vector_env(self->v, 0));
    size_t n = (size_t)c->n_envs;
    self->n = c->n_envs;
    self->batch = c->batch ? c->batch : c->n_envs;
    self->n_actions = spec->n_actions;
    self->life_loss_info = c->life_loss_info;
    self->obs_bytes = dq_space_bytes(&spec->obs);
    self->actions = calloc(n, sizeof(self->actions[0]));
    self->order = calloc(n, sizeof(self->order[0]));
    self->results = calloc(n, sizeof(self->results[0]));
    dq_py_guard_init(&self->guard, dq_vector_threads(self->v) > 1);
    if (self->actions && self->order && self->results)
        return true;
    PyErr_NoMemory();
    return false;
}

static PyObject *create(PyTypeObject *type, PyObject *args, PyObject *kwargs)
{
    dq_py_vector_choices c;
    dq_vector *made = NULL;
    if (!dq_py_vector_read(&c, args, kwargs))
        return NULL;
    allocfunc alloc = (allocfunc)PyType_GetSlot(type, Py_tp_alloc);
    vector *self = (vector *)alloc(type, 0);
    if (!self)
        return NULL;
    dq_status st;
    Py_BEGIN_ALLOW_THREADS
    st = dq_py_vector_make(&made, &c);
    Py_END_ALLOW_THREADS
    self->v = made;
    if (st != DQ_OK)
        dq_py_fail(st);
    else if (prepare(self, &c))
        return (PyObject *)self;
    Py_DECREF(self);
    return NULL;
}

static void let_go(vector *self)
{
    dq_vector *v = self->v;
    self->v = NULL;
    if (!v || !dq_py_guard_is_ours(&self->guard))  // its threads cannot be waited for here
        return;
    Py_BEGIN_ALLOW_THREADS
    dq_vector_destroy(v);
    Py_END_ALLOW_THREADS
}

static void destroy(PyObject *object)
{
    vector *self = (vector *)object;
    PyTypeObject *type = Py_TYPE(object);
    let_go(self);
    free(self->actions);
    free(self->order);
    free(self->results);
    free(self->obs);
    free(self->last_obs);
    freefunc release = (freefunc)PyType_GetSlot(type, Py_tp_free);
    release(object);
    Py_DECREF(type);
}

/* ---------------------------------------------------------------- who may call */

static bool enter(vector *self)
{
    if (self->v)
        return dq_py_enter(&self->guard, "AtariVectorEnv");
    PyErr_SetString(PyExc_RuntimeError, "AtariVectorEnv: it is closed: create another one");
    return false;
}

static PyObject *leave(vector *self, PyObject *result)
{
    dq_py_leave(&self->guard);
    return result;
}

/* ---------------------------------------------------------------- what a batch gave */

/** Arrays of the caller's, one element for each environment of a batch. */
typedef struct outputs {
    uint8_t *obs;
    int32_t *reward;
    uint8_t *terminated, *truncated;
    int32_t *env_id, *lives, *frame, *episode_frame;
    uint8_t *final_obs;  // NULL: not wanted
    Py_buffer views[9];
    int n_views;
} outputs;

enum { N_OUTPUTS = 9 };

static void return_outputs(outputs *o)
{
    for (int i = 0; i < o->n_views; i++)
        PyBuffer_Release(&o->views[i]);
}

/** The arrays in the order of `outputs`; the last one may be None. */
static bool borrow_outputs(const vector *self, PyObject *const *arrays, outputs *o)
{
    static const char *const names[N_OUTPUTS] = {
        "observations", "rewards",      "terminations",         "truncations", "env_id",
        "lives",        "frame_number", "episode_frame_number", "final_obs"};
    static const char *const formats[N_OUTPUTS] = {"B", "i", "?", "?", "i", "i", "i", "i", "B"};
    size_t n = (size_t)self->batch, obs = n * self->obs_bytes;
    size_t bytes[N_OUTPUTS] = {obs, 4 * n, n, n, 4 * n, 4 * n, 4 * n, 4 * n, obs};
    void *memory[N_OUTPUTS] = {NULL};
    o->n_views = 0;
    for (int i = 0; i < N_OUTPUTS; i++) {
        if (i == N_OUTPUTS - 1 && arrays[i] == Py_None)
            break;
        if (!dq_py_borrow(arrays[i], &o->views[i], names[i], formats[i], bytes[i], true)) {
            return_outputs(o);
            return false;
        }
        memory[i] = o->views[i].buf;
        o->n_views++;
    }
    o->obs = memory[0];
    o->reward = memory[1];
    o->terminated = memory[2];
    o->truncated = memory[3];
    o->env_id = memory[4];
    o->lives = memory[5];
    o->frame = memory[6];
    o->episode_frame = memory[7];
    o->final_obs = memory[8];
    return true;
}

/** Fill in row `row` from environment number `index`. @return whether its episode ended */
static bool report(const vector *self, const outputs *o, int row, int index)
{
    const dq_vector_result *r = &self->results[index];
    const dq_atari *atari = dq_env_atari(dq_vector_env(self->v, index));
    bool terminated = r->step.terminated || (self->life_loss_info && r->step.life_lost);
    o->reward[row] = (int32_t)r->step.reward;
    o->terminated[row] = terminated;
    o->truncated[row] = r->step.truncated && !terminated;
    o->env_id[row] = index;
    o->lives[row] = r->step.lives;
    o->frame[row] = (int32_t)dq_atari_frames(atari);
    o->episode_frame[row] = (int32_t)dq_atari_ticks(atari);
    return terminated || r->step.truncated;
}

/** Fill in every row, but those of the observations that are there already. What the last
 *  observation of an episode is not there for is black. */
static bool report_batch(vector *self, const outputs *o)
{
    bool any = false;
    for (int row = 0; row < self->batch; row++)
        any |= report(self, o, row, self->order[row]);
    for (int row = 0; any && o->final_obs && row < self->batch; row++)
        if (!self->results[self->order[row]].has_last_obs)
            memset(o->final_obs + (size_t)row * self->obs_bytes, 0, self->obs_bytes);
    return any;
}

/* ---------------------------------------------------------------- all at once */

static bool check_actions(const vector *self)
{
    if (!self->was_reset) {
        PyErr_SetString(PyExc_RuntimeError,
                        "AtariVectorEnv: actions before the first reset(): call it first");
        return false;
    }
    for (int i = 0; i < self->batch; i++)
        if (self->actions[i] < 0 || self->actions[i] >= self->n_actions) {
            PyErr_Format(PyExc_IndexError, "Invalid action_id: %d, available actions: %d",
                         self->actions[i], self->n_actions);
            return false;
        }
    return true;
}

/** How far paddles go with the actions of this batch. @param strengths float [batch], or None */
static bool set_strengths(vector *self, PyObject *strengths)
{
    Py_buffer view;
    size_t n = (size_t)self->batch;
    if (strengths == Py_None)
        return true;
    if (!dq_py_borrow(strengths, &view, "strengths", "f", 4 * n, false))
        return false;
    dq_status st = DQ_OK;
    for (int i = 0; i < self->batch && st == DQ_OK; i++) {
        dq_atari *atari = dq_env_atari(dq_vector_env(self->v, self->order[i]));
        st = dq_atari_set_strength(atari, ((const float *)view.buf)[i]);
    }
    PyBuffer_Release(&view);
    return st == DQ_OK || dq_py_fail(st);
}

static void number_all(vector *self)
{
    for (int i = 0; i < self->batch; i++)
        self->order[i] = i;
}

/** step(actions, strengths, observations, ..., final_obs): only where a batch is all. */
static PyObject *step_all(vector *self, PyObject *const *arrays)
{
    outputs o;
    dq_status st;
    if (!dq_py_ints(arrays[0], "actions", self->actions, self->batch) || !check_actions(self) ||
        !set_strengths(self, arrays[1]) || !borrow_outputs(self, arrays + 2, &o))
        return NULL;
    Py_BEGIN_ALLOW_THREADS
    st = dq_vector_step(self->v, self->actions, o.obs, o.final_obs, self->results);
    Py_END_ALLOW_THREADS
    number_all(self);
    bool any = st == DQ_OK && report_batch(self, &o);
    return_outputs(&o);
    return st == DQ_OK ? PyBool_FromLong(any) : dq_py_fail(st);
}

static PyObject *step(PyObject *object, PyObject *const *args, Py_ssize_t n)
{
    vector *self = (vector *)object;
    if (n != 2 + N_OUTPUTS || self->batch != self->n) {
        PyErr_Format(PyExc_TypeError,
                     "step(): takes actions, strengths and %d arrays, with a whole batch",
                     N_OUTPUTS);
        return NULL;
    }
    return enter(self) ? leave(self, step_all(self, args)) : NULL;
}

/* ---------------------------------------------------------------- sent and received */

/** Memory for steps that nobody has given an array for yet. */
static bool have_memory(vector *self)
{
    if (!self->obs)
        self->obs = calloc((size_t)self->n, self->obs_bytes);
    if (!self->last_obs)
        self->last_obs = calloc((size_t)self->n, self->obs_bytes);
    if (self->obs && self->last_obs)
        return true;
    PyErr_NoMemory();
    return false;
}

static dq_status send_one(vector *self, int index, int action)
{
    size_t at = (size_t)index * self->obs_bytes;
    return dq_vector_send(self->v, index, action, self->obs + at, self->last_obs + at);
}

static PyObject *send_batch(vector *self, PyObject *actions, PyObject *strengths)
{
    dq_status st = DQ_OK;
    if (self->n - dq_vector_under_way(self->v) < self->batch)
        return PyErr_Format(PyExc_ValueError,
                            "AtariVectorEnv: the batch that was sent last was not received yet: "
                            "call recv() first");
    if (!dq_py_ints(actions, "actions", self->actions, self->batch) || !check_actions(self) ||
        !set_strengths(self, strengths) || !have_memory(self))
        return NULL;
    for (int i = 0; i < self->batch && st == DQ_OK; i++)
        st = send_one(self, self->order[i], self->actions[i]);
    if (st != DQ_OK)
        return dq_py_fail(st);
    Py_RETURN_NONE;
}

static PyObject *send(PyObject *object, PyObject *args)
{
    vector *self = (vector *)object;
    PyObject *actions, *strengths;
    if (!PyArg_ParseTuple(args, "OO", &actions, &strengths))
        return NULL;
    return enter(self) ? leave(self, send_batch(self, actions, strengths)) : NULL;
}

/** Receive a batch; `order` is that of the batch then. Where a batch is all, it goes by number. */
static dq_status receive(vector *self, outputs *o)
{
    dq_status failed = DQ_OK;
    for (int i = 0; i < self->batch; i++) {
        int index = 0;
        dq_vector_result result;
        dq_status st = dq_vector_recv(self->v, &index, &result);
        if (st == DQ_ERR_EMPTY)
            return st;
        if (st != DQ_OK)
            failed = st;
        int row = self->batch == self->n ? index : i;
        size_t at = (size_t)index * self->obs_bytes, to = (size_t)row * self->obs_bytes;
        self->results[index] = result;
        self->order[row] = index;
        memcpy(o->obs + to, self->obs + at, self->obs_bytes);
        if (o->final_obs && result.has_last_obs)
            memcpy(o->final_obs + to, self->last_obs + at, self->obs_bytes);
    }
    return failed;
}

static PyObject *recv_batch(vector *self, PyObject *const *arrays)
{
    outputs o;
    dq_status st;
    if (dq_vector_under_way(self->v) < self->batch)
        return PyErr_Format(PyExc_RuntimeError,
                            "AtariVectorEnv: nothing to receive: send() actions first");
    if (!borrow_outputs(self, arrays, &o))
        return NULL;
    Py_BEGIN_ALLOW_THREADS
    st = receive(self, &o);
    Py_END_ALLOW_THREADS
    bool any = st == DQ_OK && report_batch(self, &o);
    return_outputs(&o);
    return st == DQ_OK ? PyBool_FromLong(any) : dq_py_fail(st);
}

static PyObject *recv_(PyObject *object, PyObject *const *args, Py_ssize_t n)
{
    vector *self = (vector *)object;
    if (n != N_OUTPUTS)
        return PyErr_Format(PyExc_TypeError, "recv(): takes %d arrays", N_OUTPUTS);
    return enter(self) ? leave(self, recv_batch(self, args)) : NULL;
}

/* ---------------------------------------------------------------- reset */

/** Receive and forget what was sent. */
static dq_status drain(vector *self)
{
    int index;
    dq_vector_result result;
    dq_status st = DQ_OK;
    while (dq_vector_under_way(self->v) > 0 && st != DQ_ERR_EMPTY)
        st = dq_vector_recv(self->v, &index, &result);
    return DQ_OK;
}

static dq_status seed_those(vector *self, const int *indices, const int *seeds, int n)
{
    for (int i = 0; i < n; i++) {
        if (seeds[i] < 0)
            continue;
        dq_status st = dq_env_seed(dq_vector_env(self->v, indices[i]), (uint64_t)seeds[i]);
        if (st != DQ_OK)
            return st;
    }
    return DQ_OK;
}

/** The environments that a partial reset leaves as they are show what they showed. */
static dq_status show_others(const vector *self, const uint8_t *is_reset, uint8_t *obs)
{
    dq_status st = DQ_OK;
    for (int i = 0; i < self->n && st == DQ_OK; i++)
        if (!is_reset[i])
            st = dq_env_observe(dq_vector_env(self->v, i), obs + (size_t)i * self->obs_bytes);
    return st;
}

/** A partial reset: all rows, those that were reset and those that were not. */
static dq_status reset_some(vector *self, const int *indices, int n, const uint8_t *is_reset,
                            outputs *o)
{
    dq_status st = DQ_OK;
    for (int i = 0; i < n && st == DQ_OK; i++)
        st = dq_vector_send(self->v, indices[i], DQ_VECTOR_RESET,
                            o->obs + (size_t)indices[i] * self->obs_bytes, NULL);
    for (int i = 0; i < n && st == DQ_OK; i++) {
        int index = 0;
        dq_vector_result result;
        st = dq_vector_recv(self->v, &index, &result);
        self->results[index] = result;
    }
    number_all(self);
    return st == DQ_OK ? show_others(self, is_reset, o->obs) : st;
}

/** All of them, and a batch is all: straight into the caller's array. */
static dq_status reset_all(vector *self, outputs *o)
{
    for (int i = 0; i < self->n; i++)
        self->actions[i] = DQ_VECTOR_RESET;
    number_all(self);
    return dq_vector_step(self->v, self->actions, o->obs, NULL, self->results);
}

/** All of them, of which the first batch is received. */
static dq_status reset_round(vector *self, outputs *o)
{
    dq_status st = DQ_OK;
    for (int i = 0; i < self->n && st == DQ_OK; i++)
        st = send_one(self, i, DQ_VECTOR_RESET);
    return st == DQ_OK ? receive(self, o) : st;
}

/** Raise what is wrong with the indices; mark those that are reset. */
static bool mark(const vector *self, const int *indices, int n, uint8_t *is_reset)
{
    for (int i = 0; i < n; i++) {
        if (indices[i] < 0 || indices[i] >= self->n) {
            PyErr_Format(PyExc_IndexError, "reset env_id %d is out of range [0, %d)", indices[i],
                         self->n);
            return false;
        }
        if (is_reset[indices[i]]) {
            PyErr_Format(PyExc_ValueError, "reset has a duplicate env_id=%d", indices[i]);
            return false;
        }
        is_reset[indices[i]] = 1;
    }
    if (n == self->n)
        return true;
    if (!self->was_reset)
        PyErr_Format(PyExc_RuntimeError,
                     "The first reset() must reset every environment (got %d of %d)", n, self->n);
    else if (self->batch != self->n)
        PyErr_Format(PyExc_ValueError,
                     "Partial reset is not supported where batch_size < num_envs (got "
                     "batch_size=%d, num_envs=%d)",
                     self->batch, self->n);
    else
        return true;
    return false;
}

static dq_status reset_marked(vector *self, const int *indices, const int *seeds, int n,
                              const uint8_t *is_reset, outputs *o)
{
    drain(self);
    dq_status st = seed_those(self, indices, seeds, n);
    if (st != DQ_OK)
        return st;
    if (n < self->n)
        return reset_some(self, indices, n, is_reset, o);
    return self->batch == self->n ? reset_all(self, o) : reset_round(self, o);
}

static PyObject *reset_with(vector *self, const int *indices, const int *seeds, int n,
                            uint8_t *is_reset, PyObject *const *arrays)
{
    outputs o;
    dq_status st;
    if (!mark(self, indices, n, is_reset) || (self->batch < self->n && !have_memory(self)) ||
        !borrow_outputs(self, arrays, &o))
        return NULL;
    Py_BEGIN_ALLOW_THREADS
    st = reset_marked(self, indices, seeds, n, is_reset, &o);
    Py_END_ALLOW_THREADS
    self->was_reset |= st == DQ_OK;
    if (st == DQ_OK)
        report_batch(self, &o);
    return_outputs(&o);
    if (st != DQ_OK)
        return dq_py_fail(st);
    Py_RETURN_NONE;
}

/** reset(indices, seeds, observations, ..., final_obs) */
static PyObject *reset_those(vector *self, PyObject *const *args)
{
    Py_ssize_t n = PyObject_Size(args[0]);
    if (n < 0)
        return NULL;
    if (n > self->n)
        return PyErr_Format(PyExc_ValueError, "reset() of %zd environments: there are %d", n,
                            self->n);
    size_t some = (size_t)self->n;
    int *indices = calloc(2 * some, sizeof(int));
    uint8_t *is_reset = calloc(some, 1);
    PyObject *result = NULL;
    if (!indices || !is_reset)
        PyErr_NoMemory();
    else if (dq_py_ints(args[0], "reset_indices", indices, n) &&
             dq_py_ints(args[1], "reset_seeds", indices + some, n))
        result = reset_with(self, indices, indices + some, (int)n, is_reset, args + 2);
    free(indices);
    free(is_reset);
    return result;
}

static PyObject *reset(PyObject *object, PyObject *const *args, Py_ssize_t n)
{
    vector *self = (vector *)object;
    if (n != 2 + N_OUTPUTS)
        return PyErr_Format(PyExc_TypeError, "reset(): takes indices, seeds and %d arrays",
                            N_OUTPUTS);
    return enter(self) ? leave(self, reset_those(self, args)) : NULL;
}

/* ---------------------------------------------------------------- the rest */

static PyObject *close_(PyObject *object, PyObject *unused)
{
    (void)unused;
    vector *self = (vector *)object;
    if (!self->v)
        Py_RETURN_NONE;
    if (self->guard.busy)
        return PyErr_Format(PyExc_RuntimeError, "AtariVectorEnv: another thread is using it");
    let_go(self);
    Py_RETURN_NONE;
}

static PyObject *action_names(PyObject *object, PyObject *unused)
{
    (void)unused;
    vector *self = (vector *)object;
    if (!enter(self))
        return NULL;
    const dq_env_spec *spec = dq_env_get_spec(dq_vector_env(self->v, 0));
    return leave(self, dq_py_names(spec->action_names, spec->n_actions));
}

static PyObject *threads(PyObject *object, PyObject *unused)
{
    (void)unused;
    vector *self = (vector *)object;
    return enter(self) ? leave(self, PyLong_FromLong(dq_vector_threads(self->v))) : NULL;
}

static PyMethodDef methods[] = {
    {"step", DQ_PY_FUNCTION(step), METH_FASTCALL,
     "step(actions, strengths, *outputs) -> whether an episode ended"},
    {"send", send, METH_VARARGS,
     "send(actions, strengths): begin the steps of the environments received last"},
    {"recv", DQ_PY_FUNCTION(recv_), METH_FASTCALL, "recv(*outputs) -> whether an episode ended"},
    {"reset", DQ_PY_FUNCTION(reset), METH_FASTCALL,
     "reset(indices, seeds, *outputs); a negative seed leaves the random numbers as they are"},
    {"close", close_, METH_NOARGS, "close(): free the environments"},
    {"action_names", action_names, METH_NOARGS, "action_names() -> [str]"},
    {"threads", threads, METH_NOARGS, "threads() -> int"},
    {NULL, NULL, 0, NULL},
};

static PyType_Slot slots[] = {
    {Py_tp_doc, "Atari games side by side: deepq.AtariVectorEnv is made of it."},
    {Py_tp_new, create},
    {Py_tp_dealloc, destroy},
    {Py_tp_methods, methods},
    {0, NULL},
};

static PyType_Spec spec = {
    .name = "deepq._core.Vector",
    .basicsize = sizeof(vector),
    .flags = Py_TPFLAGS_DEFAULT,
    .slots = slots,
};

int dq_py_add_vector(PyObject *module)
{
    return dq_py_add_type(module, &spec);
}
