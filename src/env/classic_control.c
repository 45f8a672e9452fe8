/* Gymnasium 1.4.0's classic control with discrete actions. Sums and products are in its order, so
 * that the state, float64, is the same to the last bit where the sine and cosine of libm are those
 * that NumPy calls: docs/environments.md says where they are not.
 * Sources: gymnasium/envs/classic_control/cartpole.py (Barto, Sutton, Anderson 1983),
 * mountain_car.py (Moore 1990), acrobot.py (Sutton 1996). */
#include "env/classic_control.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "env/numpy_random.h"

enum { STATE_MAX = 4, OBS_MAX = 6, TEXT_BYTES = 128 };

static const double PI = 3.14159265358979323846;

/** What one of these worlds is. States are float64 [n_state]. */
typedef struct classic_world {
    const char *id;
    int n_state, n_obs, n_actions;
    int max_steps;                    // after which an episode is truncated
    const char *const *action_names;  // [n_actions]
    float low, high;                  // of all elements of an observation
    /** Draw the state that an episode begins in. */
    void (*begin)(double *s, dq_numpy_rng *rng);
    /** Take a step. @return whether the episode terminated */
    bool (*step)(double *s, int action, float *reward);
    /** The observation. */
    void (*observe)(const double *s, float *obs);
    /** Whether a saved state can be one. */
    bool (*is_possible)(const double *s);
    /** A line of text. */
    void (*text)(const double *s, char *to);
} classic_world;

static bool is_within(double x, double bound)
{
    return fabs(x) <= bound;  // false for NaN
}

static double clip(double x, double low, double high)
{
    double y = x > low ? x : low;
    return y < high ? y : high;
}

static void observe_state(const double *s, int n, float *obs)
{
    for (int i = 0; i < n; i++)
        obs[i] = (float)s[i];
}

/* ---------------------------------------------------------------- CartPole */

/* State: position of the cart, its velocity, angle of the pole, its velocity. */

static const char *const cart_actions[] = {"Push left", "Push right"};

static const double CART_LIMIT = 2.4;
static const double CART_SPEEDS = 1e6;  // far above what a force of 10 gives in an episode

static double pole_limit(void)
{
    return 12 * 2 * PI / 360;
}

static void cart_begin(double *s, dq_numpy_rng *rng)
{
    for (int i = 0; i < 4; i++)
        s[i] = dq_numpy_rng_uniform(rng, -0.05, 0.05);
}

static bool cart_step(double *s, int action, float *reward)
{
    static const double gravity = 9.8, tau = 0.02, length = 0.5, mass_pole = 0.1;
    const double total_mass = 0.1 + 1.0, pole_mass_length = 0.1 * 0.5;
    double force = action == 1 ? 10.0 : -10.0, cosine = cos(s[2]), sine = sin(s[2]);
    double temp = (force + pole_mass_length * (s[3] * s[3]) * sine) / total_mass;
    double pole_acceleration = (gravity * sine - cosine * temp) /
                               (length * (4.0 / 3.0 - mass_pole * (cosine * cosine) / total_mass));
    double acceleration = temp - pole_mass_length * pole_acceleration * cosine / total_mass;
    s[0] = s[0] + tau * s[1];
    s[1] = s[1] + tau * acceleration;
    s[2] = s[2] + tau * s[3];
    s[3] = s[3] + tau * pole_acceleration;
    *reward = 1;
    return !is_within(s[0], CART_LIMIT) || !is_within(s[2], pole_limit());
}

static void cart_observe(const double *s, float *obs)
{
    observe_state(s, 4, obs);
}

static bool cart_is_possible(const double *s)
{
    return is_within(s[0], 2 * CART_LIMIT) && is_within(s[1], CART_SPEEDS) &&
           is_within(s[2], 2 * pole_limit()) && is_within(s[3], CART_SPEEDS);
}

