/** Model files against files that PyTorch wrote, and against everything that may be wrong with one.
 *  tests/oracle/check_models.py made tests/data/models: values count up in eighths from -1. */
#define _GNU_SOURCE  // memmem
#include "temp_folder.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zip.h>

#include <cmocka.h>

#include "base/atomic_file.h"
#include "base/error.h"
#include "deepq/model.h"
#include "record/model_parts.h"

#define MODELS DEEPQ_TEST_DATA "/models/"

static float eighths(int i)
{
    return (float)i / 8 - 1;
}

static void *read_file(const char *path, size_t *n)
{
    void *bytes;
    assert_int_equal(dq_file_read(path, 1 << 20, &bytes, n), DQ_OK);
    return bytes;
}

static void assert_tensor(const dq_tensor *t, const char *name, int n_dims, const int *shape)
{
    assert_string_equal(t->name, name);
    assert_int_equal(t->n_dims, n_dims);
    assert_memory_equal(t->shape, shape, (size_t)n_dims * sizeof(*shape));
}

static void assert_counting(const dq_tensor *t)
{
    for (size_t i = 0; i < dq_tensor_elements(t); i++)
        assert_true(t->data[i] == eighths((int)i));
}

static void assert_tiny(const char *path)
{
    static const char *const names[] = {"conv.0.weight", "conv.0.bias", "conv.2.weight",
                                        "conv.2.bias",   "fc.0.weight", "fc.0.bias"};
    static const int n_dims[] = {4, 1, 4, 1, 2, 1};
    static const int shapes[][4] = {{2, 1, 2, 2}, {2}, {1, 2, 1, 1}, {1}, {2, 3}, {2}};
    dq_model *m;
    assert_int_equal(dq_model_load(&m, path), DQ_OK);
    assert_int_equal(m->n, DQ_COUNT(names));
    for (size_t i = 0; i < m->n; i++)
        assert_tensor(&m->tensors[i], names[i], n_dims[i], shapes[i]);
    dq_model_destroy(m);
}

static void a_state_dict_of_pytorch_is_read(void **state)
{
    (void)state;
    dq_model *m;
    assert_tiny(MODELS "state_dict.dat");  // an OrderedDict with _metadata
    assert_tiny(MODELS "parameters.dat");  // a plain dict of nn.Parameter
    assert_int_equal(dq_model_load(&m, MODELS "state_dict.dat"), DQ_OK);
    for (size_t i = 0; i < m->n; i++)
        assert_counting(&m->tensors[i]);
    dq_model_destroy(m);
}

/** torch.serialization.set_crc32_options(False) leaves them all 0. */
static void a_file_without_checksums_is_read(void **state)
{
    (void)state;
    dq_model *m;
    assert_int_equal(dq_model_load(&m, MODELS "no_crc.dat"), DQ_OK);
    assert_int_equal(m->n, 1);
    assert_string_equal(m->tensors[0].name, "a");
    for (int i = 0; i < 6; i++)
        assert_true(m->tensors[0].data[i] == (float)i);
    dq_model_destroy(m);
}

static void views_of_shared_storages_are_read(void **state)
{
    (void)state;
    dq_model *m;
    assert_int_equal(dq_model_load(&m, MODELS "views.dat"), DQ_OK);
    assert_int_equal(m->n, 5);
    const dq_tensor *t = m->tensors;
    assert_tensor(&t[0], "slice", 1, (int[]){6});
    assert_tensor(&t[1], "transposed", 2, (int[]){3, 2});
    assert_tensor(&t[2], "every_other", 1, (int[]){12});
    assert_tensor(&t[3], "permuted", 3, (int[]){4, 2, 3});
    assert_tensor(&t[4], "whole", 1, (int[]){24});
    for (int i = 0; i < 6; i++) {
        assert_true(t[0].data[i] == eighths(4 + i));
        assert_true(t[1].data[i] == eighths(i % 2 * 3 + i / 2));
    }
    for (int i = 0; i < 12; i++)
        assert_true(t[2].data[i] == eighths(1 + 2 * i));
    for (int i = 0; i < 24; i++)  // [c][a][b] of [a][b][c]
        assert_true(t[3].data[i] == eighths(i % 6 * 4 + i / 6));
    assert_counting(&t[4]);
    dq_model_destroy(m);
}

