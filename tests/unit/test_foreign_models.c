/** Files that Stable-Baselines3, SB3-Contrib and CleanRL's networks wrote: what deepq's policies
 * make of states is what the originals do. tests/oracle/check_reading.py made tests/data/foreign.
 */
#include "failing_allocation.h"
#include "temp_folder.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zip.h>

#include <cmocka.h>

#include "base/atomic_file.h"
#include "base/error.h"
#include "deepq/policy.h"
#include "record/model_parts.h"

#define FOREIGN DEEPQ_TEST_DATA "/foreign/"
enum { N_INPUTS = 4, N_ACTIONS = 2 };

/** One line of values.txt. */
static void check_values(const char *name, const float *obs, const float *want)
{
    char path[512];
    dq_policy *policy;
    float q[N_ACTIONS];
    snprintf(path, sizeof(path), FOREIGN "%s", name);
    if (dq_policy_load(&policy, path, NULL) != DQ_OK)
        fail_msg("%s", dq_errmsg());
    assert_int_equal(dq_policy_actions(policy), N_ACTIONS);
    assert_int_equal(dq_policy_obs_bytes(policy), N_INPUTS * sizeof(float));
    dq_policy_values(policy, obs, q);
    for (int a = 0; a < N_ACTIONS; a++)
        assert_true(fabsf(q[a] - want[a]) <= 1e-5f);
    dq_policy_destroy(policy);
}

static void values_are_those_of_the_originals(void **state)
{
    (void)state;
    FILE *f = fopen(FOREIGN "values.txt", "r");
    char name[64];
    float obs[N_INPUTS], want[N_ACTIONS];
    int n = 0;
    assert_non_null(f);
    for (; fscanf(f, "%63s %f %f %f %f %f %f", name, &obs[0], &obs[1], &obs[2], &obs[3], &want[0],
                  &want[1]) == 7;
         n++)
        check_values(name, obs, want);
    assert_true(feof(f));
    assert_int_equal(n, 20);
    fclose(f);
}

static dq_model *load(const char *path)
{
    dq_model *m;
    if (dq_model_load(&m, path) != DQ_OK)
        fail_msg("%s", dq_errmsg());
    return m;
}

static void what_the_files_say_is_known(void **state)
{
    (void)state;
    dq_model *m = load(FOREIGN "cleanrl_2.cleanrl_model");
    assert_string_equal(m->origin, "CleanRL");
    assert_null(m->info);  // a state_dict alone
    dq_model_destroy(m);
    m = load(FOREIGN "cleanrl_3.cleanrl_model");
    assert_string_equal(m->info->env_id, "CartPole-v1");  // of its args
    assert_string_equal(m->info->dialect, "");
    dq_model_destroy(m);
    m = load(FOREIGN "sb3_2.zip");
    assert_string_equal(m->origin, "Stable-Baselines3");
    assert_string_equal(m->format, "a zip archive of a policy and its settings");
    assert_true(m->info->step == 0);
    dq_model_destroy(m);
    m = load(FOREIGN "sb3_contrib_2.zip");
    assert_string_equal(m->origin, "SB3-Contrib");
    assert_string_equal(dq_net_recognise(m->tensors, m->n), "mlp 4-24 qr 7");
    dq_model_destroy(m);
}

/** Put another text in place of a member, or leave it out. */
static dq_status load_changed(dq_model **m, const char *file, const char *member, const char *text)
{
    void *bytes;
    size_t n;
    const char *path = temp_path("changed.zip");
    assert_int_equal(dq_file_read(file, 1 << 20, &bytes, &n), DQ_OK);
    assert_int_equal(dq_file_write(path, bytes, n), DQ_OK);
    free(bytes);
    zip_t *zip = zip_open(path, 0, NULL);
    assert_non_null(zip);
    zip_int64_t at = zip_name_locate(zip, member, 0);
    if (!text) {
        assert_int_equal(zip_delete(zip, (zip_uint64_t)at), 0);
    } else {
        zip_source_t *source = zip_source_buffer(zip, text, strlen(text), 0);
        at = zip_file_add(zip, member, source, ZIP_FL_OVERWRITE);
        assert_true(at >= 0);
        zip_set_file_compression(zip, (zip_uint64_t)at, ZIP_CM_STORE, 0);
    }
    assert_int_equal(zip_close(zip), 0);
    return dq_model_load(m, path);
}

static void assert_refused(const char *file, const char *member, const char *text, const char *why)
{
    dq_model *m;
    assert_int_equal(load_changed(&m, file, member, text), DQ_ERR_INPUT);
    assert_null(m);
    if (!strstr(dq_errmsg(), why))
        fail_msg("\"%s\" does not say \"%s\"", dq_errmsg(), why);
}

