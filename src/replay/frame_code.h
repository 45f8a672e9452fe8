/** Lossless codes of frames: what differs from the frame before.
 *
 *  A code describes the bytes of `frame XOR before` in order, as tokens. A token is a number of
 * bytes that are 0, since they are as before, and then a number of bytes that are given:
 *
 *  | bytes   | what                                                                          |
 *  |---------|-------------------------------------------------------------------------------|
 *  | 1       | bytes that are as before, 0 to 254; 255: 255 plus the 16-bit number that follows  |
 *  | 1       | lower 7 bits: bytes that are given, 0 to 126; 127: 127 plus the 16-bit number   |
 *  |         | that follows; highest bit: they are all the same                              |
 *  | 0 to 4  | those 16-bit numbers, low byte first                                          |
 *  |         | the bytes that are given; one byte, where they are all the same               |
 *
 *  On six Atari games it takes 125 to 804 bytes a frame, with a frame of zeros before every eighth
 *  (docs/results/replay.md, where LZ4 and Zstandard stand beside it). */
#ifndef DEEPQ_REPLAY_FRAME_CODE_H
#define DEEPQ_REPLAY_FRAME_CODE_H

#include <stddef.h>
#include <stdint.h>

/** Bytes that a code of a frame of n bytes has at most. */
size_t dq_frame_code_max(size_t n);
/** Encode a frame.
 *  @param[out] code [dq_frame_code_max(n)]
 *  @param frame, before uint8 [n]
 *  @param[out] scratch uint8 [n]
 *  @return the bytes of the code */
size_t dq_frame_encode(uint8_t *code, const uint8_t *frame, const uint8_t *before, size_t n,
                       uint8_t *scratch);
/** Decode a frame in place. The code may be damaged: nothing is read or written outside.
 *  @param[in,out] frame uint8 [n], the frame before, then the decoded one
 *  @param n_code bytes that may be read
 *  @return the bytes of the code; 0 when it is damaged */
size_t dq_frame_decode(uint8_t *frame, size_t n, const uint8_t *code, size_t n_code);

#endif
