#include "atari/cart.h"

#include <string.h>

#include "atari/console.h"

enum { KIB = 1024 };
enum { LAST_PAGE = 31 };  // of 128 bytes

static bool has_spots(dq_cart_type type)
{
    return dq_cart_types[type].n_banks > 1 || type == DQ_CART_E0 || type == DQ_CART_E7;
}

/* How much of a bank's last page can be fetched without touching a hot spot. */
static unsigned tail_bytes(dq_cart_type type)
{
    if (type == DQ_CART_E0 || type == DQ_CART_E7)
        return 0x60;
    if (type == DQ_CART_DPC)  // its random number counts reads from here on
        return 0x40;
    return dq_cart_types[type].first_spot - LAST_PAGE * DQ_PAGE_BYTES;
}

/* RAM ports at 1000, below plain memory; E7 has them elsewhere. */
static unsigned port_bytes(dq_cart_type type)
{
    if (type == DQ_CART_DPC)
        return DQ_PAGE_BYTES;
    return type == DQ_CART_E7 ? 0 : 2u * dq_cart_types[type].ram_bytes;
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
    unsigned ram_pages = dq_cart_types[m->cart_type].ram_bytes / DQ_PAGE_BYTES;
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

dq_cart_code dq_cart_code_of(dq_cart_type type)
{
    size_t part = part_bytes(type);
    size_t n_spots = has_spots(type) ? DQ_PAGE_BYTES - tail_bytes(type) : 0;
    return (dq_cart_code){part, port_bytes(type), part - n_spots - DQ_WINDOW_MARGIN};
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
    cart->bank[0] = dq_cart_types[m->cart_type].start_bank;
    cart->bank[1] = 0;
    if (m->cart_type == DQ_CART_E0)
        for (uint8_t slot = 0; slot < 4; slot++)
            cart->bank[slot] = (uint8_t)(slot + 4);
    uint8_t *ram = m->cart_type == DQ_CART_E7 ? m->big_ram : cart->ram;
    for (size_t i = 0; i < dq_cart_types[m->cart_type].ram_bytes; i++)
        ram[i] = (uint8_t)dq_mt19937_next(random);
    if (m->cart_type == DQ_CART_DPC)
        dq_dpc_reset(&cart->dpc);
}

size_t dq_cart_ram_bytes(dq_cart_type type)
{
    return type == DQ_CART_E7 ? 0 : dq_cart_types[type].ram_bytes;
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
        return cart->bank[0] < dq_cart_types[type].n_banks || cart->bank[0] == 0;
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
    const dq_cart_traits *traits = &dq_cart_types[m->cart_type];
    if (m->cart_type == DQ_CART_E0 && low >= 0xFE0 && low < 0xFF8)
        choose_bank(m, (low - 0xFE0) / 8, low & 7);
    else if (m->cart_type == DQ_CART_E7 && low >= 0xFE0 && low < 0xFEC)
        choose_bank(m, low >= 0xFE8, low & (low >= 0xFE8 ? 3 : 7));
    else if (traits->n_banks > 1 && low >= traits->first_spot &&
             low < traits->first_spot + traits->n_banks)
        choose_bank(m, 0, low - traits->first_spot);
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
        if (low < dq_cart_types[m->cart_type].ram_bytes)
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
            return dq_dpc_read(&m->c.cart.dpc, m->rom, low, m->c.cycle);
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
