/** Gymnasium's classic control with discrete actions: CartPole, MountainCar, Acrobot. */
#ifndef DEEPQ_ENV_CLASSIC_CONTROL_H
#define DEEPQ_ENV_CLASSIC_CONTROL_H

#include <stddef.h>
#include <stdint.h>

#include "deepq/env.h"

/** Id number i, or NULL past the last one. Static storage. */
const char *dq_classic_control_id(size_t i);
/** The environment of id number i. */
DQ_NODISCARD dq_status dq_classic_control_create(dq_env **out, size_t i, uint64_t seed);

#endif
