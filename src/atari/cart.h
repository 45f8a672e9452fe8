/** Cartridges: what lies behind addresses 1000 to 1FFF. */
#ifndef DEEPQ_ATARI_CART_H
#define DEEPQ_ATARI_CART_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "atari/bus.h"
#include "atari/cart_dpc.h"
#include "atari/cart_types.h"
#include "atari/mt19937.h"

typedef struct dq_cart {
    uint8_t bank[4];  // bank in [0]; E0: four slices; E7: slice, RAM
    dq_dpc dpc;
    uint8_t
        ram[DQ_CART_RAM_BYTES];  // the last of a console's state: only dq_cart_ram_bytes() count
} dq_cart;

/** Where in an image the quick engine may take instructions: in each part of so many bytes, which
 *  are mapped apart, those from `first` to before `end`. The rest are ports of RAM, hot spots, and
 * the last DQ_WINDOW_MARGIN bytes before them or before the part's end. */
typedef struct dq_cart_code {
    size_t part, first, end;
} dq_cart_code;
dq_cart_code dq_cart_code_of(dq_cart_type type);
/** Once, when the image is loaded. */
void dq_cart_load(dq_cart *cart);
/** Power-on: start banks, Superchip RAM from `random`. */
void dq_cart_reset(dq_cart *cart, const dq_bus *bus, dq_mt19937 *random);
/** Fill the pages 1000 to 1FFF of the address map from the bank numbers, and stop the processor's
 *  quick engine, whose window may have gone. */
void dq_cart_map(const dq_cart *cart, dq_bus *bus);
/** RAM in cartridges of this type, without that of E7, which is in dq_bus.big_ram. */
size_t dq_cart_ram_bytes(dq_cart_type type);
/** True for a state that does not point outside the image. */
bool dq_cart_is_valid(const dq_cart *cart, dq_cart_type type, size_t rom_bytes);
/** For cartridges that watch the console's other addresses: any access below 1000 that is no RAM
 *  (UA), and writes to the TIA (3F). */
void dq_cart_snoop(dq_cart *cart, dq_bus *bus, unsigned address);
void dq_cart_snoop_write(dq_cart *cart, dq_bus *bus, unsigned address, uint8_t value);
uint8_t dq_cart_read(dq_cart *cart, dq_bus *bus, unsigned address, int32_t cycle);
void dq_cart_write(dq_cart *cart, dq_bus *bus, unsigned address, uint8_t value);
void dq_cart_shift_time(dq_cart *cart, int32_t n);

#endif
