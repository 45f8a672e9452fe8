/** ALE's color_averaging: a picture that mixes the last two frames, as palette indices.
 *
 *  Channel by channel lower + (higher - lower) * 77 / 100, then the nearest even palette entry by
 *  the sum of absolute differences, on a grid of 4. Behaviour: ALE 0.12.1. */
#ifndef DEEPQ_ATARI_COLOUR_AVERAGE_H
#define DEEPQ_ATARI_COLOUR_AVERAGE_H

#include <stddef.h>
#include <stdint.h>

typedef struct dq_colour_average {
    uint8_t mixed[128]
                 [128];  // of two palette indices halved: the index that their mixture looks like
} dq_colour_average;

/** palette: RGB of all indices, [256][3]. Cost: some milliseconds. */
void dq_colour_average_init(dq_colour_average *c, const uint8_t *palette);
/** Mix n pixels of two frames. */
void dq_colour_average_mix(const dq_colour_average *c, const uint8_t *a, const uint8_t *b,
                           uint8_t *mixed, size_t n);

#endif
