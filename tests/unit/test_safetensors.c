/** safetensors files: what is read, and that all is refused that the original refuses
 *  (tests/oracle/check_safetensors.py compares the two on changed files). */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/error.h"
#include "deepq/model.h"
#include "record/model_parts.h"

enum { DATA_BYTES = 16 };

static const uint8_t data[DATA_BYTES + 1] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};

/** A file with a header and n_data bytes of data. */
static dq_status parse_with(dq_model **m, const char *header, size_t n_data, uint64_t length)
{
    size_t n = strlen(header);
    uint8_t *bytes = malloc(8 + n + n_data);
    for (int i = 0; i < 8; i++)
        bytes[i] = (uint8_t)(length >> 8 * i);
    memcpy(bytes + 8, header, n);
    memcpy(bytes + 8 + n, data, n_data);
    dq_status st = dq_model_parse(m, bytes, 8 + n + n_data);
    free(bytes);
    return st;
}

static dq_status parse(dq_model **m, const char *header)
{
    return parse_with(m, header, DATA_BYTES, strlen(header));
}

#define A(fields) "{\"a\":{" fields "}}"
#define WHOLE "\"dtype\":\"F32\",\"shape\":[2,2],\"data_offsets\":[0,16]"

static void tensors_are_read_in_the_order_of_the_data(void **state)
{
    (void)state;
    dq_model *m;
    assert_int_equal(
        parse(&m, "{\"b.weight\":{\"dtype\":\"BF16\",\"shape\":[2],\"data_offsets\":[12,16]},"
                  "\"count\":{\"dtype\":\"I64\",\"shape\":[],\"data_offsets\":[4,12]},\"a\":{"
                  "\"dtype\":\"F16\",\"shape\":[1,2],\"data_offsets\":[0,4],\"more\":[{}]}}   "),
        DQ_OK);
    assert_string_equal(m->format, "safetensors");
    assert_null(m->info);
    assert_int_equal(m->n, 2);
    assert_string_equal(m->tensors[0].name, "a");
    assert_int_equal(m->tensors[0].n_dims, 2);
    assert_true(m->tensors[0].data[0] == ldexpf(0x100, -24));  // subnormal numbers
    assert_true(m->tensors[0].data[1] == ldexpf(0x302, -24));
    assert_string_equal(m->tensors[1].name, "b.weight");
    uint32_t bits = 0x0d0c0000;
    assert_memory_equal(m->tensors[1].data, &bits, sizeof(bits));
    dq_model_destroy(m);
}

static void metadata_says_what_the_model_is(void **state)
{
    (void)state;
    dq_model *m;
    assert_int_equal(
        parse(&m,
              "{\"__metadata__\":{\"format\":\"pt\",\"deepq.env\":\"CartPole-v1\","
              "\"deepq.dialect\":\"sb3\",\"deepq.preset\":\"nature\",\"deepq.network\":\"mlp "
              "2-2\",\"deepq.score\":\"12.5\",\"deepq.frame\":\"1000\",\"deepq.seed\":\"7\","
              "\"deepq.options\":\"sticky=0.25\",\"deepq.version\":\"0.9\"},\"a\":{" WHOLE "}}"),
        DQ_OK);
    assert_string_equal(m->info->env_id, "CartPole-v1");
    assert_string_equal(m->info->dialect, "sb3");
    assert_string_equal(m->info->preset, "nature");
    assert_string_equal(m->info->network, "mlp 2-2");
    assert_string_equal(m->info->options, "sticky=0.25");
    assert_string_equal(m->info->version, "0.9");
    assert_true(m->info->score == 12.5 && m->info->step == 1000);
    dq_model_destroy(m);
    assert_int_equal(parse(&m, "{\"__metadata__\":{\"deepq.score\":\"x\",\"deepq.frame\":\"-2\","
                               "\"deepq.env\":\"\\u001b[2J\"},\"a\":{" WHOLE "}}"),
                     DQ_OK);
    assert_string_equal(m->info->env_id, "?[2J");
    assert_true(isnan(m->info->score) && m->info->step == -1);
    dq_model_destroy(m);
    assert_int_equal(parse(&m, "{\"__metadata__\":null,\"a\":{" WHOLE "}}"), DQ_OK);
    assert_null(m->info);
    dq_model_destroy(m);
}

static void check_refused(dq_status st, const dq_model *m, const char *why, const char *header)
{
    if (st != DQ_ERR_INPUT || m)
        fail_msg("%s is read", header);
    if (!strstr(dq_errmsg(), why))
        fail_msg("\"%s\" does not say \"%s\"", dq_errmsg(), why);
}

