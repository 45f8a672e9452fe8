#include <stdlib.h>
#include <string.h>

#include "atari/session.h"
#include "base/error.h"
#include "env/atari_session.h"
#include "env/book_frame.h"

enum { SKIP = 4, STACK = 4, FRAME_BYTES = DQ_FRAME84 * DQ_FRAME84 };

/* Of the four frames of a skip only the last two are drawn, since only they are looked at. When the
 * game ends before them others are needed: the console paints its last two when asked for them. */
typedef struct book_env {
    dq_atari_session session;
    dq_book_frame frame;
    uint8_t stack[STACK][FRAME_BYTES];                       // oldest first
    uint8_t held[DQ_FRAME84_MAX_HEIGHT * DQ_FRAME84_WIDTH];  // a frame before the next one came
    int held_tick;                                           // of this step, 0: none
} book_env;

/** Only what the 84x84 frames show is painted. */
static void crop(book_env *e)
{
    dq_session_crop(e->session.atari, e->frame.plan.first_row, e->frame.plan.end_row);
}

static bool is_over(const dq_atari *atari)
{
    return dq_atari_game_over(atari) || dq_atari_truncated(atari);
}

/** MaxAndSkip's reset: the queue holds the one picture, which is its own maximum. */
static void restart(book_env *e)
{
    dq_atari *atari = e->session.atari;
    dq_atari_reset(atari);
    dq_book_frame_set(&e->frame, DQ_OLDER, dq_session_rows(atari));
    dq_book_frame_set(&e->frame, DQ_NEWER, dq_session_rows(atari));
}

/** The picture of a frame that the next one may draw over. */
static void hold(book_env *e, int tick)
{
    const dq_atari *atari = e->session.atari;
    memcpy(e->held, dq_session_rows(atari), (size_t)dq_atari_height(atari) * DQ_ATARI_WIDTH);
    e->held_tick = tick;
}

/** See the last two frames, of which `n_ticks` belong to this step. */
static void look(book_env *e, int n_ticks)
{
    const dq_atari *atari = e->session.atari;
    if (n_ticks == 1) {
        dq_book_frame_push(&e->frame, dq_session_rows(atari));
        return;
    }
    bool held = e->held_tick == n_ticks - 1;
    dq_book_frame_set(&e->frame, DQ_OLDER, held ? e->held : dq_atari_screen_before(atari));
    dq_book_frame_set(&e->frame, DQ_NEWER, dq_session_rows(atari));
}

/** MaxAndSkip's step; returns the reward. */
static int skip(book_env *e, int action)
{
    dq_atari *atari = e->session.atari;
    uint8_t ale_action = e->session.actions[action];
    int reward = 0, n = 0;
    e->held_tick = 0;
    do {
        if (n > 0 && (n == SKIP - 1 || dq_session_is_partial(atari)))
            hold(e, n);
        reward += dq_atari_act(atari, ale_action, n >= SKIP - 2);
    } while (++n < SKIP && !is_over(atari));
    look(e, n);
    return reward;
}

/** Buffer: the newest frame to the end, and all of them to the caller. */
static void observe(book_env *e, void *obs)
{
    memmove(e->stack[0], e->stack[1], (STACK - 1) * FRAME_BYTES);
    memcpy(e->stack[STACK - 1], dq_book_frame_make(&e->frame), FRAME_BYTES);
    memcpy(obs, e->stack, sizeof(e->stack));
}

static dq_status book_reset(void *self, void *obs)
{
    book_env *e = self;
    memset(e->stack, 0, sizeof(e->stack));
    restart(e);
    skip(e, 1);
    if (is_over(e->session.atari))
        restart(e);
    skip(e, 2);
    observe(e, obs);  // also when the next line plays on from another picture
    if (is_over(e->session.atari))
        restart(e);
    return DQ_OK;
}

static dq_status book_step(void *self, int action, void *obs, dq_step *result)
{
    book_env *e = self;
    result->reward = (float)skip(e, action);
    result->terminated = dq_atari_game_over(e->session.atari);
    result->truncated = dq_atari_truncated(e->session.atari);
    result->lives = dq_atari_lives(e->session.atari);
    observe(e, obs);
    return DQ_OK;
}

static dq_status book_seed(void *self, uint64_t seed)
{
    book_env *e = self;
    DQ_TRY(dq_atari_session_seed(&e->session, seed));
    crop(e);
    return DQ_OK;
}

static dq_status book_render(void *self, dq_image *image)
{
    book_env *e = self;
    return dq_atari_session_render(&e->session, image);
}

static dq_status book_save(void *self, dq_writer *w)
{
    book_env *e = self;
    dq_write_tag(w, "BOOK", 1);
    dq_write(w, e->stack, sizeof(e->stack));
    dq_book_frame_save(&e->frame, w);
    return dq_atari_save(e->session.atari, w);
}

static dq_status book_load(void *self, dq_reader *r)
{
    book_env *e = self;
    DQ_TRY(dq_read_tag(r, "BOOK", 1));
    DQ_TRY(dq_read(r, e->stack, sizeof(e->stack)));
    DQ_TRY(dq_book_frame_load(&e->frame, r));
    return dq_atari_load(e->session.atari, r);
}

static void book_destroy(void *self)
{
    book_env *e = self;
    dq_atari_session_close(&e->session);
    dq_book_frame_free(&e->frame);
    free(e);
}

static int book_lives(void *self)
{
    book_env *e = self;
    return dq_atari_lives(e->session.atari);
}

static const dq_env_ops book_ops = {
    .reset = book_reset,
    .step = book_step,
    .seed = book_seed,
    .render = book_render,
    .save = book_save,
    .load = book_load,
    .destroy = book_destroy,
    .lives = book_lives,
};

/** Refuse what FireReset and ProcessFrame84 refuse. */
static dq_status check_game(const dq_atari_session *s)
{
    int height = dq_atari_height(s->atari);
    if (!dq_frame84_takes(height))
        return dq_fail(DQ_ERR_CONFIG,
                       "%s: Unknown resolution. Its picture has %d rows and the book's pipeline "
                       "takes 210 or 250: choose another game",
                       s->cfg.id, height);
    if (s->n_actions < 3 || strcmp(s->action_names[1], "FIRE") != 0)
        return dq_fail(DQ_ERR_CONFIG,
                       "%s: action 1 is %s, not FIRE, which the book's pipeline presses after each "
                       "reset: choose another game",
                       s->cfg.id, s->n_actions > 1 ? s->action_names[1] : "missing");
    return DQ_OK;
}

dq_status dq_book_env_create(dq_env **out, const void *rom, size_t rom_bytes,
                             const dq_atari_env_config *cfg)
{
    *out = NULL;
    book_env *e = calloc(1, sizeof(*e));
    if (!e)
        return dq_fail(DQ_ERR_NOMEM, "%s: no memory for an environment", cfg->id);
    dq_status st = dq_atari_session_open(&e->session, rom, rom_bytes, cfg);
    if (st == DQ_OK)
        st = check_game(&e->session);
    if (st == DQ_OK)
        st = dq_book_frame_init(&e->frame, dq_atari_palette(e->session.atari),
                                dq_atari_height(e->session.atari));
    if (st == DQ_OK) {
        crop(e);
        dq_space obs = {DQ_U8, 3, {STACK, DQ_FRAME84, DQ_FRAME84}, 0.0f, 255.0f};
        dq_env_spec spec = dq_atari_session_spec(&e->session, &obs);
        st = dq_env_create(out, &book_ops, &spec, e);
    }
    if (st != DQ_OK)
        book_destroy(e);
    return st;
}
