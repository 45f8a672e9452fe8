#include "app/export_play.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/app.h"
#include "atari/games.h"
#include "base/error.h"
#include "deepq/atari_env.h"
#include "deepq/policy.h"
#include "deepq/rng.h"
#include "env/book_frame.h"
#include "env/dialects.h"
#include "env/env_ids.h"
#include "export/c_layers.h"
#include "nn/argmax.h"
#include "run/environments.h"

enum {
    WIDTH = DQ_FRAME84_WIDTH,
    PICTURE = DQ_NET_SIDE * DQ_NET_SIDE,
    FEW_STATES = 240,  // decisions where nothing but states is wanted
    SCREENS = 2 * DQ_NET_STACK
};
static const double EPSILON = 0.05;
static const char OTHER_GAME[] = "deepq/Pong-v0";  // needs no ROM

/** A game that a model plays, its screens kept as the C file is to see them. */
typedef struct stage {
    export_play *p;
    const dq_export_model *m;
    dq_env *env;
    dq_policy *policy;
    dq_quantized *quantized;  // NULL: float
    dq_rng rng;
    bool is_picture;
    int n_actions, fire;  // of the environment; fire: which action it is, or -1
    void *obs;            // what the environment shows: indices [its height][160], or a vector
    size_t obs_bytes;
    uint8_t *screens;  // [SCREENS][height][160], oldest first
    int n_pictures;    // since the game began
    uint8_t state[DQ_NET_STACK][PICTURE];
    dq_book_frame book;    // of the dialect `book`
    dq_small_frame small;  // of the others
    float q[DQ_MAX_ACTIONS], q8[DQ_MAX_ACTIONS];
} stage;

static size_t screen_bytes(const stage *s)
{
    return (size_t)s->p->file.screens.height * WIDTH;
}

/* ---------------------------------------------------------------- the game */

/** Check that the model is of the game, and take over the names of its actions. */
static dq_status take_actions(export_play *p, const dq_export_model *m, const trained_model *model,
                              const dq_atari_game *game, bool full)
{
    int n = full ? (int)DQ_ATARI_ACTIONS : game->n_minimal;
    if (n != m->n_actions)
        return dq_fail(DQ_ERR_CONFIG,
                       "%s chooses among %d actions and %s has %d: choose with --env the "
                       "environment it was trained on",
                       model->path, m->n_actions, model->env_id, n);
    for (int i = 0; i < n; i++)
        p->action_names[i] = dq_atari_action_name(full ? i : game->minimal[i]);
    p->file.action_names = p->action_names;
    return DQ_OK;
}

static dq_status take_screens(dq_c_screens *to, const trained_model *model,
                              const dq_preprocessing *how, const dq_atari_game *game)
{
    static const dq_c_grey greys[] = {[DQ_SMALL_ALE] = DQ_C_ALE,
                                      [DQ_SMALL_RGB] = DQ_C_BYTES,
                                      [DQ_SMALL_RGB_FIRST] = DQ_C_COLOURS};
    const dq_dialect_row *row = dq_dialect_row_at((int)how->dialect);
    bool is_book = how->dialect == DQ_DIALECT_BOOK;
    if (how->pool_all)
        return dq_fail(DQ_ERR_CONFIG,
                       "%s pools all frames of a skip, the C file two: choose another format",
                       model->path);
    if (is_book && !dq_frame84_takes(game->height))
        return dq_fail(DQ_ERR_CONFIG, "%s has %d rows, and the dialect book refuses such pictures",
                       model->env_id, game->height);
    *to = (dq_c_screens){.grey = is_book ? DQ_C_BOOK : greys[row->grey],
                         .height = game->height,
                         .skip = how->skip,
                         .repeats = row->repeats,
                         .palette = (game->is_pal ? &dq_palette_pal : &dq_palette_ntsc)->rgb};
    if (is_book)
        dq_frame84_plan_init(&to->plan, to->height);
    else
        dq_frame84_plan_init_whole(&to->plan, row->rows ? row->rows : to->height);
    return DQ_OK;
}

