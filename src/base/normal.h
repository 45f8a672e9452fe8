/** Normal random numbers: the ziggurat of Marsaglia and Tsang 2000 with 128 layers, without the
 *  fault that Doornik 2005 found (its ZIGNOR). */
#ifndef DEEPQ_BASE_NORMAL_H
#define DEEPQ_BASE_NORMAL_H

#include "deepq/rng.h"

/** A normal number with mean 0 and variance 1. Nearly always it takes one number of the stream: its
 *  lowest 7 bits choose a layer, its highest 53 a place in it. */
double dq_rng_normal(dq_rng *rng);

#endif
