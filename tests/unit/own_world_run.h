/** A short run in a small world of a test's own. */
#ifndef DEEPQ_TESTS_OWN_WORLD_RUN_H
#define DEEPQ_TESTS_OWN_WORLD_RUN_H

#include "deepq/train.h"

/** One hidden layer of 24, the network that the observations ask for. */
static inline dq_train_config own_world_run(void)
{
    dq_train_config cfg;
    assert_int_equal(dq_train_preset(&cfg, "book"), DQ_OK);
    cfg.network = NULL;
    cfg.batch = 16;
    cfg.replay_size = 500;
    cfg.replay_start = 100;
    cfg.learning_rate = 5e-3;
    cfg.gamma = 0.5;
    cfg.epsilon_decay = 300;
    cfg.target_sync = 50;
    cfg.hidden[0] = 24;
    cfg.hidden[1] = 0;
    cfg.max_steps = 1500;
    cfg.seed = 3;
    return cfg;
}

static inline dq_writer *saved_run(dq_trainer *t)
{
    dq_writer *w;
    assert_int_equal(dq_writer_create(&w), DQ_OK);
    assert_int_equal(dq_trainer_save(t, w), DQ_OK);
    return w;
}

static inline dq_reader *reader_of(const dq_writer *w)
{
    dq_reader *r;
    size_t n;
    const void *bytes = dq_writer_bytes(w, &n);
    assert_int_equal(dq_reader_create(&r, bytes, n), DQ_OK);
    return r;
}

static inline void assert_same_bytes(const dq_writer *a, const dq_writer *b)
{
    size_t n, n_other;
    const void *want = dq_writer_bytes(a, &n), *got = dq_writer_bytes(b, &n_other);
    assert_int_equal(n, n_other);
    assert_memory_equal(want, got, n);
}

#endif
