/** Reference traces (.atr): one session of one game, frame by frame, as ALE played it.
 *
 *  A header says how the session was set up, a record after each frame holds action, reward, lives,
 *  end, and CRC-32 of RAM and screen. The bytes come from files of unknown origin: everything is
 *  checked, anything odd is DQ_ERR_INPUT with what is wrong. Cost: the emulation itself. */
#ifndef DEEPQ_ATARI_TRACE_H
#define DEEPQ_ATARI_TRACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "deepq/status.h"
#include "deepq/stream.h"

typedef struct dq_trace_header {
    uint32_t n_records;  // loading, resets and frames
    uint32_t n_frames;
    int width, height;
    int mode, difficulty;
    int32_t seed;  // ALE's random_seed
    float repeat_action_probability;
    uint64_t action_seed;   // of the generator that drew the actions
    uint32_t reset_period;  // frames between resets in mid-game, 0: none
    bool is_pal;
    bool legal_actions;  // drawn from the legal set; false: from the minimal one
    char game_id[33];    // whose rules apply
    char md5[33];        // of the cartridge, lower-case hex
    char recorder[17];   // "0.12.1": ALE's version, or "deepq 0.1.0"
} dq_trace_header;

typedef struct dq_trace_report {
    dq_trace_header header;
    uint32_t n_equal;      // frame records that were equal before the first difference
    bool equal;            // every record was
    uint32_t record;       // first record that differs
    uint32_t frame;        // frame records before it
    char difference[192];  // what differs there: "screen: CRC 1234abcd, the trace has ..."
} dq_trace_report;

/** True when the bytes begin as a trace does; only for telling file types apart. */
bool dq_trace_is(const void *trace, size_t n);

/** Check that n bytes are a well-formed trace and read its header. */
DQ_NODISCARD dq_status dq_trace_header_parse(dq_trace_header *header, const void *trace, size_t n);

/** Replay a trace on the cartridge image `rom` (whose md5 is the caller's to compare) and compare
 *  every record. DQ_OK also when they differ: `report` says. */
DQ_NODISCARD dq_status dq_trace_check(dq_trace_report *report, const void *trace, size_t n,
                                      const void *rom, size_t rom_bytes);

/** Play a session as `header` describes it (n_frames, mode, difficulty, seeds, period, action set,
 *  game_id, md5; the other fields are filled in) and write it as a trace. */
DQ_NODISCARD dq_status dq_trace_record(dq_writer *out, const dq_trace_header *header,
                                       const void *rom, size_t rom_bytes);

#endif
