/** Bars for the values of actions below a game's picture: the picture is not covered, the two
 *  together are a larger one. */
#ifndef DEEPQ_APP_VALUE_STRIP_H
#define DEEPQ_APP_VALUE_STRIP_H

#include <stddef.h>
#include <stdint.h>

#include "deepq/env.h"
#include "deepq/status.h"

typedef struct value_strip value_strip;

/** @param spec must live as long as the strip */
DQ_NODISCARD dq_status value_strip_create(value_strip **out, const dq_env_spec *spec);
/** Accepts NULL. */
void value_strip_destroy(value_strip *s);
/** The values that the next picture's bars are of. @param values float [n_actions] */
void value_strip_take(value_strip *s, int action, const float *values);
/** Put a picture above the bars.
 *  @param[in,out] image the picture; then both, the strip's until the next call */
DQ_NODISCARD dq_status value_strip_join(value_strip *s, dq_image *image);
/** The colours that bars and names have, uint8 [*n][3], in static storage. */
const uint8_t *value_strip_colours(size_t *n);

#endif
