/** Any records, with checksums that are right, as a log of actions; what it has is asked for. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "corpus_depth.h"
#include "record/action_history.h"
#include "record/framed_records.h"

const char *const fuzz_depths[] = {"a log is read", "a game's actions are there",
                                   "a state is unpacked", "a log is refused", NULL};

enum { MOST_ACTIONS_ASKED = 1 << 16 };

/** Lengths of two bytes, each with so many bytes behind it, become records. */
static uint8_t *frame_all(const uint8_t *bytes, size_t n, size_t *n_framed)
{
    uint8_t *framed = malloc(n * (1 + DQ_FRAME_BYTES) + 1), *to = framed;
    if (!framed)
        abort();
    while (n >= 2) {
        size_t length = bytes[0] | (size_t)bytes[1] << 8;
        bytes += 2;
        n -= 2;
        length = length < n ? length : n;
        memcpy(to + DQ_FRAME_HEAD, bytes, length);
        dq_frame_record(to, length);
        to += length + DQ_FRAME_BYTES;
        bytes += length;
        n -= length;
    }
    *n_framed = (size_t)(to - framed);
    return framed;
}

static void ask_actions(const dq_action_history *h, const dq_logged_game *game)
{
    int64_t n = game->end - game->begin;
    static uint16_t actions[MOST_ACTIONS_ASKED];
    if (n > MOST_ACTIONS_ASKED)
        n = MOST_ACTIONS_ASKED;
    if (!dq_action_history_actions(h, game->lane, game->begin, (size_t)n, actions) || n == 0)
        return;
    fuzz_reached(1);
    for (int64_t i = 0; i < n; i++)
        if (actions[i] >= (h->n_actions > 1 ? h->n_actions : 2))
            abort();
}

static void ask_state(const dq_action_history *h, const dq_logged_game *game)
{
    int64_t begin;
    void *state;
    size_t n;
    dq_status st = dq_action_history_state(h, game->lane, game->begin, &begin, &state, &n);
    if (st != DQ_OK && st != DQ_ERR_INPUT && st != DQ_ERR_NOMEM)
        abort();
    if (st == DQ_OK && begin > game->begin)
        abort();
    if (st == DQ_OK && state)
        fuzz_reached(2);
    free(state);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    size_t n_framed;
    uint8_t *framed = frame_all(bytes, n, &n_framed);
    dq_action_history h;
    dq_status st = dq_action_history_parse(&h, framed, n_framed, "fuzzed");
    fuzz_reached(st == DQ_OK ? 0 : 3);
    for (size_t i = 0; st == DQ_OK && i < h.n_games; i++) {
        ask_actions(&h, &h.games[i]);
        ask_state(&h, &h.games[i]);
        if (!dq_action_history_game(&h, h.games[i].number))
            abort();
    }
    dq_action_history_free(&h);
    free(framed);
    return 0;
}
