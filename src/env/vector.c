#include "deepq/vector.h"

#include <assert.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/workers.h"

enum { MESSAGE_CAP = 512 };

/* One environment's place. Between giving its task and waiting for it, it belongs to the thread
 * that does the task. */
typedef struct slot {
    dq_env *env;
    bool over;    // the episode ended and the environment was not reset yet
    bool on_way;  // sent and not received
    int action;   // or DQ_VECTOR_RESET
    void *obs, *last_obs;
    dq_vector_result result;
    dq_status status;
    char message[MESSAGE_CAP];  // of a failure, which happened in another thread
} slot;

struct dq_vector {
    dq_autoreset autoreset;
    int n, n_actions;
    size_t obs_bytes;
    dq_workers *workers;
    int *all;    // 0 .. n-1
    int *order;  // ring of the environments sent and not received, the oldest at `first`
    int first, n_on_way;
    slot slots[];
};

/* ---------------------------------------------------------------- one step, by any thread */

static dq_status reset_slot(slot *s)
{
    s->over = false;
    DQ_TRY(dq_env_reset(s->env, s->obs));
    s->result.step.lives = dq_env_lives(s->env);
    s->result.is_reset = true;
    return DQ_OK;
}

/** The episode ended: keep its last observation and start the next one. */
static dq_status restart_slot(const dq_vector *v, slot *s)
{
    dq_vector_result *r = &s->result;
    r->has_last_obs = true;
    if (s->last_obs)
        memcpy(s->last_obs, s->obs, v->obs_bytes);
    DQ_TRY(dq_env_reset(s->env, s->obs));
    r->step.lives = dq_env_lives(s->env);
    s->over = false;
    return DQ_OK;
}

static dq_status step_slot(const dq_vector *v, slot *s)
{
    s->result = (dq_vector_result){0};
    if (s->action == DQ_VECTOR_RESET || (s->over && v->autoreset == DQ_AUTORESET_NEXT_STEP))
        return reset_slot(s);
    DQ_TRY(dq_env_step(s->env, s->action, s->obs, &s->result.step));
    s->over = s->result.step.terminated || s->result.step.truncated;
    if (s->over && v->autoreset == DQ_AUTORESET_SAME_STEP)
        return restart_slot(v, s);
    return DQ_OK;
}

static void do_task(void *ctx, int task)
{
    dq_vector *v = ctx;
    slot *s = &v->slots[task];
    s->status = step_slot(v, s);
    if (s->status != DQ_OK)
        snprintf(s->message, sizeof(s->message), "%s", dq_errmsg());
}

/* ---------------------------------------------------------------- create */

static dq_status check_config(dq_env *const *envs, int n, const dq_vector_config *cfg)
{
    if (n < 1 || n > DQ_VECTOR_MAX)
        return dq_fail(DQ_ERR_CONFIG, "a vector of %d environments: choose 1 to %d", n,
                       DQ_VECTOR_MAX);
    if ((int)cfg->autoreset < 0 || cfg->autoreset > DQ_AUTORESET_DISABLED)
        return dq_fail(DQ_ERR_CONFIG, "autoreset mode %d: choose one of dq_autoreset",
                       (int)cfg->autoreset);
    const dq_env_spec *first = dq_env_get_spec(envs[0]);
    for (int i = 1; i < n; i++) {
        const dq_env_spec *spec = dq_env_get_spec(envs[i]);
        bool same = spec->n_actions == first->n_actions && spec->obs.dtype == first->obs.dtype &&
                    spec->obs.n_dims == first->obs.n_dims;
        for (int d = 0; same && d < spec->obs.n_dims; d++)
            same = spec->obs.shape[d] == first->obs.shape[d];
        if (!same)
            return dq_fail(DQ_ERR_CONFIG,
                           "environment %d, %s, has other observations or actions than the first "
                           "one, %s: a vector needs them alike",
                           i, spec->id, first->id);
    }
    return DQ_OK;
}

/** Free all but the environments. */
static void dismantle(dq_vector *v)
{
    dq_workers_destroy(v->workers);
    free(v->all);
    free(v->order);
    free(v);
}

