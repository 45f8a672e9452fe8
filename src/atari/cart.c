#include "atari/cart.h"

#include <string.h>

#include "atari/cart_dpc.h"
#include "atari/console.h"
#include "atari/m6507_quick.h"

enum { KIB = 1024 };

/* What the types have in common: banks of 4 KiB, chosen by touching `n_banks` addresses from
 * `first_spot` on, and RAM that is written at 1000 and read above that. E0, E7, 3F, FE and UA
 * switch in ways of their own. */
typedef struct traits {
    const char *name;
    uint16_t first_spot;
    uint8_t n_banks, start_bank;
    uint16_t ram_bytes;
} traits;

static const traits types[DQ_CART_TYPES] = {
    [DQ_CART_2K] = {"2K", 0, 1, 0, 0},           [DQ_CART_4K] = {"4K", 0, 1, 0, 0},
    [DQ_CART_F8] = {"F8", 0xFF8, 2, 1, 0},       [DQ_CART_F6] = {"F6", 0xFF6, 4, 0, 0},
    [DQ_CART_F4] = {"F4", 0xFF4, 8, 0, 0},       [DQ_CART_F8SC] = {"F8SC", 0xFF8, 2, 1, 128},
    [DQ_CART_F6SC] = {"F6SC", 0xFF6, 4, 0, 128}, [DQ_CART_F4SC] = {"F4SC", 0xFF4, 8, 0, 128},
    [DQ_CART_FA] = {"FA", 0xFF8, 3, 2, 256},     [DQ_CART_E0] = {"E0", 0, 0, 0, 0},
    [DQ_CART_E7] = {"E7", 0, 0, 0, 2048},        [DQ_CART_FE] = {"FE", 0, 0, 0, 0},
    [DQ_CART_3F] = {"3F", 0, 0, 0, 0},           [DQ_CART_UA] = {"UA", 0, 0, 0, 0},
    [DQ_CART_DPC] = {"DPC", 0xFF8, 2, 1, 0},
};

enum { LAST_PAGE = 31 };  // of 128 bytes

static bool has_spots(dq_cart_type type)
{
    return types[type].n_banks > 1 || type == DQ_CART_E0 || type == DQ_CART_E7;
}

/* How much of a bank's last page can be fetched without touching a hot spot. */
static unsigned tail_bytes(dq_cart_type type)
{
    if (type == DQ_CART_E0 || type == DQ_CART_E7)
        return 0x60;
    if (type == DQ_CART_DPC)  // its random number counts reads from here on
        return 0x40;
    return types[type].first_spot - LAST_PAGE * DQ_PAGE_BYTES;
}

/* RAM ports at 1000, below plain memory; E7 has them elsewhere. */
static unsigned port_bytes(dq_cart_type type)
{
    if (type == DQ_CART_DPC)
        return DQ_PAGE_BYTES;
    return type == DQ_CART_E7 ? 0 : 2u * types[type].ram_bytes;
}

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

/* 1800 to 19FF are RAM, 256 bytes of four times as many; below are 2 KiB of the image or more RAM.
 * What is only written there stays unmapped: reading gives the image's bytes. */
static void map_e7(dq_machine *m)
{
    enum { SLICE = 2 * KIB, RAM_SLICE = 7, BIG_RAM = KIB };
    const uint8_t *last = m->rom + 7 * SLICE, *bank = m->c.cart.bank;
    if (bank[0] != RAM_SLICE) {
        map(m, 0, 16, m->rom + bank[0] * SLICE);
    } else {
        for (unsigned page = 0; page < 8; page++)
            unmap(m, page);
        map(m, 8, 8, m->big_ram);
    }
    unmap(m, 16);
    unmap(m, 17);
    map(m, 18, 2, m->big_ram + BIG_RAM + 256 * bank[1]);
    map(m, 20, 12, last + 0x200);
    map_tail(m, last + SLICE - DQ_PAGE_BYTES, tail_bytes(DQ_CART_E7));
}

static void map_banks(dq_machine *m)
{
    const uint8_t *bank = m->rom + m->c.cart.bank[0] * 4 * KIB;
    unsigned ram_pages = types[m->cart_type].ram_bytes / DQ_PAGE_BYTES;
    map(m, 0, 32, bank);
    if (ram_pages)
        map(m, ram_pages, ram_pages, m->c.cart.ram);
    if (m->cart_type == DQ_CART_DPC)
        unmap(m, 0);
    if (has_spots(m->cart_type))
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
    case DQ_CART_3F:
        map(m, 0, 16, m->rom + m->c.cart.bank[0] * 2 * KIB);
        map(m, 16, 16, m->rom + m->rom_bytes - 2 * KIB);
        break;
    case DQ_CART_E0:
        map_e0(m);
        break;
    case DQ_CART_E7:
        map_e7(m);
        break;
    case DQ_CART_FE:
        map_fe(m);
        break;
    default:
        map_banks(m);
        break;
    }
}

/* The parts of an image that are mapped apart. */
static size_t part_bytes(dq_cart_type type)
{
    switch (type) {
    case DQ_CART_E0:
        return KIB;
    case DQ_CART_2K:
    case DQ_CART_3F:
    case DQ_CART_E7:
        return 2 * KIB;
    default:
        return 4 * KIB;
    }
}