static void settings_that_change_the_network_are_refused(void **state)
{
    (void)state;
    static const char dqn[] = FOREIGN "sb3_2.zip", qr[] = FOREIGN "sb3_contrib_2.zip";
    assert_refused(dqn, "data",
                   "{\"policy_kwargs\": {\"activation_fn\": \"<class "
                   "'torch.nn.modules.activation.Tanh'>\"}}",
                   "activation.Tanh'> (activation_fn)");
    assert_refused(dqn, "data", "{\"policy_kwargs\": {\"normalize_images\": false}}",
                   "normalize_images=False");
    assert_refused(qr, "data", "{}", "does not say how many actions");
    assert_refused(qr, "data", "{\"action_space\": {\"n\": \"3\"}}", "no quantiles of 3 actions");
    assert_refused(qr, "data", "{\"action_space\": {\"n\": -2}}", "does not say how many actions");
    assert_refused(qr, "data", "{\"action_space\": {\"n\": \"2x\"}}", "does not say how many");
    assert_refused(dqn, "policy.pth", "hello", "policy.pth in the archive: it is not what");
    assert_refused(dqn, "policy.pth", "PK\3\4 hello", "policy.pth in the archive: the zip archive");
    assert_refused(dqn, "policy.pth", NULL, "not one that torch.save() wrote");
    assert_refused(dqn, DQ_MODEL_INFO_MEMBER, "{", "deepq.json");
}

static void other_settings_do_not_matter(void **state)
{
    (void)state;
    static const char *const texts[] = {"", "{\"x\": NaN}", "[1]", "{\"num_timesteps\": \"many\"}",
                                        "{\"policy_kwargs\": 3}"};
    dq_model *m;
    for (size_t i = 0; i < DQ_COUNT(texts); i++) {
        assert_int_equal(load_changed(&m, FOREIGN "sb3_2.zip", "data", texts[i]), DQ_OK);
        assert_null(m->info);
        dq_model_destroy(m);
    }
    assert_int_equal(load_changed(&m, FOREIGN "sb3_2.zip", "data",
                                  "{\"num_timesteps\": 7, \"policy_kwargs\": {\"activation_fn\": "
                                  "\"<class 'torch.nn.modules.activation.ReLU'>\"}}"),
                     DQ_OK);
    assert_true(m->info->step == 7);
    dq_model_destroy(m);
    assert_int_equal(load_changed(&m, FOREIGN "sb3_2.zip", DQ_MODEL_INFO_MEMBER,
                                  "{\"env\": \"CartPole-v1\", \"frame\": 5}"),
                     DQ_OK);
    assert_string_equal(m->info->env_id, "CartPole-v1");
    assert_true(m->info->step == 5);
    dq_model_destroy(m);
}

static void no_part_of_an_archive_is_read(void **state)
{
    (void)state;
    size_t n;
    void *bytes;
    assert_int_equal(dq_file_read(FOREIGN "sb3_2.zip", 1 << 20, &bytes, &n), DQ_OK);
    for (size_t cut = 0; cut < n; cut += 13) {
        void *copy = malloc(cut + 1);
        dq_model *m;
        memcpy(copy, bytes, cut);
        assert_int_equal(dq_model_parse(&m, copy, cut), DQ_ERR_INPUT);
        free(copy);
    }
    free(bytes);
}

/** @return whether an allocation is left that can fail */
static bool fails_cleanly(const void *bytes, size_t n, long which)
{
    dq_model *m;
    (void)let_allocation_fail(which);
    dq_status st = dq_model_parse(&m, bytes, n);
    (void)let_allocation_fail(0);
    if (st != DQ_OK && st != DQ_ERR_NOMEM)
        fail_msg("allocation %ld: %s", which, dq_errmsg());
    dq_model_destroy(m);
    return st != DQ_OK;
}

static void every_failing_allocation_is_told(void **state)
{
    (void)state;
    static const char *const files[] = {
        FOREIGN "sb3_2.zip", FOREIGN "sb3_contrib_2.zip", FOREIGN "cleanrl_3.cleanrl_model",
        FOREIGN "mlp.safetensors", DEEPQ_TEST_DATA "/models/legacy.dat"};
    if (!let_allocation_fail(0))
        skip();
    for (size_t f = 0; f < DQ_COUNT(files); f++) {
        size_t n;
        void *bytes;
        long which = 1;
        assert_int_equal(dq_file_read(files[f], 1 << 20, &bytes, &n), DQ_OK);
        while (fails_cleanly(bytes, n, which))
            which++;
        assert_true(which > 10);
        free(bytes);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_are_those_of_the_originals),
        cmocka_unit_test(what_the_files_say_is_known),
        IN_TEMP_FOLDER(settings_that_change_the_network_are_refused),
        IN_TEMP_FOLDER(other_settings_do_not_matter),
        cmocka_unit_test(no_part_of_an_archive_is_read),
        cmocka_unit_test(every_failing_allocation_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
