#include "corpus_depth.h"

static uint32_t reached;

void fuzz_reached(unsigned depth)
{
    reached |= (uint32_t)1 << depth;
}

const char *fuzz_not_reached(void)
{
    for (unsigned i = 0; fuzz_depths[i]; i++)
        if (!(reached & (uint32_t)1 << i))
            return fuzz_depths[i];
    return NULL;
}