static void assert_refused(const char *path, dq_status status, const char *why)
{
    dq_model *m;
    assert_int_equal(dq_model_load(&m, path), status);
    assert_null(m);
    assert_non_null(strstr(dq_errmsg(), path));
    if (!strstr(dq_errmsg(), why))
        fail_msg("\"%s\" does not say \"%s\"", dq_errmsg(), why);
}

static void assert_same(const dq_model *a, const dq_model *b)
{
    assert_int_equal(a->n, b->n);
    for (size_t i = 0; i < a->n; i++) {
        const dq_tensor *x = &a->tensors[i], *y = &b->tensors[i];
        assert_tensor(x, y->name, y->n_dims, y->shape);
        assert_memory_equal(x->data, y->data, dq_tensor_elements(y) * sizeof(float));
    }
}

/** torch.save(_use_new_zipfile_serialization=False), and what PyTorch wrote before 1.6. */
static void the_format_without_an_archive_is_read(void **state)
{
    (void)state;
    dq_model *m, *same;
    assert_tiny(MODELS "legacy.dat");
    assert_int_equal(dq_model_load(&m, MODELS "legacy_views.dat"), DQ_OK);
    assert_int_equal(dq_model_load(&same, MODELS "views.dat"), DQ_OK);
    assert_same(m, same);
    dq_model_destroy(m);
    dq_model_destroy(same);
}

static void assert_same_numbers(const char *path, const char *as_float32)
{
    dq_model *m, *want;
    assert_int_equal(dq_model_load(&m, path), DQ_OK);
    assert_int_equal(dq_model_load(&want, as_float32), DQ_OK);
    assert_int_equal(m->n, 1);
    size_t n = dq_tensor_elements(m->tensors);
    assert_int_equal(n, dq_tensor_elements(want->tensors));
    for (size_t i = 0; i < n; i++) {
        float have = m->tensors->data[i], need = want->tensors->data[i];
        if (isnan(need))
            assert_true(isnan(have));
        else
            assert_memory_equal(&have, &need, sizeof(have));  // -0 is not 0
    }
    dq_model_destroy(m);
    dq_model_destroy(want);
}

static void numbers_of_every_size_become_float32(void **state)
{
    (void)state;
    static const char *const types[] = {"float16", "bfloat16", "float64"};
    for (size_t i = 0; i < DQ_COUNT(types); i++) {
        char path[256], old[256], want[256];
        snprintf(path, sizeof(path), MODELS "%s.dat", types[i]);
        snprintf(old, sizeof(old), MODELS "legacy_%s.dat", types[i]);
        snprintf(want, sizeof(want), MODELS "%s_as_float32.dat", types[i]);
        assert_same_numbers(path, want);
        assert_same_numbers(old, want);
    }
}

static void what_stands_around_a_state_dict_is_ignored(void **state)
{
    (void)state;
    dq_model *m;
    assert_tiny(MODELS "checkpoint.dat");     // beside an optimiser's, lists and numbers
    assert_tiny(MODELS "twice.dat");          // {"model": {"state_dict": ...}}
    assert_tiny(MODELS "gpu.dat");            // its place is cuda:0
    assert_tiny(MODELS "module_prefix.dat");  // of DataParallel
    assert_tiny(MODELS "two_prefixes.dat");   // and of torch.compile()
    assert_int_equal(dq_model_load(&m, MODELS "counters.dat"), DQ_OK);
    assert_int_equal(m->n, 1);
    assert_string_equal(m->tensors[0].name, "a.weight");
    dq_model_destroy(m);
}

