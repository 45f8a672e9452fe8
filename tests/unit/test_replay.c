/** Replay memory against a plain list of whole transitions, as the book keeps them; with one
 *  environment, and with three that take turns; in every store. */
#include "failing_allocation.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "deepq/replay.h"

enum { FRAME = 3, STACK = 4, CAPACITY = 10, STATE = FRAME * STACK, MAX_LANES = 3 };

/* The book's way: every transition whole, in a list that forgets its oldest. */
typedef struct whole {
    uint8_t state[STATE], next[STATE];
    int32_t action;
    float reward;
    bool terminated, truncated;
} whole;

typedef struct world {
    dq_replay *replay;
    dq_rng rng;
    size_t n_lanes;
    uint8_t state[MAX_LANES][STATE];
    whole list[1000];  // of all lanes in turns
    size_t slot[1000];
    size_t n;
} world;

static void push(uint8_t *state, const uint8_t *frame)
{
    memmove(state, state + FRAME, STATE - FRAME);
    memcpy(state + STATE - FRAME, frame, FRAME);
}

static void random_frame(world *w, uint8_t *frame)
{
    for (int i = 0; i < FRAME; i++)
        frame[i] = (uint8_t)(1 + dq_rng_below(&w->rng, 255));
}

static void begin(world *w, size_t lane)
{
    uint8_t frame[FRAME];
    bool repeats = dq_rng_below(&w->rng, 2) == 0;
    random_frame(w, frame);
    memset(w->state[lane], 0, STATE);
    for (int i = 0; i < (repeats ? STACK : 1); i++)
        push(w->state[lane], frame);
    if (repeats)
        dq_replay_begin_repeated(w->replay, (int)lane, frame);
    else if (w->n_lanes == 1)
        dq_replay_begin(w->replay, frame);
    else
        dq_replay_begin_lane(w->replay, (int)lane, frame);
}

static void step(world *w)
{
    whole *t = &w->list[w->n];
    size_t lane = w->n % w->n_lanes;
    uint8_t frame[FRAME];
    random_frame(w, frame);
    memcpy(t->state, w->state[lane], STATE);
    t->action = (int32_t)dq_rng_below(&w->rng, 6);
    t->reward = (float)dq_rng_below(&w->rng, 3) - 1;
    uint32_t end = dq_rng_below(&w->rng, 10);
    t->terminated = end < 2;
    t->truncated = end == 2 || end == 0;  // or both at once: terminated
    push(w->state[lane], frame);
    memcpy(t->next, w->state[lane], STATE);
    w->slot[w->n++] =
        dq_replay_add(w->replay, t->action, t->reward, t->terminated, t->truncated, frame);
    if (t->terminated || t->truncated)
        begin(w, lane);
}

static const whole *newest_in_slot(const world *w, size_t slot)
{
    for (size_t i = w->n; i-- > 0 && w->n - i <= CAPACITY;)
        if (w->slot[i] == slot)
            return &w->list[i];
    fail_msg("slot %zu is not among the last %d transitions", slot, CAPACITY);
    return NULL;
}

static dq_replay_store the_store;

static dq_replay_config config_of(int n_step, size_t n_lanes)
{
    return (dq_replay_config){.capacity = CAPACITY,
                              .frame_bytes = FRAME,
                              .stack = STACK,
                              .n_step = n_step,
                              .gamma = 0.5,
                              .n_lanes = (int)n_lanes,
                              .store = the_store,
                              .folder = "."};
}

static void create_lanes(world *w, int n_step, size_t n_lanes)
{
    memset(w, 0, sizeof(*w));
    w->rng = dq_rng_stream(7, "test");
    w->n_lanes = n_lanes;
    dq_replay_config cfg = config_of(n_step, n_lanes);
    assert_int_equal(dq_replay_create(&w->replay, &cfg), DQ_OK);
    for (size_t lane = 0; lane < n_lanes; lane++)
        begin(w, lane);
}

static void create(world *w)
{
    create_lanes(w, 1, 1);
}

static world the_world;

