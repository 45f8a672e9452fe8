/** A damaged checkpoint, its checksum repaired: refused, or the run continues from there. The
 *  input's first byte says which run, and whether its replay is full, the second how many steps it
 *  continues; then come changes to a good state, four bytes each: where (three) and what (one).
 *  Places are counted without the bytes that nothing is decided by: the console's pictures and the
 *  network's numbers. */
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "../unit/small_runs.h"
#include "corpus_depth.h"
#include "deepq/atari.h"

const char *const fuzz_depths[] = {
    "run 0 continues",   "run 1 continues",      "run 2 continues",
    "run 3 continues",   "run 4 continues",      "a state is refused",
    "a change is taken", "a learning step then", NULL};
enum { REFUSED = N_SMALL_RUNS, TAKEN, LEARNT };

enum { PICTURES = 2 * 300 * 160 };

/* A trainer, a state of it with games begun and learning under way, and the places in it. */
typedef struct subject {
    dq_trainer *trainer;
    uint8_t *state, *changed;
    size_t n, n_places;
    uint32_t *place;
} subject;

static subject subjects[N_SMALL_RUNS][2];

/** Leave out n bytes that begin `offset` after a section's start. */
static void leave_out(const subject *s, uint8_t *out, const char *section, int k, size_t offset,
                      size_t n)
{
    size_t at = small_run_section(s->state, s->n, section, k);
    if (at < s->n && at + offset + n <= s->n)
        memset(out + at + offset, 1, n);
}

/** How long a saved session is, but for its pictures. */
static size_t session_bytes(void)
{
    static const uint8_t rom[4096];
    dq_atari *a;
    dq_writer *w;
    size_t n;
    must(dq_atari_create(&a, rom, sizeof(rom), NULL));
    must(dq_writer_create(&w));
    must(dq_atari_save(a, w));
    (void)dq_writer_bytes(w, &n);
    dq_writer_destroy(w);
    dq_atari_destroy(a);
    return n - PICTURES;
}

static void find_places(subject *s, const small_run *run)
{
    uint8_t *out = calloc(1, s->n);
    s->place = malloc(s->n * sizeof(*s->place));
    if (!out || !s->place)
        abort();
    size_t n_params = 0, net = small_run_section(s->state, s->n, "DQNN", 0);
    for (int i = 0; i < 4; i++)
        n_params |= (size_t)s->state[net + 12 + (size_t)i] << 8 * i;
    leave_out(s, out, "DQNN", 0, 8 + 4 + 8 + 8 + 32 + 4, 16 * n_params);
    for (int i = 0; i < run->n_envs; i++)
        leave_out(s, out, "ATRI", i, session_bytes(), PICTURES);
    for (size_t i = 0; i < s->n; i++)
        if (!out[i])
            s->place[s->n_places++] = (uint32_t)i;
    free(out);
}

/** Learning is under way after 12 steps, the ring is full after 24; four steps on is an update. */
static subject *subject_of(int run, int full)
{
    subject *s = &subjects[run][full];
    if (s->trainer)
        return s;
    s->trainer = small_run_create(&small_runs[run]);
    must(small_run_play(s->trainer, full ? 32 : 14));
    s->state = small_run_save(s->trainer, &s->n);
    s->changed = malloc(s->n);
    if (!s->changed)
        abort();
    find_places(s, &small_runs[run]);
    return s;
}

/** @return how long the changed state is */
static size_t change(const subject *s, const uint8_t *edits, size_t n)
{
    memcpy(s->changed, s->state, s->n);
    for (size_t i = 0; i + 4 <= n; i += 4) {
        size_t at = (size_t)(edits[i] << 16 | edits[i + 1] << 8 | edits[i + 2]);
        s->changed[s->place[at % s->n_places]] = edits[i + 3];
    }
    return s->n - n % 4;  // and cut off a little
}

/** What a run has come to can be saved, and is not refused then. */
static void must_be_read_back(dq_trainer *t)
{
    size_t n;
    uint8_t *saved = small_run_save(t, &n);
    must(small_run_load(t, saved, n));
    free(saved);
}

static dq_status load_changed(const subject *s, const uint8_t *edits, size_t n)
{
    size_t size = change(s, edits, n);
    uint8_t *state = malloc(size);  // a block of its own size, so that a read beyond it is seen
    if (!state)
        abort();
    memcpy(state, s->changed, size);
    dq_status st = small_run_load(s->trainer, state, size);
    free(state);
    return st;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    if (n < 2)
        return 0;
    int run = bytes[0] % N_SMALL_RUNS;
    const subject *s = subject_of(run, bytes[0] / N_SMALL_RUNS % 2 == 0);
    dq_status st = load_changed(s, bytes + 2, n - 2);
    if (st != DQ_OK && st != DQ_ERR_INPUT)
        abort();
    if (st != DQ_OK) {
        fuzz_reached(REFUSED);
        return 0;
    }
    dq_progress before, after;
    dq_trainer_progress(s->trainer, &before);
    st = small_run_play(s->trainer, 1 + bytes[1] % RUN_MOST_STEPS);
    if (st != DQ_OK && st != DQ_ERR_INPUT && st != DQ_ERR_CONFIG && st != DQ_ERR_DIVERGED)
        abort();
    dq_trainer_progress(s->trainer, &after);
    if (st != DQ_OK)
        return 0;
    fuzz_reached((unsigned)run);
    if (n >= 6)
        fuzz_reached(TAKEN);
    if (after.n_updates > before.n_updates)
        fuzz_reached(LEARNT);
    if (isfinite(after.loss))
        must_be_read_back(s->trainer);
    return 0;
}
