/** Cartridges: what lies behind addresses 1000 to 1FFF. */
#ifndef DEEPQ_ATARI_CART_H
#define DEEPQ_ATARI_CART_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "atari/m6507.h"
#include "atari/mt19937.h"

typedef enum dq_cart_type {
    DQ_CART_2K,
    DQ_CART_4K,
    DQ_CART_F8,
    DQ_CART_F6,
    DQ_CART_F4,
    DQ_CART_F8SC,
    DQ_CART_F6SC,
    DQ_CART_F4SC,
    DQ_CART_FA,
    DQ_CART_E0,
    DQ_CART_E7,
    DQ_CART_FE,
    DQ_CART_3F,
    DQ_CART_UA,
    DQ_CART_DPC,
    DQ_CART_TYPES
} dq_cart_type;

/** The display processor of Pitfall II: eight data fetchers and a random number. */
typedef struct dq_dpc {
    double fraction;  // of an oscillator tick, below 1
    int32_t cycle;    // when the music was brought up to date
    uint16_t counter[8];
    uint8_t top[8], bottom[8], flag[8];
    uint8_t music[8];  // fetchers 5 to 7
    uint8_t random;
} dq_dpc;

enum {
    DQ_CART_MAX_BYTES = 512 * 1024,  // as many slices as 3F can name
    DQ_CART_RAM_BYTES = 256,         // of the type with most, but for
    DQ_CART_BIG_RAM_BYTES = 2048,    // E7
    DQ_CART_SAVED_RAM = 128          // of states, for every type, or more where there is more
};

typedef struct dq_cart {
    uint8_t bank[4];  // bank in [0]; E0: four slices; E7: slice, RAM
    dq_dpc dpc;
    uint8_t
        ram[DQ_CART_RAM_BYTES];  // the last of a console's state: only dq_cart_ram_bytes() count
} dq_cart;

struct dq_machine;

/** The type of an image by size and by the instructions that switch banks, as ALE finds it.
 *  @return DQ_CART_TYPES for a size that no type has, or a type that is not there (3E) */
dq_cart_type dq_cart_detect(const uint8_t *rom, size_t n);
/** "F8", "2K", ... */
const char *dq_cart_name(dq_cart_type type);
/** Translate an image for the quick engine: ops [n] is what does the instruction at each place. It
 *  stops at opcodes that stop the processor, where straight code would run off the memory that can
 *  be fetched without looking, from DQ_WINDOW_MARGIN bytes before hot spots and the end of each
 *  part on, and at ports of RAM. */
void dq_cart_prepare(dq_op *ops, const uint8_t *rom, size_t n, dq_cart_type type);
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
