/** The games that come with deepq: cartridges of our own, made from roms/ by the build. */
#ifndef DEEPQ_ENV_HOMEBREW_H
#define DEEPQ_ENV_HOMEBREW_H

#include <stddef.h>
#include <stdint.h>

typedef struct dq_homebrew {
    const char *id;     // "deepq/Pong-v0"
    const char *name;   // "pong", of roms/pong.asm
    const char *rules;  // the ALE game whose rules it keeps: score, end and lives in the same RAM
    const uint8_t *rom;
    size_t rom_bytes;
} dq_homebrew;

/** All of them, *n entries. Static storage. */
const dq_homebrew *dq_homebrews(size_t *n);
/** The one with this environment id, or NULL. */
const dq_homebrew *dq_homebrew_by_id(const char *id);
/** The one whose cartridge has this md5 in lower-case hex, or NULL. */
const dq_homebrew *dq_homebrew_by_md5(const char *md5);

extern const unsigned char dq_rom_pong[2048], dq_rom_bricks[2048];

#endif
