#include "atari/cart.h"

#include <string.h>

#include "atari/cart_dpc.h"
#include "atari/console.h"

enum { KIB = 1024 };

/* What the types have in common: banks of 4 KiB, chosen by touching `n_banks` addresses from
 * `first_spot` on; E0 and the others without such spots are special. */
typedef struct traits {
    const char *name;
    uint16_t first_spot;
    uint8_t n_banks, start_bank;
    bool superchip;
} traits;

static const traits types[DQ_CART_TYPES] = {
    [DQ_CART_2K] = {"2K", 0, 1, 0, false},        [DQ_CART_4K] = {"4K", 0, 1, 0, false},
    [DQ_CART_F8] = {"F8", 0xFF8, 2, 1, false},    [DQ_CART_F6] = {"F6", 0xFF6, 4, 0, false},
    [DQ_CART_F8SC] = {"F8SC", 0xFF8, 2, 1, true}, [DQ_CART_F6SC] = {"F6SC", 0xFF6, 4, 0, true},
    [DQ_CART_E0] = {"E0", 0, 0, 0, false},        [DQ_CART_FE] = {"FE", 0, 0, 0, false},
    [DQ_CART_DPC] = {"DPC", 0xFF8, 2, 1, false},
};

enum { LAST_PAGE = 31 };  // of 128 bytes

/* How much of a bank's last page can be fetched without touching a hot spot. */
static unsigned tail_bytes(dq_cart_type type)
{
    if (type == DQ_CART_E0)
        return 0x60;
    if (type == DQ_CART_DPC)  // its random number counts reads from here on
        return 0x40;
    return types[type].first_spot - LAST_PAGE * DQ_PAGE_BYTES;
}

/* ---------------------------------------------------------------- what kind it is */

/* Code that only cartridges of a kind have, as runs of `length` bytes. */
static bool contains(const uint8_t *rom, size_t n, const uint8_t *codes, size_t n_codes,
                     size_t length)
{
    for (size_t at = 0; at + length <= n; at++)
        for (size_t i = 0; i < n_codes; i++)
            if (memcmp(rom + at, codes + i * length, length) == 0)
                return true;
    return false;
}

static bool looks_e0(const uint8_t *rom, size_t n)
{
    static const uint8_t codes[8][3] = {{0x8D, 0xE0, 0x1F}, {0x8D, 0xE0, 0x5F}, {0x8D, 0xE9, 0xFF},
                                        {0x0C, 0xE0, 0x1F}, {0xAD, 0xE0, 0x1F}, {0xAD, 0xE9, 0xFF},
                                        {0xAD, 0xED, 0xFF}, {0xAD, 0xF3, 0xBF}};
    return contains(rom, n, codes[0], 8, 3);
}

