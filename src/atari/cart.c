#include "atari/cart.h"

#include <string.h>

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
static void map(dq_bus *bus, unsigned first, unsigned n, const uint8_t *bytes)
{
    const uint8_t **page = &bus->page[0x1000 / DQ_PAGE_BYTES + first];
    for (unsigned i = 0; i < n; i++)
        page[i] = page[i + MIRROR] = bytes + i * DQ_PAGE_BYTES;
}

static void unmap(dq_bus *bus, unsigned page)
{
    bus->page[0x1000 / DQ_PAGE_BYTES + page] = bus->page[0x1000 / DQ_PAGE_BYTES + page + MIRROR] =
        NULL;
}

/* The last page has hot spots from `spots` on, 0 to 127. */
static void map_tail(dq_bus *bus, const uint8_t *bytes, unsigned spots)
{
    unmap(bus, LAST_PAGE);
    bus->tail = bytes;
    bus->n_tail = (uint8_t)spots;
}

static void map_e0(const dq_cart *cart, dq_bus *bus)
{
    for (unsigned slot = 0; slot < 4; slot++)
        map(bus, slot * SLOT_PAGES, SLOT_PAGES, bus->rom + cart->bank[slot] * KIB);
    map_tail(bus, bus->rom + 8 * KIB - DQ_PAGE_BYTES, tail_bytes(DQ_CART_E0));
}

static void map_fe(dq_bus *bus)
{
    map(bus, 0, 32, bus->rom + 4 * KIB);
    for (unsigned i = 0; i < 32; i++)
        bus->page[0x3000 / DQ_PAGE_BYTES + i] = bus->rom + i * DQ_PAGE_BYTES;
}

/* 1800 to 19FF are RAM, 256 bytes of four times as many; below are 2 KiB of the image or more RAM.
 * What is only written there stays unmapped: reading gives the image's bytes. */
static void map_e7(const dq_cart *cart, dq_bus *bus)
{
    enum { SLICE = 2 * KIB, RAM_SLICE = 7, BIG_RAM = KIB };
    const uint8_t *last = bus->rom + 7 * SLICE, *bank = cart->bank;
    if (bank[0] != RAM_SLICE) {
        map(bus, 0, 16, bus->rom + bank[0] * SLICE);
    } else {
        for (unsigned page = 0; page < 8; page++)
            unmap(bus, page);
        map(bus, 8, 8, bus->big_ram);
    }
    unmap(bus, 16);
    unmap(bus, 17);
    map(bus, 18, 2, bus->big_ram + BIG_RAM + 256 * bank[1]);
    map(bus, 20, 12, last + 0x200);
    map_tail(bus, last + SLICE - DQ_PAGE_BYTES, tail_bytes(DQ_CART_E7));
}

static void map_banks(const dq_cart *cart, dq_bus *bus)
{
    const uint8_t *bank = bus->rom + cart->bank[0] * 4 * KIB;
    unsigned ram_pages = dq_cart_types[bus->cart_type].ram_bytes / DQ_PAGE_BYTES;
    map(bus, 0, 32, bank);
    if (ram_pages)
        map(bus, ram_pages, ram_pages, cart->ram);
    if (bus->cart_type == DQ_CART_DPC)
        unmap(bus, 0);
    if (has_spots(bus->cart_type))
        map_tail(bus, bank + LAST_PAGE * DQ_PAGE_BYTES, tail_bytes(bus->cart_type));
}

