/** Pictures of few colours as indices into a palette, exactly: what a GIF is made of, and a small
 * PNG. */
#ifndef DEEPQ_RECORD_PALETTE_H
#define DEEPQ_RECORD_PALETTE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    DQ_PALETTE_COLOURS = 255
};  // and one that is clear, where a picture of a GIF is as the one before

typedef struct dq_palette {
    uint32_t argb[DQ_PALETTE_COLOURS + 1];  // 0xAARRGGBB; the last one is the clear one, 0
    int n;                                  // colours so far
    uint16_t slot[1024];                    // index + 1 by a hash of the colour; 0: free
} dq_palette;

/** Begin with these colours, as many as there is room for.
 *  @param rgb uint8 [n][3]; a colour may be there more than once */
void dq_palette_init(dq_palette *p, const uint8_t *rgb, size_t n);
/** The indices of a picture's pixels. Colours that are new are added; where there is no room for
 *  all, the palette becomes that of this picture.
 *  @param rgb uint8 [n][3]
 *  @param[out] indices uint8 [n]
 *  @return false for a picture of more than DQ_PALETTE_COLOURS colours */
bool dq_palette_map(dq_palette *p, const uint8_t *rgb, size_t n, uint8_t *indices);

#endif
