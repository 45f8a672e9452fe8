/* What Stable-Baselines3's save() writes: a zip archive of the algorithm's settings as JSON and
 * pickles in it (data), and of state_dicts, among them the policy's (policy.pth), which is the only
 * one read; of the settings only what is plain JSON. Source: common/save_util.py. */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "record/json_lines.h"
#include "record/model_parts.h"

#define POLICY "policy.pth"
#define SETTINGS "data"

enum { SETTINGS_MAX_BYTES = 1 << 23 };  // with the last observations of some environments

bool dq_is_sb3(const dq_zip *zip)
{
    return dq_zip_has(zip, POLICY) && dq_zip_has(zip, SETTINGS);
}

/** A number, or a text of one: what cannot be JSON is saved as its repr(). @return -1: it is none
 */
static int64_t number_in(const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);
    char *end;
    if (json_is_integer(value))
        return json_integer_value(value);
    if (!json_is_string(value))
        return -1;
    int64_t number = strtoll(json_string_value(value), &end, 10);
    return *json_string_value(value) && !*end ? number : -1;
}

/** Settings that change what the weights compute, and that the weights do not show. */
static dq_status check_policy(const json_t *settings)
{
    const json_t *policy = json_object_get(settings, "policy_kwargs");
    const char *activation = json_string_value(json_object_get(policy, "activation_fn"));
    const json_t *normalize = json_object_get(policy, "normalize_images");
    char text[100];
    if (activation && !strstr(activation, ".ReLU'"))
        return dq_fail(
            DQ_ERR_INPUT,
            "its layers are followed by %s (activation_fn), and those of deepq's "
            "networks by ReLU: train with that",
            dq_span_print(text, sizeof(text), (dq_span){activation, strlen(activation)}));
    if (json_is_false(normalize))
        return dq_fail(DQ_ERR_INPUT, "it was trained with normalize_images=False, and deepq's "
                                     "networks divide pictures by 255: train without it");
    return DQ_OK;
}

static dq_status take_settings(dq_model_parts *parts, const json_t *settings)
{
    DQ_TRY(check_policy(settings));
    int64_t n_actions = number_in(json_object_get(settings, "action_space"), "n");
    parts->n_actions = n_actions > 0 && n_actions <= INT32_MAX ? (int)n_actions : 0;
    int64_t step = number_in(settings, "num_timesteps");
    if (step < 0)
        return DQ_OK;
    DQ_TRY(dq_model_info_need(&parts->info));
    if (parts->info->step < 0)
        parts->info->step = step;
    return DQ_OK;
}

/** Settings that are no JSON (Python also writes NaN and Infinity) say nothing. */
static dq_status read_settings(dq_model_parts *parts, dq_zip *zip)
{
    void *bytes;
    size_t n;
    json_t *settings = NULL;
    DQ_TRY(dq_zip_read(zip, SETTINGS, &bytes, &n));
    if (!bytes)
        return DQ_OK;
    dq_status st = n <= SETTINGS_MAX_BYTES ? dq_json_parse(&settings, bytes, n, 0) : DQ_OK;
    free(bytes);
    if (st == DQ_OK)
        st = take_settings(parts, settings);
    json_decref(settings);
    return st;
}

dq_status dq_sb3_read(dq_model_parts *parts, dq_zip *zip)
{
    size_t n;
    DQ_TRY(dq_zip_read(zip, POLICY, &parts->inside, &n));
    if (!parts->inside)
        return dq_zip_fail(POLICY, "is missing: the file is damaged");
    dq_status st = dq_torch_read(parts, parts->inside, n);
    if (st != DQ_OK)
        return dq_fail_within(st, POLICY " in the archive");
    parts->format = "a zip archive of a policy and its settings";
    DQ_TRY(dq_model_info_member(parts, zip, DQ_MODEL_INFO_MEMBER));
    return read_settings(parts, zip);
}
