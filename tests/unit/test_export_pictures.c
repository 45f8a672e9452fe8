/** The preprocessing of an exported C file against the environments' own: screens of every colour.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "atari/games.h"
#include "deepq/rng.h"
#include "env/book_frame.h"
#include "env/small_frame.h"

/* What the file has around its fixed parts, here so that it can be changed. */
enum { MODEL_WIDTH = 160, MODEL_SIDE = 84, MODEL_STACK = 4, MODEL_ACTIONS = 1 };
enum { MODEL_BOOK, MODEL_BYTES, MODEL_COLOURS, MODEL_ALE };
static int way, repeats;
#define MODEL_GREY way
#define MODEL_REPEATS repeats
#define MODEL_INT8 0
#define MODEL_HAS_C51 0
#define MODEL_TAKES_BYTES 1
#define MODEL_TAKES_FLOATS 0
#include "export/c_network.inc"

typedef struct model_player {
    unsigned char pictures[MODEL_STACK][MODEL_SIDE][MODEL_SIDE];
    int has_begun;
    float x[MODEL_STACK * MODEL_SIDE * MODEL_SIDE], y[1], sums[1];
} model_player;

typedef struct model_cell {
    unsigned char first, n;
    float weight[4];
} model_cell;

static model_cell model_columns[MODEL_SIDE], model_rows[MODEL_SIDE];
static unsigned char model_palette[768];
static const model_net model_network;

void model_begin(model_player *m);
void model_see_rgb(model_player *m, const unsigned char *before, const unsigned char *last);
void model_see_palette(model_player *m, const unsigned char *before, const unsigned char *last);
void model_see_picture(model_player *m, const unsigned char *picture);
void model_values(model_player *m, float *q);
int model_act(model_player *m);
#include "export/c_best.inc"
#include "export/c_picture.inc"

enum { MAX_SCREEN = DQ_FRAME84_MAX_HEIGHT * MODEL_WIDTH };
static uint8_t screens[2][MAX_SCREEN], rgb[2][3 * MAX_SCREEN];
static model_player player;
static dq_small_frame small;
static dq_book_frame book;

static void copy_cells(model_cell *to, const dq_area_cell *from)
{
    for (int i = 0; i < MODEL_SIDE; i++) {
        to[i].first = from[i].first;
        to[i].n = from[i].n;
        memcpy(to[i].weight, from[i].weight, sizeof(to[i].weight));
    }
}

static void take_plan(const dq_frame84_plan *plan)
{
    copy_cells(model_columns, plan->x);
    copy_cells(model_rows, plan->y);
}

/** Half of each screen are single pixels, the other half stripes of eight. The console has even
 *  indices alone. */
static void draw_screens(dq_rng *rng, int height)
{
    for (int s = 0; s < 2; s++)
        for (int i = 0; i < height * MODEL_WIDTH; i++) {
            bool is_new = i % 8 == 0 || i / MODEL_WIDTH < height / 2;
            screens[s][i] = is_new ? (uint8_t)(2 * dq_rng_below(rng, 128)) : screens[s][i - 1];
        }
    for (int s = 0; s < 2; s++)
        for (int i = 0; i < height * MODEL_WIDTH; i++)
            memcpy(rgb[s] + 3 * i, model_palette + 3 * screens[s][i], 3);
}

static const uint8_t *expected(const dq_palette *palette, int height)
{
    static const dq_small_grey greys[] = {[MODEL_BYTES] = DQ_SMALL_RGB,
                                          [MODEL_COLOURS] = DQ_SMALL_RGB_FIRST,
                                          [MODEL_ALE] = DQ_SMALL_ALE};
    const uint8_t *both[] = {screens[0], screens[1]};
    if (way == MODEL_BOOK) {
        dq_book_frame_init(&book, palette->rgb, height);
        size_t above = (size_t)book.plan.first_row * MODEL_WIDTH;
        dq_book_frame_make(&book, both[0] + above, both[1] + above, NULL);
        take_plan(&book.plan);
        return book.frame[0];
    }
    dq_small_frame_init(&small, greys[way], false, palette->rgb, palette->grey, height);
    dq_small_frame_make(&small, both, 2, NULL);
    take_plan(&small.plan);
    return small.frame[0];
}

static void pictures_are_the_same_bytes(void **state)
{
    (void)state;
    const dq_palette *palettes[] = {&dq_palette_ntsc, &dq_palette_pal};
    dq_rng rng = dq_rng_stream(1, "screens");
    for (int p = 0; p < 2; p++)
        for (int height = 210; height <= 250; height += 40)
            for (way = MODEL_BOOK; way <= MODEL_ALE; way++) {
                memcpy(model_palette, palettes[p]->rgb, sizeof(model_palette));
                draw_screens(&rng, height);
                const uint8_t *want = expected(palettes[p], height);
                const uint8_t *newest = player.pictures[MODEL_STACK - 1][0];
                model_begin(&player);
                model_see_palette(&player, screens[0], screens[1]);
                assert_memory_equal(newest, want, sizeof(player.pictures[0]));
                model_see_rgb(&player, rgb[0], rgb[1]);
                assert_memory_equal(newest, want, sizeof(player.pictures[0]));
            }
}

static void the_first_picture_fills_the_state_or_does_not(void **state)
{
    (void)state;
    static uint8_t picture[MODEL_SIDE * MODEL_SIDE], black[MODEL_SIDE * MODEL_SIDE];
    memset(picture, 7, sizeof(picture));
    for (repeats = 0; repeats < 2; repeats++) {
        model_begin(&player);
        model_see_picture(&player, picture);
        for (int i = 0; i < MODEL_STACK - 1; i++)
            assert_memory_equal(player.pictures[i], repeats ? picture : black, sizeof(picture));
        assert_memory_equal(player.pictures[MODEL_STACK - 1], picture, sizeof(picture));
        model_see_picture(&player, black);
        assert_memory_equal(player.pictures[MODEL_STACK - 2], picture, sizeof(picture));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pictures_are_the_same_bytes),
        cmocka_unit_test(the_first_picture_fills_the_state_or_does_not),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
