#include "record/png_file.h"

#include <stdbool.h>
#include <stdlib.h>

#include "base/atomic_file.h"
#include "base/error.h"

#if DEEPQ_WITH_PNG
#include <png.h>

#include "record/palette.h"

enum { MAX_SIDE = 1 << 14 };

/** A picture of few colours is a byte a pixel, which is a third of the work and of the file.
 *  @param[out] colours [n][3]
 *  @return uint8 [height][width], to be freed; NULL: it stays RGB */
static uint8_t *to_indices(png_image *image, const uint8_t *rgb,
                           uint8_t colours[3 * DQ_PALETTE_COLOURS])
{
    size_t n = (size_t)image->width * image->height;
    dq_palette palette;
    uint8_t *indices = malloc(n);
    dq_palette_init(&palette, NULL, 0);
    if (!indices || !dq_palette_map(&palette, rgb, n, indices)) {
        free(indices);
        return NULL;
    }
    for (int i = 0; i < palette.n; i++)
        for (int c = 0; c < 3; c++)
            colours[3 * i + c] = (uint8_t)(palette.argb[i] >> (16 - 8 * c));
    image->format = PNG_FORMAT_RGB_COLORMAP;
    image->colormap_entries = (png_uint_32)palette.n;
    return indices;
}

static dq_status pack(png_image *image, const uint8_t *pixels, const uint8_t *colours,
                      uint8_t **bytes, size_t *n)
{
    png_alloc_size_t size = PNG_IMAGE_PNG_SIZE_MAX(*image);
    *bytes = malloc(size);
    if (!*bytes)
        return dq_fail(DQ_ERR_NOMEM, "no memory for a picture of %ux%u", image->width,
                       image->height);
    bool made = png_image_write_to_memory(image, *bytes, &size, 0, pixels, 0, colours) != 0;
    png_image_free(image);
    *n = size;
    if (made)
        return DQ_OK;
    free(*bytes);
    *bytes = NULL;
    return dq_fail(DQ_ERR_NOMEM, "cannot make a PNG: %s", image->message);
}

dq_status dq_png_make(uint8_t **bytes, size_t *n, const uint8_t *pixels, int width, int height,
                      int channels)
{
    *bytes = NULL;
    if (width < 1 || height < 1 || width > MAX_SIDE || height > MAX_SIDE ||
        (channels != 1 && channels != 3))
        return dq_fail(DQ_ERR_CONFIG, "a picture of %dx%d with %d channels cannot be a PNG", width,
                       height, channels);
    png_image image = {.version = PNG_IMAGE_VERSION,
                       .width = (png_uint_32)width,
                       .height = (png_uint_32)height,
                       .format = channels == 1 ? PNG_FORMAT_GRAY : PNG_FORMAT_RGB,
                       .flags = PNG_IMAGE_FLAG_FAST};
    uint8_t colours[3 * DQ_PALETTE_COLOURS];
    uint8_t *indices = channels == 3 ? to_indices(&image, pixels, colours) : NULL;
    dq_status st = pack(&image, indices ? indices : pixels, colours, bytes, n);
    free(indices);
    return st;
}

#else

dq_status dq_png_make(uint8_t **bytes, size_t *n, const uint8_t *pixels, int width, int height,
                      int channels)
{
    (void)n, (void)pixels, (void)width, (void)height, (void)channels;
    *bytes = NULL;
    return dq_fail(DQ_ERR_UNSUPPORTED, "this deepq was built without libpng; install libpng-dev "
                                       "and build it again");
}

#endif

dq_status dq_png_write(const char *path, const uint8_t *pixels, int width, int height, int channels)
{
    uint8_t *bytes;
    size_t n = 0;
    dq_status st = dq_png_make(&bytes, &n, pixels, width, height, channels);
    if (st != DQ_OK)
        return dq_fail_within(st, "cannot write %s", path);
    st = dq_file_write(path, bytes, n);
    free(bytes);
    return st;
}