static void other_files_are_refused_with_the_reason(void **state)
{
    (void)state;
    assert_refused(MODELS "integers.dat", DQ_ERR_INPUT, "weight holds int64");
    assert_refused(MODELS "complex.dat", DQ_ERR_INPUT, "torch.ComplexFloatStorage, and only");
    assert_refused(MODELS "scalar.dat", DQ_ERR_INPUT, "0 dimensions");
    assert_refused(MODELS "nested.dat", DQ_ERR_INPUT, "its entry net is not a tensor");
    assert_refused(MODELS "not_a_dictionary.dat", DQ_ERR_INPUT, "no dictionary");
    assert_refused(MODELS "module.dat", DQ_ERR_INPUT, "__main__.Tiny, which is not run");
    assert_refused(MODELS "missing.dat", DQ_ERR_NOT_FOUND, "No such file");
    assert_refused(DEEPQ_TEST_DATA, DQ_ERR_INPUT, "not a plain file");
    assert_refused("/dev/null", DQ_ERR_INPUT, "not a plain file");
    assert_int_equal(dq_file_write(temp_path("text"), "hello", 5), DQ_OK);
    assert_refused(temp_path("text"), DQ_ERR_INPUT, "not what torch.save() writes");
}

/** Change one member of state_dict.dat, or compress it where it is when `text` is NULL. */
static const char *changed_copy(const char *member, const char *text)
{
    size_t n;
    void *bytes = read_file(MODELS "state_dict.dat", &n);
    const char *path = temp_path("changed.dat");
    assert_int_equal(dq_file_write(path, bytes, n), DQ_OK);
    free(bytes);
    zip_t *zip = zip_open(path, 0, NULL);
    assert_non_null(zip);
    zip_int64_t at = zip_name_locate(zip, member, 0);
    assert_true(at >= 0);
    if (text) {
        zip_source_t *source = zip_source_buffer(zip, text, strlen(text), 0);
        assert_int_equal(zip_file_replace(zip, (zip_uint64_t)at, source, 0), 0);
        zip_set_file_compression(zip, (zip_uint64_t)at, ZIP_CM_STORE, 0);
    } else {
        assert_int_equal(zip_set_file_compression(zip, (zip_uint64_t)at, ZIP_CM_DEFLATE, 9), 0);
    }
    assert_int_equal(zip_close(zip), 0);
    return path;
}

static void other_archives_are_refused_with_the_reason(void **state)
{
    (void)state;
    assert_tiny(changed_copy("state_dict/byteorder", "little"));
    assert_refused(changed_copy("state_dict/byteorder", "big"), DQ_ERR_INPUT, "big-endian");
    assert_refused(changed_copy("state_dict/data.pkl", NULL), DQ_ERR_INPUT, "is compressed");
    assert_refused(changed_copy("state_dict/data/0", NULL), DQ_ERR_INPUT, "is compressed");
    assert_refused(changed_copy("state_dict/data/0", "1234"), DQ_ERR_INPUT, "another size");
    assert_refused(changed_copy("state_dict/data.pkl", "\x80\x02}."), DQ_ERR_INPUT, "is empty");
    assert_refused(changed_copy("state_dict/data.pkl", "\x80\x04}."), DQ_ERR_INPUT, "protocol 4");
    assert_refused(changed_copy("state_dict/data.pkl", "\x80\x02K\x01s."), DQ_ERR_INPUT,
                   "an operation without its operand");
    assert_refused(changed_copy("state_dict/data.pkl", "\x80\x02"
                                                       "cposix\nsystem\nX\x02"),
                   DQ_ERR_INPUT, "asks for posix.system, which is not run");
    assert_refused(changed_copy("state_dict/data.pkl", "\x80\x02"
                                                       "B"),
                   DQ_ERR_INPUT, "opcode 0x42");
}

static const dq_tensor *sample_tensors(size_t *n)
{
    static float x[6] = {1.5f, -0.0f, 3e38f, 1e-45f, -7, 0.1f};
    static const dq_tensor tensors[] = {{"conv.0.weight", 4, {1, 3, 1, 2}, x},
                                        {"conv.0.bias", 1, {1}, x + 5},
                                        {"\xc3\xa4", 2, {2, 2}, x}};
    *n = DQ_COUNT(tensors);
    return tensors;
}

