/** Which images are cartridges and of which type; those that do everything wrong still give frames;
 *  and what a session costs in memory. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "atari/session.h"
#include "deepq/rng.h"

enum { KIB = 1024 };

/* ---------------------------------------------------------------- types */

typedef struct image {
    size_t n;
    uint8_t *bytes;
} image;

/* Bytes without any signature, all different within 256. */
static image plain_image(size_t n)
{
    image i = {n, malloc(n ? n : 1)};
    assert_non_null(i.bytes);
    for (size_t k = 0; k < n; k++)
        i.bytes[k] = (uint8_t)(k * 7 + k / 256 * 3);
    return i;
}

static void put(image *i, size_t at, const char *hex)
{
    for (; *hex; hex += 2) {
        unsigned v;
        assert_int_equal(sscanf(hex, "%2x", &v), 1);
        i->bytes[at++] = (uint8_t)v;
    }
}

static void expect_type(image *i, const char *name)
{
    dq_cart_type type = dq_cart_detect(i->bytes, i->n);
    assert_string_equal(type == DQ_CART_TYPES ? "none" : dq_cart_name(type), name);
    free(i->bytes);
}

static void expect_plain(size_t n, const char *name)
{
    image i = plain_image(n);
    expect_type(&i, name);
}

/* An image with a signature at `at`, and once more at `again` unless that is 0. */
static void expect_signed(size_t n, const char *hex, size_t at, size_t again, const char *name)
{
    image i = plain_image(n);
    put(&i, at, hex);
    if (again)
        put(&i, again, hex);
    expect_type(&i, name);
}

/* Every 4 KiB begin with 256 bytes that are the same. */
static void expect_superchip(size_t n, const char *name)
{
    image i = plain_image(n);
    for (size_t bank = 0; bank < n; bank += 4 * KIB)
        memset(i.bytes + bank, 0xFF, 256);
    expect_type(&i, name);
}

static void types_follow_from_size_and_signature(void **state)
{
    (void)state;
    expect_plain(2 * KIB, "2K");
    expect_plain(4 * KIB, "4K");
    expect_plain(8 * KIB, "F8");
    expect_plain(12 * KIB, "FA");
    expect_plain(16 * KIB, "F6");
    expect_plain(32 * KIB, "F4");
    expect_plain(10 * KIB, "DPC");
    expect_plain(10495, "DPC");
    expect_plain(10496, "DPC");
    expect_superchip(8 * KIB, "F8SC");
    expect_superchip(16 * KIB, "F6SC");
    expect_superchip(32 * KIB, "F4SC");
    expect_signed(8 * KIB, "8DE01F", 0x300, 0, "E0");
    expect_signed(8 * KIB, "2000D0C6C5", 0x300, 0, "FE");
    expect_signed(8 * KIB, "8D4002", 0x300, 0, "UA");
    expect_signed(8 * KIB, "853F", 0x300, 0x500, "3F");
    expect_signed(64 * KIB, "853F", 0x300, 0x500, "3F");
    expect_signed(512 * KIB, "853F", 0x300, 0x500, "3F");
    expect_signed(10 * KIB + 2 * KIB + 2 * KIB, "853F", 0x300, 0x500, "3F");
    expect_signed(8 * KIB, "853F", 0x300, 0, "F8");  // twice, or it is chance
    expect_signed(8 * KIB, "853F", 0x300, 8 * KIB - 2,
                  "F8");  // ALE does not look at the last place
    image e7 = plain_image(16 * KIB);
    memset(e7.bytes + 14 * KIB, 0, 512);
    expect_type(&e7, "E7");
    image halves = plain_image(4 * KIB);
    memcpy(halves.bytes + 2 * KIB, halves.bytes, 2 * KIB);
    expect_type(&halves, "2K");
    image twice = plain_image(8 * KIB);
    memcpy(twice.bytes + 4 * KIB, twice.bytes, 4 * KIB);
    expect_type(&twice, "4K");
}

/** The place in the image that address 1000 + low shows, -1 for RAM and hot spots; `chosen` are the
 *  bank of each slot in E0, of the lower half in E7, of the whole elsewhere. */
static int shown_byte(const char *name, unsigned low, const unsigned *chosen)
{
    if (low >= 0xFE0)
        return -1;
    if (strcmp(name, "E0") == 0)
        return (int)((low < 3 * KIB ? chosen[low / KIB] : 7) * KIB + low % KIB);
    if (strcmp(name, "E7") == 0 && low < 2 * KIB)
        return chosen[0] == 7 ? -1 : (int)(chosen[0] * 2 * KIB + low);
    if (strcmp(name, "E7") == 0)
        return low < 0xA00 ? -1 : (int)(14 * KIB + low - 2 * KIB);
    return strcmp(name, "FA") == 0 && low < 512 ? -1 : (int)(chosen[0] * 4 * KIB + low);
}

