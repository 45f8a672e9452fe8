/** From palette indices to bytes of colour or grey, whole pictures at a time. */
#ifndef DEEPQ_PYTHON_PY_PAINT_H
#define DEEPQ_PYTHON_PY_PAINT_H

#include <stddef.h>
#include <stdint.h>

/** @param[out] out [n][3]
 *  @param n        pixels, a multiple of 4
 *  @param palette  [256][3] */
void dq_py_paint_rgb(uint8_t *out, const uint8_t *indices, size_t n, const uint8_t *palette);
/** @param[out] out [n]
 *  @param grey     [256] */
void dq_py_paint_grey(uint8_t *out, const uint8_t *indices, size_t n, const uint8_t *grey);

#endif