static void what_is_saved_is_loaded_again(void **state)
{
    (void)state;
    size_t n, n_first, n_second;
    const dq_tensor *tensors = sample_tensors(&n);
    dq_model *m;
    assert_int_equal(dq_model_save(temp_path("a.dat"), tensors, n), DQ_OK);
    assert_int_equal(dq_model_load(&m, temp_path("a.dat")), DQ_OK);
    assert_int_equal(m->n, n);
    for (size_t i = 0; i < n; i++) {
        const dq_tensor *t = &m->tensors[i];
        assert_tensor(t, tensors[i].name, tensors[i].n_dims, tensors[i].shape);
        assert_memory_equal(t->data, tensors[i].data, dq_tensor_elements(t) * sizeof(float));
    }
    // Loaded and saved again, it is the same file: nothing in it depends on time or place.
    assert_int_equal(dq_model_save(temp_path("b.dat"), m->tensors, m->n), DQ_OK);
    void *first = read_file(temp_path("a.dat"), &n_first);
    void *second = read_file(temp_path("b.dat"), &n_second);
    assert_int_equal(n_first, n_second);
    assert_memory_equal(first, second, n_first);
    free(first);
    free(second);
    dq_model_destroy(m);
}

static unsigned number_at(const uint8_t *b, int n)
{
    unsigned number = 0;
    for (int i = 0; i < n; i++)
        number |= (unsigned)b[i] << 8 * i;
    return number;
}

/** PyTorch maps storages into memory, where floats (and vectors of them) want to be aligned. */
static void members_are_stored_as_they_are_at_multiples_of_64(void **state)
{
    (void)state;
    size_t n, n_bytes, at = 0, n_members = 0;
    const dq_tensor *tensors = sample_tensors(&n);
    assert_int_equal(dq_model_save(temp_path("a.dat"), tensors, n), DQ_OK);
    uint8_t *bytes = read_file(temp_path("a.dat"), &n_bytes);
    while (at + 30 < n_bytes && number_at(bytes + at, 4) == 0x04034b50) {  // local headers
        size_t size = number_at(bytes + at + 22, 4);
        const uint8_t *name = bytes + at + 30;
        assert_int_equal(number_at(bytes + at + 8, 2), 0);  // stored
        at += 30 + number_at(bytes + at + 26, 2) + number_at(bytes + at + 28, 2);
        assert_int_equal(at % 64, 0);
        assert_true(at + size < n_bytes);
        if (memcmp(name, "archive/data/0", 14) == 0)
            assert_memory_equal(bytes + at, tensors[0].data, 6 * sizeof(float));
        at += size;
        n_members++;
    }
    assert_int_equal(n_members, 5 + n);
    free(bytes);
}

static void saving_refuses_what_cannot_be_saved(void **state)
{
    (void)state;
    float x[4] = {0};
    const char *path = temp_path("bad.dat");
    const dq_tensor bad[] = {
        {"", 1, {4}, x},       {NULL, 1, {4}, x},
        {"a", 0, {4}, x},      {"a", 5, {1}, x},
        {"a", 1, {0}, x},      {"a", 1, {-4}, x},
        {"a", 1, {4}, NULL},   {"a", 4, {1 << 16, 1 << 16, 1 << 16, 1 << 16}, x},
        {"a", 1, {1 << 29}, x}};
    for (size_t i = 0; i < DQ_COUNT(bad); i++)
        assert_int_equal(dq_model_save(path, &bad[i], 1), DQ_ERR_CONFIG);
    assert_int_equal(dq_model_save(path, bad, 0), DQ_ERR_CONFIG);
    assert_int_not_equal(access(path, F_OK), 0);
}

static void a_failed_save_says_where_and_leaves_nothing(void **state)
{
    (void)state;
    size_t n;
    const dq_tensor *tensors = sample_tensors(&n);
    const char *path = temp_path("no/such/folder.dat");
    assert_int_equal(dq_model_save(path, tensors, n), DQ_ERR_NOT_FOUND);
    assert_non_null(strstr(dq_errmsg(), path));
    assert_int_equal(mkdir(temp_path("taken"), 0777), 0);
    assert_int_equal(dq_model_save(temp_path("taken"), tensors, n), DQ_ERR_INPUT);
    assert_int_equal(temp_folder_count(), 1);
}

static void assert_no_part_is_read(const char *path)
{
    size_t n;
    uint8_t *bytes = read_file(path, &n);
    for (size_t cut = 0; cut < n; cut++) {
        uint8_t *copy = malloc(cut + 1);  // its own block, so that a sanitizer sees the end
        dq_model *m;
        memcpy(copy, bytes, cut);
        assert_int_equal(dq_model_parse(&m, copy, cut), DQ_ERR_INPUT);
        free(copy);
    }
    free(bytes);
}

