/** Parts of exported files that other programs' readers do not show. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "deepq/net.h"
#include "deepq/rng.h"
#include "export/base64.h"
#include "export/c_file.h"
#include "export/c_layers.h"

static void base64_is_that_of_its_rfc(void **state)
{
    (void)state;
    static const char *const pairs[][2] = {{"", ""},
                                           {"f", "Zg=="},
                                           {"fo", "Zm8="},
                                           {"foo", "Zm9v"},
                                           {"foob", "Zm9vYg=="},
                                           {"fooba", "Zm9vYmE="},
                                           {"foobar", "Zm9vYmFy"},
                                           {"\xff\xfe\xfb", "//77"}};
    for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
        char *text = dq_base64(pairs[i][0], strlen(pairs[i][0]));
        assert_string_equal(text, pairs[i][1]);
        free(text);
    }
}

static void names_of_c_begin_as_the_file_does(void **state)
{
    (void)state;
    static const char *const pairs[][2] = {{"pong.c", "pong"},
                                           {"models/Pong-v4.int8.c", "pong_v4"},
                                           {"2600.c", "model"},
                                           {"a__b--c.c", "a_b_c"},
                                           {".c", "model"},
                                           {"/tmp/_x_.c", "x"},
                                           {"\xea\xb0\x80.c", "model"},
                                           {"space invaders.c", "space_invaders"}};
    char prefix[DQ_C_PREFIX];
    for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
        dq_c_prefix(pairs[i][0], prefix);
        assert_string_equal(prefix, pairs[i][1]);
    }
}

static void weights_of_int8_have_a_scale_for_each_output(void **state)
{
    (void)state;
    float data[] = {0.5f, -1.0f, 0.0f, 0.25f, 0.0f, 0.0f, 0.0f, 0.0f, 254.0f, 1.0f, -3.0f, 2.0f};
    const dq_tensor w = {.name = "w", .n_dims = 2, .shape = {3, 4}, .data = data};
    static const int8_t want[] = {64, -127, 0, 32, 0, 0, 0, 0, 127, 0, -2, 1};  // halves to even
    int8_t weight[12];
    float scale[3];
    dq_c_quantize(&w, weight, scale);
    assert_memory_equal(weight, want, sizeof(want));
    assert_true(scale[0] == 1.0f / 127 && scale[1] == 0.0f && scale[2] == 2.0f);
}

/** Weights that are whole multiples of their scales already lose nothing but what activations do.
 */
static void int8_computes_the_network(void **state)
{
    (void)state;
    enum { INPUTS = 4, HIDDEN = 8, ACTIONS = 3 };
    static float w0[HIDDEN * INPUTS], b0[HIDDEN], w1[ACTIONS * HIDDEN], b1[ACTIONS];
    dq_rng rng = dq_rng_stream(1, "weights");
    for (int i = 0; i < HIDDEN * INPUTS; i++)
        w0[i] = i % INPUTS == 0 ? 127 : (float)dq_rng_below(&rng, 255) - 127;
    for (int i = 0; i < ACTIONS * HIDDEN; i++)
        w1[i] = i % HIDDEN == 0 ? -127 : (float)dq_rng_below(&rng, 255) - 127;
    for (int i = 0; i < HIDDEN; i++)
        b0[i] = (float)i;
    b1[1] = 1e4f;
    dq_tensor tensors[] = {{"0.weight", 2, {HIDDEN, INPUTS}, w0},
                           {"0.bias", 1, {HIDDEN}, b0},
                           {"2.weight", 2, {ACTIONS, HIDDEN}, w1},
                           {"2.bias", 1, {ACTIONS}, b1}};
    const dq_model weights = {.tensors = tensors, .n = 4};
    dq_export_model m;
    dq_quantized *z;
    assert_int_equal(dq_export_model_init(&m, &weights), DQ_OK);
    assert_int_equal(dq_quantized_create(&z, &m), DQ_OK);
    const float obs[INPUTS] = {1.0f, -0.5f, 0.25f, 0.0f};
    float q[ACTIONS];
    dq_quantized_values(z, obs, q);
    for (int a = 0; a < ACTIONS; a++) {
        double want = (double)b1[a], size = 0;
        for (int h = 0; h < HIDDEN; h++) {
            double y = (double)b0[h];
            for (int i = 0; i < INPUTS; i++)
                y += (double)w0[h * INPUTS + i] * (double)obs[i];
            want += fmax(y, 0) * (double)w1[a * HIDDEN + h];
            size += fmax(y, 0) * 127;
        }
        assert_true(fabs((double)q[a] - want) <= 1e-3 * size);  // 1 in 32767, twice, and more
    }
    dq_quantized_destroy(z);
}

static void what_cannot_be_exported_is_said(void **state)
{
    (void)state;
    float data[4] = {1, 2, 3, 4};
    dq_tensor strange = {"x", 1, {4}, data};
    const dq_model none = {.tensors = &strange, .n = 1};
    dq_export_model m;
    assert_int_equal(dq_export_model_init(&m, &none), DQ_ERR_INPUT);
    float w[2] = {1, NAN}, b[1] = {0}, w1[1] = {1};
    dq_tensor diverged[] = {{"0.weight", 2, {1, 2}, w},
                            {"0.bias", 1, {1}, b},
                            {"2.weight", 2, {1, 1}, w1},
                            {"2.bias", 1, {1}, b}};
    const dq_model lost = {.tensors = diverged, .n = 4};
    assert_int_equal(dq_export_model_init(&m, &lost), DQ_ERR_INPUT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(base64_is_that_of_its_rfc),
        cmocka_unit_test(names_of_c_begin_as_the_file_does),
        cmocka_unit_test(weights_of_int8_have_a_scale_for_each_output),
        cmocka_unit_test(int8_computes_the_network),
        cmocka_unit_test(what_cannot_be_exported_is_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
