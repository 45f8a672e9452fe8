#include "record/png_file.h"

#include <stdlib.h>

#include "base/atomic_file.h"
#include "base/error.h"

#if DEEPQ_WITH_PNG
#include <png.h>

enum { MAX_SIDE = 1 << 14 };

dq_status dq_png_write(const char *path, const uint8_t *pixels, int width, int height, int channels)
{
    if (width < 1 || height < 1 || width > MAX_SIDE || height > MAX_SIDE ||
        (channels != 1 && channels != 3))
        return dq_fail(DQ_ERR_CONFIG, "a picture of %dx%d with %d channels cannot be a PNG", width,
                       height, channels);
    png_image image = {.version = PNG_IMAGE_VERSION,
                       .width = (png_uint_32)width,
                       .height = (png_uint_32)height,
                       .format = channels == 1 ? PNG_FORMAT_GRAY : PNG_FORMAT_RGB};
    png_alloc_size_t n = PNG_IMAGE_PNG_SIZE_MAX(image);
    void *bytes = malloc(n);
    if (!bytes)
        return dq_fail(DQ_ERR_NOMEM, "no memory for a picture of %dx%d", width, height);
    dq_status st = png_image_write_to_memory(&image, bytes, &n, 0, pixels, 0, NULL)
                       ? dq_file_write(path, bytes, n)
                       : dq_fail(DQ_ERR_NOMEM, "cannot make %s: %s", path, image.message);
    png_image_free(&image);
    free(bytes);
    return st;
}

#else

dq_status dq_png_write(const char *path, const uint8_t *pixels, int width, int height, int channels)
{
    (void)pixels, (void)width, (void)height, (void)channels;
    return dq_fail(DQ_ERR_UNSUPPORTED,
                   "cannot write %s: this deepq was built without libpng; install libpng-dev and "
                   "build it again",
                   path);
}

#endif
