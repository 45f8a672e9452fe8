/** The machine: the console's chips and what they are wired together by.
 *
 *  The console is the state; bus and beam are fixed or derived from it, and rebuilt by
 *  dq_machine_map(); the frames are about the two pictures. machine_run.h runs it. */
#ifndef DEEPQ_ATARI_MACHINE_H
#define DEEPQ_ATARI_MACHINE_H

#include <stdint.h>

#include "atari/beam.h"
#include "atari/bus.h"
#include "atari/console.h"
#include "atari/frames.h"

typedef struct dq_machine {
    dq_console c;
    dq_bus bus;
    dq_beam beam;
    dq_frames frames;
} dq_machine;

/** Derive the address map and the TIA's masks from the console. */
void dq_machine_map(dq_machine *m);

/** Read or write a place that is no plain memory. `bus` is the last byte on the data bus.
 *  The time is c.cycle; a write to WSYNC moves it on. */
uint8_t dq_bus_read(dq_machine *m, uint16_t address, uint8_t bus);
void dq_bus_write(dq_machine *m, uint16_t address, uint8_t value);
/** The same for the TIA's addresses alone. */
void dq_bus_write_tia(dq_machine *m, unsigned address, uint8_t value, dq_access how);

#endif
