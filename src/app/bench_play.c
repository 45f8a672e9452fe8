/* Benchmarks that play: the bare console, and the preprocessed environment; one game for each
 * thread. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/bench_cases.h"
#include "base/error.h"
#include "base/pool.h"
#include "deepq/atari.h"
#include "deepq/atari_env.h"
#include "deepq/env.h"
#include "deepq/rng.h"
#include "env/env_ids.h"
#include "env/homebrew.h"
#include "run/environments.h"

enum { FRAMES_A_TURN = 400, STEPS_A_TURN = 100 };

typedef struct player {
    dq_atari *atari;
    dq_env *env;
    dq_rng rng;
    uint8_t *picture;  // the screen or the observation
    dq_status status;
} player;

typedef struct players {
    dq_pool *pool;
    player *each;
    int n;
    bool read_screen;
    const dq_atari_game *game;
} players;

static void destroy_players(void *self)
{
    players *p = self;
    for (int i = 0; p && p->each && i < p->n; i++) {
        dq_atari_destroy(p->each[i].atari);
        dq_env_destroy(p->each[i].env);
        free(p->each[i].picture);
    }
    if (p)
        free(p->each);
    if (p && p->pool)
        dq_pool_destroy(p->pool);
    free(p);
}

/** `n` players without a game yet, each with its own chance and room for `bytes` of picture. */
static dq_status create_players(players **out, int n, size_t bytes)
{
    players *p = *out = calloc(1, sizeof(*p));
    if (!p)
        return dq_fail(DQ_ERR_NOMEM, "no memory for a benchmark");
    p->n = n;
    p->each = calloc((size_t)n, sizeof(*p->each));
    if (!p->each)
        return dq_fail(DQ_ERR_NOMEM, "no memory for %d players", n);
    for (int i = 0; i < n; i++) {
        p->each[i].rng = dq_rng_stream((uint64_t)i, "benchmark");
        p->each[i].picture = malloc(bytes);
        if (!p->each[i].picture)
            return dq_fail(DQ_ERR_NOMEM, "no memory for %d players", n);
    }
    return dq_pool_create(&p->pool, n);
}

static void play_frames(void *ctx, int task)
{
    players *all = ctx;
    player *p = &all->each[task];
    const dq_atari_game *g = all->game;
    size_t bytes = (size_t)dq_atari_height(p->atari) * DQ_ATARI_WIDTH;
    for (int i = 0; i < FRAMES_A_TURN; i++) {
        if (dq_atari_game_over(p->atari))
            dq_atari_reset(p->atari);
        int action = g->minimal[dq_rng_below(&p->rng, (uint32_t)g->n_minimal)];
        dq_atari_act(p->atari, action, all->read_screen);
        if (all->read_screen)
            memcpy(p->picture, dq_atari_screen(p->atari), bytes);
    }
}

static dq_status work_emulator(void *self, int64_t *n_items)
{
    players *p = self;
    dq_pool_run(p->pool, p->n, play_frames, p);
    *n_items = (int64_t)p->n * FRAMES_A_TURN;
    return DQ_OK;
}

static dq_status load_cartridges(players *p, const bench_settings *s)
{
    void *rom;
    size_t n;
    DQ_TRY(dq_environments_read_rom(s->env_id, s->rom_dir, &rom, &n));
    const dq_atari_config cfg = {.game_id = p->game->id};
    dq_status st = DQ_OK;
    for (int i = 0; i < p->n && st == DQ_OK; i++)
        st = dq_atari_create(&p->each[i].atari, rom, n, &cfg);
    free(rom);
    return st;
}

static dq_status parse_game(dq_atari_id *id, const bench_settings *s)
{
    if (dq_atari_id_parse(s->env_id, id))
        return DQ_OK;
    return dq_fail(DQ_ERR_CONFIG, "%s is not an Atari game: choose one with --env", s->env_id);
}

const char *bench_game_name(const dq_atari_id *id)
{
    return dq_homebrew_by_id(id->name) ? id->name : id->game->id;
}

dq_status bench_make_emulator(bench_case *c, const bench_settings *s, int variant)
{
    dq_atari_id id;
    players *p;
    DQ_TRY(parse_game(&id, s));
    c->n_threads = s->n_threads ? s->n_threads : 1;
    dq_status st = create_players(&p, c->n_threads, (size_t)DQ_ATARI_MAX_HEIGHT * DQ_ATARI_WIDTH);
    if (st == DQ_OK) {
        p->game = id.game;
        p->read_screen = variant == 1;
        st = load_cartridges(p, s);
    }
    if (st != DQ_OK) {
        destroy_players(p);
        return st;
    }
    snprintf(c->name, sizeof(c->name), "emulator/%s%s", bench_game_name(&id),
             variant ? "/screen" : "");
    c->unit = "frames/s";
    c->isa = "generic";
    c->self = p;
    c->work = work_emulator;
    c->destroy = destroy_players;
    return DQ_OK;
}

static dq_status play_some_steps(player *p)
{
    uint32_t n_actions = (uint32_t)dq_env_get_spec(p->env)->n_actions;
    for (int i = 0; i < STEPS_A_TURN; i++) {
        dq_step step;
        DQ_TRY(dq_env_step(p->env, (int)dq_rng_below(&p->rng, n_actions), p->picture, &step));
        if (step.terminated || step.truncated)
            DQ_TRY(dq_env_reset(p->env, p->picture));
    }
    return DQ_OK;
}

static void play_steps(void *ctx, int task)
{
    player *p = &((players *)ctx)->each[task];
    p->status = play_some_steps(p);
}

static dq_status work_env(void *self, int64_t *n_items)
{
    players *p = self;
    dq_pool_run(p->pool, p->n, play_steps, p);
    for (int i = 0; i < p->n; i++)
        if (p->each[i].status != DQ_OK)
            return p->each[i].status;
    *n_items = (int64_t)p->n * STEPS_A_TURN;
    return DQ_OK;
}

static dq_status make_envs(players *p, const bench_settings *s)
{
    dq_preprocessing how;
    dq_atari_options o;
    DQ_TRY(dq_preprocessing_init(&how, s->dialect ? s->dialect : "book"));
    DQ_TRY(dq_atari_options_init(&o, s->env_id));
    o.rom_dir = s->rom_dir;
    for (int i = 0; i < p->n; i++) {
        o.seed = (uint64_t)i;
        DQ_TRY(dq_env_make_preprocessed(&p->each[i].env, s->env_id, &how, &o));
        DQ_TRY(dq_env_reset(p->each[i].env, p->each[i].picture));
    }
    return DQ_OK;
}

dq_status bench_make_env(bench_case *c, const bench_settings *s, int variant)
{
    (void)variant;
    dq_atari_id id;
    players *p;
    DQ_TRY(parse_game(&id, s));
    c->n_threads = s->n_threads ? s->n_threads : 1;
    dq_status st = create_players(&p, c->n_threads, 4 * 84 * 84);
    if (st == DQ_OK)
        st = make_envs(p, s);
    if (st != DQ_OK) {
        destroy_players(p);
        return st;
    }
    snprintf(c->name, sizeof(c->name), "env/%s%s%s", bench_game_name(&id), s->dialect ? "/" : "",
             s->dialect ? s->dialect : "");
    c->unit = "steps/s";
    c->isa = "generic";
    c->self = p;
    c->work = work_env;
    c->destroy = destroy_players;
    return DQ_OK;
}
