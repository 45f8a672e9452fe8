/** Sound: the TIA's two voices, as ALE 0.12.1 makes samples of them.
 *
 *  ALE does not ask when in a frame a register was written: at the frame's end each voice plays for
 *  512 clocks what its registers hold then. Neither a reset nor a loaded state changes what it
 * plays. */
#ifndef DEEPQ_ATARI_SOUND_H
#define DEEPQ_ATARI_SOUND_H

#include <stdint.h>

#include "deepq/atari.h"

enum { DQ_VOICES = 2 };

typedef struct dq_voice {
    uint8_t poly4, poly5;  // shift registers of 4 and 5 bits; the top bit of the first is heard
    uint8_t count;         // clocks since they were last shifted
} dq_voice;

typedef struct dq_sound {
    uint8_t control[DQ_VOICES], divider[DQ_VOICES], volume[DQ_VOICES];  // AUDCx, AUDFx, AUDVx
    dq_voice voice[DQ_VOICES];
    uint8_t samples[DQ_ATARI_SAMPLES];  // of the last frame
} dq_sound;

/** As after loading a cartridge. */
void dq_sound_reset(dq_sound *s);
/** Play on for a frame. */
void dq_sound_play(dq_sound *s);

#endif