static uint8_t read_cart(dq_machine *m, unsigned address)
{
    return dq_cart_read(&m->c.cart, &m->bus, address, m->c.cycle);
}

static void every_bank_shows_its_bytes(void **state)
{
    (void)state;
    static const struct {
        size_t n;
        const char *name;
        uint16_t first_spot;
        unsigned n_spots, a_slot;
    } banked[] = {
        {8 * KIB, "F8", 0x1FF8, 2, 2},  {16 * KIB, "F6", 0x1FF6, 4, 4},
        {32 * KIB, "F4", 0x1FF4, 8, 8}, {12 * KIB, "FA", 0x1FF8, 3, 3},
        {8 * KIB, "E0", 0x1FE0, 24, 8}, {16 * KIB, "E7", 0x1FE0, 8, 8},
    };
    for (size_t k = 0; k < sizeof(banked) / sizeof(banked[0]); k++) {
        image i = plain_image(banked[k].n);
        dq_atari *a;
        unsigned chosen[3] = {4, 5, 6};  // as E0 begins
        if (strcmp(banked[k].name, "E0") == 0)
            put(&i, 0x300, "8DE01F");
        if (strcmp(banked[k].name, "E7") == 0)
            memset(i.bytes + 14 * KIB, 0, 512);
        assert_int_equal(dq_atari_create(&a, i.bytes, i.n, NULL), DQ_OK);
        dq_machine *m = a->machine;
        assert_string_equal(dq_cart_name(m->bus.cart_type), banked[k].name);
        for (unsigned spot = 0; spot < banked[k].n_spots; spot++) {
            (void)read_cart(m, banked[k].first_spot + spot);
            chosen[spot / banked[k].a_slot] = spot % banked[k].a_slot;
            for (unsigned low = 0; low < 4 * KIB; low++) {
                int at = shown_byte(banked[k].name, low, chosen);
                if (at >= 0)
                    assert_int_equal(read_cart(m, 0x1000 + low), i.bytes[at]);
            }
        }
        dq_atari_destroy(a);
        free(i.bytes);
    }
}

static void other_sizes_are_refused(void **state)
{
    (void)state;
    static const size_t sizes[] = {0,        1,         2047,      2049,          4095,
                                   6 * KIB,  8191,      8193,      8448,          20 * KIB,
                                   64 * KIB, 128 * KIB, 512 * KIB, 512 * KIB + 1, 514 * KIB};
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        image im = plain_image(sizes[i]);
        dq_atari *a = NULL;
        assert_int_equal(dq_atari_create(&a, im.bytes, im.n, NULL), DQ_ERR_INPUT);
        assert_null(a);
        expect_type(&im, "none");
    }
    expect_signed(514 * KIB, "853F", 0x300, 0x500, "none");
    expect_signed(8 * KIB, "853EA900", 0x300, 0, "none");  // 3E is missing
}

/* ---------------------------------------------------------------- programs that go wrong */

/* A cartridge that begins with these bytes, continues with `fill` and starts at F000. */
static dq_atari *start(const uint8_t *code, size_t n, uint8_t fill)
{
    uint8_t rom[4 * KIB];
    memset(rom, fill, sizeof(rom));
    if (n > 0)
        memcpy(rom, code, n);
    rom[0xFFC] = 0x00;
    rom[0xFFD] = 0xF0;
    dq_atari *a = NULL;
    assert_int_equal(dq_atari_create(&a, rom, sizeof(rom), NULL), DQ_OK);
    return a;
}

/* Frames with and without picture, a save and a load; the picture can be looked at each time. */
static void expect_frames(dq_atari *a)
{
    unsigned sum = 0;
    for (int frame = 0; frame < 40; frame++) {
        assert_int_equal(dq_atari_ticks(a), frame);
        dq_atari_act(a, frame % DQ_ATARI_ACTIONS, frame % 3 == 0);
        const uint8_t *screen = dq_atari_screen(a);
        for (int i = 0; i < dq_atari_height(a) * DQ_ATARI_WIDTH; i++)
            sum += screen[i];
        if (frame == 20) {
            dq_writer *w;
            dq_reader *r;
            size_t n;
            assert_int_equal(dq_writer_create(&w), DQ_OK);
            assert_int_equal(dq_atari_save(a, w), DQ_OK);
            const void *saved = dq_writer_bytes(w, &n);
            assert_int_equal(dq_reader_create(&r, saved, n), DQ_OK);
            assert_int_equal(dq_atari_load(a, r), DQ_OK);
            dq_reader_destroy(r);
            dq_writer_destroy(w);
        }
    }
    assert_true(sum < 255u * 40 * DQ_ATARI_MAX_HEIGHT * DQ_ATARI_WIDTH);
    dq_atari_destroy(a);
}

