#include "env/homebrew.h"

#include <string.h>

#include "base/error.h"
#include "env/rom_store.h"

static const dq_homebrew homebrews[] = {
    {"deepq/Bricks-v0", "bricks", "breakout", dq_rom_bricks, sizeof(dq_rom_bricks)},
    {"deepq/Pong-v0", "pong", "pong", dq_rom_pong, sizeof(dq_rom_pong)},
};

const dq_homebrew *dq_homebrews(size_t *n)
{
    *n = DQ_COUNT(homebrews);
    return homebrews;
}

const dq_homebrew *dq_homebrew_by_id(const char *id)
{
    for (size_t i = 0; i < DQ_COUNT(homebrews); i++)
        if (strcmp(id, homebrews[i].id) == 0)
            return &homebrews[i];
    return NULL;
}

const dq_homebrew *dq_homebrew_by_md5(const char *md5)
{
    for (size_t i = 0; i < DQ_COUNT(homebrews); i++) {
        char own[DQ_MD5_HEX];
        dq_rom_md5(homebrews[i].rom, homebrews[i].rom_bytes, own);
        if (strcmp(md5, own) == 0)
            return &homebrews[i];
    }
    return NULL;
}
