/** PNG pictures. */
#ifndef DEEPQ_RECORD_PNG_FILE_H
#define DEEPQ_RECORD_PNG_FILE_H

#include <stdint.h>

#include "deepq/status.h"

/** Write a picture, atomically. @param pixels uint8 [height][width][channels]
 *  @param channels 3: RGB (sRGB), 1: grey
 *  @return DQ_ERR_CONFIG for an impossible size, DQ_ERR_UNSUPPORTED when built without libpng. */
DQ_NODISCARD dq_status dq_png_write(const char *path, const uint8_t *pixels, int width, int height,
                                    int channels);

#endif
