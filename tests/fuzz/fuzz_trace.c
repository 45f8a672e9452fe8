/** Any bytes as a reference trace, replayed on an empty cartridge. */
#include <stdint.h>
#include <stdlib.h>

#include "atari/trace.h"
#include "corpus_depth.h"

enum { MAX_FRAMES = 200 };  // a trace says how many frames to play

const char *const fuzz_depths[] = {"a header is refused", "a trace is played", "frames are equal",
                                   NULL};

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    static const uint8_t rom[4096];
    dq_trace_header header;
    if (dq_trace_header_parse(&header, bytes, n) != DQ_OK) {
        fuzz_reached(0);
        return 0;
    }
    if (header.n_frames > MAX_FRAMES)
        return 0;
    dq_trace_report report;
    dq_status st = dq_trace_check(&report, bytes, n, rom, sizeof(rom));
    if (st != DQ_OK && st != DQ_ERR_INPUT)
        abort();
    if (st == DQ_OK)
        fuzz_reached(report.n_equal > 0 ? 2 : 1);
    if (st == DQ_OK && report.n_equal > report.header.n_frames)
        abort();
    return 0;
}
