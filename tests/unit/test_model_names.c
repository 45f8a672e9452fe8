/** Models of other programs become deepq's networks, by the names of their tensors. */
#include "temp_folder.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/error.h"
#include "deepq/model.h"
#include "deepq/net.h"

enum { MOST = 32 };
static float ones[512 * 3136];

/** A model file in the making. */
typedef struct file {
    dq_tensor tensors[MOST];
    char names[MOST][96];
    size_t n;
} file;

static float *counting(size_t n)
{
    static float data[4096];
    for (size_t i = 0; i < n; i++)
        data[i] = (float)i;
    return data;
}

static void add(file *f, const char *prefix, const char *name, const float *data, int n_dims,
                const int *shape)
{
    dq_tensor *t = &f->tensors[f->n];
    snprintf(f->names[f->n], sizeof(f->names[0]), "%s%s", prefix, name);
    *t = (dq_tensor){.name = f->names[f->n++], .n_dims = n_dims, .data = (float *)data};
    memcpy(t->shape, shape, (size_t)n_dims * sizeof(*shape));
}

static void add_linear(file *f, const char *prefix, int in, int out)
{
    add(f, prefix, ".weight", ones, 2, (int[]){out, in});
    add(f, prefix, ".bias", ones, 1, (int[]){out});
}

static void add_convs(file *f, const char *prefix)
{
    static const int shapes[][4] = {{32, 4, 8, 8}, {64, 32, 4, 4}, {64, 64, 3, 3}};
    for (int i = 0; i < 3; i++) {
        char layer[80];
        snprintf(layer, sizeof(layer), "%s%d", prefix, 2 * i);
        add(f, layer, ".weight", ones, 4, shapes[i]);
        add(f, layer, ".bias", ones, 1, shapes[i]);
    }
}

static dq_status load(dq_model **m, const file *f)
{
    const char *path = temp_path("model.pt");
    assert_int_equal(dq_model_save(path, f->tensors, f->n), DQ_OK);
    return dq_model_load(m, path);
}

/** @param dialect NULL: the file's states are vectors */
static void assert_is(const file *f, const char *network, int n_actions, const char *dialect,
                      const char *origin)
{
    dq_model *m;
    if (load(&m, f) != DQ_OK)
        fail_msg("%s", dq_errmsg());
    const char *name = dq_net_recognise(m->tensors, m->n);
    assert_non_null(name);
    assert_string_equal(name, network);
    assert_int_equal(dq_net_outputs(m->tensors, m->n), n_actions);
    assert_string_equal(m->origin, origin);
    if (dialect)
        assert_string_equal(m->info->dialect, dialect);
    else
        assert_null(m->info);
    dq_model_destroy(m);
}

static void assert_refused(const file *f, const char *why)
{
    dq_model *m;
    assert_int_equal(load(&m, f), DQ_ERR_INPUT);
    assert_null(m);
    if (!strstr(dq_errmsg(), why))
        fail_msg("\"%s\" does not say \"%s\"", dq_errmsg(), why);
}

static void cleanrl_atari(file *f, int n_outputs)
{
    f->n = 0;
    add_convs(f, "network.");
    add_linear(f, "network.7", 3136, 512);
    add_linear(f, "network.9", 512, n_outputs);
}

static void cleanrl_classic(file *f, int n_outputs)
{
    f->n = 0;
    add_linear(f, "network.0", 4, 120);
    add_linear(f, "network.2", 120, 84);
    add_linear(f, "network.4", 84, n_outputs);
}

static void add_atoms(file *f)
{
    static const float atoms[] = {-10, -5, 0, 5, 10};
    add(f, "", "atoms", atoms, 1, (int[]){5});
}

static void networks_of_cleanrl_are_ours(void **state)
{
    (void)state;
    file f;
    cleanrl_atari(&f, 6);
    assert_is(&f, "nature", 6, "cleanrl", "CleanRL");
    cleanrl_atari(&f, 4 * 5);
    add_atoms(&f);
    assert_is(&f, "nature c51 5 -10 10", 4, "cleanrl", "CleanRL");
    cleanrl_classic(&f, 2);
    assert_is(&f, "mlp 4-120-84", 2, NULL, "CleanRL");
    cleanrl_classic(&f, 2 * 5);
    add_atoms(&f);
    assert_is(&f, "mlp 4-120-84 c51 5 -10 10", 2, NULL, "CleanRL");
}

static void add_noisy(file *f, const char *layer, int in, int out)
{
    add(f, layer, ".weight_mu", ones, 2, (int[]){out, in});
    add(f, layer, ".weight_sigma", ones, 2, (int[]){out, in});
    add(f, layer, ".bias_mu", ones, 1, (int[]){out});
    add(f, layer, ".bias_sigma", ones, 1, (int[]){out});
    add(f, layer, ".weight_epsilon", ones, 2, (int[]){out, in});
    add(f, layer, ".bias_epsilon", ones, 1, (int[]){out});
}

