/** From palette indices to bytes of colour or grey, whole pictures at a time. */
#ifndef DEEPQ_PYTHON_PY_PAINT_H
#define DEEPQ_PYTHON_PY_PAINT_H

#include <stddef.h>
#include <stdint.h>

/** @param[out] out [rows][160][3]
 *  @param indices  [rows][160]
 *  @param palette  [256][3] */
void dq_py_paint_rgb(uint8_t *out, const uint8_t *indices, size_t rows, const uint8_t *palette);
/** @param[out] out [rows][160]
 *  @param grey     [256] */
void dq_py_paint_grey(uint8_t *out, const uint8_t *indices, size_t rows, const uint8_t *grey);

#endif
