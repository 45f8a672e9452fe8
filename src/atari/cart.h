/** Cartridges: what lies behind addresses 1000 to 1FFF. */
#ifndef DEEPQ_ATARI_CART_H
#define DEEPQ_ATARI_CART_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "atari/cart_dpc.h"
#include "atari/cart_types.h"
#include "atari/mt19937.h"

typedef struct dq_cart {
    uint8_t bank[4];  // bank in [0]; E0: four slices; E7: slice, RAM
    dq_dpc dpc;
    uint8_t
        ram[DQ_CART_RAM_BYTES];  // the last of a console's state: only dq_cart_ram_bytes() count
} dq_cart;

struct dq_machine;

/** Where in an image the quick engine may take instructions: in each part of so many bytes, which
 *  are mapped apart, those from `first` to before `end`. The rest are ports of RAM, hot spots, and
 * the last DQ_WINDOW_MARGIN bytes before them or before the part's end. */
typedef struct dq_cart_code {
    size_t part, first, end;
} dq_cart_code;
dq_cart_code dq_cart_code_of(dq_cart_type type);
/** Once, when the image is loaded. */
void dq_cart_load(struct dq_machine *m);
/** Power-on: start banks, Superchip RAM from `random`. */
void dq_cart_reset(struct dq_machine *m, dq_mt19937 *random);
/** Fill the pages 1000 to 1FFF of the address map from the bank numbers. */
void dq_cart_map(struct dq_machine *m);
/** RAM in cartridges of this type, without that of E7, which is in dq_machine.big_ram. */
size_t dq_cart_ram_bytes(dq_cart_type type);
/** True for a state that does not point outside the image. */
bool dq_cart_is_valid(const dq_cart *cart, dq_cart_type type, size_t rom_bytes);
/** What cartridges that watch the console's other addresses have to hear of: any access below 1000
 *  that is no RAM (UA), and writes to 0000 to 003F (3F). */
void dq_cart_snoop(struct dq_machine *m, unsigned address);
void dq_cart_snoop_tia(struct dq_machine *m, uint8_t value);
uint8_t dq_cart_read(struct dq_machine *m, unsigned address);
void dq_cart_write(struct dq_machine *m, unsigned address, uint8_t value);
void dq_cart_shift_time(struct dq_cart *cart, int32_t n);

#endif
