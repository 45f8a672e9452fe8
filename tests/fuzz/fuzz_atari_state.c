/** A damaged saved console, or a clone of it: refused, or the console plays on from there. The
 * input is a list of changes to a good one, four bytes each: where (three) and what (one). */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "corpus_depth.h"
#include "deepq/atari.h"

const char *const fuzz_depths[] = {"a changed state is played on from", "one is refused",
                                   "a changed clone is played on from", "a clone is refused", NULL};

static void must(dq_status st)
{
    if (st != DQ_OK)
        abort();
}

/** A session of an empty 4K cartridge. */
static dq_atari *create_session(void)
{
    static const uint8_t rom[4096];
    dq_atari *a;
    must(dq_atari_create(&a, rom, sizeof(rom), NULL));
    return a;
}

/** The state of `a`, or its clone, changed; the caller's to free(). */
static uint8_t *damaged_state(const dq_atari *a, bool as_clone, const uint8_t *bytes, size_t n,
                              size_t *size)
{
    dq_writer *w;
    must(dq_writer_create(&w));
    must(as_clone ? dq_atari_clone(a, true, w) : dq_atari_save(a, w));
    const void *good = dq_writer_bytes(w, size);
    uint8_t *state = malloc(*size);
    if (!state)
        abort();
    memcpy(state, good, *size);
    dq_writer_destroy(w);
    for (size_t i = 0; i + 4 <= n; i += 4)
        state[(bytes[i] << 16 | bytes[i + 1] << 8 | bytes[i + 2]) % *size] = bytes[i + 3];
    *size -= n % 4;  // and cut off a little
    return state;
}

static void play_on_from(bool as_clone, const uint8_t *bytes, size_t n)
{
    dq_atari *a = create_session();
    size_t size;
    uint8_t *state = damaged_state(a, as_clone, bytes, n, &size);
    dq_reader *r;
    must(dq_reader_create(&r, state, size));
    dq_status st = as_clone ? dq_atari_restore(a, r) : dq_atari_load(a, r);
    if (st != DQ_OK && st != DQ_ERR_INPUT)
        abort();
    fuzz_reached(2 * as_clone + (st != DQ_OK));
    for (int action = 0; st == DQ_OK && action < DQ_ATARI_ACTIONS; action++)
        dq_atari_act(a, action, true);
    dq_reader_destroy(r);
    free(state);
    dq_atari_destroy(a);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    play_on_from(false, bytes, n);
    play_on_from(true, bytes, n);
    return 0;
}
