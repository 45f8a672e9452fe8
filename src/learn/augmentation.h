/** Augmentation: the states of a batch are shown to the networks at random a little shifted, and a
 *  little brighter or darker (Kostrikov et al. 2020, DrQ).
 *
 *  Each state of a batch, and each next state, has draws of its own at every update: one shift for
 *  its four frames, and one factor for all its inputs. Both networks see the same next state. They
 *  are those of Dopamine's agents for Atari 100k (atari_100k_rainbow_agent.py): a picture is padded
 *  by `shift` pixels of its edge and cropped back at a row and a column from 0 to 2 shift - 1; the
 *  factor is 1 + intensity clip(N(0, 1), -2, 2). */
#ifndef DEEPQ_LEARN_AUGMENTATION_H
#define DEEPQ_LEARN_AUGMENTATION_H

#include <stdint.h>

#include "base/everywhere.h"
#include "deepq/net.h"
#include "deepq/rng.h"
#include "deepq/status.h"

/** What is done to a state. */
typedef struct dq_change {
    int dy, dx;  // pixel (y, x) becomes what pixel (y + dy, x + dx) was
    float gain;  // factor of the network's inputs
} dq_change;

typedef struct dq_augmentation {
    int shift;          // most pixels of a shift; 0: none
    double intensity;   // a standard deviation of the gain; 0: it is 1
    int batch;          // transitions in a batch
    dq_change *state;   // [batch] the draws for the states
    dq_change *next;    // [batch] the draws for the next states, which follow those in memory
    float *gain;        // [batch] the gains of the states that a network is given
    uint8_t *original;  // [4][84][84] scratch
} dq_augmentation;

/** Allocate, to be freed by dq_augmentation_free() also on failure. */
DQ_NODISCARD dq_status dq_augmentation_init(dq_augmentation *a, int shift, double intensity,
                                            int batch);
/** Free what dq_augmentation_init() allocated. */
void dq_augmentation_free(dq_augmentation *a);

/** Draw for a batch: for all states, then for all next states. For each a row and a column, if
 *  there are shifts, then the gain, if there is an intensity. */
void dq_augmentation_draw(dq_augmentation *a, dq_rng *rng);
/** Shift number `i` of the states that a network is to be given, and note its gain.
 *  @param[in,out] obs uint8 [4][84][84] */
void dq_augmentation_apply(dq_augmentation *a, const dq_change *change, int i, uint8_t *obs);

/** Row or column i of a shifted picture, which may be beyond its edges: there it is the edge's. */
DQ_EVERYWHERE int dq_clip_to_picture(int i)
{
    return i < 0 ? 0 : i >= DQ_NET_SIDE ? DQ_NET_SIDE - 1 : i;
}

/** Shift a state; pixels from beyond an edge are those at the edge.
 *  @param from uint8 [4][84][84]
 *  @param[out] to uint8 [4][84][84], another array */
void dq_shift_state(const uint8_t *from, int dy, int dx, uint8_t *to);

#endif
