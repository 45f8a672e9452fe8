/** Toy texts with options. */
#ifndef DEEPQ_PY_TOYS_H
#define DEEPQ_PY_TOYS_H

#include "py_module.h"

#include "deepq/env.h"

/** Make a toy text with Gymnasium's arguments of these names, and `map`, rows ended by newlines.
 *  @param options a dict
 *  @return NULL with an exception raised: TypeError for what it does not take */
dq_env *dq_py_make_toy(const char *id, uint64_t seed, PyObject *options);

#endif
