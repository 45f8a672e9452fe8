/** The test cartridges of tests/data/testroms. */
#ifndef DEEPQ_TESTS_TESTROMS_H
#define DEEPQ_TESTS_TESTROMS_H

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/atomic_file.h"
#include "deepq/atari.h"

static const char *const testroms[] = {
    "bus0",   "bus1",  "cut0",  "cut1",  "cut2",   "cut3",   "cpu0",   "cpu1",  "cpu2",
    "cpu3",   "cpu4",  "cpu5",  "cpu6",  "cpu7",   "cpu8",   "cpu9",   "dpc_0", "dpc_1",
    "e0_0",   "e0_1",  "f6_0",  "f6_1",  "f6sc_0", "f6sc_1", "f8_0",   "f8_1",  "f8sc_0",
    "f8sc_1", "fe_0",  "fe_1",  "odd0",  "odd1",   "odd2",   "odd3",   "odd4",  "pal0",
    "pal1",   "pal2",  "pal3",  "pf0",   "pf1",    "pf2",    "pf3",    "riot0", "riot1",
    "riot2",  "riot3", "3f_0",  "3f_1",  "e7_0",   "f4_0",   "f4sc_0", "fa_0",  "ua_0",
    "star0",  "star1", "tia00", "tia01", "tia02",  "tia03",  "tia04",  "tia05", "tia06",
    "tia07",  "tia08", "tia09", "tia10", "tia11",  "tia12",  "tia13",  "tia14", "tia15"};

enum { N_TESTROMS = sizeof(testroms) / sizeof(testroms[0]) };

/** Bytes of tests/data/testroms/NAME.KIND; the caller's to free(). */
static inline uint8_t *testrom_read(const char *name, const char *kind, size_t *n)
{
    char path[512];
    void *bytes = NULL;
    snprintf(path, sizeof(path), "%s/testroms/%s.%s", DEEPQ_TEST_DATA, name, kind);
    assert_int_equal(dq_file_read(path, 1 << 20, &bytes, n), DQ_OK);
    return bytes;
}

/** A test cartridge under the rules that its trace was recorded with. */
static inline dq_atari *testrom_session(const char *name)
{
    size_t n;
    uint8_t *rom = testrom_read(name, "bin", &n);
    dq_atari_config cfg = {.game_id = "koolaid", .seed = 1};
    dq_atari *a = NULL;
    assert_int_equal(dq_atari_create(&a, rom, n, &cfg), DQ_OK);
    free(rom);
    return a;
}

#endif