static void cart_text(const double *s, char *to)
{
    snprintf(to, TEXT_BYTES,
             "cart at %+.3f, %+.3f a second; pole at %+.2f degrees, %+.2f a second\n", s[0], s[1],
             s[2] * 180 / PI, s[3] * 180 / PI);
}

/* ---------------------------------------------------------------- MountainCar */

/* State: position, velocity. */

static const char *const car_actions[] = {"Accelerate left", "Coast", "Accelerate right"};

static const double CAR_LEFT = -1.2, CAR_RIGHT = 0.6, CAR_GOAL = 0.5, CAR_SPEED = 0.07;

static void car_begin(double *s, dq_numpy_rng *rng)
{
    s[0] = dq_numpy_rng_uniform(rng, -0.6, -0.4);
    s[1] = 0;
}

static bool car_step(double *s, int action, float *reward)
{
    static const double force = 0.001, gravity = 0.0025;
    double velocity = s[1] + ((action - 1) * force + cos(3 * s[0]) * -gravity);
    velocity = clip(velocity, -CAR_SPEED, CAR_SPEED);
    s[0] = clip(s[0] + velocity, CAR_LEFT, CAR_RIGHT);
    s[1] = s[0] == CAR_LEFT && velocity < 0 ? 0 : velocity;
    *reward = -1;
    return s[0] >= CAR_GOAL && s[1] >= 0;
}

static void car_observe(const double *s, float *obs)
{
    observe_state(s, 2, obs);
}

static bool car_is_possible(const double *s)
{
    return s[0] >= CAR_LEFT && s[0] <= CAR_RIGHT && is_within(s[1], CAR_SPEED);
}

static void car_text(const double *s, char *to)
{
    snprintf(to, TEXT_BYTES, "car at %+.3f, velocity %+.4f; the flag is at %+.1f\n", s[0], s[1],
             CAR_GOAL);
}

/* ---------------------------------------------------------------- Acrobot */

/* State: angle of the first link from hanging, angle of the second from the first, their
 * velocities. All lengths and masses but those to the links' centres, 0.5, are 1. */

static const char *const acrobot_actions[] = {"Torque -1", "Torque 0", "Torque +1"};

static double first_speed(void)
{
    return 4 * PI;
}

static double second_speed(void)
{
    return 9 * PI;
}

static void acrobot_begin(double *s, dq_numpy_rng *rng)
{
    for (int i = 0; i < 4; i++)
        s[i] = (double)(float)dq_numpy_rng_uniform(rng, -0.1, 0.1);  // Gymnasium has float32 here
}

/** NumPy's x ** 2, which is libm's pow() and not always x * x: a compiler must not know the 2. */
static double squared(double x)
{
    static const volatile double two = 2;
    return pow(x, two);
}

/** Sutton and Barto's equations of motion: the derivatives of a state under a torque. */
static void acrobot_derive(const double *s, double torque, double *ds)
{
    static const double g = 9.8;
    double d1 = 0.25 + (1.25 + cos(s[1])) + 1.0 + 1.0, d2 = (0.25 + 0.5 * cos(s[1])) + 1.0;
    double phi2 = 0.5 * g * cos(s[0] + s[1] - PI / 2);
    double phi1 = -0.5 * squared(s[3]) * sin(s[1]) - s[3] * s[2] * sin(s[1]) +
                  1.5 * g * cos(s[0] - PI / 2) + phi2;
    ds[0] = s[2];
    ds[1] = s[3];
    ds[3] = (torque + d2 / d1 * phi1 - 0.5 * squared(s[2]) * sin(s[1]) - phi2) /
            (0.25 + 1.0 - squared(d2) / d1);
    ds[2] = -(d2 * ds[3] + phi1) / d1;
}

/** s + step * ds */
static void advance(const double *s, double step, const double *ds, double *to)
{
    for (int i = 0; i < 4; i++)
        to[i] = s[i] + step * ds[i];
}

