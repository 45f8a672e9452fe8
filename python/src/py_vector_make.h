/** From the constructor's arguments of `Vector` to its environments. */
#ifndef DEEPQ_PYTHON_PY_VECTOR_MAKE_H
#define DEEPQ_PYTHON_PY_VECTOR_MAKE_H

#include "py_module.h"

/** What the constructor is told. */
typedef struct dq_py_vector_choices {
    const char *game, *rom_dir, *autoreset;
    int n_envs, batch, n_threads, max_frames, full_actions, life_loss_info;
    int skip, stack, noop_max, fire, episodic_life, clip;
    int height, width, grey, pool;
    float sticky;
    unsigned long long seed;
    dq_autoreset mode;  // of `autoreset`
} dq_py_vector_choices;

/** Read and check them. @return false with an exception raised */
bool dq_py_vector_read(dq_py_vector_choices *c, PyObject *args, PyObject *kwargs);
/** Make the environments and their vector; needs no GIL. */
dq_status dq_py_vector_make(dq_vector **out, const dq_py_vector_choices *c);

#endif
