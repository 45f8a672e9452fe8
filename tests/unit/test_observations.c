/* What the book's Python observed (tests/data/observations, recorded with ALE and OpenCV), replayed
 * on the composed wrappers and on the fused pipeline; and references that are damaged. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/atomic_file.h"
#include "deepq/roms.h"
#include "env/observation_check.h"

static uint8_t *reference;
static size_t reference_bytes;

static void read_reference(const char *game)
{
    char path[512];
    void *bytes;
    free(reference);
    snprintf(path, sizeof(path), "%s/observations/%s.obs", DEEPQ_TEST_DATA, game);
    assert_int_equal(dq_file_read(path, 1 << 20, &bytes, &reference_bytes), DQ_OK);
    reference = bytes;
}

static int forget_reference(void **state)
{
    (void)state;
    free(reference);
    reference = NULL;
    return 0;
}

static void *rom_or_skip(const char *game, size_t *n)
{
    void *rom;
    if (dq_rom_find(game, NULL, &rom, n, NULL, 0) == DQ_OK)
        return rom;
    printf("SKIP: no ROM of %s\n", game);
    skip();
    return NULL;
}

static dq_observation_report check(const char *game)
{
    size_t n;
    dq_observation_report report;
    void *rom = rom_or_skip(game, &n);
    assert_int_equal(dq_observation_check(&report, reference, reference_bytes, rom, n), DQ_OK);
    free(rom);
    return report;
}

static void expect_equal(const char *game)
{
    read_reference(game);
    dq_observation_report report = check(game);
    assert_string_equal(report.header.game_id, game);
    assert_string_equal(report.difference, "");
    assert_true(report.equal);
    assert_true(report.header.n_records > 2000);
    assert_int_equal(report.n_equal, report.header.n_records);
}

static void pong_is_equal(void **state)
{
    (void)state;
    expect_equal("pong");
}

static void breakout_is_equal(void **state)
{
    (void)state;
    expect_equal("breakout");
}

static void air_raid_is_equal(void **state)
{
    (void)state;
    expect_equal("air_raid");
}

static void differences_are_found_and_told(void **state)
{
    (void)state;
    static const struct {
        size_t at;  // in record 100
        const char *says;
    } changes[] = {{3, "lives"}, {4, "reward"}, {8, "frame CRC"}, {12, "stack CRC"}};
    for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
        read_reference("pong");
        reference[64 + 16 * 100 + changes[i].at] ^= 1;
        dq_observation_report report = check("pong");
        assert_false(report.equal);
        assert_int_equal(report.record, 100);
        assert_int_equal(report.n_equal, 100);
        assert_non_null(strstr(report.difference, changes[i].says));
        assert_non_null(strstr(report.difference, "composed"));
    }
}

/* Damage, for which no ROM is needed */

static void expect_refused(size_t n, const char *says)
{
    dq_observation_header header;
    assert_int_equal(dq_observation_header_parse(&header, reference, n), DQ_ERR_INPUT);
    assert_non_null(strstr(dq_errmsg(), says));
    dq_observation_report report;
    assert_int_equal(dq_observation_check(&report, reference, n, "", 0), DQ_ERR_INPUT);
}

static void headers_are_read(void **state)
{
    (void)state;
    dq_observation_header header;
    read_reference("breakout");
    assert_true(dq_observation_is(reference, reference_bytes));
    assert_int_equal(dq_observation_header_parse(&header, reference, reference_bytes), DQ_OK);
    assert_string_equal(header.game_id, "breakout");
    assert_int_equal(header.action_seed, 1);
    assert_int_equal(header.n_records, (reference_bytes - 64) / 16);
}

static void damaged_references_are_refused(void **state)
{
    (void)state;
    read_reference("pong");
    for (size_t n = 0; n < 8; n++) {
        assert_false(dq_observation_is(reference, n));
        expect_refused(n, "ATROBSRV");
    }
    expect_refused(63, "header");
    expect_refused(64, "records should make it");
    expect_refused(reference_bytes - 1, "records should make it");
    expect_refused(reference_bytes - 16, "records should make it");
    reference[8] = 2;
    expect_refused(reference_bytes, "version 2");
    read_reference("pong");
    reference[16] = 8;
    expect_refused(reference_bytes, "another size");
    read_reference("pong");
    reference[23] = 0xFF;  // 4 thousand million records
    expect_refused(reference_bytes, "records should make it");
    read_reference("pong");
    reference[64] = 0;
    expect_refused(reference_bytes, "record 0 is of kind 0: should be a reset");
    read_reference("pong");
    reference[64 + 16] = 7;
    expect_refused(reference_bytes, "record 1 is of kind 7: should be a step");
    read_reference("pong");
    reference[64 + 16 + 2] = 1;  // over, but no reset after it
    expect_refused(reference_bytes, "record 2 is of kind 0: should be a reset");
}

static void impossible_actions_are_refused(void **state)
{
    (void)state;
    size_t n;
    dq_observation_report report;
    read_reference("pong");
    reference[64 + 16 * 3 + 1] = 6;  // Pong has 0 to 5
    void *rom = rom_or_skip("pong", &n);
    assert_int_equal(dq_observation_check(&report, reference, reference_bytes, rom, n),
                     DQ_ERR_INPUT);
    assert_non_null(strstr(dq_errmsg(), "record 3"));
    free(rom);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(pong_is_equal, forget_reference),
        cmocka_unit_test_teardown(breakout_is_equal, forget_reference),
        cmocka_unit_test_teardown(air_raid_is_equal, forget_reference),
        cmocka_unit_test_teardown(differences_are_found_and_told, forget_reference),
        cmocka_unit_test_teardown(headers_are_read, forget_reference),
        cmocka_unit_test_teardown(damaged_references_are_refused, forget_reference),
        cmocka_unit_test_teardown(impossible_actions_are_refused, forget_reference),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