static void what_the_original_refuses_is_refused(void **state)
{
    (void)state;
    static const struct {
        const char *header, *why;
    } cases[] = {
        {A(WHOLE) "x", "not a JSON object"},
        {"{\"a\":{" WHOLE, "not a JSON object"},
        {"{\"\xff\":{" WHOLE "}}", "not a JSON object"},
        {A(WHOLE ",\"dtype\":\"F32\""), "not a JSON object"},
        {"{\"a\":{" WHOLE "},\"a\":{" WHOLE "}}", "not a JSON object"},
        {"{\"a\":[\"F32\",[4],[0,16]]}", "no dtype"},
        {A("\"shape\":[4],\"data_offsets\":[0,16]"), "no dtype"},
        {A("\"dtype\":\"F31\",\"shape\":[4],\"data_offsets\":[0,16]"), "dtype F31"},
        {A("\"dtype\":\"f32\",\"shape\":[4],\"data_offsets\":[0,16]"), "dtype f32"},
        {A("\"dtype\":\"F32\",\"data_offsets\":[0,16]"), "no shape"},
        {A("\"dtype\":\"F32\",\"shape\":[4.0],\"data_offsets\":[0,16]"), "impossible shape"},
        {A("\"dtype\":\"F32\",\"shape\":[-4],\"data_offsets\":[0,16]"), "impossible shape"},
        {A("\"dtype\":\"F32\",\"shape\":[4294967296,4294967296,4],\"data_offsets\":[0,16]"),
         "impossible shape"},
        {A("\"dtype\":\"F32\",\"shape\":[0,4294967296,4294967296],\"data_offsets\":[0,16]"),
         "impossible shape"},
        {A("\"dtype\":\"F32\",\"shape\":[4]"), "data_offsets"},
        {A("\"dtype\":\"F32\",\"shape\":[4],\"data_offsets\":[0]"), "data_offsets"},
        {A("\"dtype\":\"F32\",\"shape\":[4],\"data_offsets\":[0,16,16]"), "data_offsets"},
        {A("\"dtype\":\"F32\",\"shape\":[4],\"data_offsets\":[16,0]"), "data_offsets"},
        {A("\"dtype\":\"F32\",\"shape\":[4],\"data_offsets\":[-16,0]"), "data_offsets"},
        {A("\"dtype\":\"F32\",\"shape\":[5],\"data_offsets\":[0,16]"), "another size"},
        {A("\"dtype\":\"F64\",\"shape\":[4],\"data_offsets\":[0,16]"), "another size"},
        {A("\"dtype\":\"F32\",\"shape\":[3],\"data_offsets\":[4,16]"), "leaves a hole"},
        {A("\"dtype\":\"F32\",\"shape\":[3],\"data_offsets\":[0,12]"), "16 bytes of data"},
        {A("\"dtype\":\"F32\",\"shape\":[5],\"data_offsets\":[0,20]"), "16 bytes of data"},
        {"{\"a\":{" WHOLE "},\"b\":{" WHOLE "}}", "overlaps another"},
        {"{\"__metadata__\":{\"a\":1},\"b\":{" WHOLE "}}", "something else than texts"},
        {"{\"__metadata__\":[],\"b\":{" WHOLE "}}", "no object"},
    };
    for (size_t i = 0; i < DQ_COUNT(cases); i++) {
        dq_model *m;
        dq_status st = parse(&m, cases[i].header);
        check_refused(st, m, cases[i].why, cases[i].header);
    }
}

static void what_is_no_weight_is_refused(void **state)
{
    (void)state;
    static const struct {
        const char *header, *why;
    } cases[] = {
        {"{\"x.weight\":{\"dtype\":\"I32\",\"shape\":[4],\"data_offsets\":[0,16]}}",
         "x.weight holds int32"},
        {"{\"x.bias\":{\"dtype\":\"BOOL\",\"shape\":[16],\"data_offsets\":[0,16]}}",
         "x.bias holds bool"},
        {"{\"x\":{\"dtype\":\"U16\",\"shape\":[8],\"data_offsets\":[0,16]}}", "no tensors"},
        {A("\"dtype\":\"F32\",\"shape\":[1,1,1,2,2],\"data_offsets\":[0,16]"), "5 dimensions"},
        {"{\"a\":{\"dtype\":\"F32\",\"shape\":[0],\"data_offsets\":[0,0]},\"b\":{" WHOLE "}}",
         "a is empty"},
        {A("\"dtype\":\"C64\",\"shape\":[2],\"data_offsets\":[0,16]"), "dtype C64"},
    };
    for (size_t i = 0; i < DQ_COUNT(cases); i++) {
        dq_model *m;
        dq_status st = parse(&m, cases[i].header);
        check_refused(st, m, cases[i].why, cases[i].header);
    }
}

static void a_header_longer_than_the_file_is_refused(void **state)
{
    (void)state;
    static const uint64_t lengths[] = {0, 1, 1000, 100000000, 100000001, UINT64_MAX};
    dq_model *m;
    for (size_t i = 0; i < DQ_COUNT(lengths); i++) {
        assert_int_equal(parse_with(&m, A(WHOLE), DATA_BYTES, lengths[i]), DQ_ERR_INPUT);
        assert_null(m);
    }
    for (size_t n = 0; n < DATA_BYTES; n++)
        assert_int_equal(parse_with(&m, A(WHOLE), n, strlen(A(WHOLE))), DQ_ERR_INPUT);
    assert_int_equal(parse_with(&m, A(WHOLE), DATA_BYTES + 1, strlen(A(WHOLE))), DQ_ERR_INPUT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tensors_are_read_in_the_order_of_the_data),
        cmocka_unit_test(metadata_says_what_the_model_is),
        cmocka_unit_test(what_the_original_refuses_is_refused),
        cmocka_unit_test(what_is_no_weight_is_refused),
        cmocka_unit_test(a_header_longer_than_the_file_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
