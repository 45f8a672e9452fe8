/** PNG files, read back by libpng's own reader. */
#include "temp_folder.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "record/png_file.h"

#if DEEPQ_WITH_PNG
#include <png.h>

enum { WIDTH = 160, HEIGHT = 210 };

static uint8_t pixels[HEIGHT * WIDTH * 3];

static void fill_pixels(void)
{
    for (size_t i = 0; i < sizeof(pixels); i++)
        pixels[i] = (uint8_t)(i * 7 + i / 480 * 13);
}

static void assert_png(const char *path, int channels)
{
    static uint8_t read[sizeof(pixels)];
    png_image image = {.version = PNG_IMAGE_VERSION};
    assert_true(png_image_begin_read_from_file(&image, path));
    assert_int_equal(image.width, WIDTH);
    assert_int_equal(image.height, HEIGHT);
    assert_int_equal(image.format, channels == 3 ? PNG_FORMAT_RGB : PNG_FORMAT_GRAY);
    assert_true(png_image_finish_read(&image, NULL, read, 0, NULL));
    assert_memory_equal(read, pixels, (size_t)(WIDTH * HEIGHT * channels));
}

static void pictures_come_back_as_they_were(void **state)
{
    (void)state;
    fill_pixels();
    assert_int_equal(dq_png_write(temp_path("rgb.png"), pixels, WIDTH, HEIGHT, 3), DQ_OK);
    assert_png(temp_path("rgb.png"), 3);
    assert_int_equal(dq_png_write(temp_path("grey.png"), pixels, WIDTH, HEIGHT, 1), DQ_OK);
    assert_png(temp_path("grey.png"), 1);
}

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

static void check_made(int width, int height, int n_colours, bool has_palette)
{
    uint8_t *rgb = make_picture(width, height, n_colours), *bytes;
    size_t n, n_pixels = (size_t)width * (size_t)height;
    assert_int_equal(dq_png_make(&bytes, &n, rgb, width, height, 3), DQ_OK);
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

static void few_colours_become_a_palette(void **state)
{
    (void)state;
    check_made(1, 1, 1, true);
    check_made(160, 210, 2, true);
    check_made(160, 250, 128, true);
    check_made(37, 41, 255, true);
    check_made(37, 41, 256, false);
    check_made(160, 210, 5000, false);
    check_made(4096, 2, 8192, false);
}

static void impossible_pictures_are_refused(void **state)
{
    (void)state;
    static const int bad[][3] = {{0, 1, 3}, {1, -1, 3}, {1, 1 << 15, 3}, {1, 1, 2}, {1, 1, 4}};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_int_equal(dq_png_write(temp_path("x.png"), pixels, bad[i][0], bad[i][1], bad[i][2]),
                         DQ_ERR_CONFIG);
    assert_int_not_equal(access(temp_path("x.png"), F_OK), 0);
    assert_int_equal(dq_png_write(temp_path("no/x.png"), pixels, 1, 1, 3), DQ_ERR_NOT_FOUND);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_TEMP_FOLDER(pictures_come_back_as_they_were),
        cmocka_unit_test(few_colours_become_a_palette),
        IN_TEMP_FOLDER(impossible_pictures_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

#else

static void it_says_what_is_missing(void **state)
{
    (void)state;
    assert_int_equal(dq_png_write(temp_path("x.png"), NULL, 1, 1, 3), DQ_ERR_UNSUPPORTED);
    assert_non_null(strstr(dq_errmsg(), "without libpng"));
    assert_int_not_equal(access(temp_path("x.png"), F_OK), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {IN_TEMP_FOLDER(it_says_what_is_missing)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

#endif