static void check_sampled_transitions(size_t n_lanes)
{
    world *w = &the_world;
    create_lanes(w, 1, n_lanes);
    while (w->n < 500) {
        step(w);
        dq_transition batch[CAPACITY];
        size_t n = dq_replay_size(w->replay);
        assert_int_equal(n, w->n < CAPACITY ? w->n : CAPACITY);
        assert_int_equal(dq_replay_sample(w->replay, n, &w->rng, batch), DQ_OK);
        for (size_t i = 0; i < n; i++) {
            const whole *t = newest_in_slot(w, batch[i].slot);
            uint8_t obs[STATE];
            assert_int_equal(batch[i].action, t->action);
            assert_true(batch[i].reward == t->reward);
            assert_int_equal(batch[i].terminated, t->terminated);
            assert_true(batch[i].discount == (t->terminated ? 0.0f : 0.5f));
            dq_replay_state(w->replay, batch[i].slot, obs);
            assert_memory_equal(obs, t->state, STATE);
            if (!t->terminated) {
                dq_replay_next_state(w->replay, batch[i].slot, obs);
                assert_memory_equal(obs, t->next, STATE);
            }
            for (size_t j = 0; j < i; j++)
                assert_int_not_equal(batch[i].slot, batch[j].slot);
        }
    }
    dq_replay_destroy(w->replay);
}

static void sampled_transitions_equal_whole_ones(void **state)
{
    (void)state;
    check_sampled_transitions(1);
    check_sampled_transitions(3);
}

static void check_drawn_equally_often(size_t n_lanes)
{
    enum { DRAWS = 20000, N = 3 };
    world *w = &the_world;
    create_lanes(w, 1, n_lanes);
    while (w->n < 57)
        step(w);
    int count[CAPACITY + STACK * MAX_LANES] = {0};
    for (int i = 0; i < DRAWS; i++) {
        dq_transition batch[N];
        assert_int_equal(dq_replay_sample(w->replay, N, &w->rng, batch), DQ_OK);
        for (int j = 0; j < N; j++)
            count[batch[j].slot]++;
    }
    int n_seen = 0;
    for (size_t i = 0; i < dq_replay_slots(w->replay); i++) {
        n_seen += count[i] > 0;
        if (count[i] > 0)  // expected 6000, standard deviation 65
            assert_in_range(count[i], 6000 - 6 * 65, 6000 + 6 * 65);
    }
    assert_int_equal(n_seen, CAPACITY);
    dq_replay_destroy(w->replay);
}

static void every_transition_is_drawn_equally_often(void **state)
{
    (void)state;
    check_drawn_equally_often(1);
    check_drawn_equally_often(3);
}

/** Returns of three steps, held against the plain list: summed up to the end of the game. */
static void check_n_step_transitions(size_t n_lanes)
{
    enum { STEPS = 3 };
    world *w = &the_world;
    create_lanes(w, STEPS, n_lanes);
    while (w->n < 300) {
        step(w);
        dq_transition batch[CAPACITY];
        size_t size = dq_replay_size(w->replay), to_come = (STEPS - 1) * n_lanes;
        size_t n = size - to_come;
        if (size <= to_come) {
            assert_int_equal(dq_replay_sample(w->replay, 1, &w->rng, batch), DQ_ERR_EMPTY);
            continue;
        }
        assert_int_equal(dq_replay_sample(w->replay, n + 1, &w->rng, batch), DQ_ERR_EMPTY);
        assert_int_equal(dq_replay_sample(w->replay, n, &w->rng, batch), DQ_OK);
        for (size_t i = 0; i < n; i++) {
            const whole *t = newest_in_slot(w, batch[i].slot);
            assert_true(t + to_come < w->list + w->n);
            assert_int_equal(batch[i].action, t->action);
            float sum = t->reward, discount = 0.5f;
            size_t last = 0;
            while (last < to_come && !t[last].terminated && !t[last].truncated) {
                sum += discount * t[last += n_lanes].reward;
                discount *= 0.5f;
            }
            assert_true(batch[i].reward == sum);  // halves: exact in any order
            assert_int_equal(batch[i].terminated, t[last].terminated);
            assert_true(batch[i].discount == (t[last].terminated ? 0.0f : discount));
            uint8_t obs[STATE];
            if (!t[last].terminated) {
                dq_replay_next_state(w->replay, batch[i].slot, obs);
                assert_memory_equal(obs, t[last].next, STATE);
            }
        }
    }
    dq_replay_destroy(w->replay);
}

