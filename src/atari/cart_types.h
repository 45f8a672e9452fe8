/** The types of cartridges, and which of them an image is. */
#ifndef DEEPQ_ATARI_CART_TYPES_H
#define DEEPQ_ATARI_CART_TYPES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

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

enum {
    DQ_CART_MAX_BYTES = 512 * 1024,  // as many slices as 3F can name
    DQ_CART_RAM_BYTES = 256,         // of the type with most, but for
    DQ_CART_BIG_RAM_BYTES = 2048,    // E7
    DQ_CART_SAVED_RAM = 128          // of states, for every type, or more where there is more
};

/** What the types have in common: banks of 4 KiB, chosen by touching `n_banks` addresses from
 *  `first_spot` on, and RAM that is written at 1000 and read above that. E0, E7, 3F, FE and UA
 *  switch in ways of their own. */
typedef struct dq_cart_traits {
    const char *name;
    uint16_t first_spot;
    uint8_t n_banks, start_bank;
    uint16_t ram_bytes;
} dq_cart_traits;
extern const dq_cart_traits dq_cart_types[DQ_CART_TYPES];

/** The type of an image by size and by the instructions that switch banks, as ALE finds it.
 *  @return DQ_CART_TYPES for a size that no type has, or a type that is not there (3E) */
dq_cart_type dq_cart_detect(const uint8_t *rom, size_t n);
/** "F8", "2K", ... */
const char *dq_cart_name(dq_cart_type type);

#endif
