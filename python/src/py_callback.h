/** An environment that is a Python object: the library calls, Python answers. */
#ifndef DEEPQ_PYTHON_PY_CALLBACK_H
#define DEEPQ_PYTHON_PY_CALLBACK_H

#include "py_module.h"

/** The first exception that a callback raised, in whatever thread, for the caller to see. Used with
 *  the GIL held. */
typedef struct dq_py_raised {
    PyObject *type, *value, *traceback;
} dq_py_raised;

/** Keep the exception that is raised, unless there is one already.
 *  @return a status with a sentence, for the library */
dq_status dq_py_keep(dq_py_raised *r);
/** Raise what was kept. @return whether there was anything */
bool dq_py_raise_kept(dq_py_raised *r);

/** Make an environment of an object with `start(seed or None) -> array` and
 *  `step(action) -> (array, reward, terminated, truncated)`, where arrays are of the observation's
 *  type and shape.
 *  @param obs       what is observed
 *  @param raised    outlives the environment
 *  @return NULL with an exception raised */
dq_env *dq_py_callback_env(PyObject *object, const dq_space *obs, int n_actions,
                           dq_py_raised *raised);

#endif