void dq_cart_map(const dq_cart *cart, dq_bus *bus)
{
    bus->window.n = 0;
    bus->stop = true;
    bus->tail = NULL;
    bus->n_tail = 0;
    switch (bus->cart_type) {
    case DQ_CART_2K:
        map(bus, 0, 16, bus->rom);
        map(bus, 16, 16, bus->rom);
        break;
    case DQ_CART_3F:
        map(bus, 0, 16, bus->rom + cart->bank[0] * 2 * KIB);
        map(bus, 16, 16, bus->rom + bus->rom_bytes - 2 * KIB);
        break;
    case DQ_CART_E0:
        map_e0(cart, bus);
        break;
    case DQ_CART_E7:
        map_e7(cart, bus);
        break;
    case DQ_CART_FE:
        map_fe(bus);
        break;
    default:
        map_banks(cart, bus);
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

void dq_cart_load(dq_cart *cart)
{
    memset(cart, 0, sizeof(*cart));
    dq_dpc_load(&cart->dpc);
}

void dq_cart_reset(dq_cart *cart, const dq_bus *bus, dq_mt19937 *random)
{
    cart->bank[0] = dq_cart_types[bus->cart_type].start_bank;
    cart->bank[1] = 0;
    if (bus->cart_type == DQ_CART_E0)
        for (uint8_t slot = 0; slot < 4; slot++)
            cart->bank[slot] = (uint8_t)(slot + 4);
    uint8_t *ram = bus->cart_type == DQ_CART_E7 ? bus->big_ram : cart->ram;
    for (size_t i = 0; i < dq_cart_types[bus->cart_type].ram_bytes; i++)
        ram[i] = (uint8_t)dq_mt19937_next(random);
    if (bus->cart_type == DQ_CART_DPC)
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

static void choose_bank(dq_cart *cart, dq_bus *bus, unsigned slot, unsigned bank)
{
    if (cart->bank[slot] == bank)
        return;
    cart->bank[slot] = (uint8_t)bank;
    dq_cart_map(cart, bus);
}

static void touch_spot(dq_cart *cart, dq_bus *bus, unsigned low)
{
    const dq_cart_traits *traits = &dq_cart_types[bus->cart_type];
    if (bus->cart_type == DQ_CART_E0 && low >= 0xFE0 && low < 0xFF8)
        choose_bank(cart, bus, (low - 0xFE0) / 8, low & 7);
    else if (bus->cart_type == DQ_CART_E7 && low >= 0xFE0 && low < 0xFEC)
        choose_bank(cart, bus, low >= 0xFE8, low & (low >= 0xFE8 ? 3 : 7));
    else if (traits->n_banks > 1 && low >= traits->first_spot &&
             low < traits->first_spot + traits->n_banks)
        choose_bank(cart, bus, 0, low - traits->first_spot);
}

void dq_cart_snoop(dq_cart *cart, dq_bus *bus, unsigned address)
{
    if (bus->cart_type == DQ_CART_UA &&
        ((address & 0x1FFF) == 0x220 || (address & 0x1FFF) == 0x240))
        choose_bank(cart, bus, 0, (address & 0x1FFF) == 0x240);
}

void dq_cart_snoop_write(dq_cart *cart, dq_bus *bus, unsigned address, uint8_t value)
{
    if ((address & 0x1FFF) < 0x40)
        choose_bank(cart, bus, 0, value % (unsigned)(bus->rom_bytes / (2 * KIB)));
}

static uint8_t rom_byte(const dq_cart *cart, const dq_bus *bus, unsigned low)
{
    const uint8_t *bank = cart->bank;
    switch (bus->cart_type) {
    case DQ_CART_2K:
        return bus->rom[low & 0x7FF];
    case DQ_CART_E0:
        return bus->rom[bank[low / KIB] * KIB + low % KIB];
    case DQ_CART_E7:
        return bus->rom[(low < 2 * KIB ? bank[0] : 7) * 2 * KIB + low % (2 * KIB)];
    default:
        return bus->rom[bank[0] * 4 * KIB + low];
    }
}

static void write_ram(dq_cart *cart, const dq_bus *bus, unsigned low, uint8_t value)
{
    uint8_t *ram = bus->cart_type == DQ_CART_E7 ? bus->big_ram : cart->ram;
    const uint8_t *bank = cart->bank;
    if (bus->cart_type != DQ_CART_E7) {
        if (low < dq_cart_types[bus->cart_type].ram_bytes)
            ram[low] = value;
    } else if (low < KIB && bank[0] == 7) {
        ram[low] = value;
    } else if (low >= 0x800 && low < 0x900) {
        ram[KIB + 256 * bank[1] + (low & 0xFF)] = value;
    }
}

uint8_t dq_cart_read(dq_cart *cart, dq_bus *bus, unsigned address, int32_t cycle)
{
    const uint8_t *page = bus->page[address / DQ_PAGE_BYTES % DQ_PAGES];
    unsigned low = address & 0xFFF;
    if (page)
        return page[address % DQ_PAGE_BYTES];
    if (bus->cart_type == DQ_CART_DPC) {
        if (low < 0x80 || low >= 0xFC0)
            dq_dpc_clock_random(&cart->dpc);
        if (low < 0x40)
            return dq_dpc_read(&cart->dpc, bus->rom, low, cycle);
    }
    touch_spot(cart, bus, low);
    return rom_byte(cart, bus, low);
}

void dq_cart_write(dq_cart *cart, dq_bus *bus, unsigned address, uint8_t value)
{
    unsigned low = address & 0xFFF;
    write_ram(cart, bus, low, value);
    if (bus->cart_type == DQ_CART_DPC) {
        dq_dpc_clock_random(&cart->dpc);
        if (low >= 0x40 && low < 0x80)
            dq_dpc_write(&cart->dpc, low, value);
    }
    touch_spot(cart, bus, low);
}
