/** The noise of noisy layers as a GPU takes it: what nn/noise.c draws, and which of the numbers
 *  drawn make up the noise of a parameter. */
#ifndef DEEPQ_LEARN_DEVICE_NOISE_H
#define DEEPQ_LEARN_DEVICE_NOISE_H

#include <stdint.h>

#include "nn/net_internal.h"

/** Numbers for one draw of one network; 0: it has no noise. */
size_t dq_device_noise_size(const dq_net *net);
/** What dq_net_draw_noise() drew last for a network.
 *  @param weights of the net
 *  @param[out] to [dq_device_noise_size()] */
void dq_device_copy_noise(const dq_net *net, const dq_weights *weights, float *to);
/** Draw noise for a network by dq_net_draw_noise(), and copy it. */
void dq_device_draw_noise(dq_net *net, dq_weights *weights, dq_rng *rng, float *to);
/** Of factorised noise the two factors of each parameter's: numbers of the draw.
 *  @param[out] of_in, of_out [shape.n_noisy] */
void dq_device_noise_places(const dq_net *net, uint32_t *of_in, uint32_t *of_out);

#endif
