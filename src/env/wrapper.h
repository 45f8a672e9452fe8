/** What wrappers share: an environment around an environment that passes on what it does not
 *  change.
 *
 *  A wrapper's object starts with a dq_wrapper; dq_wrapper_ops() gives operations that pass through
 *  to the inner environment, of which each wrapper replaces its own. */
#ifndef DEEPQ_ENV_WRAPPER_H
#define DEEPQ_ENV_WRAPPER_H

#include "deepq/env.h"

typedef struct dq_wrapper {
    dq_env *inner;
    size_t inner_bytes;  // one observation of the inner environment
    uint8_t *scratch;    // room for observations of the inner one, freed with the wrapper, or NULL
} dq_wrapper;

/** Operations that do what the inner environment does. */
dq_env_ops dq_wrapper_ops(void);

/** Allocate a wrapper's object of `bytes` (zeroed, a dq_wrapper first) with room for n_scratch
 *  inner observations. */
DQ_NODISCARD dq_status dq_wrapper_alloc(void **out, size_t bytes, dq_env *inner, int n_scratch);

/** Make the environment from the object. On failure the object is freed and the inner environment
 *  stays with the caller. */
DQ_NODISCARD dq_status dq_wrapper_create(dq_env **out, const dq_env_ops *ops,
                                         const dq_env_spec *spec, void *wrapper);

#endif
