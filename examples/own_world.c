/* A world of your own, learned in seconds: land softly.
 *   cc own_world.c $(pkg-config --cflags --libs deepq) && ./a.out
 * A lander falls from 5 to 10 metres; its engine is off (action 0) or on (1). Touching the ground
 * below 1 m/s gives the reward 1, faster -1. Each step costs 0.01. */
#include <deepq/deepq.h>
#include <stdio.h>

typedef struct lander {
    dq_rng rng;
    float height, speed;  // metres, metres a second upwards
} lander;

static dq_status show(const lander *l, float *obs)
{
    obs[0] = l->height / 10;  // numbers of about -1 to 1 are learned best
    obs[1] = l->speed / 5;
    return DQ_OK;
}

static dq_status lander_reset(void *self, void *obs)
{
    lander *l = self;
    l->height = 5 + 5 * (float)dq_rng_unit(&l->rng);
    l->speed = 0;
    return show(l, obs);
}

static dq_status lander_step(void *self, int action, void *obs, dq_step *result)
{
    lander *l = self;
    l->speed += action ? 0.3f : -0.4f;
    l->height += 0.2f * l->speed;
    result->terminated = l->height <= 0;
    result->reward = !result->terminated ? -0.01f : l->speed > -1 ? 1 : -1;
    return show(l, obs);
}

int main(void)
{
    lander world = {.rng = dq_rng_stream(0, "lander")};
    const dq_env_ops ops = {.reset = lander_reset, .step = lander_step};
    const dq_env_spec spec = {.id = "Lander", .obs = {DQ_F32, 1, {2}, -2, 2}, .n_actions = 2};
    dq_train_config cfg;
    dq_env *env;
    dq_trainer *trainer;
    dq_progress p;
    bool solved;
    if (dq_train_preset(&cfg, "cartpole") != DQ_OK)
        return puts(dq_errmsg());
    cfg.reward_bound = 0.6;  // of the mean of 100 games
    cfg.max_steps = 100000;
    if (dq_env_create(&env, &ops, &spec, &world) != DQ_OK ||
        dq_trainer_create(&trainer, &cfg, env) != DQ_OK ||
        dq_trainer_run(trainer, NULL, NULL, &solved) != DQ_OK)
        return puts(dq_errmsg());
    dq_trainer_progress(trainer, &p);
    printf("%d games, mean reward of the last 100: %.2f\n", (int)p.n_games, p.mean_reward);
    dq_trainer_destroy(trainer);
    return !solved;
}
