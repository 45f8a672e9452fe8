/** Environments by id, as learning and playing need them. */
#ifndef DEEPQ_PYTHON_PY_MAKING_H
#define DEEPQ_PYTHON_PY_MAKING_H

#include "py_module.h"

/** What an environment is made of. Texts are the caller's. */
typedef struct dq_py_making {
    const char *id;
    const char *dialect;  // NULL: no preprocessing
    const char *rom_dir;  // NULL: the usual places
    uint64_t seed;
    PyObject *options;  // a dict of what is otherwise than the dialect and the id have it, or None
} dq_py_making;

/** Make an environment. The options are those of `deepq train --help`: noops, fire, life_loss,
 *  clip_rewards, frame_skip, stack, pool_all, sticky, mode, difficulty, full_actions.
 *  @return NULL with an exception raised */
dq_env *dq_py_make(const dq_py_making *m);

#endif
