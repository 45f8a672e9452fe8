#include "web/live_game.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/free_memory.h"
#include "record/png_file.h"

enum { N_LATELY = 1024 };                            // steps whose actions are counted
static const double SHOW_S = 1 / 15.0, SPEED_S = 1;  // from one to the next

/** One moment of a run. */
typedef struct moment {
    int64_t number;
    dq_progress p;
    double speed;  // frames a second lately
    int action;
    bool is_random;  // the action
    bool has_values;
    float *values;    // [n_actions], of the last action that was not random
    int32_t *counts;  // [n_actions]
    uint8_t *rgb;     // [height][width][3]; NULL: no pictures
    int width, height;
    size_t rgb_cap;
} moment;

struct dq_live_game {
    dq_env *env;
    int n_actions, n_envs;
    int64_t max_steps, replay_size;
    atomic_int n_watching;

    // The trainer's.
    uint16_t lately[N_LATELY];  // actions
    int n_lately, at;
    bool is_blind;  // there are no pictures
    double shown_s, measured_s;
    int64_t measured_step;
    moment own;  // without a picture

    pthread_mutex_t mutex;  // of `shown`; the trainer only tries it
    moment shown;

    pthread_mutex_t reading;  // of what follows
    moment copy;
    uint8_t *png;  // of the copy
    size_t n_png;
};

/* ---------------------------------------------------------------- making */

static bool moment_make(moment *m, int n_actions)
{
    m->values = calloc((size_t)n_actions, sizeof(*m->values));
    m->counts = calloc((size_t)n_actions, sizeof(*m->counts));
    return m->values && m->counts;
}

static void moment_free(moment *m)
{
    free(m->values);
    free(m->counts);
    free(m->rgb);
}

/** Copy all but the picture. */
static void moment_copy(moment *to, const moment *from, int n_actions)
{
    to->number = from->number;
    to->p = from->p;
    to->speed = from->speed;
    to->action = from->action;
    to->is_random = from->is_random;
    to->has_values = from->has_values;
    memcpy(to->values, from->values, (size_t)n_actions * sizeof(*to->values));
    memcpy(to->counts, from->counts, (size_t)n_actions * sizeof(*to->counts));
}

/** Give a moment a picture. Without memory it keeps the one that it has. */
static void moment_picture(moment *m, const uint8_t *rgb, int width, int height)
{
    size_t n = 3 * (size_t)width * (size_t)height;
    if (n > m->rgb_cap) {
        uint8_t *more = realloc(m->rgb, n);
        if (!more)
            return;
        m->rgb = more;
        m->rgb_cap = n;
    }
    memcpy(m->rgb, rgb, n);
    m->width = width;
    m->height = height;
}

dq_status dq_live_game_create(dq_live_game **out, const dq_trainer *trainer,
                              const dq_train_config *cfg)
{
    dq_live_game *g = *out = calloc(1, sizeof(*g));
    if (!g)
        return dq_fail(DQ_ERR_NOMEM, "no memory to show a game");
    g->env = dq_trainer_env(trainer, 0);
    g->n_actions = dq_env_get_spec(g->env)->n_actions;
    g->n_envs = cfg->n_envs;
    g->max_steps = cfg->max_steps;
    g->replay_size = cfg->rollout > 0 ? 0 : cfg->replay_size;
    pthread_mutex_init(&g->mutex, NULL);
    pthread_mutex_init(&g->reading, NULL);
    if (moment_make(&g->own, g->n_actions) && moment_make(&g->shown, g->n_actions) &&
        moment_make(&g->copy, g->n_actions))
        return DQ_OK;
    dq_live_game_destroy(g);
    *out = NULL;
    return dq_fail(DQ_ERR_NOMEM, "no memory to show a game");
}

void dq_live_game_destroy(dq_live_game *g)
{
    if (!g)
        return;
    moment_free(&g->own);
    moment_free(&g->shown);
    moment_free(&g->copy);
    pthread_mutex_destroy(&g->mutex);
    pthread_mutex_destroy(&g->reading);
    free(g->png);
    free(g);
}

/* ---------------------------------------------------------------- the trainer's side */

void dq_live_game_act(dq_live_game *g, const dq_train_act *a)
{
    if (a->env != 0)
        return;
    if (g->n_lately == N_LATELY)
        g->own.counts[g->lately[g->at]]--;
    else
        g->n_lately++;
    g->lately[g->at] = (uint16_t)a->action;
    g->at = (g->at + 1) % N_LATELY;
    g->own.counts[a->action]++;
    g->own.action = a->action;
    g->own.is_random = !a->values;
    if (!a->values || atomic_load_explicit(&g->n_watching, memory_order_relaxed) == 0)
        return;
    memcpy(g->own.values, a->values, (size_t)g->n_actions * sizeof(*a->values));
    g->own.has_values = true;
}

static void measure_speed(dq_live_game *g, double now, int64_t step)
{
    if (now - g->measured_s < SPEED_S)
        return;
    if (now - g->measured_s < 3 * SPEED_S)  // else nobody looked in between
        g->own.speed = (double)(step - g->measured_step) / (now - g->measured_s);
    g->measured_s = now;
    g->measured_step = step;
}