dq_status dq_vector_create(dq_vector **out, dq_env *const *envs, int n, const dq_vector_config *cfg)
{
    static const dq_vector_config defaults;
    *out = NULL;
    if (!cfg)
        cfg = &defaults;
    DQ_TRY(check_config(envs, n, cfg));
    dq_vector *v = calloc(1, sizeof(*v) + (size_t)n * sizeof(v->slots[0]));
    if (!v)
        return dq_fail(DQ_ERR_NOMEM, "no memory for a vector of %d environments", n);
    const dq_env_spec *spec = dq_env_get_spec(envs[0]);
    v->autoreset = cfg->autoreset;
    v->n = n;
    v->n_actions = spec->n_actions;
    v->obs_bytes = dq_space_bytes(&spec->obs);
    v->all = calloc((size_t)n, sizeof(v->all[0]));
    v->order = calloc((size_t)n, sizeof(v->order[0]));
    dq_status st = v->all && v->order
                       ? dq_workers_create(&v->workers, cfg->n_threads, n, do_task, v)
                       : dq_fail(DQ_ERR_NOMEM, "no memory for a vector of %d environments", n);
    if (st != DQ_OK) {
        dismantle(v);
        return st;
    }
    for (int i = 0; i < n; i++) {
        v->all[i] = i;
        v->slots[i].env = envs[i];
    }
    *out = v;
    return DQ_OK;
}

void dq_vector_destroy(dq_vector *v)
{
    if (!v)
        return;
    dq_workers_destroy(v->workers);
    v->workers = NULL;
    for (int i = 0; i < v->n; i++)
        dq_env_destroy(v->slots[i].env);
    dismantle(v);
}

int dq_vector_size(const dq_vector *v)
{
    return v->n;
}

int dq_vector_threads(const dq_vector *v)
{
    return dq_workers_threads(v->workers);
}

dq_env *dq_vector_env(const dq_vector *v, int index)
{
    assert(index >= 0 && index < v->n);
    return v->slots[index].env;
}

/* ---------------------------------------------------------------- all together */

static dq_status check_quiet(const dq_vector *v, const char *what)
{
    if (v->n_on_way == 0)
        return DQ_OK;
    return dq_fail(DQ_ERR_CONFIG, "%s while %d sent steps are under way: receive them first", what,
                   v->n_on_way);
}

static dq_status check_action(const dq_vector *v, int index, int action)
{
    if (action == DQ_VECTOR_RESET || (action >= 0 && action < v->n_actions))
        return DQ_OK;
    return dq_fail(DQ_ERR_CONFIG, "environment %d: action %d: must be 0 to %d, or %d to reset",
                   index, action, v->n_actions - 1, DQ_VECTOR_RESET);
}

static dq_status report(const slot *s, int index)
{
    if (s->status == DQ_OK)
        return DQ_OK;
    return dq_fail(s->status, "environment %d: %s", index, s->message);
}

static void *row(const dq_vector *v, void *rows, int index)
{
    return rows ? (uint8_t *)rows + (size_t)index * v->obs_bytes : NULL;
}

/** Have every slot's action played, the results into `results` where that is not NULL. */
static dq_status step_all(dq_vector *v, dq_vector_result *results)
{
    int failed = -1;
    dq_workers_give(v->workers, v->all, v->n);
    for (int i = 0; i < v->n; i++) {
        dq_workers_wait(v->workers, i);
        if (results)
            results[i] = v->slots[i].result;
        if (failed < 0 && v->slots[i].status != DQ_OK)
            failed = i;
    }
    return failed < 0 ? DQ_OK : report(&v->slots[failed], failed);
}

dq_status dq_vector_seed(dq_vector *v, uint64_t seed)
{
    DQ_TRY(check_quiet(v, "seed"));
    for (int i = 0; i < v->n; i++) {
        v->slots[i].over = false;
        dq_status st = dq_env_seed(v->slots[i].env, seed + (uint64_t)i);
        if (st != DQ_OK)
            return dq_fail_within(st, "environment %d", i);
    }
    return DQ_OK;
}

