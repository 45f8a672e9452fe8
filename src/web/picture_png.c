#include "web/picture_png.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "base/error.h"

enum { MAX_COLOURS = 256, N_SLOTS = 1024, CHUNK_FRAME = 12 };

/** The colours of a picture, found by hashing. */
typedef struct palette {
    uint8_t rgb[MAX_COLOURS][3];
    int n;
    int16_t slot[N_SLOTS];  // index of a colour, -1: free
} palette;

static bool is_colour(const palette *p, int index, const uint8_t *rgb)
{
    return memcmp(p->rgb[index], rgb, 3) == 0;
}

/** The index of a colour, which is added when it is new; -1: there are too many. */
static int index_of(palette *p, const uint8_t *rgb)
{
    uint32_t code = (uint32_t)rgb[0] << 16 | (uint32_t)rgb[1] << 8 | rgb[2];
    uint32_t at = code * 2654435761u >> 22;
    while (p->slot[at] >= 0 && !is_colour(p, p->slot[at], rgb))
        at = (at + 1) % N_SLOTS;
    if (p->slot[at] >= 0)
        return p->slot[at];
    if (p->n == MAX_COLOURS)
        return -1;
    memcpy(p->rgb[p->n], rgb, 3);
    p->slot[at] = (int16_t)p->n;
    return p->n++;
}

/** Rows as PNG has them: a filter byte, here none, then the pixels as indices.
 *  @return false when there are too many colours */
static bool index_rows(palette *p, const uint8_t *rgb, int width, int height, uint8_t *rows)
{
    p->n = 0;
    memset(p->slot, -1, sizeof(p->slot));
    for (int y = 0; y < height; y++) {
        *rows++ = 0;
        for (int x = 0; x < width; x++, rgb += 3) {
            int index = index_of(p, rgb);
            if (index < 0)
                return false;
            *rows++ = (uint8_t)index;
        }
    }
    return true;
}

static void rgb_rows(const uint8_t *rgb, int width, int height, uint8_t *rows)
{
    size_t bytes = 3 * (size_t)width;
    for (int y = 0; y < height; y++, rgb += bytes, rows += bytes) {
        *rows++ = 0;
        memcpy(rows, rgb, bytes);
    }
}

static uint8_t *put_u32(uint8_t *to, uint32_t v)
{
    for (int shift = 24; shift >= 0; shift -= 8)
        *to++ = (uint8_t)(v >> shift);
    return to;
}

/** A chunk around n bytes that are at to + 8 already. @return its end */
static uint8_t *close_chunk(uint8_t *to, const char *type, size_t n)
{
    put_u32(to, (uint32_t)n);
    memcpy(to + 4, type, 4);
    uint32_t crc = (uint32_t)crc32(crc32(0, NULL, 0), to + 4, (uInt)n + 4);
    return put_u32(to + 8 + n, crc);
}

static uint8_t *put_head(uint8_t *to, int width, int height, const palette *p)
{
    static const uint8_t signature[8] = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1A, '\n'};
    memcpy(to, signature, sizeof(signature));
    to += sizeof(signature);
    uint8_t *rest = put_u32(put_u32(to + 8, (uint32_t)width), (uint32_t)height);
    const uint8_t kind[5] = {8, p->n > 0 ? 3 : 2, 0, 0, 0};  // bits, palette or RGB
    memcpy(rest, kind, sizeof(kind));
    to = close_chunk(to, "IHDR", 13);
    if (p->n == 0)
        return to;
    memcpy(to + 8, p->rgb, 3 * (size_t)p->n);
    return close_chunk(to, "PLTE", 3 * (size_t)p->n);
}

dq_status dq_picture_png(const uint8_t *rgb, int width, int height, uint8_t **png, size_t *n)
{
    palette colours;
    size_t n_rows = (size_t)height * (3 * (size_t)width + 1);
    uint8_t *rows = malloc(n_rows);
    uLong bound = compressBound((uLong)n_rows);
    *png = malloc((size_t)bound + sizeof(colours.rgb) + 8 + 4 * CHUNK_FRAME + 13);
    if (!rows || !*png)
        goto fail;
    if (index_rows(&colours, rgb, width, height, rows)) {
        n_rows = (size_t)height * ((size_t)width + 1);
    } else {
        colours.n = 0;
        rgb_rows(rgb, width, height, rows);
    }
    uint8_t *to = put_head(*png, width, height, &colours);
    if (compress2(to + 8, &bound, rows, (uLong)n_rows, Z_BEST_SPEED) != Z_OK)
        goto fail;
    to = close_chunk(close_chunk(to, "IDAT", bound), "IEND", 0);
    *n = (size_t)(to - *png);
    free(rows);
    return DQ_OK;
fail:
    free(rows);
    free(*png);
    *png = NULL;
    return dq_fail(DQ_ERR_NOMEM, "no memory for a picture of %d x %d pixels", width, height);
}
