/** Blackjack with any source of cards, so that a deal can be repeated. */
#ifndef DEEPQ_ENV_BLACKJACK_H
#define DEEPQ_ENV_BLACKJACK_H

#include <stdbool.h>
#include <stdint.h>

#include "deepq/env.h"

enum { DQ_BLACKJACK_STATES = 32 * 11 * 2 };

/** The next card: 1 (ace) .. 10. */
typedef int dq_card_fn(void *ctx);

typedef struct dq_hand {
    int sum;  // aces count 1
    int n;
    bool has_ace;
} dq_hand;

typedef struct dq_blackjack {
    bool sab, natural;
    dq_hand player, dealer;
    int shown;  // the dealer's first card
} dq_blackjack;

/** Two cards for the dealer, then two for the player. */
void dq_blackjack_deal(dq_blackjack *b, dq_card_fn *card, void *ctx);
/** Stick (0) or hit (1); returns whether the game is over. */
bool dq_blackjack_act(dq_blackjack *b, int action, float *reward, dq_card_fn *card, void *ctx);
/** (sum * 11 + shown) * 2 + usable ace. */
int32_t dq_blackjack_state(const dq_blackjack *b);

#endif
