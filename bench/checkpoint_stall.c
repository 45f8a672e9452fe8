/* How long a checkpoint stops learning: the copy of a run's state, and of the newest segment of its
 * replay buffer, which another thread writes then. Random play fills the buffer; there is no
 * update.
 *
 *   cc -O2 -Iinclude -Isrc bench/checkpoint_stall.c build/src/libdeepq.a -o build/checkpoint_stall
 * \
 *      $(pkg-config --libs --static libzip libprotobuf-c jansson zlib libmd) -lm -lpthread -ldl
 *   build/checkpoint_stall 1000000 packed [GAME]
 *
 * Prints the milliseconds of ten checkpoints, 1,000 steps apart. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/stream_internal.h"
#include "deepq/atari_env.h"
#include "deepq/train.h"

enum { N_ENVS = 8, N_CHECKPOINTS = 10, APART = 1000 };

static double now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return 1e3 * (double)t.tv_sec + 1e-6 * (double)t.tv_nsec;
}

static void must(dq_status st)
{
    if (st == DQ_OK)
        return;
    fprintf(stderr, "%s\n", dq_errmsg());
    exit(1);
}

typedef struct saved {
    dq_trainer *trainer;
    dq_writer *state, *segment;
    int64_t first;  // step from which on it counts
    double ms[N_CHECKPOINTS + 1];
    int n;
} saved;

static dq_status save(void *ctx, const dq_progress *p)
{
    saved *s = ctx;
    const dq_replay *replay = dq_trainer_replay(s->trainer);
    if (p->step < s->first || s->n > N_CHECKPOINTS)
        return DQ_OK;
    dq_writer_clear(s->state);
    dq_writer_clear(s->segment);
    double begin = now_ms();
    dq_replay_segments all = dq_replay_get_segments(replay);
    must(dq_replay_save_segment(replay, all.first + all.n - 1, s->segment));
    must(dq_trainer_save_state(s->trainer, s->state));
    s->ms[s->n++] = now_ms() - begin;
    return DQ_OK;
}

static dq_train_config configure(int replay_size, const char *store)
{
    dq_train_config cfg;
    must(dq_train_preset(&cfg, "book"));
    must(dq_train_config_set(&cfg, "replay_store", store));
    cfg.replay_size = cfg.replay_start = replay_size;
    cfg.train_every = 1000000;
    cfg.n_envs = N_ENVS;
    cfg.reward_bound = 1e9;
    cfg.epsilon_final = 1;
    cfg.priority_alpha = 0.5;
    cfg.checkpoint_every = APART;
    cfg.max_steps = replay_size + (N_CHECKPOINTS + 1) * APART;
    return cfg;
}

int main(int argc, char **argv)
{
    dq_preprocessing how;
    dq_env *envs[N_ENVS];
    saved s = {.n = 0};
    bool solved;
    if (argc < 3)
        return 2;
    dq_train_config cfg = configure(atoi(argv[1]), argv[2]);
    s.first = cfg.replay_size;
    must(dq_preprocessing_init(&how, "sb3"));
    for (int i = 0; i < N_ENVS; i++)
        must(dq_env_make_preprocessed(&envs[i], argc > 3 ? argv[3] : "PongNoFrameskip-v4", &how,
                                      NULL));
    must(dq_trainer_create_many(&s.trainer, &cfg, envs));
    must(dq_writer_create(&s.state));
    must(dq_writer_create(&s.segment));
    const dq_train_events events = {.ctx = &s, .checkpoint = save};
    must(dq_trainer_run(s.trainer, &events, NULL, &solved));
    size_t n_state, n_segment;
    (void)dq_writer_bytes(s.state, &n_state);
    (void)dq_writer_bytes(s.segment, &n_segment);
    printf("%s of %s transitions, %.1f MB packed; state %.1f MB, newest segment %.2f MB\n", argv[2],
           argv[1], (double)dq_replay_packed_bytes(dq_trainer_replay(s.trainer)) / 1e6,
           (double)n_state / 1e6, (double)n_segment / 1e6);
    printf("the first, which gets its memory: %.1f ms; then", s.ms[0]);
    for (int i = 1; i < s.n; i++)
        printf(" %.1f", s.ms[i]);
    printf(" ms\n");
    dq_writer_destroy(s.state);
    dq_writer_destroy(s.segment);
    dq_trainer_destroy(s.trainer);
    return 0;
}
