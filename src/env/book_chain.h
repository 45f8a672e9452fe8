/** The book's wrappers one around the other: what the fused pipeline is compared with. */
#ifndef DEEPQ_ENV_BOOK_CHAIN_H
#define DEEPQ_ENV_BOOK_CHAIN_H

#include "env/atari_session.h"

/** The raw environment in MaxAndSkip(4), FireReset, ProcessFrame84, ImageToPyTorch, Buffer(4) and
 *  ScaledFloat; observation float32 [4][84][84]. Source: Lapan 2020, chapter 6, lib/wrappers.py,
 *  make_env. */
DQ_NODISCARD dq_status dq_book_chain_create(dq_env **out, const void *rom, size_t rom_bytes,
                                            const dq_atari_env_config *cfg);
/** The book's wrappers as `p` says: NoopReset, MaxAndSkip, EpisodicLife, FireReset, ProcessFrame84,
 *  ImageToPyTorch, Buffer, ClipReward; observation uint8 [stack][84][84]. */
DQ_NODISCARD dq_status dq_book_chain_choose(dq_env **out, const void *rom, size_t rom_bytes,
                                            const dq_atari_env_config *cfg,
                                            const dq_preprocessing *p);
/** dq_book_chain_create() around an environment of the caller's, which it takes over, also on
 * failure. */
DQ_NODISCARD dq_status dq_book_chain_wrap(dq_env **out, dq_env *raw);

#endif
