/** Cartridge images. Sessions that play the same bytes share one image, whichever thread they are
 *  on: an image takes its size nine times, which of 16 KiB is more than the rest of a console. */
#ifndef DEEPQ_ATARI_IMAGE_H
#define DEEPQ_ATARI_IMAGE_H

#include <stddef.h>
#include <stdint.h>

#include "atari/cart_types.h"
#include "atari/m6507.h"

typedef struct dq_image_shared {
    const uint8_t *rom;  // [n], 256-byte pages on such addresses
    const dq_op *ops;    // [n] what does the instruction at each place, in the quick engine
    size_t n;
    dq_cart_type type;
} dq_image_shared;

/** The image of these bytes, made or found; NULL without memory for it. Every one that is taken is
 *  given back. */
const dq_image_shared *dq_image_take(const void *rom, size_t n, dq_cart_type type);
/** NULL is nothing. */
void dq_image_give_back(const dq_image_shared *image);

#endif
