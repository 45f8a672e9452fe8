#include "app/step_sound.h"

#include <string.h>

enum { SILENCE = 128, LOUDEST = 120 };

static void hear(void *self, const uint8_t *samples)
{
    step_sound *s = self;
    if (s->n_heard + DQ_ATARI_SAMPLES > sizeof(s->heard))
        return;
    memcpy(s->heard + s->n_heard, samples, DQ_ATARI_SAMPLES);
    s->n_heard += DQ_ATARI_SAMPLES;
}

void step_sound_begin(step_sound *s, dq_atari *console, int fps)
{
    s->console = console;
    s->fps = fps;
    s->n_steps = 0;
    s->n_heard = 0;
    dq_atari_listen(console, hear, s);
}

void step_sound_end(step_sound *s)
{
    if (s->console)
        dq_atari_listen(s->console, NULL, NULL);
    s->console = NULL;
}

void step_sound_skip(step_sound *s)
{
    s->n_heard = 0;
}

size_t step_sound_take(step_sound *s)
{
    int64_t begin = s->n_steps * STEP_SOUND_HZ / s->fps;
    size_t n = (size_t)(++s->n_steps * STEP_SOUND_HZ / s->fps - begin);
    for (size_t i = 0; i < n; i++) {
        int sample = s->n_heard ? s->heard[i * s->n_heard / n] : SILENCE;
        s->samples[i] = (float)(sample - SILENCE) / LOUDEST;
    }
    s->n_heard = 0;
    return n;
}
