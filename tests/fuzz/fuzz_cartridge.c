/** Any bytes as a cartridge of any type. The first byte says which type, the second how it is
 *  played; the rest is the program, repeated until an image of that type's size is full. A session
 *  that is saved and loaded into another one must continue identically, and a picture that is kept
 *  must be what it was. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "atari/session.h"
#include "corpus_depth.h"
#include "deepq/atari.h"

enum { KIB = 1024, N_FRAMES = 12, MAX_IMAGE = 64 * KIB };
enum { KEEP_VECTORS = 0x80, DRAW_ALL = 0x40, FIRST_ACTION = 0x1F };

/* What makes an image one of a type. */
static const struct {
    uint32_t size;
    uint16_t start;        // where a program may begin, below the bank's RAM
    uint16_t n_same;       // bytes at the beginning of each 4 KiB that are all the same
    uint8_t signature[5];  // put in twice
    uint8_t signature_bytes;
} types[] = {
    {2 * KIB, 0xF000, 0, {0}, 0},                             // 2K
    {4 * KIB, 0xF000, 0, {0}, 0},                             // 4K
    {8 * KIB, 0xF000, 0, {0}, 0},                             // F8
    {8 * KIB, 0xF100, 256, {0}, 0},                           // F8SC
    {16 * KIB, 0xF000, 0, {0}, 0},                            // F6
    {16 * KIB, 0xF100, 256, {0}, 0},                          // F6SC
    {32 * KIB, 0xF000, 0, {0}, 0},                            // F4
    {32 * KIB, 0xF100, 256, {0}, 0},                          // F4SC
    {12 * KIB, 0xF200, 0, {0}, 0},                            // FA
    {8 * KIB, 0xFC00, 0, {0x8D, 0xE0, 0x1F}, 3},              // E0
    {16 * KIB, 0xFA00, 0, {0}, 0},                            // E7, see below
    {8 * KIB, 0xF000, 0, {0x20, 0x00, 0xD0, 0xC6, 0xC5}, 5},  // FE
    {8 * KIB, 0xF800, 0, {0x85, 0x3F}, 2},                    // 3F
    {64 * KIB, 0xF800, 0, {0x85, 0x3F}, 2},                   // 3F, many slices
    {8 * KIB, 0xF000, 0, {0x8D, 0x40, 0x02}, 3},              // UA
    {10495, 0xF080, 0, {0}, 0},                               // DPC
};

enum { N_TYPES = sizeof(types) / sizeof(types[0]), E7 = 10, SIGNATURE_AT = 0x700 };

const char *const fuzz_depths[] = {"2K",
                                   "4K",
                                   "F8",
                                   "F8SC",
                                   "F6",
                                   "F6SC",
                                   "F4",
                                   "F4SC",
                                   "FA",
                                   "E0",
                                   "E7",
                                   "FE",
                                   "3F",
                                   "3F of many slices",
                                   "UA",
                                   "DPC",
                                   "an image as it is",
                                   NULL};

static void must(dq_status st)
{
    if (st != DQ_OK)
        abort();
}

static size_t make_image(uint8_t *image, int type, bool keeps_vectors, const uint8_t *program,
                         size_t n)
{
    size_t size = types[type].size, n_bytes = types[type].signature_bytes;
    for (size_t i = 0; i < size; i++)
        image[i] = program[i % n];
    for (size_t bank = 0; bank + 4 * KIB <= size; bank += 4 * KIB)
        memset(image + bank, 0xFF, types[type].n_same);
    if (type == E7)
        memset(image + 14 * KIB, 0, 512);
    memcpy(image + SIGNATURE_AT, types[type].signature, n_bytes);
    memcpy(image + SIGNATURE_AT + 16, types[type].signature, n_bytes);
    for (size_t end = 2 * KIB; end <= size && !keeps_vectors; end += 2 * KIB) {
        image[end - 4] = image[end - 2] = (uint8_t)types[type].start;
        image[end - 3] = image[end - 1] = (uint8_t)(types[type].start >> 8);
    }
    return size;
}

/* ---------------------------------------------------------------- playing */

