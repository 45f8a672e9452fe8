/** PNG pictures. */
#ifndef DEEPQ_RECORD_PNG_FILE_H
#define DEEPQ_RECORD_PNG_FILE_H

#include <stddef.h>
#include <stdint.h>

#include "deepq/status.h"

/** Make a PNG.
 *  @param[out] bytes uint8 [*n], to be freed with free(); NULL on failure
 *  @param pixels uint8 [height][width][channels]
 *  @param channels 3: RGB (sRGB), 1: grey
 *  @return DQ_ERR_CONFIG for an impossible size, DQ_ERR_UNSUPPORTED when built without libpng. */
DQ_NODISCARD dq_status dq_png_make(uint8_t **bytes, size_t *n, const uint8_t *pixels, int width,
                                   int height, int channels);
/** Write a picture, atomically. @param pixels uint8 [height][width][channels]
 *  @param channels 3: RGB (sRGB), 1: grey
 *  @return DQ_ERR_CONFIG for an impossible size, DQ_ERR_UNSUPPORTED when built without libpng. */
DQ_NODISCARD dq_status dq_png_write(const char *path, const uint8_t *pixels, int width, int height,
                                    int channels);

#endif