/** What the C file says of the game, which need not be playable here. */
static dq_status describe_game(export_play *p, const dq_export_model *m, const trained_model *model)
{
    dq_preprocessing how;
    dq_atari_options options;
    dq_atari_id id;
    if (!dq_atari_id_parse(model->env_id, &id))
        return dq_fail(DQ_ERR_CONFIG,
                       "%s takes pictures and %s has none: choose another with --env", model->path,
                       model->env_id);
    DQ_TRY(dq_preprocessing_init(&how, model->dialect));
    DQ_TRY(dq_atari_options_init(&options, model->env_id));
    dq_environment_options_apply(&model->options, &how, &options);
    DQ_TRY(take_actions(p, m, model, id.game, options.full_action_set));
    return take_screens(&p->file.screens, model, &how, id.game);
}

/** The game's screens as indices, a frame at a time. */
static dq_status make_screens(dq_env **out, const char *id, const trained_model *model,
                              const export_play *p)
{
    dq_preprocessing how = {0};
    dq_atari_options options;
    DQ_TRY(dq_atari_options_init(&options, id));
    dq_environment_options_apply(&model->options, &how, &options);
    options.rom_dir = p->rom_dir;
    options.seed = p->seed;
    options.obs = DQ_ATARI_OBS_INDEX;
    options.skip_low = options.skip_high = 1;
    return dq_env_make_atari(out, id, &options);
}

static dq_status make_env(stage *s, const trained_model *model)
{
    export_play *p = s->p;
    const dq_environment_choice vector = {
        .id = model->env_id, .dialect = model->dialect, .seed = p->seed, .options = model->options};
    snprintf(p->env_id, sizeof(p->env_id), "%s", model->env_id);
    if (!s->is_picture)
        return dq_environments_make(&s->env, &vector);
    dq_status st = make_screens(&s->env, model->env_id, model, p);
    if (st != DQ_ERR_NOT_FOUND)
        return st;
    app_note("%s: its ROM is not here, so recorded states are those of %s", model->env_id,
             OTHER_GAME);
    p->is_other = true;
    snprintf(p->env_id, sizeof(p->env_id), "%s", OTHER_GAME);
    const trained_model plain = {.options = dq_environment_options_none()};
    return make_screens(&s->env, OTHER_GAME, &plain, p);
}

static int find_fire(const dq_env_spec *spec)
{
    for (int a = 0; spec->action_names && a < spec->n_actions; a++)
        if (strcmp(spec->action_names[a], "FIRE") == 0)
            return a;
    return -1;
}

/* ---------------------------------------------------------------- pictures */

/** The places of the next two screens: the oldest are dropped. */
static uint8_t *make_room(stage *s)
{
    size_t pair = 2 * screen_bytes(s), rest = (DQ_NET_STACK - 1) * pair;
    memmove(s->screens, s->screens + pair, rest);
    return s->screens + rest;
}

/** A screen as the environment shows it, with black rows below where it has fewer. */
static void keep_screen(const stage *s, uint8_t *to)
{
    size_t n = screen_bytes(s), have = s->obs_bytes < n ? s->obs_bytes : n;
    memset(to, 0, n);
    memcpy(to, s->obs, have);
}

static const uint8_t *make_picture(stage *s, const uint8_t *before, const uint8_t *last)
{
    if (s->p->file.screens.grey == DQ_C_BOOK) {
        size_t above = (size_t)s->book.plan.first_row * WIDTH;
        dq_book_frame_make(&s->book, before + above, last + above, NULL);
        return s->book.frame[0];
    }
    const uint8_t *both[] = {before, last};
    dq_small_frame_make(&s->small, both, 2, NULL);
    return s->small.frame[0];
}

/** The newest two screens become the newest picture of the state. */
static void see(stage *s)
{
    const uint8_t *last = s->screens + (SCREENS - 1) * screen_bytes(s);
    const uint8_t *picture = make_picture(s, last - screen_bytes(s), last);
    memmove(s->state[0], s->state[1], sizeof(s->state) - sizeof(s->state[0]));
    memcpy(s->state[DQ_NET_STACK - 1], picture, PICTURE);
    for (int i = 0; s->n_pictures == 0 && i < DQ_NET_STACK - 1; i++)
        if (s->p->file.screens.repeats)
            memcpy(s->state[i], picture, PICTURE);
        else
            memset(s->state[i], 0, PICTURE);
    s->n_pictures++;
}