/** An angle within -pi to pi. */
static double wrap(double x)
{
    while (x > PI)
        x = x - 2 * PI;
    while (x < -PI)
        x = x + 2 * PI;
    return x;
}

/** One step of the Runge-Kutta method of fourth order. */
static bool acrobot_step(double *s, int action, float *reward)
{
    static const double dt = 0.2;
    double k1[4], k2[4], k3[4], k4[4], at[4], torque = action - 1;
    acrobot_derive(s, torque, k1);
    advance(s, dt / 2, k1, at);
    acrobot_derive(at, torque, k2);
    advance(s, dt / 2, k2, at);
    acrobot_derive(at, torque, k3);
    advance(s, dt, k3, at);
    acrobot_derive(at, torque, k4);
    for (int i = 0; i < 4; i++)
        s[i] = s[i] + dt / 6.0 * (k1[i] + 2 * k2[i] + 2 * k3[i] + k4[i]);
    s[0] = wrap(s[0]);
    s[1] = wrap(s[1]);
    s[2] = clip(s[2], -first_speed(), first_speed());
    s[3] = clip(s[3], -second_speed(), second_speed());
    bool is_up = -cos(s[0]) - cos(s[1] + s[0]) > 1.0;
    *reward = is_up ? 0 : -1;
    return is_up;
}

static void acrobot_observe(const double *s, float *obs)
{
    obs[0] = (float)cos(s[0]);
    obs[1] = (float)sin(s[0]);
    obs[2] = (float)cos(s[1]);
    obs[3] = (float)sin(s[1]);
    obs[4] = (float)s[2];
    obs[5] = (float)s[3];
}

static bool acrobot_is_possible(const double *s)
{
    return is_within(s[0], PI) && is_within(s[1], PI) && is_within(s[2], first_speed()) &&
           is_within(s[3], second_speed());
}

static void acrobot_text(const double *s, char *to)
{
    snprintf(to, TEXT_BYTES,
             "tip at height %+.3f of +1 to reach; links at %+.1f and %+.1f degrees\n",
             -cos(s[0]) - cos(s[1] + s[0]), s[0] * 180 / PI, s[1] * 180 / PI);
}

/* ---------------------------------------------------------------- the environment */

#define CART_POLE                                                                                  \
    .n_state = 4, .n_obs = 4, .n_actions = 2, .action_names = cart_actions, .low = -INFINITY,      \
    .high = INFINITY, .begin = cart_begin, .step = cart_step, .observe = cart_observe,             \
    .is_possible = cart_is_possible, .text = cart_text

static const classic_world worlds[] = {
    {.id = "CartPole-v1", .max_steps = 500, CART_POLE},
    {.id = "CartPole-v0", .max_steps = 200, CART_POLE},
    {.id = "MountainCar-v0",
     .max_steps = 200,
     .n_state = 2,
     .n_obs = 2,
     .n_actions = 3,
     .action_names = car_actions,
     .low = -1.2f,
     .high = 0.6f,
     .begin = car_begin,
     .step = car_step,
     .observe = car_observe,
     .is_possible = car_is_possible,
     .text = car_text},
    {.id = "Acrobot-v1",
     .max_steps = 500,
     .n_state = 4,
     .n_obs = 6,
     .n_actions = 3,
     .action_names = acrobot_actions,
     .low = -28.274334f,  // of the faster link, -9 pi
     .high = 28.274334f,
     .begin = acrobot_begin,
     .step = acrobot_step,
     .observe = acrobot_observe,
     .is_possible = acrobot_is_possible,
     .text = acrobot_text},
};

typedef struct classic_env {
    const classic_world *world;
    dq_numpy_rng rng;
    double state[STATE_MAX];
    int n_steps;  // of the episode, 0 to max_steps
    char text[TEXT_BYTES];
} classic_env;

