#include "env/blackjack.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "deepq/rng.h"
#include "deepq/toy_text.h"
#include "env/world.h"

enum { STICK, HIT, N_ACTIONS };
enum { N_RANKS = 13, DEALER_STANDS = 17, BEST = 21, TEXT_BYTES = 64 };

static const char *const action_names[] = {"Stick", "Hit"};

static void take(dq_hand *h, int card)
{
    h->sum += card;
    h->n++;
    h->has_ace |= card == 1;
}

static bool has_usable_ace(const dq_hand *h)
{
    return h->has_ace && h->sum + 10 <= BEST;
}

static int value(const dq_hand *h)
{
    return has_usable_ace(h) ? h->sum + 10 : h->sum;
}

/** 0 for a hand above 21. */
static int score(const dq_hand *h)
{
    return value(h) > BEST ? 0 : value(h);
}

static bool is_natural(const dq_hand *h)
{
    return h->n == 2 && h->sum == 11 && h->has_ace;
}

void dq_blackjack_deal(dq_blackjack *b, dq_card_fn *card, void *ctx)
{
    b->dealer = b->player = (dq_hand){0};
    b->shown = card(ctx);
    take(&b->dealer, b->shown);
    take(&b->dealer, card(ctx));
    take(&b->player, card(ctx));
    take(&b->player, card(ctx));
}

static float settle(const dq_blackjack *b)
{
    int player = score(&b->player), dealer = score(&b->dealer);
    float reward = (float)((player > dealer) - (player < dealer));
    if (!is_natural(&b->player))
        return reward;
    if (b->sab)
        return is_natural(&b->dealer) ? reward : 1;
    return b->natural && reward == 1 ? 1.5f : reward;
}

bool dq_blackjack_act(dq_blackjack *b, int action, float *reward, dq_card_fn *card, void *ctx)
{
    *reward = 0;
    if (action == HIT) {
        take(&b->player, card(ctx));
        if (value(&b->player) <= BEST)
            return false;
        *reward = -1;
        return true;
    }
    while (value(&b->dealer) < DEALER_STANDS)
        take(&b->dealer, card(ctx));
    *reward = settle(b);
    return true;
}

int32_t dq_blackjack_state(const dq_blackjack *b)
{
    return (value(&b->player) * 11 + b->shown) * 2 + has_usable_ace(&b->player);
}

/* The environment: cards from its own stream. */

typedef struct blackjack_env {
    dq_blackjack game;
    dq_rng rng;
    char text[TEXT_BYTES];
} blackjack_env;

/** Ranks from an endless deck: jack, queen and king count 10. */
static int draw_card(void *ctx)
{
    int rank = 1 + (int)dq_rng_below(ctx, N_RANKS);
    return rank > 10 ? 10 : rank;
}

static dq_status blackjack_reset(void *self, void *obs)
{
    blackjack_env *e = self;
    dq_blackjack_deal(&e->game, draw_card, &e->rng);
    int32_t state = dq_blackjack_state(&e->game);
    memcpy(obs, &state, sizeof(state));
    return DQ_OK;
}

static dq_status blackjack_step(void *self, int action, void *obs, dq_step *result)
{
    blackjack_env *e = self;
    if (value(&e->game.player) > BEST)  // of a state that was loaded: no game can be in it
        return dq_fail(DQ_ERR_INPUT, "Blackjack: the hand is above %d already: reset first", BEST);
    result->terminated = dq_blackjack_act(&e->game, action, &result->reward, draw_card, &e->rng);
    int32_t state = dq_blackjack_state(&e->game);
    memcpy(obs, &state, sizeof(state));
    return DQ_OK;
}

static dq_status blackjack_seed(void *self, uint64_t seed)
{
    ((blackjack_env *)self)->rng = dq_rng_stream(seed, DQ_WORLD_STREAM);
    return DQ_OK;
}

static void write_hand(dq_writer *w, const dq_hand *h)
{
    dq_write_u32(w, (uint32_t)h->sum);
    dq_write_u32(w, (uint32_t)h->n);
    dq_write_u32(w, h->has_ace);
}

static dq_status blackjack_save(void *self, dq_writer *w)
{
    const blackjack_env *e = self;
    dq_write_tag(w, "BLKJ", 1);
    dq_rng_save(&e->rng, w);
    write_hand(w, &e->game.player);
    write_hand(w, &e->game.dealer);
    return dq_write_u32(w, (uint32_t)e->game.shown);
}

static dq_status read_hand(dq_reader *r, dq_hand *h)
{
    uint32_t sum = 0, n = 0, ace = 0;
    DQ_TRY(dq_read_u32(r, &sum));
    DQ_TRY(dq_read_u32(r, &n));
    DQ_TRY(dq_read_u32(r, &ace));
    if (sum > BEST + 10 || n > sum)
        return dq_fail(DQ_ERR_INPUT, "Blackjack: the saved hand is impossible");
    *h = (dq_hand){(int)sum, (int)n, ace != 0};
    return DQ_OK;
}

static dq_status blackjack_load(void *self, dq_reader *r)
{
    blackjack_env *e = self;
    dq_blackjack game = e->game;
    dq_rng rng;
    uint32_t shown = 0;
    DQ_TRY(dq_read_tag(r, "BLKJ", 1));
    DQ_TRY(dq_rng_load(&rng, r));
    DQ_TRY(read_hand(r, &game.player));
    DQ_TRY(read_hand(r, &game.dealer));
    DQ_TRY(dq_read_u32(r, &shown));
    if (shown > 10)
        return dq_fail(DQ_ERR_INPUT, "Blackjack: the saved card is impossible");
    game.shown = (int)shown;
    e->game = game;
    e->rng = rng;
    return DQ_OK;
}

static dq_status blackjack_text(void *self, const char **text)
{
    blackjack_env *e = self;
    const dq_hand *h = &e->game.player;
    snprintf(e->text, sizeof(e->text), "player %d%s, dealer shows %d\n", value(h),
             has_usable_ace(h) ? " with a usable ace" : "", e->game.shown);
    *text = e->text;
    return DQ_OK;
}

dq_status dq_blackjack_create(dq_env **out, bool sab, bool natural, uint64_t seed)
{
    static const dq_env_ops ops = {
        .reset = blackjack_reset,
        .step = blackjack_step,
        .seed = blackjack_seed,
        .save = blackjack_save,
        .load = blackjack_load,
        .destroy = free,
        .render_text = blackjack_text,
    };
    static const dq_env_spec spec = {
        .id = "Blackjack-v1",
        .obs = {.dtype = DQ_I32, .n_dims = 0, .low = 0, .high = DQ_BLACKJACK_STATES - 1},
        .n_actions = N_ACTIONS,
        .action_names = action_names,
        .n_states = DQ_BLACKJACK_STATES,
    };
    *out = NULL;
    blackjack_env *e = calloc(1, sizeof(*e));
    if (!e)
        return dq_fail(DQ_ERR_NOMEM, "Blackjack-v1: no memory for an environment");
    e->game.sab = sab;
    e->game.natural = natural;
    e->rng = dq_rng_stream(seed, DQ_WORLD_STREAM);
    dq_status st = dq_env_create(out, &ops, &spec, e);
    if (st != DQ_OK)
        free(e);
    return st;
}
