/** The bus: what the cartridge puts into the processor's address space, and what stops the
 * processor. Derived from the cartridge's state, but for what is plugged in. */
#ifndef DEEPQ_ATARI_BUS_H
#define DEEPQ_ATARI_BUS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "atari/cart_types.h"
#include "atari/m6507.h"

enum {
    DQ_PAGE_BYTES = 128,
    DQ_WINDOW_MARGIN = 5,  // the last bytes of memory, from which no instruction is taken blindly
    DQ_PAGES = 128         // the processor's address bits 7 to 13: FE cartridges look at bit 13
};

/** Where the processor may fetch without looking. */
typedef struct dq_window {
    const uint8_t *code;      // in the image: code[pc - from] for pc = from .. from + n - 1
    uint16_t from, first, n;  // `from` begins a page of 256 bytes, `first` of which are not there;
                              // n 0: nowhere, after a change of the address map
} dq_window;

typedef struct dq_bus {
    dq_window window;
    bool stop;       // the address map changed or the frame is over: the processor has to look up
    uint8_t n_tail;  // bytes of `tail` that are before the hot spots
    dq_cart_type cart_type;
    const uint8_t *page[DQ_PAGES];  // where reads are plain memory, else NULL
    const uint8_t *tail;            // 1F80 and up when there are hot spots: plain memory for
                                    // fetching, else NULL
    // Of the session's cartridge:
    const uint8_t *rom;  // [rom_bytes] the image, 256-byte pages on such addresses
    const dq_op *ops;    // [rom_bytes] what does the instruction at each place
    size_t rom_bytes;
    uint8_t *big_ram;  // [DQ_CART_BIG_RAM_BYTES], of E7 alone: too much to keep for each picture
} dq_bus;

#endif
