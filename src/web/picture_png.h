/** Pictures as PNG in memory, as browsers take them. */
#ifndef DEEPQ_WEB_PICTURE_PNG_H
#define DEEPQ_WEB_PICTURE_PNG_H

#include <stddef.h>
#include <stdint.h>

#include "deepq/status.h"

/** Compress a picture, as fast as zlib can: up to 256 colours as a palette, which all of the
 * console are, else RGB. It is not for files: those are record/png_file.h's, of the best
 * compression.
 *  @param rgb uint8 [height][width][3]
 *  @param width, height 1 to 4096 pixels
 *  @param[out] png [*n], to be freed by the caller; NULL on failure
 *  @return DQ_OK or DQ_ERR_NOMEM. Source: PNG specification, second edition, ISO 15948. */
DQ_NODISCARD dq_status dq_picture_png(const uint8_t *rgb, int width, int height, uint8_t **png,
                                      size_t *n);

#endif
