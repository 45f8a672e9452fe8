#include "record/png_file.h"

#include <stdbool.h>
#include <stdlib.h>

#include "base/atomic_file.h"
#include "base/error.h"

#if DEEPQ_WITH_PNG
#include <png.h>

enum { MAX_SIDE = 1 << 14 };

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
                       .format = channels == 1 ? PNG_FORMAT_GRAY : PNG_FORMAT_RGB};
    png_alloc_size_t size = PNG_IMAGE_PNG_SIZE_MAX(image);
    *bytes = malloc(size);
    if (!*bytes)
        return dq_fail(DQ_ERR_NOMEM, "no memory for a picture of %dx%d", width, height);
    bool made = png_image_write_to_memory(&image, *bytes, &size, 0, pixels, 0, NULL) != 0;
    png_image_free(&image);
    *n = size;
    if (made)
        return DQ_OK;
    free(*bytes);
    *bytes = NULL;
    return dq_fail(DQ_ERR_NOMEM, "cannot make a PNG: %s", image.message);
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
