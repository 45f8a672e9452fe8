#include "py_module.h"

#include "py_run.h"

#include <math.h>
#include <string.h>

#include "base/error.h"
#include "learn/gpu.h"
#include "run/environments.h"

/* ---------------------------------------------------------------- settings */

static dq_status begin(dq_train_settings *s, const dq_py_start *start)
{
    if (start->resume)
        return dq_train_settings_of_run(s, start->resume);
    dq_status st = dq_train_settings_init(s, start->preset);
    if (st == DQ_OK)
        st = dq_train_settings_set(s, "env", start->env);
    if (st == DQ_OK && !dq_environments_is_atari(start->env))
        st = dq_train_settings_without_pictures(s);
    return st == DQ_ERR_NOT_FOUND ? DQ_ERR_CONFIG : st;  // no such preset
}

bool dq_py_run_configure(dq_py_run *run, const dq_py_start *start)
{
    dq_train_settings *s = &run->settings;
    dq_status st = begin(s, start);
    for (Py_ssize_t i = 0; st == DQ_OK && i < PyList_Size(start->settings); i++) {
        const char *key, *value;
        if (!PyArg_ParseTuple(PyList_GetItem(start->settings, i), "ss", &key, &value))
            return false;
        st = dq_train_settings_set(s, key, value);
    }
    if (st == DQ_OK && strcmp(s->device, "auto") == 0)
        st = dq_train_settings_set(s, "device", dq_gpu_is_meant("auto") ? "cuda" : "cpu");
    if (isnan(s->cfg.reward_bound))
        s->cfg.reward_bound = dq_train_reward_bound(s->env_id);
    return st == DQ_OK || dq_py_fail(st);
}

static void add_setting(void *ctx, const char *key, const char *value)
{
    PyObject *text = PyUnicode_FromString(value);
    if (text)
        (void)PyDict_SetItemString(ctx, key, text);
    Py_XDECREF(text);
}

PyObject *dq_py_run_settings(const dq_py_run *run)
{
    PyObject *all = PyDict_New();
    if (all)
        dq_train_settings_each(&run->settings, add_setting, all);
    if (PyErr_Occurred())
        Py_CLEAR(all);
    return all;
}

/* ---------------------------------------------------------------- the folder */

/** As a warning, which may be an exception. */
static void note(void *ctx, const char *text)
{
    dq_py_run *run = ctx;
    PyGILState_STATE gil = PyGILState_Ensure();
    if (PyErr_WarnEx(PyExc_RuntimeWarning, text, 1))
        (void)dq_py_keep(run->raised);
    PyGILState_Release(gil);
}

static dq_status open_store(dq_py_run *run, const dq_py_start *start)
{
    const dq_run_parts parts = {&run->settings, run->trainer, {.ctx = run, .note = note}};
    if (start->resume)
        return dq_run_store_resume(&run->store, &parts, start->resume);
    return start->out ? dq_run_store_create(&run->store, &parts, start->out) : DQ_OK;
}

/** Evaluations are games of an environment that this library makes, and are written to a folder. */
static dq_status check_evaluations(const dq_py_run *run, bool has_envs, const dq_py_start *start)
{
    if (run->settings.cfg.eval_every == 0)
        return DQ_OK;
    if (has_envs)
        return dq_fail(DQ_ERR_CONFIG,
                       "eval_every: an environment of Python's is not evaluated: leave it out");
    if (!start->out && !start->resume)
        return dq_fail(DQ_ERR_CONFIG, "eval_every: its scores are written to a run's folder: "
                                      "name one with out");
    return DQ_OK;
}

bool dq_py_run_open(dq_py_run *run, dq_env **envs, const dq_py_start *start)
{
    dq_status st;
    Py_BEGIN_ALLOW_THREADS
    st = check_evaluations(run, envs != NULL, start);
    if (st == DQ_OK)
        st = dq_run_trainer_create(&run->trainer, &run->subject, &run->settings, envs);
    if (st == DQ_OK)
        st = open_store(run, start);
    Py_END_ALLOW_THREADS
    if (dq_py_raise_kept(run->raised))
        return false;
    return st == DQ_OK || dq_py_fail(st);
}

/* An exception came of the callback, or of the interpreter, and the step is done: it is saved. It
 * came of an environment: the step is not, and the checkpoint before stays. */
dq_status dq_py_run_finish(dq_py_run *run, dq_status st)
{
    bool raised = run->raised->type != NULL;
    if (!run->store || (st != DQ_OK && st != DQ_ERR_INTERRUPTED && !raised))
        return st;
    dq_status saved = dq_run_store_finish(run->store);
    return raised || saved == DQ_OK ? st : saved;
}

void dq_py_run_close(dq_py_run *run)
{
    dq_run_store_destroy(run->store);
    dq_trainer_destroy(run->trainer);
    run->store = NULL;
    run->trainer = NULL;
}
