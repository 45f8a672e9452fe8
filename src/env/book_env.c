#include <stdlib.h>
#include <string.h>

#include "atari/session.h"
#include "base/error.h"
#include "base/stream_internal.h"
#include "env/atari_session.h"
#include "env/book_frame.h"
#include "env/game_points.h"

enum { SKIP = 4, STACK = 4, FRAME_BYTES = DQ_FRAME84 * DQ_FRAME84 };

/* Of the four frames of a skip only the last two are drawn, since only they are looked at. When the
 * game ends before them others are needed: the console paints its last two when asked for them. The
 * pictures are looked at where the console has them, and where it says that they changed. */
typedef struct book_env {
    dq_atari_session session;
    dq_book_frame frame;                    // the newest of the stack
    uint8_t older[STACK - 1][FRAME_BYTES];  // oldest first
    bool went_on;   // the last frame went on with the one before, in the same picture;
    uint8_t *held;  // which is kept here, if its rows are more than an observation has room for
    dq_game_points points;
    bool paired;  // `frame` is that of both pictures that the console has
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

/** From the first row on that is looked at. */
static const uint8_t *rows(const book_env *e)
{
    return dq_session_rows(e->session.atari) + e->frame.plan.first_row * DQ_FRAME84_WIDTH;
}

static const uint8_t *rows_before(const book_env *e)
{
    return dq_session_rows_before(e->session.atari) + e->frame.plan.first_row * DQ_FRAME84_WIDTH;
}

static size_t rows_bytes(const book_env *e)
{
    return (size_t)(e->frame.plan.end_row - e->frame.plan.first_row) * DQ_FRAME84_WIDTH;
}

/** Few games ever need it, so its memory is not taken before. */
static dq_status hold_picture(book_env *e, void *obs)
{
    bool has_room = rows_bytes(e) <= (size_t)STACK * FRAME_BYTES;  // a PAL picture does not
    if (!has_room && !e->held && !(e->held = malloc(rows_bytes(e))))
        return dq_fail(DQ_ERR_NOMEM, "%s: no memory for a picture", e->session.cfg.id);
    memcpy(e->held ? e->held : obs, rows(e), rows_bytes(e));
    return DQ_OK;
}

/** One console frame, whose reward is added. A picture that it may draw over is held: until the
 *  step's observation is there, in its place. */
static dq_status tick(book_env *e, uint8_t ale_action, bool draw, void *obs, int *reward)
{
    dq_atari *atari = e->session.atari;
    e->went_on = dq_session_is_partial(atari);
    if (e->went_on)
        DQ_TRY(hold_picture(e, obs));
    *reward += dq_atari_act(atari, ale_action, draw);
    return DQ_OK;
}

/** Make the frame of the last two pictures. */
static void look(book_env *e, const void *obs)
{
    dq_atari *atari = e->session.atari;
    const uint8_t *newer = rows(e), *held = e->held ? e->held : obs;
    const uint8_t *older = e->went_on ? held : rows_before(e);
    const uint32_t *changes = dq_session_changes(atari);
    bool pair = !e->went_on;
    dq_book_frame_make(&e->frame, older, newer, pair && e->paired ? changes : NULL);
    dq_session_forget_changes(atari);
    e->paired = pair;
}

/** MaxAndSkip's step. */
static dq_status skip(book_env *e, int action, void *obs, int *reward)
{
    dq_atari *atari = e->session.atari;
    uint8_t ale_action = e->session.actions[action];
    int n = 0;
    *reward = 0;
    do
        DQ_TRY(tick(e, ale_action, n >= SKIP - 2, obs, reward));
    while (++n < SKIP && !is_over(atari));
    return DQ_OK;
}

/** Buffer: the newest frame to the end, and all of them to the caller. */
static void observe(book_env *e, void *obs)
{
    memmove(e->older[0], e->older[1], sizeof(e->older) - FRAME_BYTES);
    memcpy(e->older[STACK - 2], e->frame.frame, FRAME_BYTES);
    look(e, obs);
    memcpy(obs, e->older, sizeof(e->older));
    memcpy((uint8_t *)obs + sizeof(e->older), e->frame.frame, FRAME_BYTES);
}

/** MaxAndSkip's reset. Its queue then holds one picture, of which the next step sees nothing but as
 *  the one before its first. */
static void restart(book_env *e)
{
    dq_atari_reset(e->session.atari);
    dq_game_points_end(&e->points);
}

/** A skip within a reset. */
static dq_status press(book_env *e, int action, void *obs)
{
    int reward;
    DQ_TRY(skip(e, action, obs, &reward));
    e->points.untold += (float)reward;
    return DQ_OK;
}

static dq_status book_reset(void *self, void *obs)
{
    book_env *e = self;
    memset(e->older, 0, sizeof(e->older));
    memset(e->frame.frame, 0, FRAME_BYTES);
    e->paired = false;
    restart(e);
    DQ_TRY(press(e, 1, obs));
    if (is_over(e->session.atari))
        restart(e);
    DQ_TRY(press(e, 2, obs));
    observe(e, obs);  // also when the next line plays on from another picture
    if (is_over(e->session.atari))
        restart(e);
    return DQ_OK;
}

static dq_status book_step(void *self, int action, void *obs, dq_step *result)
{
    book_env *e = self;
    int reward;
    DQ_TRY(skip(e, action, obs, &reward));
    result->reward = (float)reward;
    result->terminated = dq_atari_game_over(e->session.atari);
    result->truncated = dq_atari_truncated(e->session.atari);
    result->lives = dq_atari_lives(e->session.atari);
    dq_game_points_tell(&e->points, result);
    observe(e, obs);
    return DQ_OK;
}

static dq_status book_seed(void *self, uint64_t seed)
{
    book_env *e = self;
    e->points = (dq_game_points){0};
    DQ_TRY(dq_atari_session_seed(&e->session, seed));
    crop(e);
    return DQ_OK;
}

static dq_status book_render(void *self, dq_image *image)
{
    book_env *e = self;
    return dq_atari_session_render(&e->session, image);
}

/** Version 1 has the two pictures here, which the console's state has too. */
static void save_pictures(const book_env *e, dq_writer *w)
{
    dq_write_tag(w, "SEEN", 1);
    dq_write(w, rows_before(e), rows_bytes(e));
    dq_write(w, rows(e), rows_bytes(e));
}

static dq_status skip_pictures(const book_env *e, dq_reader *r)
{
    uint8_t row[DQ_FRAME84_WIDTH];
    DQ_TRY(dq_read_tag(r, "SEEN", 1));
    for (int i = 2 * (e->frame.plan.end_row - e->frame.plan.first_row); i > 0; i--)
        DQ_TRY(dq_read(r, row, sizeof(row)));
    return DQ_OK;
}

static dq_status book_save(void *self, dq_writer *w)
{
    book_env *e = self;
    dq_write_tag(w, "BOOK", 2);
    dq_game_points_save(&e->points, w);
    dq_write(w, e->older, sizeof(e->older));
    dq_write(w, e->frame.frame, FRAME_BYTES);
    save_pictures(e, w);
    return dq_atari_save(e->session.atari, w);
}

static dq_status book_load(void *self, dq_reader *r)
{
    book_env *e = self;
    uint32_t version;
    e->paired = false;
    e->points = (dq_game_points){0};
    DQ_TRY(dq_read_tag_between(r, "BOOK", 1, 2, &version));
    if (version > 1)
        DQ_TRY(dq_game_points_load(&e->points, r));
    DQ_TRY(dq_read(r, e->older, sizeof(e->older)));
    DQ_TRY(dq_read(r, e->frame.frame, FRAME_BYTES));
    DQ_TRY(skip_pictures(e, r));
    return dq_atari_load(e->session.atari, r);
}

static void book_destroy(void *self)
{
    book_env *e = self;
    dq_atari_session_close(&e->session);
    free(e->held);
    free(e);
}

static int book_lives(void *self)
{
    book_env *e = self;
    return dq_atari_lives(e->session.atari);
}

static dq_atari *book_atari(void *self)
{
    book_env *e = self;
    return e->session.atari;
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
    .atari = book_atari,
};

/** Refuse what FireReset and ProcessFrame84 refuse. */
static dq_status check_game(const dq_atari_session *s)
{
    int height = dq_atari_height(s->atari);
    if (!dq_frame84_takes(height))
        return dq_fail(DQ_ERR_CONFIG,
                       "%s: Unknown resolution. Its picture has %d rows and the book's pipeline "
                       "takes 210 or 250: choose another preprocessing, as --dialect sb3, or game",
                       s->cfg.id, height);
    if (s->n_actions < 3 || strcmp(s->action_names[1], "FIRE") != 0)
        return dq_fail(DQ_ERR_CONFIG,
                       "%s: action 1 is %s, not FIRE, which the book's pipeline presses after each "
                       "reset: choose another preprocessing, as --dialect sb3, or game",
                       s->cfg.id, s->n_actions > 1 ? s->action_names[1] : "missing");
    return DQ_OK;
}

static void prepare(book_env *e)
{
    const dq_atari *atari = e->session.atari;
    dq_book_frame_init(&e->frame, dq_atari_palette(atari), dq_atari_height(atari));
    crop(e);
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
    if (st == DQ_OK) {
        prepare(e);
        dq_space obs = {DQ_U8, 3, {STACK, DQ_FRAME84, DQ_FRAME84}, 0.0f, 255.0f};
        dq_env_spec spec = dq_atari_session_spec(&e->session, &obs);
        st = dq_env_create(out, &book_ops, &spec, e);
    }
    if (st != DQ_OK)
        book_destroy(e);
    return st;
}
