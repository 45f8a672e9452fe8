/** Pictures as a terminal's text, against cells made by hand. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "app/half_blocks.h"

enum { CELLS = 4 };

static const uint8_t upper[CELLS][3] = {{255, 0, 0}, {255, 0, 0}, {8, 8, 8}, {0, 0, 0}};
static const uint8_t lower[CELLS][3] = {
    {0, 0, 255}, {100, 100, 100}, {100, 100, 100}, {95, 135, 215}};

static void assert_row(terminal_colours colours, const char *want)
{
    char text[CELLS * HALF_BLOCKS_CELL_BYTES + HALF_BLOCKS_END_BYTES];
    size_t n = half_blocks_row(text, upper[0], lower[0], CELLS, colours);
    assert_string_equal(text, want);
    assert_int_equal(n, strlen(want));
}

/** A colour is said only where it changes: red stays above in the second cell, grey below in the
 *  third. */
static void rows_say_two_colours_a_cell(void **state)
{
    (void)state;
    assert_row(COLOURS_24BIT, "\033[38;2;255;0;0m\033[48;2;0;0;255m▀"
                              "\033[48;2;100;100;100m▀"
                              "\033[38;2;8;8;8m▀"
                              "\033[38;2;0;0;0m\033[48;2;95;135;215m▀\033[0m");
    // 196 = 16 + 36 * 5, 21 = 16 + 5; 241 = 232 + 9: 98; 232: 8; 16: black; 68 = 16 + 36 + 12 + 4
    assert_row(COLOURS_256, "\033[38;5;196m\033[48;5;21m▀"
                            "\033[48;5;241m▀"
                            "\033[38;5;232m▀"
                            "\033[38;5;16m\033[48;5;68m▀\033[0m");
    // 8 bright red, blue, bright black, black, bright blue (92, 92, 255)
    assert_row(COLOURS_16, "\033[91m\033[44m▀"
                           "\033[100m▀"
                           "\033[30m▀"
                           "\033[30m\033[104m▀\033[0m");
}

/** Luma 0.299 R + 0.587 G + 0.114 B of both pixels, in tenths: (76 + 29) / 2 = 53, (76 + 100) / 2 =
 *  88, (8 + 100) / 2 = 54, 132 / 2 = 66 of 255. */
static void without_colours_brightness_is_a_character(void **state)
{
    (void)state;
    assert_row(COLOURS_NONE, ":-::");
    static const uint8_t ends[2][3] = {{0, 0, 0}, {255, 255, 255}};
    char text[2 * HALF_BLOCKS_CELL_BYTES + HALF_BLOCKS_END_BYTES];
    assert_int_equal(half_blocks_row(text, ends[0], ends[0], 2, COLOURS_NONE), 2);
    assert_string_equal(text, " @");
}

static void the_longest_cell_has_room(void **state)
{
    static const uint8_t bright[2][3] = {{200, 201, 202}, {203, 204, 205}};
    char text[2 * HALF_BLOCKS_CELL_BYTES + HALF_BLOCKS_END_BYTES];
    (void)state;
    size_t n = half_blocks_row(text, bright[0], bright[0], 2, COLOURS_24BIT);
    assert_int_equal(n, 2 * (19 + 19 + 3) + 4);
}

static void environment_variables_say_the_colours(void **state)
{
    (void)state;
    assert_int_equal(half_blocks_colours(NULL, "truecolor", "xterm-256color"), COLOURS_24BIT);
    assert_int_equal(half_blocks_colours("", "24bit", "xterm"), COLOURS_24BIT);
    assert_int_equal(half_blocks_colours(NULL, "yes", "tmux-256color"), COLOURS_256);
    assert_int_equal(half_blocks_colours(NULL, NULL, "linux"), COLOURS_16);
    assert_int_equal(half_blocks_colours("1", "truecolor", "xterm-256color"), COLOURS_NONE);
    assert_int_equal(half_blocks_colours(NULL, "truecolor", "dumb"), COLOURS_NONE);
    assert_int_equal(half_blocks_colours(NULL, NULL, NULL), COLOURS_NONE);
}

/** 3x2 pixels as 2x1: the left one is the first column and half of the second. */
static void a_smaller_picture_has_means(void **state)
{
    static const uint8_t pixels[2][3][3] = {{{30, 0, 0}, {60, 0, 255}, {90, 0, 255}},
                                            {{0, 0, 0}, {0, 12, 255}, {0, 3, 255}}};
    static const uint8_t want[2][3] = {{20, 2, 85}, {40, 3, 255}};
    const dq_image image = {pixels[0][0], 3, 2};
    uint8_t got[2][3];
    (void)state;
    half_blocks_scale(&image, 2, 1, got[0]);
    assert_memory_equal(got, want, sizeof(want));
}

static void a_larger_picture_repeats_pixels(void **state)
{
    static const uint8_t pixels[2][3] = {{1, 2, 3}, {4, 5, 6}};
    static const uint8_t want[2][4][3] = {{{1, 2, 3}, {1, 2, 3}, {4, 5, 6}, {4, 5, 6}},
                                          {{1, 2, 3}, {1, 2, 3}, {4, 5, 6}, {4, 5, 6}}};
    const dq_image image = {pixels[0], 2, 1};
    uint8_t got[2][4][3];
    (void)state;
    half_blocks_scale(&image, 4, 2, got[0][0]);
    assert_memory_equal(got, want, sizeof(want));
}

/** xterm's colours by its formulas; each of its 240 own colours is nearest to itself, and no other
 *  is nearer than the chosen one to any of many. */
static void the_nearest_of_256_colours_is_chosen(void **state)
{
    static const int steps[6] = {0, 95, 135, 175, 215, 255};
    int table[256][3];
    (void)state;
    for (int i = 16; i < 256; i++)
        for (int c = 0; c < 3; c++)
            table[i][c] = i >= 232 ? 8 + 10 * (i - 232)
                                   : steps[(i - 16) /
                                           (c == 0   ? 36
                                            : c == 1 ? 6
                                                     : 1) %
                                           6];
    for (int n = 0; n < 4096; n++) {
        const uint8_t rgb[3] = {(uint8_t)(n / 256 * 17), (uint8_t)(n / 16 % 16 * 17),
                                (uint8_t)(n % 16 * 17)};
        char text[HALF_BLOCKS_CELL_BYTES + HALF_BLOCKS_END_BYTES];
        int chosen, best = INT32_MAX, got = 0;
        half_blocks_row(text, rgb, rgb, 1, COLOURS_256);
        assert_int_equal(sscanf(text, "\033[38;5;%dm", &chosen), 1);
        for (int i = 16; i < 256; i++) {
            int d = 0;
            for (int c = 0; c < 3; c++)
                d += (table[i][c] - rgb[c]) * (table[i][c] - rgb[c]);
            best = d < best ? d : best;
            got = i == chosen ? d : got;
        }
        assert_int_equal(got, best);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_say_two_colours_a_cell),
        cmocka_unit_test(without_colours_brightness_is_a_character),
        cmocka_unit_test(the_longest_cell_has_room),
        cmocka_unit_test(environment_variables_say_the_colours),
        cmocka_unit_test(a_smaller_picture_has_means),
        cmocka_unit_test(a_larger_picture_repeats_pixels),
        cmocka_unit_test(the_nearest_of_256_colours_is_chosen),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