static void a_jammed_processor_keeps_producing_frames(void **state)
{
    (void)state;
    static const uint8_t stops[] = {0x02, 0x12, 0x22, 0x32, 0x42, 0x52,
                                    0x62, 0x72, 0x92, 0xB2, 0xD2, 0xF2};
    for (size_t i = 0; i < sizeof(stops); i++) {
        expect_frames(start(&stops[i], 1, 0xEA));
        const uint8_t later[] = {0xA9, 0x42, 0x85, 0x09, 0x85, 0x02, 0x85, 0x02, stops[i]};
        expect_frames(start(later, sizeof(later), 0xEA));
    }
}

static void programs_that_never_sync_keep_producing_frames(void **state)
{
    (void)state;
    static const uint8_t spin[] = {0x4C, 0x00, 0xF0};              // JMP itself
    static const uint8_t wait[] = {0x85, 0x02, 0x4C, 0x00, 0xF0};  // WSYNC for ever
    static const uint8_t sync[] = {0xA9, 0x02, 0x85, 0x00, 0x4C, 0x00, 0xF0};
    static const uint8_t poll[] = {0xAD, 0x84, 0x02, 0x10, 0xFB, 0xAD, 0x84, 0x02, 0x30, 0xFB};
    static const uint8_t away[] = {0x4C, 0x00, 0x00};  // runs through the TIA
    static const uint8_t stack[] = {0xA2, 0x03, 0x9A, 0x20, 0x00, 0xF0};
    expect_frames(start(spin, sizeof(spin), 0xEA));
    expect_frames(start(wait, sizeof(wait), 0xEA));
    expect_frames(start(sync, sizeof(sync), 0xEA));
    expect_frames(start(poll, sizeof(poll), 0xEA));
    expect_frames(start(away, sizeof(away), 0xEA));
    expect_frames(start(stack, sizeof(stack), 0xEA));
    expect_frames(start(NULL, 0, 0x00));  // BRK
    expect_frames(start(NULL, 0, 0xEA));  // off the end of memory
    expect_frames(start(NULL, 0, 0xFF));
}

/* INC zp,X over all of the zero page, PHA over the TIA, every register again and again. */
static void programs_that_write_every_register_keep_producing_frames(void **state)
{
    (void)state;
    static const uint8_t all[] = {0x95, 0x00, 0xF6, 0x00, 0xE8, 0x69, 0x35, 0x4C, 0x00, 0xF0};
    static const uint8_t push[] = {0x48, 0x69, 0x35, 0x4C, 0x00, 0xF0};
    static const uint8_t ports[] = {0x9D, 0x80, 0x02, 0x9D, 0x00, 0xFF,
                                    0xE8, 0x69, 0x0B, 0x4C, 0x00, 0xF0};
    expect_frames(start(all, sizeof(all), 0xEA));
    expect_frames(start(push, sizeof(push), 0xEA));
    expect_frames(start(ports, sizeof(ports), 0xEA));
}

/* Images of every size, random bytes in them. */
static void random_bytes_keep_producing_frames(void **state)
{
    (void)state;
    static const size_t sizes[] = {2, 4, 8, 10, 12, 16, 32};
    dq_rng rng = dq_rng_stream(1, "cartridges");
    for (int round = 0; round < 28; round++) {
        size_t n = sizes[round % 7] * KIB;
        uint8_t *rom = malloc(n);
        assert_non_null(rom);
        for (size_t i = 0; i < n; i++)
            rom[i] = (uint8_t)dq_rng_below(&rng, 256);
        dq_atari *a = NULL;
        assert_int_equal(dq_atari_create(&a, rom, n, NULL), DQ_OK);
        free(rom);
        expect_frames(a);
    }
}

/* ---------------------------------------------------------------- memory */

/* Everything that a session holds on the heap is the session, the console and the cartridge; with
 * the largest of ALE's, 16 KiB, it has to stay below 128 KiB. */
static void a_session_takes_less_than_128_kib(void **state)
{
    (void)state;
    image i = plain_image(16 * KIB);
    dq_atari *a = NULL;
    assert_int_equal(dq_atari_create(&a, i.bytes, i.n, NULL), DQ_OK);
    size_t cartridge = 2 * i.n + 255;
    size_t total =
        sizeof(*a) + sizeof(*a->machine) + cartridge + 2 * dq_machine_picture_bytes(a->machine);
    print_message("session %zu + console %zu + cartridge %zu = %zu bytes\n", sizeof(*a),
                  sizeof(*a->machine), cartridge, total);
    assert_true(total < 128 * KIB);
    dq_atari_destroy(a);
    free(i.bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(types_follow_from_size_and_signature),
        cmocka_unit_test(every_bank_shows_its_bytes),
        cmocka_unit_test(other_sizes_are_refused),
        cmocka_unit_test(a_jammed_processor_keeps_producing_frames),
        cmocka_unit_test(programs_that_never_sync_keep_producing_frames),
        cmocka_unit_test(programs_that_write_every_register_keep_producing_frames),
        cmocka_unit_test(random_bytes_keep_producing_frames),
        cmocka_unit_test(a_session_takes_less_than_128_kib),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