static void n_step_transitions_are_sums_of_whole_ones(void **state)
{
    (void)state;
    check_n_step_transitions(1);
    check_n_step_transitions(3);
}

/** There is room for 16,384 last states at once, and again for as many when their transitions made
 *  room; a cut-off episode beyond counts as terminated. */
static void more_cut_off_episodes_than_there_is_room_for_count_as_ended(void **state)
{
    enum { ROOM = 16384, N = 20000 };
    (void)state;
    dq_replay *r;
    dq_replay_config cfg = config_of(1, 1);
    cfg.capacity = N;
    cfg.frame_bytes = 2;
    cfg.stack = 1;
    assert_int_equal(dq_replay_create(&r, &cfg), DQ_OK);
    for (int i = 0; i < 3 * N; i++) {
        const uint8_t first[2] = {0, 0}, last[2] = {(uint8_t)(i % 251), (uint8_t)(i / 251 % 251)};
        uint8_t next[2];
        dq_replay_begin(r, first);
        size_t slot = dq_replay_add(r, 0, 1, false, true, last);
        dq_transition t = dq_replay_transition(r, slot);
        bool has_room = i % (N + 1) < ROOM;  // there are N + 1 slots
        assert_int_equal(t.terminated, !has_room);
        assert_true(t.discount == (has_room ? 0.5f : 0.0f));
        if (t.terminated)
            continue;
        dq_replay_next_state(r, slot, next);
        assert_memory_equal(next, last, 2);
    }
    dq_replay_destroy(r);
}

static void too_few_transitions_is_an_error(void **state)
{
    (void)state;
    world *w = &the_world;
    create(w);
    step(w);
    dq_transition batch[2];
    size_t n = dq_replay_size(w->replay) + 1;
    assert_int_equal(dq_replay_sample(w->replay, n, &w->rng, batch), DQ_ERR_EMPTY);
    assert_int_equal(dq_replay_sample(w->replay, 1, &w->rng, batch), DQ_OK);
    dq_replay_destroy(w->replay);
}

static void check_loaded_replay(size_t n_lanes)
{
    world *w = &the_world;
    create_lanes(w, 1, n_lanes);
    while (w->n < 34)
        step(w);
    dq_writer *saved;
    size_t n;
    assert_int_equal(dq_writer_create(&saved), DQ_OK);
    assert_int_equal(dq_replay_save(w->replay, saved), DQ_OK);
    const uint8_t *bytes = dq_writer_bytes(saved, &n);

    dq_replay *other;
    dq_replay_config cfg = config_of(1, n_lanes);
    assert_int_equal(dq_replay_create(&other, &cfg), DQ_OK);
    for (size_t cut = 0; cut <= n; cut++) {
        dq_reader *r;
        assert_int_equal(dq_reader_create(&r, bytes, cut), DQ_OK);
        assert_int_equal(dq_replay_load(other, r), cut < n ? DQ_ERR_INPUT : DQ_OK);
        dq_reader_destroy(r);
    }
    dq_replay_destroy(w->replay);
    w->replay = other;
    while (w->n < 100)
        step(w);
    for (size_t i = w->n - CAPACITY; i < w->n; i++) {
        uint8_t obs[STATE];
        dq_replay_state(w->replay, w->slot[i], obs);
        assert_memory_equal(obs, w->list[i].state, STATE);
    }
    dq_replay_destroy(w->replay);
    dq_writer_destroy(saved);
}

static void a_loaded_replay_goes_on_as_the_saved_one(void **state)
{
    (void)state;
    check_loaded_replay(1);
    check_loaded_replay(3);
}

/* ---------------------------------------------------------------- in parts */