void dq_live_game_step(dq_live_game *g, const dq_progress *p)
{
    if (p->env != 0 || atomic_load_explicit(&g->n_watching, memory_order_relaxed) == 0)
        return;
    double now = dq_clock_s();
    if (now - g->shown_s < SHOW_S || pthread_mutex_trylock(&g->mutex) != 0)
        return;
    dq_image image;
    measure_speed(g, now, p->step);
    g->shown_s = now;
    g->own.p = *p;
    g->own.number++;
    moment_copy(&g->shown, &g->own, g->n_actions);
    g->is_blind = g->is_blind || dq_env_render(g->env, &image) != DQ_OK;
    if (!g->is_blind)
        moment_picture(&g->shown, image.pixels, image.width, image.height);
    pthread_mutex_unlock(&g->mutex);
}

/* ---------------------------------------------------------------- who looks */

void dq_live_game_watch(dq_live_game *g, int more)
{
    atomic_fetch_add(&g->n_watching, more);
}

int64_t dq_live_game_number(dq_live_game *g)
{
    pthread_mutex_lock(&g->mutex);
    int64_t number = g->shown.number;
    pthread_mutex_unlock(&g->mutex);
    return number;
}

/** Be what is shown, with a picture that is compressed once for all who look. */
static void bring_up_to_date(dq_live_game *g)
{
    pthread_mutex_lock(&g->mutex);
    bool is_new = g->copy.number != g->shown.number;
    if (is_new) {
        moment_copy(&g->copy, &g->shown, g->n_actions);
        if (g->shown.rgb)
            moment_picture(&g->copy, g->shown.rgb, g->shown.width, g->shown.height);
    }
    pthread_mutex_unlock(&g->mutex);
    if (!is_new || !g->copy.rgb)
        return;
    free(g->png);
    if (dq_png_make(&g->png, &g->n_png, g->copy.rgb, g->copy.width, g->copy.height, 3) != DQ_OK)
        g->n_png = 0;  // also where deepq was built without libpng
}

static void write_progress(const moment *m, dq_web_text *t)
{
    static const char *const stages[DQ_TRAIN_STAGES] = {"play", "act", "sample", "target",
                                                        "update"};
    const dq_progress *p = &m->p;
    const struct {
        const char *key;
        double value;
    } numbers[] = {{"frame", (double)p->step},
                   {"games", (double)p->n_games},
                   {"updates", (double)p->n_updates},
                   {"reward", p->reward},
                   {"reward_100", p->mean_reward},
                   {"best", p->best_mean},
                   {"epsilon", p->epsilon},
                   {"loss", p->loss},
                   {"learning_rate", p->learning_rate},
                   {"speed", m->speed},
                   {"memory", (double)dq_memory_in_use()}};
    dq_web_text_add(t, "{\"number\":%lld", (long long)m->number);
    for (size_t i = 0; i < DQ_COUNT(numbers); i++) {
        dq_web_text_add(t, ",\"%s\":", numbers[i].key);
        dq_web_text_number(t, numbers[i].value);
    }
    dq_web_text_add(t, ",\"seconds\":{");
    for (int i = 0; i < DQ_TRAIN_STAGES; i++) {
        dq_web_text_add(t, "%s\"%s\":", i ? "," : "", stages[i]);
        dq_web_text_number(t, p->stage_s[i]);
    }
    dq_web_text_add(t, "}");
}

void dq_live_game_write(dq_live_game *g, dq_web_text *t)
{
    pthread_mutex_lock(&g->reading);
    bring_up_to_date(g);
    const moment *m = &g->copy;
    write_progress(m, t);
    dq_web_text_add(t, ",\"action\":%d,\"random\":%s,\"values\":%s", m->action,
                    m->is_random ? "true" : "false", m->has_values ? "[" : "null");
    for (int i = 0; m->has_values && i < g->n_actions; i++) {
        dq_web_text_add(t, "%s", i ? "," : "");
        dq_web_text_number(t, (double)m->values[i]);
    }
    dq_web_text_add(t, "%s,\"counts\":[", m->has_values ? "]" : "");
    for (int i = 0; i < g->n_actions; i++)
        dq_web_text_add(t, "%s%d", i ? "," : "", (int)m->counts[i]);
    dq_web_text_add(t, "],\"picture\":");
    if (g->png)
        dq_web_text_base64(t, g->png, g->n_png);
    else
        dq_web_text_add(t, "null");
    dq_web_text_add(t, "}");
    pthread_mutex_unlock(&g->reading);
}

void dq_live_game_write_facts(const dq_live_game *g, dq_web_text *t)
{
    const dq_env_spec *spec = dq_env_get_spec(g->env);
    dq_web_text_add(t, "{\"max_steps\":%lld,\"replay_size\":%lld,\"envs\":%d,\"actions\":[",
                    (long long)g->max_steps, (long long)g->replay_size, g->n_envs);
    for (int i = 0; i < g->n_actions; i++) {
        char number[16];
        snprintf(number, sizeof(number), "%d", i);
        dq_web_text_add(t, "%s", i ? "," : "");
        dq_web_text_string(t, spec->action_names ? spec->action_names[i] : number);
    }
    dq_web_text_add(t, "]}");
}
