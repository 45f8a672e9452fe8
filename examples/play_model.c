/* A trained model plays a game: play_model MODEL.dat [ENVIRONMENT] */
#include <deepq/deepq.h>
#include <stdio.h>

static int fail(void)
{
    fprintf(stderr, "play_model: %s\n", dq_errmsg());
    return 1;
}

int main(int argc, char **argv)
{
    static uint8_t obs[DQ_NET_OBS_BYTES];
    dq_policy *policy;
    dq_env *env;
    dq_step step = {0};
    double points = 0;
    if (argc < 2 || dq_policy_load(&policy, argv[1], NULL) != DQ_OK)
        return fail();
    if (dq_env_make_book(&env, argc > 2 ? argv[2] : "deepq/Pong-v0", NULL) != DQ_OK ||
        dq_env_reset(env, obs) != DQ_OK)
        return fail();
    while (!step.terminated && !step.truncated) {
        if (dq_env_step(env, dq_policy_act(policy, obs), obs, &step) != DQ_OK)
            return fail();
        points += step.reward;
    }
    printf("%g points\n", points);
    dq_env_destroy(env);
    dq_policy_destroy(policy);
    return 0;
}