/** A buffer of another store that is loaded from the parts of this one. */
typedef struct parts {
    dq_writer *segment[100];  // those that were complete, as they were then
    uint64_t n;
} parts;

static void save_complete(parts *p, const dq_replay *r)
{
    dq_replay_segments all = dq_replay_get_segments(r);
    for (; p->n < all.first + all.n_complete; p->n++) {
        assert_true(p->n < 100);
        assert_int_equal(dq_writer_create(&p->segment[p->n]), DQ_OK);
        assert_int_equal(dq_replay_save_segment(r, p->n, p->segment[p->n]), DQ_OK);
    }
}

static dq_status load_segment(dq_replay *to, const dq_writer *w)
{
    dq_reader *in;
    size_t n;
    const void *bytes = dq_writer_bytes(w, &n);
    assert_int_equal(dq_reader_create(&in, bytes, n), DQ_OK);
    dq_status st = dq_replay_load_segment(to, in);
    assert_int_equal(dq_reader_left(in), 0);
    dq_reader_destroy(in);
    return st;
}

static void load_head(dq_replay *to, const dq_replay *from)
{
    dq_writer *w;
    dq_reader *in;
    size_t n;
    assert_int_equal(dq_writer_create(&w), DQ_OK);
    assert_int_equal(dq_replay_save_head(from, w), DQ_OK);
    const void *bytes = dq_writer_bytes(w, &n);
    assert_int_equal(dq_reader_create(&in, bytes, n), DQ_OK);
    assert_int_equal(dq_replay_load_head(to, in), DQ_OK);
    dq_reader_destroy(in);
    dq_writer_destroy(w);
}

/** Complete segments as they were written long ago, the newest as it is. */
static void load_parts(dq_replay *to, const parts *p, const dq_replay *from)
{
    dq_replay_segments all = dq_replay_get_segments(from);
    load_head(to, from);
    for (uint64_t i = all.first; i < all.first + all.n; i++) {
        assert_int_equal(dq_replay_load_end(to), DQ_ERR_INPUT);
        if (i < all.first + all.n_complete) {
            assert_int_equal(load_segment(to, p->segment[i]), DQ_OK);
            continue;
        }
        dq_writer *w;
        assert_int_equal(dq_writer_create(&w), DQ_OK);
        assert_int_equal(dq_replay_save_segment(from, i, w), DQ_OK);
        assert_int_equal(load_segment(to, w), DQ_OK);
        dq_writer_destroy(w);
    }
    assert_int_equal(dq_replay_load_end(to), DQ_OK);
}

static void assert_has_all(const world *w, const dq_replay *r)
{
    size_t n = dq_replay_size(r);
    assert_int_equal(n, w->n < CAPACITY ? w->n : CAPACITY);
    for (size_t i = w->n - n; i < w->n; i++) {
        const whole *t = &w->list[i];
        dq_transition got = dq_replay_transition(r, w->slot[i]);
        uint8_t obs[STATE];
        assert_int_equal(got.action, t->action);
        assert_true(got.reward == t->reward && got.terminated == t->terminated);
        dq_replay_state(r, w->slot[i], obs);
        assert_memory_equal(obs, t->state, STATE);
        if (t->terminated)
            continue;
        dq_replay_next_state(r, w->slot[i], obs);
        assert_memory_equal(obs, t->next, STATE);
    }
}

/** An environment that is reset twice: the second first frame counts, in every round of a group. */
static void beginning_again_replaces_the_frame(void **state)
{
    (void)state;
    for (size_t n_lanes = 1; n_lanes <= 3; n_lanes++) {
        world *w = &the_world;
        create_lanes(w, 1, n_lanes);
        while (w->n < 200) {
            step(w);
            size_t lane = (w->n - 1) % n_lanes;
            if (!w->list[w->n - 1].terminated && !w->list[w->n - 1].truncated)
                continue;
            begin(w, lane);
            begin(w, lane);
        }
        assert_has_all(w, w->replay);
        dq_replay_destroy(w->replay);
    }
}