/* NULL where the program happens to look like a type that is refused: 3E. */
static dq_atari *start(const uint8_t *image, size_t size)
{
    dq_atari *a;
    dq_status st = dq_atari_create(&a, image, size, NULL);
    if (st == DQ_ERR_INPUT)
        return NULL;
    must(st);
    dq_atari_reset(a);
    return a;
}

static void move_state(dq_atari *to, const dq_atari *from)
{
    dq_writer *w;
    dq_reader *r;
    size_t size;
    must(dq_writer_create(&w));
    must(dq_atari_save(from, w));
    const void *state = dq_writer_bytes(w, &size);
    must(dq_reader_create(&r, state, size));
    must(dq_atari_load(to, r));
    dq_reader_destroy(r);
    dq_writer_destroy(w);
}

static void must_equal(const dq_atari *a, const dq_atari *b)
{
    size_t pixels = (size_t)dq_atari_height(a) * DQ_ATARI_WIDTH;
    if (memcmp(dq_atari_ram(a), dq_atari_ram(b), 128) != 0 ||
        memcmp(dq_atari_screen(a), dq_atari_screen(b), pixels) != 0 ||
        memcmp(dq_atari_screen_before(a), dq_atari_screen_before(b), pixels) != 0)
        abort();
}

/* Play a frame; the two pictures that were there before it are kept. */
static void act_and_look_back(dq_atari *a, int action, bool draw)
{
    static uint8_t was[2][DQ_PICTURE_BYTES], space[DQ_PICTURE_BYTES];
    size_t pixels = (size_t)dq_atari_height(a) * DQ_ATARI_WIDTH;
    dq_kept_picture kept[2] = {0};
    for (int older = 0; older < 2; older++)
        must(dq_session_keep(a, older, &kept[older]));
    memcpy(was[0], dq_atari_screen(a), pixels);
    memcpy(was[1], dq_atari_screen_before(a), pixels);
    (void)dq_atari_act(a, action, draw);
    for (int older = 0; older < 2; older++) {
        if (memcmp(dq_session_kept(a, &kept[older], space), was[older], pixels) != 0)
            abort();
        free(kept[older].rest);
    }
}

/* One session as it comes, and one that is loaded from it on the way. Their pictures are painted at
 * different times, which must not show. */
static void play(dq_atari *a, dq_atari *b, unsigned how)
{
    for (unsigned frame = 0; frame < N_FRAMES; frame++) {
        int action = (int)(((how & FIRST_ACTION) + frame) % DQ_ATARI_ACTIONS);
        if (frame == N_FRAMES / 2)
            move_state(b, a);
        (void)dq_atari_act(a, action, how & DRAW_ALL || frame % 3 == 0);
        if (frame >= N_FRAMES / 2)
            act_and_look_back(b, action, frame % 2 == 0);
    }
    must_equal(a, b);
}

/* As it is: most sizes are refused. */
static void play_bare(const uint8_t *bytes, size_t n)
{
    dq_atari *a;
    dq_status st = dq_atari_create(&a, bytes, n, NULL);
    if (st != DQ_OK && st != DQ_ERR_INPUT)
        abort();
    for (int frame = 0; st == DQ_OK && frame < N_FRAMES; frame++)
        (void)dq_atari_act(a, frame % DQ_ATARI_ACTIONS, frame % 2 == 0);
    if (st == DQ_OK) {
        fuzz_reached(N_TYPES);
        dq_atari_destroy(a);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    static uint8_t image[MAX_IMAGE];
    if (n < 3 || bytes[0] % (N_TYPES + 1) == N_TYPES) {
        play_bare(bytes + (n > 0), n - (n > 0));
        return 0;
    }
    size_t size =
        make_image(image, bytes[0] % (N_TYPES + 1), bytes[1] & KEEP_VECTORS, bytes + 2, n - 2);
    dq_atari *a = start(image, size), *b = start(image, size);
    if (a && b) {
        play(a, b, bytes[1]);
        fuzz_reached(bytes[0] % (N_TYPES + 1));
    }
    dq_atari_destroy(a);
    dq_atari_destroy(b);
    return 0;
}
