/* `Policy`: a trained model that acts (deepq/policy.h). deepq.Model is Python around it. */
#include "py_module.h"

#include <math.h>

typedef struct policy {
    PyObject_HEAD
    dq_policy *policy;
    PyObject *info;  // a dict
    dq_py_guard guard;
} policy;

static const char what[] = "Model";

/** A number that may be unknown. */
static PyObject *number_or_none(double v)
{
    if (isnan(v))
        Py_RETURN_NONE;
    return PyFloat_FromDouble(v);
}

static PyObject *describe(const dq_model *model)
{
    dq_model_info unknown = dq_model_info_default();
    const dq_model_info *i = model->info ? model->info : &unknown;
    const char *network = *i->network ? i->network : dq_net_recognise(model->tensors, model->n);
    return Py_BuildValue("{s:s,s:s,s:s,s:s,s:s,s:L,s:N,s:s,s:s,s:z}", "env_id", i->env_id,
                         "dialect", i->dialect, "network", network ? network : "", "preset",
                         i->preset, "version", i->version, "step", (long long)i->step, "score",
                         number_or_none(i->score), "options", i->options, "format", model->format,
                         "origin", model->origin);
}

static bool load_into(policy *self, const char *path, const dq_policy_config *cfg)
{
    dq_model *model;
    dq_status st;
    Py_BEGIN_ALLOW_THREADS
    st = dq_model_load(&model, path);
    Py_END_ALLOW_THREADS
    if (st == DQ_OK)
        st = dq_policy_create(&self->policy, model, cfg);
    self->info = st == DQ_OK ? describe(model) : NULL;
    dq_model_destroy(model);
    if (st != DQ_OK)
        (void)dq_py_fail(st);
    return self->info != NULL;
}

static PyObject *create(PyTypeObject *type, PyObject *args, PyObject *kwargs)
{
    static char *names[] = {"path", "epsilon", "seed", NULL};
    const char *path;
    unsigned long long seed;
    dq_policy_config cfg = {0};
    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "sdK", names, &path, &cfg.epsilon, &seed))
        return NULL;
    cfg.seed = seed;
    allocfunc alloc = (allocfunc)PyType_GetSlot(type, Py_tp_alloc);
    policy *self = (policy *)alloc(type, 0);
    if (!self)
        return NULL;
    dq_py_guard_init(&self->guard, false);
    if (load_into(self, path, &cfg))
        return (PyObject *)self;
    Py_DECREF(self);
    return NULL;
}

static void destroy(PyObject *object)
{
    policy *self = (policy *)object;
    PyTypeObject *type = Py_TYPE(object);
    dq_policy_destroy(self->policy);
    Py_XDECREF(self->info);
    freefunc release = (freefunc)PyType_GetSlot(type, Py_tp_free);
    release(object);
    Py_DECREF(type);
}

static PyObject *info(PyObject *object, PyObject *unused)
{
    (void)unused;
    PyObject *dict = ((policy *)object)->info;
    Py_INCREF(dict);
    return dict;
}

/** (number of actions, bytes of an observation) */
static PyObject *sizes(PyObject *object, PyObject *unused)
{
    (void)unused;
    const dq_policy *p = ((policy *)object)->policy;
    return Py_BuildValue("(in)", dq_policy_actions(p), (Py_ssize_t)dq_policy_obs_bytes(p));
}

/** The observations and the results of a call: n of them, one after the other. */
typedef struct batch {
    Py_buffer obs, out;
    Py_ssize_t n;
} batch;

static bool borrow(policy *self, PyObject *args, batch *b, size_t out_bytes, const char *out_format)
{
    PyObject *obs, *out;
    if (!PyArg_ParseTuple(args, "OnO", &obs, &b->n, &out))
        return false;
    size_t bytes = dq_policy_obs_bytes(self->policy) * (size_t)b->n;
    if (!dq_py_borrow(obs, &b->obs, "observation", "Bf", bytes, false))
        return false;
    if (dq_py_borrow(out, &b->out, "out", out_format, out_bytes * (size_t)b->n, true)) {
        if (dq_py_enter(&self->guard, what))
            return true;
        PyBuffer_Release(&b->out);
    }
    PyBuffer_Release(&b->obs);
    return false;
}

static PyObject *give_back(policy *self, batch *b)
{
    PyBuffer_Release(&b->obs);
    PyBuffer_Release(&b->out);
    dq_py_leave(&self->guard);
    Py_RETURN_NONE;
}

/** act(observations, n, actions int64 [n]) */
static PyObject *act(PyObject *object, PyObject *args)
{
    policy *self = (policy *)object;
    batch b;
    if (!borrow(self, args, &b, sizeof(int64_t), "lq"))
        return NULL;
    size_t bytes = dq_policy_obs_bytes(self->policy);
    Py_BEGIN_ALLOW_THREADS
    for (Py_ssize_t i = 0; i < b.n; i++)
        ((int64_t *)b.out.buf)[i] =
            dq_policy_act(self->policy, (const char *)b.obs.buf + (size_t)i * bytes);
    Py_END_ALLOW_THREADS
    return give_back(self, &b);
}

/** values(observations, n, values float [n][actions]) */
static PyObject *values(PyObject *object, PyObject *args)
{
    policy *self = (policy *)object;
    batch b;
    size_t n_actions = (size_t)dq_policy_actions(self->policy);
    if (!borrow(self, args, &b, n_actions * sizeof(float), "f"))
        return NULL;
    size_t bytes = dq_policy_obs_bytes(self->policy);
    Py_BEGIN_ALLOW_THREADS
    for (Py_ssize_t i = 0; i < b.n; i++)
        dq_policy_values(self->policy, (const char *)b.obs.buf + (size_t)i * bytes,
                         (float *)b.out.buf + (size_t)i * n_actions);
    Py_END_ALLOW_THREADS
    return give_back(self, &b);
}

static PyMethodDef methods[] = {
    {"info", info, METH_NOARGS, "info() -> what the file says about the model"},
    {"sizes", sizes, METH_NOARGS, "sizes() -> (actions, bytes of an observation)"},
    {"act", act, METH_VARARGS, "act(observations, n, actions int64 [n])"},
    {"values", values, METH_VARARGS, "values(observations, n, values float32 [n][actions])"},
    {NULL, NULL, 0, NULL},
};

static PyType_Slot slots[] = {
    {Py_tp_doc, "A trained model: deepq.Model is made of it."},
    {Py_tp_new, create},
    {Py_tp_dealloc, destroy},
    {Py_tp_methods, methods},
    {0, NULL},
};

static PyType_Spec spec = {
    .name = "deepq._core.Policy",
    .basicsize = sizeof(policy),
    .flags = Py_TPFLAGS_DEFAULT,
    .slots = slots,
};

int dq_py_add_policy(PyObject *module)
{
    return dq_py_add_type(module, &spec);
}