static void check_parts(size_t n_lanes, dq_replay_store store)
{
    world *w = &the_world;
    parts p = {.n = 0};
    dq_replay_config cfg = config_of(1, n_lanes);
    cfg.store = store;
    create_lanes(w, 1, n_lanes);
    for (size_t end = 1; end < 400; end += 37) {
        dq_replay *other;
        while (w->n < end) {
            step(w);
            save_complete(&p, w->replay);
        }
        assert_int_equal(dq_replay_create(&other, &cfg), DQ_OK);
        load_parts(other, &p, w->replay);
        assert_has_all(w, other);
        dq_replay_destroy(w->replay);
        w->replay = other;  // and goes on
    }
    for (uint64_t i = 0; i < p.n; i++)
        dq_writer_destroy(p.segment[i]);
    dq_replay_destroy(w->replay);
}

static void a_buffer_is_the_sum_of_its_parts(void **state)
{
    (void)state;
    for (size_t n_lanes = 1; n_lanes <= 3; n_lanes++)
        for (int store = DQ_REPLAY_PLAIN; store <= DQ_REPLAY_IN_FILE; store++)
            check_parts(n_lanes, (dq_replay_store)store);
}

/** Whatever byte of a segment is another one: what is loaded may be wrong, but nothing outside it
 * is touched (the sanitizers look on), and a code that ends elsewhere is refused. */
static void damaged_segments_do_no_harm(void **state)
{
    (void)state;
    world *w = &the_world;
    dq_writer *saved;
    size_t n, n_refused = 0;
    create_lanes(w, 1, 3);
    while (w->n < 47)
        step(w);
    uint64_t first = dq_replay_get_segments(w->replay).first;
    assert_int_equal(dq_writer_create(&saved), DQ_OK);
    assert_int_equal(dq_replay_save_segment(w->replay, first, saved), DQ_OK);
    uint8_t *bytes = (uint8_t *)(uintptr_t)dq_writer_bytes(saved, &n);
    for (size_t i = 0; i < n; i++) {
        dq_replay *other;
        dq_replay_config cfg = config_of(1, 3);
        assert_int_equal(dq_replay_create(&other, &cfg), DQ_OK);
        load_head(other, w->replay);
        bytes[i] ^= (uint8_t)(1 + i % 255);
        dq_reader *in;
        assert_int_equal(dq_reader_create(&in, bytes, n), DQ_OK);
        dq_status st = dq_replay_load_segment(other, in);
        assert_true(st == DQ_OK || st == DQ_ERR_INPUT);
        n_refused += st != DQ_OK;
        dq_reader_destroy(in);
        bytes[i] ^= (uint8_t)(1 + i % 255);
        dq_replay_destroy(other);
    }
    assert_true(n_refused > n / 10);
    dq_writer_destroy(saved);
    dq_replay_destroy(w->replay);
}

/** What earlier releases saved (version 5 with one lane, 6 with three), after 34 steps of this
 *  file's world. */
static void older_versions_are_loaded(void **state)
{
    (void)state;
    for (size_t n_lanes = 1; n_lanes <= 3; n_lanes += 2) {
        world *w = &the_world;
        char path[512];
        uint8_t bytes[4096];
        dq_reader *in;
        create_lanes(w, 1, n_lanes);
        while (w->n < 34)
            step(w);
        snprintf(path, sizeof(path), DEEPQ_TEST_DATA "/replay_v%zu.bin", n_lanes == 1 ? 5ul : 6ul);
        FILE *f = fopen(path, "rb");
        assert_non_null(f);
        size_t n = fread(bytes, 1, sizeof(bytes), f);
        fclose(f);
        dq_replay *old;
        dq_replay_config cfg = config_of(1, n_lanes);
        assert_int_equal(dq_replay_create(&old, &cfg), DQ_OK);
        for (size_t cut = 0; cut <= n; cut++) {
            assert_int_equal(dq_reader_create(&in, bytes, cut), DQ_OK);
            assert_int_equal(dq_replay_load(old, in), cut < n ? DQ_ERR_INPUT : DQ_OK);
            dq_reader_destroy(in);
        }
        assert_has_all(w, old);
        dq_replay_destroy(w->replay);
        w->replay = old;
        while (w->n < 100)
            step(w);
        assert_has_all(w, old);
        dq_replay_destroy(old);
    }
}

