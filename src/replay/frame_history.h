/** The frames of several lanes, packed without loss, from any of which reading may begin.
 *
 *  Each lane has a frame in every round. Eight rounds of a lane are a group: its first frame is
 *  stored as it is, the others as differences (frame_code.h), so to read a frame at most eight
 *  are decoded. The groups of all lanes in some rounds are a segment, which is the unit that is
 *  dropped, and that a checkpoint writes. */
#ifndef DEEPQ_REPLAY_FRAME_HISTORY_H
#define DEEPQ_REPLAY_FRAME_HISTORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "deepq/status.h"
#include "deepq/stream.h"

enum { DQ_GROUP_ROUNDS = 8 };

typedef struct dq_frame_history dq_frame_history;

/** Create an empty history.
 *  @param segment_rounds rounds in a segment, a multiple of DQ_GROUP_ROUNDS
 *  @param kept_rounds frames of the newest so many rounds can be read
 *  @return DQ_OK or DQ_ERR_NOMEM */
DQ_NODISCARD dq_status dq_frame_history_create(dq_frame_history **out, size_t frame_bytes,
                                               size_t n_lanes, size_t segment_rounds,
                                               size_t kept_rounds);
/** Accepts NULL. */
void dq_frame_history_destroy(dq_frame_history *h);
/** Forget all frames. */
void dq_frame_history_clear(dq_frame_history *h);

/** Add a lane's frame of a round, or replace its newest one.
 *  @param round that of its newest frame, or a later one; those between get the same frame. The
 *         first one may be any.
 *  @return DQ_OK or DQ_ERR_NOMEM. After a failure the history may only be cleared or destroyed. */
dq_status dq_frame_history_put(dq_frame_history *h, size_t lane, uint64_t round,
                               const uint8_t *frame);
/** The round after that of a lane's newest frame; 0 when there is none. */
uint64_t dq_frame_history_next(const dq_frame_history *h, size_t lane);
/** Read consecutive frames of a lane. Those that are not there are zeros.
 *  @param last round of the last of them
 *  @param[out] frames uint8 [n][frame_bytes], oldest first */
void dq_frame_history_get(const dq_frame_history *h, size_t lane, uint64_t last, size_t n,
                          uint8_t *frames);
/** Bytes that the codes take. */
size_t dq_frame_history_bytes(const dq_frame_history *h);

/** Write the frames of a segment.
 *  @param segment its number: it begins with round segment * segment_rounds */
dq_status dq_frame_history_save(const dq_frame_history *h, uint64_t segment, dq_writer *w);
/** Read what dq_frame_history_save() wrote. Segments are loaded in order after
 *  dq_frame_history_clear().
 *  @return DQ_OK; DQ_ERR_INPUT for damaged data; DQ_ERR_NOMEM */
DQ_NODISCARD dq_status dq_frame_history_load(dq_frame_history *h, uint64_t segment, dq_reader *r);

#endif
