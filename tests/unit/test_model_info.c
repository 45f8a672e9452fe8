/** The record in a model file that says what it was trained on and how. */
#include "temp_folder.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <zip.h>

#include <cmocka.h>

#include "base/error.h"
#include "deepq/model.h"
#include "deepq/version.h"

static float values[] = {1, 2, 3};
static const dq_tensor tensor = {.name = "x", .n_dims = 1, .shape = {3}, .data = values};

static dq_model *load(void)
{
    dq_model *m;
    if (dq_model_load(&m, temp_path("a.dat")) != DQ_OK)
        fail_msg("%s", dq_errmsg());
    assert_int_equal(m->n, 1);
    assert_memory_equal(m->tensors[0].data, values, sizeof(values));
    return m;
}

static void what_is_said_is_read_again(void **state)
{
    (void)state;
    dq_model_info info = {.env_id = "SpaceInvadersNoFrameskip-v4",
                          .dialect = "sb3",
                          .network = "nature",
                          .preset = "fast",
                          .version = "of another",
                          .step = 123456789012,
                          .score = 1234.5};
    assert_int_equal(dq_model_save_with(temp_path("a.dat"), &tensor, 1, &info), DQ_OK);
    dq_model *m = load();
    assert_non_null(m->info);
    assert_string_equal(m->info->env_id, info.env_id);
    assert_string_equal(m->info->dialect, "sb3");
    assert_string_equal(m->info->network, "nature");
    assert_string_equal(m->info->preset, "fast");
    assert_string_equal(m->info->version, dq_version());
    assert_true(m->info->step == info.step && m->info->score == info.score);
    dq_model_destroy(m);
}

static void what_is_not_said_stays_so(void **state)
{
    (void)state;
    assert_int_equal(dq_model_save(temp_path("a.dat"), &tensor, 1), DQ_OK);
    dq_model *m = load();
    assert_null(m->info);
    dq_model_destroy(m);
    dq_model_info nothing = dq_model_info_default();
    assert_int_equal(dq_model_save_with(temp_path("a.dat"), &tensor, 1, &nothing), DQ_OK);
    m = load();
    assert_non_null(m->info);
    assert_string_equal(m->info->env_id, "");
    assert_true(m->info->step == -1 && isnan(m->info->score));
    dq_model_destroy(m);
}

/** Put other bytes in place of the record. */
static void replace_record(const char *bytes, size_t n)
{
    dq_model_info info = dq_model_info_default();
    assert_int_equal(dq_model_save_with(temp_path("a.dat"), &tensor, 1, &info), DQ_OK);
    zip_t *zip = zip_open(temp_path("a.dat"), 0, NULL);
    zip_int64_t at = zip_name_locate(zip, "archive/deepq.json", 0);
    assert_true(at >= 0);
    zip_source_t *source = zip_source_buffer(zip, bytes, n, 0);
    assert_int_equal(zip_file_replace(zip, (zip_uint64_t)at, source, 0), 0);
    assert_int_equal(zip_set_file_compression(zip, (zip_uint64_t)at, ZIP_CM_STORE, 0), 0);
    assert_int_equal(zip_close(zip), 0);
}

static void a_foreign_record_is_harmless(void **state)
{
    (void)state;
    static const char odd[] =
        "{\"env\":\"a\\u001b[2Jb\\n\",\"dialect\":7,\"frame\":-3,\"score\":\"x\","
        "\"new\":[1],\"preset\":\"0123456789012345678901234567890123456789"
        "0123456789012345678901234567890123456789\"}";
    replace_record(odd, strlen(odd));
    dq_model *m = load();
    assert_string_equal(m->info->env_id, "a?[2Jb?");
    assert_string_equal(m->info->dialect, "");
    assert_int_equal(strlen(m->info->preset), DQ_MODEL_TEXT_BYTES - 1);
    assert_true(m->info->step == -1 && isnan(m->info->score));
    dq_model_destroy(m);
}

static void a_damaged_record_is_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {"", "[]", "{", "{\"env\":\"x\"} x", "{\"env\":\"\xff\"}"};
    for (size_t i = 0; i < DQ_COUNT(bad); i++) {
        replace_record(bad[i], strlen(bad[i]));
        dq_model *m;
        assert_int_equal(dq_model_load(&m, temp_path("a.dat")), DQ_ERR_INPUT);
        assert_non_null(strstr(dq_errmsg(), "deepq.json"));
    }
    char *large = malloc(1 << 17);
    memset(large, ' ', 1 << 17);
    replace_record(large, 1 << 17);
    free(large);
    dq_model *m;
    assert_int_equal(dq_model_load(&m, temp_path("a.dat")), DQ_ERR_INPUT);
}

static void a_text_must_be_one(void **state)
{
    (void)state;
    dq_model_info bytes = dq_model_info_default(), endless = bytes;
    memcpy(bytes.env_id, "\xc3\x28", 3);
    memset(endless.dialect, 'x', sizeof(endless.dialect));
    assert_int_equal(dq_model_save_with(temp_path("a.dat"), &tensor, 1, &bytes), DQ_ERR_CONFIG);
    assert_non_null(strstr(dq_errmsg(), "env"));
    assert_int_equal(dq_model_save_with(temp_path("a.dat"), &tensor, 1, &endless), DQ_ERR_CONFIG);
    assert_non_null(strstr(dq_errmsg(), "dialect"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_TEMP_FOLDER(what_is_said_is_read_again),   IN_TEMP_FOLDER(what_is_not_said_stays_so),
        IN_TEMP_FOLDER(a_foreign_record_is_harmless), IN_TEMP_FOLDER(a_damaged_record_is_refused),
        IN_TEMP_FOLDER(a_text_must_be_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
