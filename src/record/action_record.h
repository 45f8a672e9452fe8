/** Records of a log of actions (action_log.h), byte by byte. */
#ifndef DEEPQ_RECORD_ACTION_RECORD_H
#define DEEPQ_RECORD_ACTION_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "deepq/stream.h"

typedef enum dq_action_kind {
    DQ_ACTION_HEAD = 1,  // the first record: `lane` environments, `number` actions to choose from
    DQ_ACTION_PART,      // actions of a game that goes on
    DQ_ACTION_GAME,      // the last actions of a game
    DQ_ACTION_STATE      // an environment as it was, to play on from
} dq_action_kind;

enum { DQ_GAME_UNKNOWN = -1 };

typedef struct dq_action_record {
    dq_action_kind kind;
    int lane;              // the environment
    int64_t step;          // of the run, when it was written
    int64_t begin, end;    // of this environment's steps, counted from 0: those whose actions are
                           // here; of a state, `end` steps came before it
    int64_t game_begin;    // first step of the game; DQ_GAME_UNKNOWN: before the log begins
    int64_t number;        // of the game, as the run counts
    double points;         // of the game
    uint64_t seen;         // what the game showed so far, dq_action_seen()
    size_t n_whole;        // bytes of a state that `bytes` are the compressed form of
    const uint8_t *bytes;  // packed actions, or the state
    size_t n_bytes;
} dq_action_record;

/** Write a record's bytes. */
dq_status dq_action_record_put(dq_writer *w, const dq_action_record *r);
/** Read them back. r->bytes points into `bytes`.
 *  @return false when they are impossible */
bool dq_action_record_take(dq_action_record *r, const uint8_t *bytes, size_t n);

/** Bytes that n actions take. @param n_actions to choose from */
size_t dq_action_packed_bytes(size_t n, int n_actions);
/** Actions as digits of numbers of 64 bits: of six that are played evenly each takes 2.67 bits,
 * where 2.58 would be the least. */
void dq_action_pack(uint8_t *bytes, const uint16_t *actions, size_t n, int n_actions);
/** @param n actions from the one with number `from` on */
void dq_action_unpack(uint16_t *actions, const uint8_t *bytes, size_t from, size_t n,
                      int n_actions);

#endif
