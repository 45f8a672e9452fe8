#include "atari/machine.h"

#include <stddef.h>

#include "atari/tia_registers.h"

#define NEVER_INLINE __attribute__((noinline))

void dq_machine_map(dq_machine *m)
{
    for (unsigned i = 0; i < DQ_PAGES; i++) {
        unsigned address = i * DQ_PAGE_BYTES;
        m->bus.page[i] = (address & 0x1280) == 0x0080 ? m->c.riot.ram : NULL;
    }
    dq_cart_map(&m->c.cart, &m->bus);
    dq_tia_refresh(&m->c.tia, &m->beam);
}

/* ---------------------------------------------------------------- reading */

static inline uint8_t read_chip(dq_machine *m, uint16_t address, uint8_t bus)
{
    dq_console *c = &m->c;
    if (!(address & 0x80))
        return dq_tia_read(&c->tia, &m->beam, &c->in, c->cycle, address, bus);
    if (!(address & 0x200))
        return c->riot.ram[address & 0x7F];
    return dq_riot_read(&c->riot, &c->in, address, c->cycle);
}

/* A call of its own, so that what is read most often needs no more than a jump. */
static NEVER_INLINE uint8_t read_watched(dq_machine *m, uint16_t address, uint8_t bus)
{
    dq_cart_snoop(&m->c.cart, &m->bus, address);
    return read_chip(m, address, bus);
}

uint8_t dq_bus_read(dq_machine *m, uint16_t address, uint8_t bus)
{
    if (address & 0x1000)
        return dq_cart_read(&m->c.cart, &m->bus, address, m->c.cycle);
    if (m->bus.cart_type == DQ_CART_UA)
        return read_watched(m, address, bus);
    return read_chip(m, address, bus);
}

/* ---------------------------------------------------------------- writing */

/* Two pushes of one instruction come at the same time: the second one finds the processor asleep.
 */
void dq_bus_write_tia(dq_machine *m, unsigned address, uint8_t value, dq_access how)
{
    dq_console *c = &m->c;
    if (m->bus.cart_type == DQ_CART_3F)
        dq_cart_snoop_write(&c->cart, &m->bus, address, value);
    dq_tia_write(&c->tia, &m->beam, c->cycle, address, value, how != DQ_ACCESS_STORE);
    if (address % DQ_TIA_WRITES == WSYNC && how != DQ_ACCESS_PUSH_AGAIN)
        c->cycle += dq_tia_sleep(&m->beam, c->cycle);
    if (!c->tia.partial)
        m->bus.stop = true;
}

void dq_bus_write(dq_machine *m, uint16_t address, uint8_t value)
{
    dq_console *c = &m->c;
    if (address & 0x1000) {
        dq_cart_write(&c->cart, &m->bus, address, value);
        return;
    }
    if (m->bus.cart_type == DQ_CART_UA)
        dq_cart_snoop(&c->cart, &m->bus, address);
    if (!(address & 0x80))
        dq_bus_write_tia(m, address, value, DQ_ACCESS_STORE);
    else if (!(address & 0x200))
        c->riot.ram[address & 0x7F] = value;
    else
        dq_riot_write(&c->riot, address, value, c->cycle);
}
