#include "atari/cart_types.h"

#include <string.h>

enum { KIB = 1024 };

const dq_cart_traits dq_cart_types[DQ_CART_TYPES] = {
    [DQ_CART_2K] = {"2K", 0, 1, 0, 0},           [DQ_CART_4K] = {"4K", 0, 1, 0, 0},
    [DQ_CART_F8] = {"F8", 0xFF8, 2, 1, 0},       [DQ_CART_F6] = {"F6", 0xFF6, 4, 0, 0},
    [DQ_CART_F4] = {"F4", 0xFF4, 8, 0, 0},       [DQ_CART_F8SC] = {"F8SC", 0xFF8, 2, 1, 128},
    [DQ_CART_F6SC] = {"F6SC", 0xFF6, 4, 0, 128}, [DQ_CART_F4SC] = {"F4SC", 0xFF4, 8, 0, 128},
    [DQ_CART_FA] = {"FA", 0xFF8, 3, 2, 256},     [DQ_CART_E0] = {"E0", 0, 0, 0, 0},
    [DQ_CART_E7] = {"E7", 0, 0, 0, 2048},        [DQ_CART_FE] = {"FE", 0, 0, 0, 0},
    [DQ_CART_3F] = {"3F", 0, 0, 0, 0},           [DQ_CART_UA] = {"UA", 0, 0, 0, 0},
    [DQ_CART_DPC] = {"DPC", 0xFF8, 2, 1, 0},
};

/* ---------------------------------------------------------------- what kind it is */

/* Is there, `wanted` times, one of these runs of `length` bytes: code that only cartridges of a
 * kind have? As ALE does it, the last place where it could be is not looked at. */
static bool contains(const uint8_t *rom, size_t n, const uint8_t *codes, size_t n_codes,
                     size_t length, int wanted)
{
    for (size_t i = 0; i < n_codes; i++) {
        int found = 0;
        for (size_t at = 0; at + length < n; at++) {
            if (memcmp(rom + at, codes + i * length, length) != 0)
                continue;
            if (++found == wanted)
                return true;
            at += length;
        }
    }
    return false;
}

static bool looks_e0(const uint8_t *rom, size_t n)
{
    static const uint8_t codes[6][3] = {{0x8D, 0xE0, 0x1F}, {0x8D, 0xE0, 0x5F}, {0x8D, 0xE9, 0xFF},
                                        {0xAD, 0xE9, 0xFF}, {0xAD, 0xED, 0xFF}, {0xAD, 0xF3, 0xBF}};
    return contains(rom, n, codes[0], 6, 3, 1);
}

/* The RAM at 1800 hides what the last slice has there, so that it is all the same, and not by
 * chance. */
static bool looks_e7(const uint8_t *rom)
{
    const uint8_t *port = rom + 14 * KIB;
    bool differs = false;
    for (int i = 1; i < 512; i++)
        if (port[i] != port[0])
            return false;
    for (int i = 1; i <= 32; i++)
        differs |= port[-i] != port[0] || port[511 + i] != port[0];
    return differs;
}

static bool looks_3e(const uint8_t *rom, size_t n)
{
    static const uint8_t store_and_load[4] = {0x85, 0x3E, 0xA9, 0x00};
    return contains(rom, n, store_and_load, 1, 4, 1);
}

static bool looks_3f(const uint8_t *rom, size_t n)
{
    static const uint8_t store[2] = {0x85, 0x3F};
    return contains(rom, n, store, 1, 2, 2);
}

static bool looks_ua(const uint8_t *rom, size_t n)
{
    static const uint8_t store[3] = {0x8D, 0x40, 0x02};
    return contains(rom, n, store, 1, 3, 1);
}

static bool looks_fe(const uint8_t *rom, size_t n)
{
    static const uint8_t codes[4][5] = {{0x20, 0x00, 0xD0, 0xC6, 0xC5},
                                        {0x20, 0xC3, 0xF8, 0xA5, 0x82},
                                        {0xD0, 0xFB, 0x20, 0x73, 0xFE},
                                        {0x20, 0x00, 0xF0, 0x84, 0xD6}};
    return contains(rom, n, codes[0], 4, 5, 1);
}

/* With a Superchip the first 256 bytes of every bank are hidden, and therefore all the same. */
static bool looks_superchip(const uint8_t *rom, size_t n)
{
    for (size_t bank = 0; bank < n; bank += 4 * KIB)
        for (size_t i = 1; i < 256; i++)
            if (rom[bank + i] != rom[bank])
                return false;
    return true;
}

static dq_cart_type detect_8k(const uint8_t *rom, size_t n)
{
    if (looks_superchip(rom, n))
        return DQ_CART_F8SC;
    if (memcmp(rom, rom + 4 * KIB, 4 * KIB) == 0)
        return DQ_CART_4K;
    if (looks_e0(rom, n))
        return DQ_CART_E0;
    if (looks_3e(rom, n))
        return DQ_CART_TYPES;
    if (looks_3f(rom, n))
        return DQ_CART_3F;
    if (looks_ua(rom, n))
        return DQ_CART_UA;
    return looks_fe(rom, n) ? DQ_CART_FE : DQ_CART_F8;
}

dq_cart_type dq_cart_detect(const uint8_t *rom, size_t n)
{
    switch (n) {
    case 2 * KIB:
        return DQ_CART_2K;
    case 4 * KIB:
        return memcmp(rom, rom + 2 * KIB, 2 * KIB) == 0 ? DQ_CART_2K : DQ_CART_4K;
    case 8 * KIB:
        return detect_8k(rom, n);
    case 10 * KIB:
    case 10495:
    case 10496:
        return DQ_CART_DPC;
    case 12 * KIB:
        return DQ_CART_FA;
    case 16 * KIB:
        if (looks_superchip(rom, n))
            return DQ_CART_F6SC;
        if (looks_e7(rom))
            return DQ_CART_E7;
        break;
    case 32 * KIB:
        if (looks_superchip(rom, n))
            return DQ_CART_F4SC;
        break;
    default:
        break;
    }
    bool has_slices = n > 4 * KIB && n % (2 * KIB) == 0 && n <= DQ_CART_MAX_BYTES;
    if (!has_slices || looks_3e(rom, n))
        return DQ_CART_TYPES;
    if (looks_3f(rom, n))
        return DQ_CART_3F;
    return n == 16 * KIB ? DQ_CART_F6 : n == 32 * KIB ? DQ_CART_F4 : DQ_CART_TYPES;
}

const char *dq_cart_name(dq_cart_type type)
{
    return dq_cart_types[type].name;
}
