/** The model that comes with the program: Pong, the network `small`, the preset `fast`. */
#ifndef DEEPQ_APP_DEMO_MODEL_H
#define DEEPQ_APP_DEMO_MODEL_H

#include <stddef.h>

/** The bytes of data/models/pong.dat. */
const void *demo_model(size_t *n);

#endif