static void prepare_pictures(stage *s)
{
    const dq_c_screens *c = &s->p->file.screens;
    static const dq_small_grey greys[] = {[DQ_C_ALE] = DQ_SMALL_ALE,
                                          [DQ_C_BYTES] = DQ_SMALL_RGB,
                                          [DQ_C_COLOURS] = DQ_SMALL_RGB_FIRST};
    const dq_palette *palette =
        c->palette == dq_palette_pal.rgb ? &dq_palette_pal : &dq_palette_ntsc;
    if (c->grey == DQ_C_BOOK)
        dq_book_frame_init(&s->book, c->palette, c->height);
    else
        dq_small_frame_init(&s->small, greys[c->grey], false, c->palette, palette->grey,
                            c->plan.height);
}

/* ---------------------------------------------------------------- playing */

static dq_status begin_game(stage *s)
{
    s->n_pictures = 0;
    DQ_TRY(dq_env_reset(s->env, s->obs));
    if (!s->is_picture)
        return DQ_OK;
    uint8_t *pair = make_room(s);
    keep_screen(s, pair);
    keep_screen(s, pair + screen_bytes(s));
    see(s);
    return DQ_OK;
}

/** Hold an action for a skip, or until the game ends. */
static dq_status hold(stage *s, int action, dq_step *step)
{
    int n = s->is_picture ? s->p->file.screens.skip : 1;
    uint8_t *pair = s->is_picture ? make_room(s) : NULL;
    if (pair)
        keep_screen(s, pair + screen_bytes(s));
    for (int i = 0; i < n && !step->terminated && !step->truncated; i++) {
        if (pair)
            memcpy(pair, pair + screen_bytes(s), screen_bytes(s));
        DQ_TRY(dq_env_step(s->env, action, s->obs, step));
        if (pair)
            keep_screen(s, pair + screen_bytes(s));
    }
    if (pair)
        see(s);
    return DQ_OK;
}

static int choose_action(stage *s, const float *q)
{
    if (s->fire >= 0 && s->n_pictures == 1)
        return s->fire;  // which some games wait for
    if (dq_rng_unit(&s->rng) < EPSILON)
        return (int)dq_rng_below(&s->rng, (uint32_t)s->n_actions);
    return dq_argmax(q, s->m->n_actions) % s->n_actions;
}

/** Compare the values of the state at hand. */
static void compare(stage *s)
{
    export_play *p = s->p;
    int n = s->m->n_actions;
    p->n_seen++;
    p->n_same += dq_argmax(s->q, n) == dq_argmax(s->q8, n);
    for (int a = 0; a < n; a++)
        p->largest = fmax(p->largest, fabs((double)s->q[a] - (double)s->q8[a]));
}

/* ---------------------------------------------------------------- recording */

static void pack_screen(stage *s, const uint8_t *screen)
{
    dq_c_recording *r = &s->p->file.recording;
    for (size_t i = 0, n = 0; i < screen_bytes(s); i += n, r->n_pairs++) {
        for (n = 1; n < 255 && i + n < screen_bytes(s) && screen[i + n] == screen[i];)
            n++;
        s->p->pairs[2 * r->n_pairs] = (uint8_t)n;
        s->p->pairs[2 * r->n_pairs + 1] = screen[i];
    }
}

static void record(stage *s)
{
    dq_c_recording *r = &s->p->file.recording;
    size_t n_actions = (size_t)s->m->n_actions;
    const float *q = s->quantized ? s->q8 : s->q;
    memcpy(s->p->values + (size_t)r->n * n_actions, q, n_actions * sizeof(*q));
    if (s->is_picture) {
        for (size_t i = 0; i < SCREENS; i++)
            pack_screen(s, s->screens + i * screen_bytes(s));
        r->checksums[r->n] = dq_c_checksum(s->state, sizeof(s->state));
    } else {
        memcpy((char *)s->p->vectors + (size_t)r->n * s->obs_bytes, s->obs, s->obs_bytes);
    }
    r->n++;
}

/** A state with four pictures of its game is wanted now and then. */
static bool is_due(const stage *s, int64_t i, int64_t n)
{
    const dq_c_recording *r = &s->p->file.recording;
    return r->n < DQ_C_RECORDED && i >= n * (r->n + 1) / (DQ_C_RECORDED + 1) &&
           (!s->is_picture || s->n_pictures >= DQ_NET_STACK);
}