static void every_truncated_file_is_refused(void **state)
{
    (void)state;
    assert_no_part_is_read(MODELS "state_dict.dat");
    assert_no_part_is_read(MODELS "legacy_views.dat");
}

/** It has no checksums: what a changed bit makes of it is either refused or some model. */
static void damage_to_the_format_without_an_archive_does_no_harm(void **state)
{
    (void)state;
    size_t n;
    uint8_t *bytes = read_file(MODELS "legacy_views.dat", &n);
    for (size_t i = 0; i < 8 * n; i++) {
        dq_model *m;
        bytes[i / 8] ^= (uint8_t)(1 << i % 8);
        dq_status st = dq_model_parse(&m, bytes, n);
        assert_true(st == DQ_OK || st == DQ_ERR_INPUT);
        dq_model_destroy(m);
        bytes[i / 8] ^= (uint8_t)(1 << i % 8);
    }
    free(bytes);
}

/** Replace bytes of legacy.dat, the first that are `from`. */
static void assert_legacy_refused(const char *from, const char *to, size_t length, const char *why)
{
    size_t n;
    uint8_t *bytes = read_file(MODELS "legacy.dat", &n);
    uint8_t *at = memmem(bytes, n, from, length);
    assert_non_null(at);
    memcpy(at, to, length);
    dq_model *m;
    assert_int_equal(dq_model_parse(&m, bytes, n), DQ_ERR_INPUT);
    if (!strstr(dq_errmsg(), why))
        fail_msg("\"%s\" does not say \"%s\"", dq_errmsg(), why);
    free(bytes);
}

static void old_files_are_refused_with_the_reason(void **state)
{
    (void)state;
    assert_legacy_refused("M\xe9\x03.", "M\xe8\x03.", 4, "version 1000");
    assert_legacy_refused("little_endianq\x02\x88", "little_endianq\x02\x89", 16, "big-endian");
    assert_legacy_refused("ctorch\nFloat", "cposix\nFloat", 12,
                          "posix.FloatStorage, which is not run");
    // The count of the first storage, which follows the keys.
    assert_legacy_refused("e.\x02\0\0\0\0\0\0\0", "e.\xff\0\0\0\0\0\0\x7f", 10, "is cut off");
    assert_legacy_refused("e.\x02\0\0\0\0\0\0\0", "e.\x01\0\0\0\0\0\0\0", 10, "is cut off");
}

static void a_file_with_a_flipped_bit_is_refused_or_read_rightly(void **state)
{
    (void)state;
    size_t n, n_refused = 0;
    uint8_t *bytes = read_file(MODELS "views.dat", &n);
    dq_model *whole;
    assert_int_equal(dq_model_parse(&whole, bytes, n), DQ_OK);
    for (size_t i = 0; i < 8 * n; i++) {
        dq_model *m;
        bytes[i / 8] ^= (uint8_t)(1 << i % 8);
        dq_status st = dq_model_parse(&m, bytes, n);
        if (st == DQ_OK)  // dates and padding do not matter
            assert_same(m, whole);
        else
            assert_int_equal(st, DQ_ERR_INPUT);
        n_refused += st != DQ_OK;
        dq_model_destroy(m);
        bytes[i / 8] ^= (uint8_t)(1 << i % 8);
    }
    assert_true(n_refused > n);
    dq_model_destroy(whole);
    free(bytes);
}

/** The pickle inside a file of PyTorch's, which stores it as it is. */
static uint8_t *pickle_of(const char *path, size_t *n)
{
    zip_t *zip = zip_open(path, ZIP_RDONLY, NULL);
    assert_non_null(zip);
    zip_file_t *file = zip_fopen_index(zip, 0, 0);
    uint8_t *bytes = malloc(1 << 16);
    *n = (size_t)zip_fread(file, bytes, 1 << 16);
    zip_fclose(file);
    zip_discard(zip);
    return bytes;
}