/** One of as many environments: another number of them is refused. */
static void a_replay_of_other_lanes_is_not_loaded(void **state)
{
    (void)state;
    for (size_t saved = 1; saved <= 3; saved++)
        for (size_t made = 1; made <= 3; made++) {
            dq_replay *from, *to;
            dq_writer *w;
            dq_reader *r;
            size_t n;
            dq_replay_config a = config_of(1, saved), b = config_of(1, made);
            assert_int_equal(dq_replay_create(&from, &a), DQ_OK);
            assert_int_equal(dq_replay_create(&to, &b), DQ_OK);
            assert_int_equal(dq_writer_create(&w), DQ_OK);
            assert_int_equal(dq_replay_save(from, w), DQ_OK);
            const void *bytes = dq_writer_bytes(w, &n);
            assert_int_equal(dq_reader_create(&r, bytes, n), DQ_OK);
            assert_int_equal(dq_replay_load(to, r), saved == made ? DQ_OK : DQ_ERR_INPUT);
            dq_reader_destroy(r);
            dq_writer_destroy(w);
            dq_replay_destroy(from);
            dq_replay_destroy(to);
        }
}

/** A state put together from the frames that are named, as a GPU does it. */
static void from_frames(const dq_replay *r, const int32_t frames[STACK], uint8_t obs[STATE])
{
    memset(obs, 0, STATE);
    for (size_t i = 0; i < STACK; i++)
        if (frames[i] >= 0)
            memcpy(obs + i * FRAME, dq_replay_frame(r, (size_t)frames[i]), FRAME);
}

static void check_named_frames(int n_step, size_t n_lanes)
{
    world *w = &the_world;
    create_lanes(w, n_step, n_lanes);
    while (w->n < 90) {
        step(w);
        for (size_t i = ((size_t)n_step - 1) * n_lanes; i < dq_replay_size(w->replay); i++) {
            size_t slot = w->slot[w->n - 1 - i];
            int32_t frames[STACK];
            uint8_t want[STATE], got[STATE];
            dq_replay_state(w->replay, slot, want);
            dq_replay_frames(w->replay, slot, frames);
            from_frames(w->replay, frames, got);
            assert_memory_equal(got, want, STATE);
            if (dq_replay_transition(w->replay, slot).terminated)
                continue;
            dq_replay_next_state(w->replay, slot, want);
            dq_replay_next_frames(w->replay, slot, frames);
            from_frames(w->replay, frames, got);
            assert_memory_equal(got, want, STATE);
        }
    }
    dq_replay_destroy(w->replay);
}

static void named_frames_are_those_of_the_states(void **state)
{
    (void)state;
    check_named_frames(1, 1);
    check_named_frames(3, 1);
    check_named_frames(1, 3);
    check_named_frames(3, 3);
}

/** Before and after the ring is full: the draw is the later one's, and says when it is not whole.
 */
static void check_drawing_ahead(int n_step, size_t n_lanes)
{
    world *w = &the_world;
    size_t to_come = (size_t)(n_step - 1) * n_lanes;
    create_lanes(w, n_step, n_lanes);
    for (size_t i = 0; i <= to_come; i++)
        step(w);
    int n_whole = 0, n_not = 0;
    while (w->n < 300) {
        enum { N = 2 };
        dq_transition ahead[N], after[N];
        dq_rng a = dq_rng_stream(w->n, "draw"), b = a;
        size_t coming = dq_replay_current(w->replay);
        bool is_whole = dq_replay_sample_ahead(w->replay, N, &a, ahead);
        step(w);
        assert_int_equal(w->slot[w->n - 1], coming);
        assert_int_equal(dq_replay_sample(w->replay, N, &b, after), DQ_OK);
        assert_memory_equal(&a, &b, sizeof(a));
        size_t newest = w->slot[w->n - 1 - to_come];  // ends with what was coming
        bool has_new = after[0].slot == newest || after[1].slot == newest;
        assert_int_equal(is_whole, !has_new);
        for (int i = 0; i < N; i++) {
            assert_int_equal(ahead[i].slot, after[i].slot);
            if (is_whole)
                assert_true(ahead[i].action == after[i].action &&
                            ahead[i].reward == after[i].reward &&
                            ahead[i].terminated == after[i].terminated);
        }
        n_whole += is_whole;
        n_not += !is_whole;
    }
    assert_true(n_whole > 50 && n_not > 5);
    dq_replay_destroy(w->replay);
}

