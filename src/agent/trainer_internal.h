/** The insides of a trainer, shared by the loop and by its save and load. */
#ifndef DEEPQ_AGENT_TRAINER_INTERNAL_H
#define DEEPQ_AGENT_TRAINER_INTERNAL_H

#include "agent/device_learner.h"
#include "agent/target_memory.h"
#include "deepq/priorities.h"
#include "deepq/replay.h"
#include "deepq/rng.h"
#include "deepq/train.h"
#include "deepq/vector.h"

enum { DQ_RECENT_GAMES = 100 };

struct dq_trainer {
    dq_train_config cfg;
    dq_vector *envs;
    dq_net *net;
    dq_replay *replay;
    dq_priorities *priorities;     // NULL: all transitions are alike
    dq_target_memory targets;      // where the net is on the processor
    dq_device_learner device;      // where it is on a GPU
    dq_rng exploration, sampling;  // streams "exploration" and "replay" of the seed
    int n_actions;

    int64_t step;       // agent steps taken
    int64_t n_updates;  // learning steps taken
    int64_t n_games;
    double recent[DQ_RECENT_GAMES];  // rewards of the last games, a ring
    double best_mean;
    double loss;
    bool loss_is_old;  // the last update's is still on the GPU
    bool started;      // the first game was begun
    bool solved;
    int games_to_solve;  // fewer tell nothing
    bool is_in_step;     // a game is being told of: nothing of the step but its transition is done

    double counts_from_s;  // wall clock when a game ended, for the speed
    int64_t counts_from_step;
    double speed;  // up to there

    /* A round: each environment's step is played when it begins, and counts when it is its turn. */
    int n_envs;
    int turn;                   // the environment whose step counts next; 0: a round begins
    uint8_t *obs;               // [n_envs][DQ_NET_OBS_BYTES] where they are, the round played
    int *played;                // [n_envs] actions
    dq_vector_result *results;  // [n_envs]
    double *game_reward;        // [n_envs] so far in this game
    uint8_t *asked;             // [n_envs][DQ_NET_OBS_BYTES] states to ask the network about
    float *q;                   // [n_envs][n_actions] its answers

    uint8_t *batch_obs;          // [batch][DQ_NET_OBS_BYTES]
    dq_transition *transitions;  // [batch]
    int32_t *actions;            // [batch]
    float *target;               // [batch]
    float *weight, *error;       // [batch] of prioritized replay
};

/** Have t->loss be the last update's. */
void dq_trainer_fetch_loss(dq_trainer *t);

/** DQ_ERR_DIVERGED when the last loss or a weight is infinite or no number. */
DQ_NODISCARD dq_status dq_trainer_check_finite(dq_trainer *t);

#endif
