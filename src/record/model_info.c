/* What a model file says of itself: one JSON object. */
#include <jansson.h>
#include <math.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "deepq/version.h"
#include "record/json_lines.h"
#include "record/model_parts.h"

static const struct {
    const char *key;
    size_t offset, cap;
} texts[] = {
    {"deepq", offsetof(dq_model_info, version), DQ_MODEL_TEXT_BYTES},
    {"env", offsetof(dq_model_info, env_id), DQ_MODEL_TEXT_BYTES},
    {"dialect", offsetof(dq_model_info, dialect), DQ_MODEL_TEXT_BYTES},
    {"options", offsetof(dq_model_info, options), DQ_MODEL_OPTIONS_BYTES},
    {"network", offsetof(dq_model_info, network), DQ_MODEL_NETWORK_BYTES},
    {"preset", offsetof(dq_model_info, preset), DQ_MODEL_TEXT_BYTES},
};

dq_model_info dq_model_info_default(void)
{
    return (dq_model_info){.step = -1, .score = NAN};
}

/** Takes the reference. @param value NULL: there was no memory for it */
static dq_status add(json_t *object, const char *key, json_t *value)
{
    if (json_object_set_new(object, key, value) == 0)
        return DQ_OK;
    return dq_fail(DQ_ERR_NOMEM, "no memory for a model's record");
}

static dq_status add_text(json_t *object, const char *key, const char *text, size_t cap)
{
    if (!*text)
        return DQ_OK;
    json_t *value = strnlen(text, cap) < cap ? dq_json_text(text) : json_null();
    bool is_other = json_is_null(value) || (value && strcmp(json_string_value(value), text) != 0);
    DQ_TRY(add(object, key, value));
    if (is_other)  // too long, or some of it had to be replaced
        return dq_fail(DQ_ERR_CONFIG, "the model's %s is not UTF-8 text of at most %zu bytes", key,
                       cap - 1);
    return DQ_OK;
}

static dq_status fill_object(json_t *object, dq_model_info info)
{
    memcpy(info.version, dq_version(), strlen(dq_version()) + 1);
    for (size_t i = 0; i < DQ_COUNT(texts); i++)
        DQ_TRY(add_text(object, texts[i].key, (const char *)&info + texts[i].offset, texts[i].cap));
    if (info.step >= 0)
        DQ_TRY(add(object, "frame", json_integer(info.step)));
    return isfinite(info.score) ? add(object, "score", json_real(info.score)) : DQ_OK;
}

dq_status dq_model_info_write(const dq_model_info *info, char **text)
{
    *text = NULL;
    json_t *object = json_object();
    if (!object)
        return dq_fail(DQ_ERR_NOMEM, "no memory for a model's record");
    dq_status st = fill_object(object, *info);
    if (st == DQ_OK)
        *text = json_dumps(object, JSON_PRESERVE_ORDER | JSON_REAL_PRECISION(15));
    json_decref(object);
    if (st == DQ_OK && !*text)
        st = dq_fail(DQ_ERR_NOMEM, "no memory for a model's record");
    return st;
}

void dq_model_info_text(char *to, size_t cap, dq_span text)
{
    size_t n = text.n < cap - 1 ? text.n : cap - 1;
    memcpy(to, text.at, n);
    to[n] = '\0';
    dq_make_plain(to);
}

dq_status dq_model_info_need(dq_model_info **info)
{
    if (!*info) {
        *info = malloc(sizeof(**info));
        if (!*info)
            return dq_fail(DQ_ERR_NOMEM, "no memory for a model's record");
        **info = dq_model_info_default();
    }
    return DQ_OK;
}

dq_status dq_model_info_read(dq_model_info *info, const void *bytes, size_t n)
{
    *info = dq_model_info_default();
    json_t *object;
    DQ_TRY(dq_json_parse(&object, bytes, n, JSON_REJECT_DUPLICATES));
    bool is_object = json_is_object(object);
    for (size_t i = 0; is_object && i < DQ_COUNT(texts); i++) {
        const json_t *value = json_object_get(object, texts[i].key);
        if (json_is_string(value))
            dq_model_info_text((char *)info + texts[i].offset, texts[i].cap,
                               (dq_span){json_string_value(value), json_string_length(value)});
    }
    const json_t *step = json_object_get(object, "frame"),
                 *score = json_object_get(object, "score");
    if (json_is_integer(step) && json_integer_value(step) >= 0)
        info->step = json_integer_value(step);
    if (json_is_number(score))
        info->score = json_number_value(score);
    json_decref(object);
    return is_object ? DQ_OK
                     : dq_fail(DQ_ERR_INPUT, DQ_MODEL_INFO_MEMBER " in the archive is damaged");
}

bool dq_model_info_take_fact(dq_model_info *info, const char *key, dq_span value)
{
    char number[32], *end;
    key = strcmp(key, "version") == 0 ? texts[0].key : key;
    for (size_t i = 0; i < DQ_COUNT(texts); i++)
        if (strcmp(key, texts[i].key) == 0) {
            dq_model_info_text((char *)info + texts[i].offset, texts[i].cap, value);
            return true;
        }
    dq_span_print(number, sizeof(number), value);
    if (strcmp(key, "frame") == 0) {
        long long step = strtoll(number, &end, 10);
        info->step = *number && !*end && step >= 0 ? step : -1;
    } else if (strcmp(key, "score") == 0) {
        double score = strtod(number, &end);
        info->score = *number && !*end ? score : NAN;
    } else {
        return false;
    }
    return true;
}

dq_status dq_model_info_member(dq_model_parts *parts, dq_zip *zip, const char *name)
{
    void *bytes;
    size_t n;
    DQ_TRY(dq_zip_read(zip, name, &bytes, &n));
    if (!bytes)
        return DQ_OK;
    dq_status st = dq_model_info_need(&parts->info);
    if (st == DQ_OK && n > DQ_MODEL_INFO_MAX_BYTES)
        st = dq_zip_fail(DQ_MODEL_INFO_MEMBER, "is damaged: it is too large");
    if (st == DQ_OK)
        st = dq_model_info_read(parts->info, bytes, n);
    free(bytes);
    return st;
}