/* The quick engine stops before the end of each part, at hot spots and at ports of RAM. */
static void fence(dq_op *ops, size_t n, dq_cart_type type)
{
    size_t part = part_bytes(type);
    size_t margin = DQ_WINDOW_MARGIN + (has_spots(type) ? DQ_PAGE_BYTES - tail_bytes(type) : 0);
    for (size_t at = 0; at < n; at++)
        if (at % part < port_bytes(type) || at % part >= part - margin)
            ops[at] = dq_m6507_stop_op();
}

void dq_cart_prepare(dq_op *ops, const uint8_t *rom, size_t n, dq_cart_type type)
{
    for (size_t at = 0; at < n; at++)
        ops[at] = dq_m6507_plain_op(rom[at]);
    fence(ops, n, type);
    dq_m6507_shorten(ops, rom, n, part_bytes(type));
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
    cart->bank[1] = 0;
    if (m->cart_type == DQ_CART_E0)
        for (uint8_t slot = 0; slot < 4; slot++)
            cart->bank[slot] = (uint8_t)(slot + 4);
    uint8_t *ram = m->cart_type == DQ_CART_E7 ? m->big_ram : cart->ram;
    for (size_t i = 0; i < types[m->cart_type].ram_bytes; i++)
        ram[i] = (uint8_t)dq_mt19937_next(random);
    if (m->cart_type == DQ_CART_DPC)
        dq_dpc_reset(&cart->dpc);
}

size_t dq_cart_ram_bytes(dq_cart_type type)
{
    return type == DQ_CART_E7 ? 0 : types[type].ram_bytes;
}

bool dq_cart_is_valid(const dq_cart *cart, dq_cart_type type, size_t rom_bytes)
{
    if (!dq_dpc_is_valid(&cart->dpc))
        return false;
    switch (type) {
    case DQ_CART_E0:
        return cart->bank[0] < 8 && cart->bank[1] < 8 && cart->bank[2] < 8 && cart->bank[3] == 7;
    case DQ_CART_E7:
        return cart->bank[0] < 8 && cart->bank[1] < 4;
    case DQ_CART_3F:
        return cart->bank[0] < rom_bytes / (2 * KIB);
    case DQ_CART_UA:
        return cart->bank[0] < 2;
    default:
        return cart->bank[0] < types[type].n_banks || cart->bank[0] == 0;
    }
}

void dq_cart_shift_time(dq_cart *cart, int32_t n)
{
    cart->dpc.cycle = (int32_t)((uint32_t)cart->dpc.cycle - (uint32_t)n);
}

/* ---------------------------------------------------------------- access */

static void choose_bank(dq_machine *m, unsigned slot, unsigned bank)
{
    if (m->c.cart.bank[slot] == bank)
        return;
    m->c.cart.bank[slot] = (uint8_t)bank;
    dq_cart_map(m);
}

static void touch_spot(dq_machine *m, unsigned low)
{
    const traits *type = &types[m->cart_type];
    if (m->cart_type == DQ_CART_E0 && low >= 0xFE0 && low < 0xFF8)
        choose_bank(m, (low - 0xFE0) / 8, low & 7);
    else if (m->cart_type == DQ_CART_E7 && low >= 0xFE0 && low < 0xFEC)
        choose_bank(m, low >= 0xFE8, low & (low >= 0xFE8 ? 3 : 7));
    else if (type->n_banks > 1 && low >= type->first_spot && low < type->first_spot + type->n_banks)
        choose_bank(m, 0, low - type->first_spot);
}

void dq_cart_snoop(dq_machine *m, unsigned address)
{
    if (m->cart_type == DQ_CART_UA && ((address & 0x1FFF) == 0x220 || (address & 0x1FFF) == 0x240))
        choose_bank(m, 0, (address & 0x1FFF) == 0x240);
}

void dq_cart_snoop_tia(dq_machine *m, uint8_t value)
{
    choose_bank(m, 0, value % (unsigned)(m->rom_bytes / (2 * KIB)));
}

static uint8_t rom_byte(const dq_machine *m, unsigned low)
{
    const uint8_t *bank = m->c.cart.bank;
    switch (m->cart_type) {
    case DQ_CART_2K:
        return m->rom[low & 0x7FF];
    case DQ_CART_E0:
        return m->rom[bank[low / KIB] * KIB + low % KIB];
    case DQ_CART_E7:
        return m->rom[(low < 2 * KIB ? bank[0] : 7) * 2 * KIB + low % (2 * KIB)];
    default:
        return m->rom[bank[0] * 4 * KIB + low];
    }
}

static void write_ram(dq_machine *m, unsigned low, uint8_t value)
{
    uint8_t *ram = m->cart_type == DQ_CART_E7 ? m->big_ram : m->c.cart.ram;
    const uint8_t *bank = m->c.cart.bank;
    if (m->cart_type != DQ_CART_E7) {
        if (low < types[m->cart_type].ram_bytes)
            ram[low] = value;
    } else if (low < KIB && bank[0] == 7) {
        ram[low] = value;
    } else if (low >= 0x800 && low < 0x900) {
        ram[KIB + 256 * bank[1] + (low & 0xFF)] = value;
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
    write_ram(m, low, value);
    if (m->cart_type == DQ_CART_DPC) {
        dq_dpc_clock_random(&m->c.cart.dpc);
        if (low >= 0x40 && low < 0x80)
            dq_dpc_write(&m->c.cart.dpc, low, value);
    }
    touch_spot(m, low);
}
