/** Any bytes as a cartridge: an image of one of the sizes there are, played with every action. */
#include <stdint.h>
#include <stdlib.h>

#include "deepq/atari.h"

enum { N_FRAMES = 30 };

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

/** Save and load must give the same next frame. */
static void save_and_load(dq_atari *a)
{
    dq_writer *w;
    dq_reader *r;
    size_t size;
    if (dq_writer_create(&w) != DQ_OK || dq_atari_save(a, w) != DQ_OK)
        abort();
    const void *state = dq_writer_bytes(w, &size);
    if (dq_reader_create(&r, state, size) != DQ_OK || dq_atari_load(a, r) != DQ_OK)
        abort();
    dq_reader_destroy(r);
    dq_writer_destroy(w);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    dq_atari *a;
    if (dq_atari_create(&a, bytes, n, NULL) != DQ_OK)
        return 0;
    dq_atari_reset(a);
    for (int frame = 0; frame < N_FRAMES; frame++) {
        dq_atari_act(a, frame % DQ_ATARI_ACTIONS, frame % 2 == 0);
        if (frame == N_FRAMES / 2)
            save_and_load(a);
    }
    if (dq_atari_height(a) < 1 || dq_atari_height(a) > DQ_ATARI_MAX_HEIGHT)
        abort();
    dq_atari_destroy(a);
    return 0;
}