/** The caller's buffer may be of bytes: floats go there by way of this. */
static void give(const classic_env *e, void *obs)
{
    float values[OBS_MAX];
    e->world->observe(e->state, values);
    memcpy(obs, values, (size_t)e->world->n_obs * sizeof(*values));
}

static dq_status classic_reset(void *self, void *obs)
{
    classic_env *e = self;
    e->world->begin(e->state, &e->rng);
    e->n_steps = 0;
    give(e, obs);
    return DQ_OK;
}

static dq_status classic_step(void *self, int action, void *obs, dq_step *result)
{
    classic_env *e = self;
    result->terminated = e->world->step(e->state, action, &result->reward);
    result->truncated = ++e->n_steps >= e->world->max_steps;
    give(e, obs);
    return DQ_OK;
}

static dq_status classic_seed(void *self, uint64_t seed)
{
    ((classic_env *)self)->rng = dq_numpy_rng_seed(seed);
    return DQ_OK;
}

static dq_status classic_save(void *self, dq_writer *w)
{
    const classic_env *e = self;
    dq_write_tag(w, "CLSC", 1);
    dq_write_u32(w, (uint32_t)e->world->n_state);
    dq_write_u32(w, (uint32_t)e->world->max_steps);
    for (int i = 0; i < e->world->n_state; i++)
        dq_write_f64(w, e->state[i]);
    dq_write_u32(w, (uint32_t)e->n_steps);
    return dq_numpy_rng_save(&e->rng, w);
}

static dq_status classic_load(void *self, dq_reader *r)
{
    classic_env *e = self, loaded = *e;
    const classic_world *world = e->world;
    uint32_t n_state, max_steps, n_steps;
    DQ_TRY(dq_read_tag(r, "CLSC", 1));
    DQ_TRY(dq_read_u32(r, &n_state));
    DQ_TRY(dq_read_u32(r, &max_steps));
    if (n_state != (uint32_t)world->n_state || max_steps != (uint32_t)world->max_steps)
        return dq_fail(DQ_ERR_INPUT, "%s: the saved state is another world's", world->id);
    for (int i = 0; i < world->n_state; i++)
        DQ_TRY(dq_read_f64(r, &loaded.state[i]));
    DQ_TRY(dq_read_u32(r, &n_steps));
    DQ_TRY(dq_numpy_rng_load(&loaded.rng, r));
    if (!world->is_possible(loaded.state) || n_steps > max_steps)
        return dq_fail(DQ_ERR_INPUT, "%s: the saved state is impossible here", world->id);
    loaded.n_steps = (int)n_steps;
    *e = loaded;
    return DQ_OK;
}

static dq_status classic_render_text(void *self, const char **text)
{
    classic_env *e = self;
    e->world->text(e->state, e->text);
    *text = e->text;
    return DQ_OK;
}

const char *dq_classic_control_id(size_t i)
{
    return i < DQ_COUNT(worlds) ? worlds[i].id : NULL;
}

dq_status dq_classic_control_create(dq_env **out, size_t i, uint64_t seed)
{
    static const dq_env_ops ops = {
        .reset = classic_reset,
        .step = classic_step,
        .seed = classic_seed,
        .save = classic_save,
        .load = classic_load,
        .destroy = free,
        .render_text = classic_render_text,
    };
    const classic_world *world = &worlds[i];
    const dq_env_spec spec = {
        .id = world->id,
        .obs = {DQ_F32, 1, {world->n_obs}, world->low, world->high},
        .n_actions = world->n_actions,
        .action_names = world->action_names,
        .max_episode_steps = world->max_steps,
    };
    *out = NULL;
    classic_env *e = calloc(1, sizeof(*e));
    if (!e)
        return dq_fail(DQ_ERR_NOMEM, "%s: no memory for an environment", world->id);
    e->world = world;
    e->rng = dq_numpy_rng_seed(seed);
    dq_status st = dq_env_create(out, &ops, &spec, e);
    if (st != DQ_OK)
        free(e);
    return st;
}