static bool looks_fe(const uint8_t *rom, size_t n)
{
    static const uint8_t codes[4][5] = {{0x20, 0x00, 0xD0, 0xC6, 0xC5},
                                        {0x20, 0xC3, 0xF8, 0xA5, 0x82},
                                        {0xD0, 0xFB, 0x20, 0x73, 0xFE},
                                        {0x20, 0x00, 0xF0, 0x84, 0xD6}};
    return contains(rom, n, codes[0], 4, 5);
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

dq_cart_type dq_cart_detect(const uint8_t *rom, size_t n)
{
    switch (n) {
    case 2 * KIB:
        return DQ_CART_2K;
    case 4 * KIB:
        return memcmp(rom, rom + 2 * KIB, 2 * KIB) == 0 ? DQ_CART_2K : DQ_CART_4K;
    case 8 * KIB:
        if (looks_superchip(rom, n))
            return DQ_CART_F8SC;
        if (memcmp(rom, rom + 4 * KIB, 4 * KIB) == 0)
            return DQ_CART_4K;
        return looks_e0(rom, n) ? DQ_CART_E0 : looks_fe(rom, n) ? DQ_CART_FE : DQ_CART_F8;
    case 10 * KIB:
    case 10495:
        return DQ_CART_DPC;
    case 16 * KIB:
        return looks_superchip(rom, n) ? DQ_CART_F6SC : DQ_CART_F6;
    default:
        return DQ_CART_TYPES;
    }
}

const char *dq_cart_name(dq_cart_type type)
{
    return types[type].name;
}

/* ---------------------------------------------------------------- memory map */

enum { SLOT_PAGES = KIB / DQ_PAGE_BYTES, MIRROR = 0x2000 / DQ_PAGE_BYTES };

/* Pages of 128 bytes from `first` on, 0 to 31, in both halves of the processor's address space. */
static void map(dq_machine *m, unsigned first, unsigned n, const uint8_t *bytes)
{
    const uint8_t **page = &m->page[0x1000 / DQ_PAGE_BYTES + first];
    for (unsigned i = 0; i < n; i++)
        page[i] = page[i + MIRROR] = bytes + i * DQ_PAGE_BYTES;
}

static void unmap(dq_machine *m, unsigned page)
{
    m->page[0x1000 / DQ_PAGE_BYTES + page] = m->page[0x1000 / DQ_PAGE_BYTES + page + MIRROR] = NULL;
}

/* The last page has hot spots from `spots` on, 0 to 127. */
static void map_tail(dq_machine *m, const uint8_t *bytes, unsigned spots)
{
    unmap(m, LAST_PAGE);
    m->tail = bytes;
    m->n_tail = (uint8_t)spots;
}

static void map_e0(dq_machine *m)
{
    for (unsigned slot = 0; slot < 4; slot++)
        map(m, slot * SLOT_PAGES, SLOT_PAGES, m->rom + m->c.cart.bank[slot] * KIB);
    map_tail(m, m->rom + 8 * KIB - DQ_PAGE_BYTES, tail_bytes(DQ_CART_E0));
}

static void map_fe(dq_machine *m)
{
    map(m, 0, 32, m->rom + 4 * KIB);
    for (unsigned i = 0; i < 32; i++)
        m->page[0x3000 / DQ_PAGE_BYTES + i] = m->rom + i * DQ_PAGE_BYTES;
}

static void map_banks(dq_machine *m)
{
    const uint8_t *bank = m->rom + m->c.cart.bank[0] * 4 * KIB;
    map(m, 0, 32, bank);
    if (types[m->cart_type].superchip)
        map(m, 1, 1, m->c.cart.ram);
    if (m->cart_type == DQ_CART_DPC)
        unmap(m, 0);
    if (types[m->cart_type].n_banks > 1)
        map_tail(m, bank + LAST_PAGE * DQ_PAGE_BYTES, tail_bytes(m->cart_type));
}

void dq_cart_map(dq_machine *m)
{
    m->window.n = 0;
    m->stop = true;
    m->tail = NULL;
    m->n_tail = 0;
    switch (m->cart_type) {
    case DQ_CART_2K:
        map(m, 0, 16, m->rom);
        map(m, 16, 16, m->rom);
        break;
    case DQ_CART_E0:
        map_e0(m);
        break;
    case DQ_CART_FE:
        map_fe(m);
        break;
    default:
        map_banks(m);
        break;
    }
}

/* From this many bytes before the end of each part of the image. */
static void fence(uint8_t *ops, size_t n, size_t part, size_t before_end)
{
    for (size_t end = part; end <= n; end += part)
        memset(ops + end - before_end, 0, before_end);
}

void dq_cart_fence(uint8_t *ops, size_t n, dq_cart_type type)
{
    bool has_spots = types[type].n_banks > 1;
    fence(ops, n,
          type == DQ_CART_E0   ? KIB
          : type == DQ_CART_2K ? 2 * KIB
                               : 4 * KIB,
          DQ_WINDOW_MARGIN + (has_spots ? DQ_PAGE_BYTES - tail_bytes(type) : 0));
    if (type == DQ_CART_E0)
        fence(ops + 7 * KIB, KIB, KIB, DQ_WINDOW_MARGIN + DQ_PAGE_BYTES - tail_bytes(type));
    if (types[type].superchip || type == DQ_CART_DPC)
        for (size_t bank = 0; bank + 4 * KIB <= n; bank += 4 * KIB)
            memset(ops + bank, 0, types[type].superchip ? 2 * DQ_PAGE_BYTES : DQ_PAGE_BYTES);
}

/* ---------------------------------------------------------------- life */

void dq_cart_load(dq_machine *m)
{
    memset(&m->c.cart, 0, sizeof(m->c.cart));
    dq_dpc_load(&m->c.cart.dpc);
}

void dq_cart_reset(dq_machine *m, dq_mt19937 *random)
{
    dq_cart *cart = &m->c.cart;
    cart->bank[0] = types[m->cart_type].start_bank;
    if (m->cart_type == DQ_CART_E0)
        for (uint8_t slot = 0; slot < 4; slot++)
            cart->bank[slot] = (uint8_t)(slot + 4);
    if (types[m->cart_type].superchip)
        for (size_t i = 0; i < sizeof(cart->ram); i++)
            cart->ram[i] = (uint8_t)dq_mt19937_next(random);
    if (m->cart_type == DQ_CART_DPC)
        dq_dpc_reset(&cart->dpc);
}

bool dq_cart_is_valid(const dq_cart *cart, dq_cart_type type)
{
    if (!dq_dpc_is_valid(&cart->dpc))
        return false;
    if (type != DQ_CART_E0)
        return cart->bank[0] < types[type].n_banks || cart->bank[0] == 0;
    return cart->bank[0] < 8 && cart->bank[1] < 8 && cart->bank[2] < 8 && cart->bank[3] == 7;
}

void dq_cart_shift_time(dq_cart *cart, int32_t n)
{
    cart->dpc.cycle = (int32_t)((uint32_t)cart->dpc.cycle - (uint32_t)n);
}

/* ---------------------------------------------------------------- access */

static void touch_spot(dq_machine *m, unsigned low)
{
    const traits *type = &types[m->cart_type];
    dq_cart *cart = &m->c.cart;
    if (m->cart_type == DQ_CART_E0 && low >= 0xFE0 && low < 0xFF8)
        cart->bank[(low - 0xFE0) / 8] = low & 7;
    else if (type->n_banks > 1 && low >= type->first_spot && low < type->first_spot + type->n_banks)
        cart->bank[0] = (uint8_t)(low - type->first_spot);
    else
        return;
    dq_cart_map(m);
}

static uint8_t rom_byte(const dq_machine *m, unsigned low)
{
    const uint8_t *bank = m->c.cart.bank;
    switch (m->cart_type) {
    case DQ_CART_2K:
        return m->rom[low & 0x7FF];
    case DQ_CART_E0:
        return m->rom[bank[low / KIB] * KIB + low % KIB];
    default:
        return m->rom[bank[0] * 4 * KIB + low];
    }
}

uint8_t dq_cart_read(dq_machine *m, unsigned address)
{
    const uint8_t *page = m->page[address / DQ_PAGE_BYTES % DQ_PAGES];
    unsigned low = address & 0xFFF;
    if (page)
        return page[address % DQ_PAGE_BYTES];
    if (m->cart_type == DQ_CART_DPC) {
        if (low < 0x80 || low >= 0xFC0)
            dq_dpc_clock_random(&m->c.cart.dpc);
        if (low < 0x40)
            return dq_dpc_read(m, low);
    }
    touch_spot(m, low);
    return rom_byte(m, low);
}

void dq_cart_write(dq_machine *m, unsigned address, uint8_t value)
{
    unsigned low = address & 0xFFF;
    if (types[m->cart_type].superchip && low < 0x80)
        m->c.cart.ram[low] = value;
    if (m->cart_type == DQ_CART_DPC) {
        dq_dpc_clock_random(&m->c.cart.dpc);
        if (low >= 0x40 && low < 0x80)
            dq_dpc_write(&m->c.cart.dpc, low, value);
    }
    touch_spot(m, low);
}
