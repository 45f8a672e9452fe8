/** What a store to each of the TIA's registers does, one function for each. A table that every file
 *  sees, so that a store whose register is known when compiling is a plain call. */
#ifndef DEEPQ_ATARI_TIA_WRITERS_H
#define DEEPQ_ATARI_TIA_WRITERS_H

#include "atari/beam.h"
#include "atari/tia_registers.h"

/** Before the beam's alert_time writes that are stores may go straight to their register. */
typedef void dq_tia_writer(dq_tia *tia, dq_beam *beam, int32_t cycle, uint8_t value);

/* clang-format off */
/** The registers that do something. WSYNC is not one of them: see dq_tia_sleep(). */
#define DQ_TIA_EACH_REGISTER(EACH)                                                                 \
    EACH(VSYNC) EACH(VBLANK) EACH(NUSIZ0) EACH(NUSIZ1)                                             \
    EACH(COLUP0) EACH(COLUP1) EACH(COLUPF) EACH(COLUBK)                                            \
    EACH(CTRLPF) EACH(REFP0) EACH(REFP1) EACH(PF0) EACH(PF1) EACH(PF2)                             \
    EACH(RESP0) EACH(RESP1) EACH(RESM0) EACH(RESM1) EACH(RESBL)                                    \
    EACH(AUDC0) EACH(AUDC1) EACH(AUDF0) EACH(AUDF1) EACH(AUDV0) EACH(AUDV1)                        \
    EACH(GRP0) EACH(GRP1) EACH(ENAM0) EACH(ENAM1) EACH(ENABL)                                      \
    EACH(HMP0) EACH(HMP1) EACH(HMM0) EACH(HMM1) EACH(HMBL)                                         \
    EACH(VDELP0) EACH(VDELP1) EACH(VDELBL) EACH(RESMP0) EACH(RESMP1)                               \
    EACH(HMOVE) EACH(HMCLR) EACH(CXCLR)

#define DQ_TIA_DECLARE(reg) dq_tia_writer dq_tia_write_##reg;
DQ_TIA_EACH_REGISTER(DQ_TIA_DECLARE)
dq_tia_writer dq_tia_write_nothing;

#define DQ_TIA_ENTRY(reg) [reg] = dq_tia_write_##reg,
#define DQ_TIA_NONE(reg) [reg] = dq_tia_write_nothing
#define DQ_TIA_NONE_3(reg) DQ_TIA_NONE(reg), DQ_TIA_NONE((reg) + 1), DQ_TIA_NONE((reg) + 2)
#define DQ_TIA_NONE_9(reg) DQ_TIA_NONE_3(reg), DQ_TIA_NONE_3((reg) + 3), DQ_TIA_NONE_3((reg) + 6)
static dq_tia_writer *const dq_tia_writers[DQ_TIA_WRITES] = {
    DQ_TIA_EACH_REGISTER(DQ_TIA_ENTRY)
    DQ_TIA_NONE(WSYNC), DQ_TIA_NONE(RSYNC),
    DQ_TIA_NONE_9(0x2D), DQ_TIA_NONE_9(0x36), DQ_TIA_NONE(0x3F)};
/* clang-format on */

#endif
