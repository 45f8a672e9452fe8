#include "record/palette.h"

#include <string.h>

#include "base/error.h"

static uint32_t colour_of(const uint8_t *rgb)
{
    return 0xff000000u | (uint32_t)rgb[0] << 16 | (uint32_t)rgb[1] << 8 | rgb[2];
}

/** The slot of a colour, or the free one where it belongs: slots are four times as many as colours,
 *  so there is one. */
static uint16_t *find(dq_palette *p, uint32_t argb)
{
    size_t i = argb * 2654435761u >> 22;  // Knuth's multiplicative hash, 10 bits of it
    while (p->slot[i] && p->argb[p->slot[i] - 1] != argb)
        i = (i + 1) % DQ_COUNT(p->slot);
    return &p->slot[i];
}

/** @return false where it is new and there is no room */
static bool index_of(dq_palette *p, const uint8_t *rgb, uint8_t *index)
{
    uint32_t argb = colour_of(rgb);
    uint16_t *slot = find(p, argb);
    if (!*slot) {
        if (p->n == DQ_PALETTE_COLOURS)
            return false;
        p->argb[p->n++] = argb;
        *slot = (uint16_t)p->n;
    }
    *index = (uint8_t)(*slot - 1);
    return true;
}

static bool map(dq_palette *p, const uint8_t *rgb, size_t n, uint8_t *indices)
{
    for (size_t i = 0; i < n; i++) {
        bool is_same = i > 0 && memcmp(rgb + 3 * i, rgb + 3 * i - 3, 3) == 0;
        if (is_same)
            indices[i] = indices[i - 1];
        else if (!index_of(p, rgb + 3 * i, indices + i))
            return false;
    }
    return true;
}

void dq_palette_init(dq_palette *p, const uint8_t *rgb, size_t n)
{
    uint8_t index;
    memset(p, 0, sizeof(*p));
    for (int i = 0; i < DQ_PALETTE_COLOURS; i++)
        p->argb[i] = 0xff000000u;  // FFmpeg takes the first clear one, which has to stay the same
    for (size_t i = 0; i < n && index_of(p, rgb + 3 * i, &index); i++)
        ;
}

bool dq_palette_map(dq_palette *p, const uint8_t *rgb, size_t n, uint8_t *indices)
{
    if (map(p, rgb, n, indices))
        return true;
    dq_palette_init(p, NULL, 0);
    return map(p, rgb, n, indices);
}