dq_status dq_vector_reset(dq_vector *v, void *obs)
{
    DQ_TRY(check_quiet(v, "reset"));
    for (int i = 0; i < v->n; i++) {
        v->slots[i].action = DQ_VECTOR_RESET;
        v->slots[i].obs = row(v, obs, i);
    }
    return step_all(v, NULL);
}

dq_status dq_vector_step(dq_vector *v, const int *actions, void *obs, void *last_obs,
                         dq_vector_result *results)
{
    DQ_TRY(check_quiet(v, "step"));
    for (int i = 0; i < v->n; i++)
        DQ_TRY(check_action(v, i, actions[i]));
    for (int i = 0; i < v->n; i++) {
        v->slots[i].action = actions[i];
        v->slots[i].obs = row(v, obs, i);
        v->slots[i].last_obs = row(v, last_obs, i);
    }
    return step_all(v, results);
}

/* ---------------------------------------------------------------- each at its own pace */

dq_status dq_vector_send(dq_vector *v, int index, int action, void *obs, void *last_obs)
{
    if (index < 0 || index >= v->n)
        return dq_fail(DQ_ERR_CONFIG, "environment %d: must be 0 to %d", index, v->n - 1);
    slot *s = &v->slots[index];
    if (s->on_way)
        return dq_fail(DQ_ERR_CONFIG, "environment %d: its last step was not received yet", index);
    DQ_TRY(check_action(v, index, action));
    s->action = action;
    s->obs = obs;
    s->last_obs = last_obs;
    s->on_way = true;
    v->order[(v->first + v->n_on_way++) % v->n] = index;
    dq_workers_give(v->workers, &index, 1);
    return DQ_OK;
}

dq_status dq_vector_recv(dq_vector *v, int *index, dq_vector_result *result)
{
    if (v->n_on_way == 0)
        return dq_fail(DQ_ERR_EMPTY, "nothing to receive: send a step first");
    *index = v->order[v->first];
    slot *s = &v->slots[*index];
    dq_workers_wait(v->workers, *index);
    v->first = (v->first + 1) % v->n;
    v->n_on_way--;
    s->on_way = false;
    *result = s->result;
    return report(s, *index);
}

int dq_vector_under_way(const dq_vector *v)
{
    return v->n_on_way;
}

/* ---------------------------------------------------------------- state */

dq_status dq_vector_save(dq_vector *v, dq_writer *w)
{
    DQ_TRY(check_quiet(v, "save"));
    dq_write_tag(w, "VECT", 1);
    dq_write_u32(w, (uint32_t)v->n);
    for (int i = 0; i < v->n; i++) {
        dq_write_u32(w, v->slots[i].over);
        dq_status st = dq_env_save(v->slots[i].env, w);
        if (st != DQ_OK)
            return dq_fail_within(st, "environment %d", i);
    }
    return DQ_OK;
}

dq_status dq_vector_load(dq_vector *v, dq_reader *r)
{
    uint32_t n, over;
    DQ_TRY(check_quiet(v, "load"));
    DQ_TRY(dq_read_tag(r, "VECT", 1));
    DQ_TRY(dq_read_u32(r, &n));
    if (n != (uint32_t)v->n)
        return dq_fail(DQ_ERR_INPUT, "saved state of %u environments: this vector has %d", n, v->n);
    for (int i = 0; i < v->n; i++) {
        DQ_TRY(dq_read_u32(r, &over));
        if (over && v->autoreset == DQ_AUTORESET_SAME_STEP)
            return dq_fail(DQ_ERR_INPUT,
                           "environment %d was saved at an end, which this vector never stops at: "
                           "load it with the autoreset that it was saved with",
                           i);
        if (over > 1)
            return dq_fail(DQ_ERR_INPUT, "environment %d: its saved state is impossible", i);
        v->slots[i].over = over != 0;
        dq_status st = dq_env_load(v->slots[i].env, r);
        if (st != DQ_OK)
            return dq_fail_within(st, "environment %d", i);
    }
    return DQ_OK;
}