static bool read_pickle(const uint8_t *bytes, size_t n)
{
    dq_pickle *p;
    dq_stored_tensor *tensors;
    size_t n_tensors;
    uint8_t *copy = malloc(n + 1);
    memcpy(copy, bytes, n);
    dq_status st = dq_pickle_create(&p, copy, n);
    if (st == DQ_OK)
        st = dq_pickle_state_dict(p, &tensors, &n_tensors);
    assert_true(st == DQ_OK || st == DQ_ERR_INPUT);
    dq_pickle_destroy(p);
    free(copy);
    return st == DQ_OK;
}

/** Two tensors of one storage have to agree about its size: the larger one would be read beyond its
 *  end. */
static void a_storage_of_two_sizes_is_refused(void **state)
{
    (void)state;
    static const uint8_t from[] = {'h', 6, 'K', 24, 't'};  // ('storage', ..., 'cpu', 24)
    size_t n, n_file;
    uint8_t *pickle = pickle_of(MODELS "views.dat", &n);
    void *bytes = read_file(MODELS "views.dat", &n_file);
    const char *path = temp_path("sizes.dat");
    for (int change = -1; change <= 1; change++) {
        assert_int_equal(dq_file_write(path, bytes, n_file), DQ_OK);
        uint8_t *at = memmem(pickle, n, from, sizeof(from));
        assert_non_null(at);
        at[3] = (uint8_t)(24 + change);
        zip_t *zip = zip_open(path, 0, NULL);
        assert_non_null(zip);
        zip_source_t *source = zip_source_buffer(zip, pickle, n, 0);
        assert_int_equal(zip_file_replace(zip, 0, source, 0), 0);
        zip_set_file_compression(zip, 0, ZIP_CM_STORE, 0);
        assert_int_equal(zip_close(zip), 0);
        at[3] = 24;
        dq_model *m;
        if (change != 0)
            assert_refused(path, DQ_ERR_INPUT, "has two sizes");
        else
            assert_int_equal(dq_model_load(&m, path), DQ_OK);
        if (change == 0)
            dq_model_destroy(m);
    }
    free(pickle);
    free(bytes);
}

/** Without the archive's checksum in front, damage reaches the interpreter. */
static void damaged_pickles_never_do_harm(void **state)
{
    (void)state;
    static const char *const files[] = {MODELS "state_dict.dat", MODELS "views.dat",
                                        MODELS "parameters.dat", MODELS "nested.dat"};
    for (size_t f = 0; f < DQ_COUNT(files); f++) {
        size_t n;
        uint8_t *bytes = pickle_of(files[f], &n);
        for (size_t cut = 0; cut < n; cut++)
            assert_false(read_pickle(bytes, cut));
        for (size_t i = 0; i < 8 * n; i++) {
            bytes[i / 8] ^= (uint8_t)(1 << i % 8);
            read_pickle(bytes, n);
            bytes[i / 8] ^= (uint8_t)(1 << i % 8);
        }
        free(bytes);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_state_dict_of_pytorch_is_read),
        cmocka_unit_test(a_file_without_checksums_is_read),
        cmocka_unit_test(views_of_shared_storages_are_read),
        cmocka_unit_test(the_format_without_an_archive_is_read),
        cmocka_unit_test(numbers_of_every_size_become_float32),
        cmocka_unit_test(what_stands_around_a_state_dict_is_ignored),
        IN_TEMP_FOLDER(other_files_are_refused_with_the_reason),
        IN_TEMP_FOLDER(other_archives_are_refused_with_the_reason),
        IN_TEMP_FOLDER(what_is_saved_is_loaded_again),
        IN_TEMP_FOLDER(members_are_stored_as_they_are_at_multiples_of_64),
        IN_TEMP_FOLDER(saving_refuses_what_cannot_be_saved),
        IN_TEMP_FOLDER(a_failed_save_says_where_and_leaves_nothing),
        cmocka_unit_test(every_truncated_file_is_refused),
        cmocka_unit_test(old_files_are_refused_with_the_reason),
        cmocka_unit_test(damage_to_the_format_without_an_archive_does_no_harm),
        cmocka_unit_test(a_file_with_a_flipped_bit_is_refused_or_read_rightly),
        IN_TEMP_FOLDER(a_storage_of_two_sizes_is_refused),
        cmocka_unit_test(damaged_pickles_never_do_harm),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