static void drawing_ahead_is_drawing_after(void **state)
{
    (void)state;
    check_drawing_ahead(1, 1);
    check_drawing_ahead(4, 1);
    check_drawing_ahead(1, 3);
    check_drawing_ahead(3, 3);
}

static void impossible_configurations_are_refused(void **state)
{
    (void)state;
    dq_replay *r;
    dq_replay_config cfg = dq_replay_config_default();
    cfg.capacity = 0;
    assert_int_equal(dq_replay_create(&r, &cfg), DQ_ERR_CONFIG);
    cfg = dq_replay_config_default();
    cfg.stack = 0;
    assert_int_equal(dq_replay_create(&r, &cfg), DQ_ERR_CONFIG);
    cfg = dq_replay_config_default();
    cfg.frame_bytes = 0;
    assert_int_equal(dq_replay_create(&r, &cfg), DQ_ERR_CONFIG);
    cfg = dq_replay_config_default();
    cfg.n_step = 0;
    assert_int_equal(dq_replay_create(&r, &cfg), DQ_ERR_CONFIG);
    cfg = config_of(4, 4);  // a return of four steps needs 13 transitions
    assert_int_equal(dq_replay_create(&r, &cfg), DQ_ERR_CONFIG);
    cfg = config_of(1, 65536);
    assert_int_equal(dq_replay_create(&r, &cfg), DQ_ERR_CONFIG);
    assert_null(r);
}

/** Whichever allocation fails: one error, and what there was is freed. */
static void without_memory_there_is_none(void **state)
{
    (void)state;
    dq_replay *r;
    dq_replay_config cfg = config_of(1, 1);
    dq_status st = DQ_ERR_NOMEM;
    if (!let_allocation_fail(0))
        skip();
    for (long n = 1; st != DQ_OK; n++) {
        assert_true(n < 20);
        (void)let_allocation_fail(n);
        st = dq_replay_create(&r, &cfg);
        (void)let_allocation_fail(0);
        assert_true(st == DQ_OK ? n > 2 && r : st == DQ_ERR_NOMEM && !r);
    }
    dq_replay_destroy(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sampled_transitions_equal_whole_ones),
        cmocka_unit_test(every_transition_is_drawn_equally_often),
        cmocka_unit_test(n_step_transitions_are_sums_of_whole_ones),
        cmocka_unit_test(more_cut_off_episodes_than_there_is_room_for_count_as_ended),
        cmocka_unit_test(too_few_transitions_is_an_error),
        cmocka_unit_test(a_loaded_replay_goes_on_as_the_saved_one),
        cmocka_unit_test(beginning_again_replaces_the_frame),
        cmocka_unit_test(a_buffer_is_the_sum_of_its_parts),
        cmocka_unit_test(damaged_segments_do_no_harm),
        cmocka_unit_test(older_versions_are_loaded),
        cmocka_unit_test(a_replay_of_other_lanes_is_not_loaded),
        cmocka_unit_test(named_frames_are_those_of_the_states),
        cmocka_unit_test(drawing_ahead_is_drawing_after),
        cmocka_unit_test(impossible_configurations_are_refused),
        cmocka_unit_test(without_memory_there_is_none),
    };
    int n_failed = 0;
    for (int store = DQ_REPLAY_PLAIN; store <= DQ_REPLAY_IN_FILE; store++) {
        the_store = (dq_replay_store)store;
        n_failed += cmocka_run_group_tests(tests, NULL, NULL);
    }
    return n_failed;
}
