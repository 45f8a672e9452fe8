/** Observation references (.obs): what the book's Python, with ALE and OpenCV, observed in one
 *  game.
 *
 *  A record after each reset and step holds action, reward, lives, end, and CRC-32 of the 84x84
 *  frame and of the stack of four. Checking replays the actions on the composed wrappers and on the
 *  fused pipeline, both of which must agree. The bytes come from files of unknown origin:
 *  everything is checked, anything odd is DQ_ERR_INPUT with what is wrong. */
#ifndef DEEPQ_ENV_OBSERVATION_CHECK_H
#define DEEPQ_ENV_OBSERVATION_CHECK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "deepq/status.h"

typedef struct dq_observation_header {
    uint32_t n_records;    // resets and steps
    uint64_t action_seed;  // of the generator that drew the actions
    char game_id[33];
} dq_observation_header;

typedef struct dq_observation_report {
    dq_observation_header header;
    uint32_t n_equal;      // records that were equal before the first difference
    bool equal;            // every record was
    uint32_t record;       // first record that differs
    char difference[192];  // what differs there: "fused: frame CRC 1234abcd, the reference has ..."
} dq_observation_report;

/** True when the bytes begin as an observation reference does; only for telling file types apart.
 */
bool dq_observation_is(const void *bytes, size_t n);

/** Check that n bytes are a well-formed reference and read its header. */
DQ_NODISCARD dq_status dq_observation_header_parse(dq_observation_header *header, const void *bytes,
                                                   size_t n);

/** Replay a reference on the cartridge image `rom` (whose md5 is the caller's to compare) and
 *  compare every record. DQ_OK also when they differ: `report` says. */
DQ_NODISCARD dq_status dq_observation_check(dq_observation_report *report, const void *bytes,
                                            size_t n, const void *rom, size_t rom_bytes);

#endif
