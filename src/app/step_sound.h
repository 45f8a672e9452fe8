/** The sound of an agent's steps: that of the frames of a step, made as long as the step is shown.
 *  Steps that are shown faster than the console would play them sound higher, as a tape does. */
#ifndef DEEPQ_APP_STEP_SOUND_H
#define DEEPQ_APP_STEP_SOUND_H

#include <stddef.h>
#include <stdint.h>

#include "deepq/atari.h"

enum { STEP_SOUND_HZ = 48000, STEP_SOUND_FRAMES = 64 };

typedef struct step_sound {
    dq_atari *console;  // NULL: it is quiet
    int fps;            // steps a second, 1 or more
    int64_t n_steps;
    size_t n_heard;
    uint8_t heard[STEP_SOUND_FRAMES * DQ_ATARI_SAMPLES];  // of the step's first frames
    float samples[STEP_SOUND_HZ];                         // of the last step
} step_sound;

/** Listen to a console with sound, until step_sound_end(). */
void step_sound_begin(step_sound *s, dq_atari *console, int fps);
void step_sound_end(step_sound *s);
/** Forget what was heard: that of a reset, which nobody sees. */
void step_sound_skip(step_sound *s);
/** The sound of a step, in s->samples. @return its samples, STEP_SOUND_HZ a second over the steps
 */
size_t step_sound_take(step_sound *s);

#endif
