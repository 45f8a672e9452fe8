/** Pictures of few colours as indices into a palette, exactly: what a GIF is made of. */
#ifndef DEEPQ_RECORD_GIF_PALETTE_H
#define DEEPQ_RECORD_GIF_PALETTE_H

#include <stddef.h>
#include <stdint.h>

#include "deepq/status.h"

enum { DQ_GIF_COLOURS = 255 };  // and one that is clear, where a picture is as the one before

typedef struct dq_gif_palette {
    uint32_t argb[DQ_GIF_COLOURS + 1];  // 0xAARRGGBB; the last one is the clear one, 0
    int n;                              // colours so far
    uint16_t slot[1024];                // index + 1 by a hash of the colour; 0: free
} dq_gif_palette;

/** Begin with these colours, as many as there is room for.
 *  @param rgb uint8 [n][3]; a colour may be there more than once */
void dq_gif_palette_init(dq_gif_palette *p, const uint8_t *rgb, size_t n);
/** The indices of a picture's pixels. Colours that are new are added; where there is no room for
 *  all, the palette becomes that of this picture.
 *  @param rgb uint8 [n][3]
 *  @param[out] indices uint8 [n]
 *  @return DQ_OK; DQ_ERR_UNSUPPORTED for a picture of more than DQ_GIF_COLOURS colours */
DQ_NODISCARD dq_status dq_gif_palette_map(dq_gif_palette *p, const uint8_t *rgb, size_t n,
                                          uint8_t *indices);

#endif
