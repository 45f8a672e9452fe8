/** Everything deepq offers to a C program; each header also stands alone. */
#ifndef DEEPQ_DEEPQ_H
#define DEEPQ_DEEPQ_H

#include "deepq/atari.h"
#include "deepq/atari_env.h"
#include "deepq/env.h"
#include "deepq/model.h"
#include "deepq/net.h"
#include "deepq/policy.h"
#include "deepq/priorities.h"
#include "deepq/replay.h"
#include "deepq/rng.h"
#include "deepq/roms.h"
#include "deepq/status.h"
#include "deepq/stream.h"
#include "deepq/tabular.h"
#include "deepq/tensor.h"
#include "deepq/toy_text.h"
#include "deepq/train.h"
#include "deepq/vector.h"
#include "deepq/version.h"

#endif