static void rainbow_of_cleanrl_is_ours(void **state)
{
    (void)state;
    static const float atoms[] = {-10, -5, 0, 5, 10};
    file f = {.n = 0};
    add(&f, "", "support", atoms, 1, (int[]){5});
    add_convs(&f, "network.");
    add_noisy(&f, "value_head.0", 3136, 512);
    add_noisy(&f, "value_head.2", 512, 5);
    add_noisy(&f, "advantage_head.0", 3136, 512);
    add_noisy(&f, "advantage_head.2", 512, 4 * 5);
    assert_is(&f, "nature streams 512 noisy c51 5 -10 10", 4, "cleanrl", "CleanRL");
}

/** A policy.pth; its target network is left out. */
static void sb3_pictures(file *f, const char *net, int n_outputs)
{
    f->n = 0;
    char prefix[64];
    const char *const ends[] = {"", "_target"};
    for (int i = 0; i < 2; i++) {
        snprintf(prefix, sizeof(prefix), "%s%s.features_extractor.cnn.", net, ends[i]);
        add_convs(f, prefix);
        snprintf(prefix, sizeof(prefix), "%s%s.features_extractor.linear.0", net, ends[i]);
        add_linear(f, prefix, 3136, 512);
        snprintf(prefix, sizeof(prefix), "%s%s.%s.0", net, ends[i], net);
        add_linear(f, prefix, 512, n_outputs);
    }
}

static void networks_of_stable_baselines3_are_ours(void **state)
{
    (void)state;
    file f;
    sb3_pictures(&f, "q_net", 18);
    assert_is(&f, "nature", 18, "sb3", "Stable-Baselines3");
    f.n = 0;
    add_linear(&f, "q_net.q_net.0", 3, 32);
    add_linear(&f, "q_net.q_net.2", 32, 5);
    add_linear(&f, "q_net_target.q_net.0", 3, 32);
    add_linear(&f, "q_net_target.q_net.2", 32, 5);
    assert_is(&f, "mlp 3-32", 5, NULL, "Stable-Baselines3");
    f.n = 0;
    add_linear(&f, "q_net.q_net.0", 3, 64);
    add_linear(&f, "q_net.q_net.2", 64, 64);
    add_linear(&f, "q_net.q_net.4", 64, 5);
    assert_is(&f, "mlp 3-64-64", 5, NULL, "Stable-Baselines3");
}

static void prefixes_of_all_names_are_left_out(void **state)
{
    (void)state;
    file f = {.n = 0};
    add_linear(&f, "module.network.0", 4, 120);
    add_linear(&f, "module.network.2", 120, 3);
    assert_is(&f, "mlp 4-120", 3, NULL, "CleanRL");
    f.n = 0;
    add_linear(&f, "_orig_mod.0", 4, 16);
    add_linear(&f, "_orig_mod.2", 16, 3);
    dq_model *m;
    assert_int_equal(load(&m, &f), DQ_OK);
    assert_string_equal(dq_net_recognise(m->tensors, m->n), "mlp 4-16");
    assert_null(m->origin);
    dq_model_destroy(m);
    add_linear(&f, "other", 1, 1);  // then it is the name of a layer
    assert_int_equal(load(&m, &f), DQ_OK);
    assert_string_equal(m->tensors[0].name, "_orig_mod.0.weight");
    dq_model_destroy(m);
}

static void networks_that_deepq_lacks_are_refused_by_what_they_are(void **state)
{
    (void)state;
    file f;
    cleanrl_classic(&f, 2);
    add(&f, "", "network.1.weight", ones, 1, (int[]){120});
    assert_refused(&f, "CleanRL's PQN, which normalises layers");
    cleanrl_atari(&f, 6);
    add(&f, "", "network.1.weight", ones, 3, (int[]){32, 20, 20});
    assert_refused(&f, "CleanRL's PQN, which normalises layers");
    cleanrl_atari(&f, 6);
    add_linear(&f, "actor", 512, 6);
    assert_refused(&f, "an actor and a critic");
    sb3_pictures(&f, "q_net", 64);
    add_linear(&f, "q_net.q_net.2", 64, 6);
    assert_refused(&f, "net_arch=[]");
    sb3_pictures(&f, "quantile_net", 6);
    assert_refused(&f, "does not say how many actions");
}

static void other_names_stay_as_they_are(void **state)
{
    (void)state;
    file f = {.n = 0};
    dq_model *m;
    add(&f, "", "features.0.weight", counting(4), 2, (int[]){2, 2});
    assert_int_equal(load(&m, &f), DQ_OK);
    assert_string_equal(m->tensors[0].name, "features.0.weight");
    assert_null(m->origin);
    dq_model_destroy(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_TEMP_FOLDER(networks_of_cleanrl_are_ours),
        IN_TEMP_FOLDER(rainbow_of_cleanrl_is_ours),
        IN_TEMP_FOLDER(networks_of_stable_baselines3_are_ours),
        IN_TEMP_FOLDER(prefixes_of_all_names_are_left_out),
        IN_TEMP_FOLDER(networks_that_deepq_lacks_are_refused_by_what_they_are),
        IN_TEMP_FOLDER(other_names_stay_as_they_are),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
