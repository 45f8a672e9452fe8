#include "atari/colour_average.h"

#include <stdlib.h>

static int mix_channel(int a, int b)
{
    int low = a < b ? a : b, high = a < b ? b : a;
    return (high - low) * 77 / 100 + low;
}

/** The even palette entry nearest to a colour; the first of equally near ones. */
static uint8_t nearest(const uint8_t *palette, const int rgb[3])
{
    int best = 0, least = 3 * 256;
    for (int i = 0; i < 256; i += 2) {
        const uint8_t *p = palette + 3 * i;
        int distance = abs(p[0] - rgb[0]) + abs(p[1] - rgb[1]) + abs(p[2] - rgb[2]);
        if (distance < least) {
            least = distance;
            best = i;
        }
    }
    return (uint8_t)best;
}

void dq_colour_average_init(dq_colour_average *c, const uint8_t *palette)
{
    for (int i = 0; i < 128; i++)
        for (int k = 0; k < 128; k++) {
            int rgb[3];
            for (int channel = 0; channel < 3; channel++)
                rgb[channel] = mix_channel(palette[6 * i + channel], palette[6 * k + channel]) & ~3;
            c->mixed[i][k] = nearest(palette, rgb);
        }
}

void dq_colour_average_mix(const dq_colour_average *c, const uint8_t *a, const uint8_t *b,
                           uint8_t *mixed, size_t n)
{
    for (size_t i = 0; i < n; i++)
        mixed[i] = c->mixed[a[i] >> 1][b[i] >> 1];
}
