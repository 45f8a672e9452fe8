/** Pictures for browsers, read back by libpng. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "web/picture_png.h"

#if DEEPQ_WITH_PNG
#include <png.h>

/** A picture in which `n_colours` colours occur, neighbours among them. */
static uint8_t *make_picture(int width, int height, int n_colours)
{
    size_t n = (size_t)width * (size_t)height;
    uint8_t *rgb = malloc(3 * n);
    assert_non_null(rgb);
    for (size_t i = 0; i < n; i++) {
        uint32_t colour = (uint32_t)(i * 7 % (size_t)n_colours) * 0x010305;
        rgb[3 * i] = (uint8_t)(colour >> 16);
        rgb[3 * i + 1] = (uint8_t)(colour >> 8);
        rgb[3 * i + 2] = (uint8_t)colour;
    }
    return rgb;
}

static void check(int width, int height, int n_colours, bool has_palette)
{
    uint8_t *rgb = make_picture(width, height, n_colours), *bytes;
    size_t n, n_pixels = (size_t)width * (size_t)height;
    assert_int_equal(dq_picture_png(rgb, width, height, &bytes, &n), DQ_OK);
    png_image read = {.version = PNG_IMAGE_VERSION};
    assert_true(png_image_begin_read_from_memory(&read, bytes, n));
    assert_int_equal(read.width, width);
    assert_int_equal(read.height, height);
    assert_int_equal((read.format & PNG_FORMAT_FLAG_COLORMAP) != 0, has_palette);
    read.format = PNG_FORMAT_RGB;
    uint8_t *back = malloc(3 * n_pixels);
    assert_true(png_image_finish_read(&read, NULL, back, 3 * width, NULL));
    assert_int_equal(read.warning_or_error, 0);
    assert_memory_equal(back, rgb, 3 * n_pixels);
    free(back);
    free(bytes);
    free(rgb);
}

static void libpng_reads_the_same_pixels(void **state)
{
    (void)state;
    check(1, 1, 1, true);
    check(160, 210, 2, true);
    check(160, 250, 128, true);
    check(37, 41, 256, true);
    check(37, 41, 257, false);
    check(160, 210, 5000, false);
    check(4096, 2, 8192, false);
}
#else
static void libpng_reads_the_same_pixels(void **state)
{
    (void)state;
    print_message("SKIP: built without libpng\n");
    skip();
}
#endif

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(libpng_reads_the_same_pixels)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