static dq_status play(stage *s)
{
    int64_t n = s->quantized && !s->p->is_other ? s->p->n_states : FEW_STATES;
    dq_step step;
    DQ_TRY(begin_game(s));
    for (int64_t i = 0; i < n || s->p->file.recording.n < DQ_C_RECORDED; i++) {
        const void *state = s->is_picture ? (const void *)s->state : s->obs;
        step = (dq_step){0};
        dq_policy_values(s->policy, state, s->q);
        bool due = is_due(s, i, n), compares = s->quantized && !s->p->is_other;
        if (s->quantized && (due || compares))
            dq_quantized_values(s->quantized, state, s->q8);
        if (compares)
            compare(s);
        if (due)
            record(s);
        DQ_TRY(hold(s, choose_action(s, s->q), &step));
        if (step.terminated || step.truncated)
            DQ_TRY(begin_game(s));
    }
    return DQ_OK;
}

/* ---------------------------------------------------------------- all of it */

static dq_status prepare(stage *s, const trained_model *model)
{
    export_play *p = s->p;
    DQ_TRY(make_env(s, model));
    const dq_env_spec *spec = dq_env_get_spec(s->env);
    DQ_TRY(dq_env_seed(s->env, p->seed));
    DQ_TRY(dq_policy_create(&s->policy, model->weights, NULL));
    if (p->file.int8)
        DQ_TRY(dq_quantized_create(&s->quantized, s->m));
    s->rng = dq_rng_stream(p->seed, "exploration");
    s->n_actions = spec->n_actions;
    s->fire = find_fire(spec);
    s->obs_bytes = dq_space_bytes(&spec->obs);
    if (!s->is_picture && s->obs_bytes != dq_policy_obs_bytes(s->policy))
        return dq_fail(DQ_ERR_CONFIG,
                       "%s does not take the observations of %s: choose another with "
                       "--env",
                       model->path, model->env_id);
    s->obs = malloc(s->obs_bytes);
    p->values = calloc(DQ_C_RECORDED * (size_t)s->m->n_actions, sizeof(*p->values));
    p->vectors = s->is_picture ? NULL : calloc(DQ_C_RECORDED, s->obs_bytes);
    if (s->is_picture) {
        prepare_pictures(s);
        s->screens = calloc(SCREENS, screen_bytes(s));
        p->pairs = malloc(2 * DQ_C_RECORDED * SCREENS * screen_bytes(s));
    }
    bool has_room = s->is_picture ? s->screens && p->pairs : p->vectors != NULL;
    return s->obs && p->values && has_room ? DQ_OK
                                           : dq_fail(DQ_ERR_NOMEM, "no memory for recorded states");
}

/** What the head of the file says. */
static void write_notes(export_play *p)
{
    size_t n = (size_t)snprintf(p->file.notes, sizeof(p->file.notes),
                                " * Its self-check has states of %s.\n", p->env_id);
    if (!p->file.int8)
        return;
    n +=
        (size_t)snprintf(p->file.notes + n, sizeof(p->file.notes) - n,
                         " * Weights are int8 with a scale for each output, activations 16 bits or "
                         "fewer.\n");
    if (p->n_seen > 0)
        snprintf(
            p->file.notes + n, sizeof(p->file.notes) - n,
            " * Measured against float weights in %lld states of its game: the greedy action is "
            "the\n * same in %.2f %%, the largest difference of a value is %.3g.\n",
            (long long)p->n_seen, 100.0 * (double)p->n_same / (double)p->n_seen, p->largest);
    else
        snprintf(p->file.notes + n, sizeof(p->file.notes) - n,
                 " * What that costs was not measured, since its game cannot be played here.\n");
}

dq_status export_play_run(export_play *p, const dq_export_model *m, const trained_model *model)
{
    stage *s = calloc(1, sizeof(*s));
    if (!s)
        return dq_fail(DQ_ERR_NOMEM, "no memory to play");
    s->p = p;
    s->m = m;
    s->is_picture = m->network.layers[0].kind == DQ_LAYER_CONV;
    dq_status st = s->is_picture ? describe_game(p, m, model) : DQ_OK;
    if (st == DQ_OK)
        st = prepare(s, model);
    if (st == DQ_OK)
        st = play(s);
    p->file.recording.pairs = p->pairs;
    p->file.recording.vectors = p->vectors;
    p->file.recording.values = p->values;
    write_notes(p);
    dq_env_destroy(s->env);
    dq_policy_destroy(s->policy);
    dq_quantized_destroy(s->quantized);
    free(s->obs);
    free(s->screens);
    free(s);
    return st;
}

void export_play_free(export_play *p)
{
    free(p->pairs);
    free(p->vectors);
    free(p->values);
}
