/** Cartridges of our own, random programs that use every register, opcode and bank switch, must
 *  give the frames that ALE 0.12.1 gave. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "atari/session.h"
#include "atari/trace.h"
#include "testroms.h"

static void every_frame_is_ales(void **state)
{
    (void)state;
    int n_bad = 0;
    for (int i = 0; i < N_TESTROMS; i++) {
        size_t n_rom, n_trace;
        uint8_t *rom = testrom_read(testroms[i], "bin", &n_rom);
        uint8_t *trace = testrom_read(testroms[i], "atr", &n_trace);
        dq_trace_report report;
        assert_int_equal(dq_trace_check(&report, trace, n_trace, rom, n_rom), DQ_OK);
        if (!report.equal) {
            print_error("%s: frame %u: %s\n", testroms[i], report.frame, report.difference);
            n_bad++;
        }
        assert_int_equal(report.header.n_frames, 240);
        free(rom);
        free(trace);
    }
    assert_int_equal(n_bad, 0);
}

static void a_recording_is_the_trace_byte_for_byte(void **state)
{
    (void)state;
    size_t n_rom, n_trace, n_made;
    uint8_t *rom = testrom_read("tia07", "bin", &n_rom);
    uint8_t *trace = testrom_read("tia07", "atr", &n_trace);
    dq_trace_header header;
    dq_writer *w;
    assert_int_equal(dq_trace_header_parse(&header, trace, n_trace), DQ_OK);
    assert_int_equal(dq_writer_create(&w), DQ_OK);
    assert_int_equal(dq_trace_record(w, &header, rom, n_rom), DQ_OK);
    const void *made = dq_writer_bytes(w, &n_made);
    assert_int_equal(n_made, n_trace);
    assert_memory_equal(made, trace, n_trace);
    dq_writer_destroy(w);
    free(rom);
    free(trace);
}

static void a_changed_trace_differs_where_it_was_changed(void **state)
{
    (void)state;
    size_t n_rom, n_trace;
    uint8_t *rom = testrom_read("pf1", "bin", &n_rom);
    uint8_t *trace = testrom_read("pf1", "atr", &n_trace);
    static const struct {
        int byte;
        const char *what;
    } fields[] = {{0, "game over"}, {2, "lives"}, {4, "reward"}, {8, "RAM"}, {12, "screen"}};
    for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
        dq_trace_report report;
        size_t at = 128 + 16 * 50 + (size_t)fields[i].byte;
        trace[at] ^= 0x10;
        assert_int_equal(dq_trace_check(&report, trace, n_trace, rom, n_rom), DQ_OK);
        assert_false(report.equal);
        assert_int_equal(report.record, 50);
        assert_int_equal(report.frame, 48);
        assert_int_equal(report.n_equal, 48);
        assert_non_null(strstr(report.difference, fields[i].what));
        trace[at] ^= 0x10;
    }
    free(rom);
    free(trace);
}

static void damaged_traces_are_refused(void **state)
{
    (void)state;
    size_t n;
    uint8_t *trace = testrom_read("pf1", "atr", &n);
    dq_trace_header header;
    for (size_t cut = 0; cut < n; cut += cut < 200 ? 1 : 97) {
        uint8_t *shorter = malloc(cut + 1);  // its own block, so that a read beyond it is seen
        memcpy(shorter, trace, cut);
        assert_int_equal(dq_trace_header_parse(&header, shorter, cut), DQ_ERR_INPUT);
        free(shorter);
    }
    // magic, version, header and record sizes, counts, width, height, probability, record kinds
    static const int bytes[] = {0, 8, 12, 16, 20, 23, 24, 28, 31, 47, 128, 129, 144, 160, 161};
    for (size_t i = 0; i < sizeof(bytes) / sizeof(bytes[0]); i++) {
        trace[bytes[i]] ^= 0x7F;
        assert_int_equal(dq_trace_header_parse(&header, trace, n), DQ_ERR_INPUT);
        trace[bytes[i]] ^= 0x7F;
    }
    assert_int_equal(dq_trace_header_parse(&header, trace, n), DQ_OK);
    free(trace);
}

/** Unless somebody wants fewer: then the screen, which is right in any case, is painted apart. */
static void all_rows_are_drawn(void **state)
{
    (void)state;
    static uint8_t rows[210 * DQ_ATARI_WIDTH];
    dq_atari *a = testrom_session("tia05");
    assert_int_equal(dq_atari_height(a), 210);
    for (int i = 0; i < 30; i++) {
        (void)dq_atari_act(a, 0, true);
        memcpy(rows, dq_session_rows(a), sizeof(rows));
        assert_memory_equal(rows, dq_atari_screen(a), sizeof(rows));
    }
    dq_atari_destroy(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_frame_is_ales),
        cmocka_unit_test(all_rows_are_drawn),
        cmocka_unit_test(a_recording_is_the_trace_byte_for_byte),
        cmocka_unit_test(a_changed_trace_differs_where_it_was_changed),
        cmocka_unit_test(damaged_traces_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
