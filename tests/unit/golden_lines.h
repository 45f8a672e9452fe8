/** Golden files of text lines, gzip-compressed, and the environments that they speak of. */
#ifndef DEEPQ_TESTS_GOLDEN_LINES_H
#define DEEPQ_TESTS_GOLDEN_LINES_H

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include <zlib.h>

#include "deepq/roms.h"

/** A golden of tests/data/env; gzclose() it. */
static inline gzFile golden_open(const char *name)
{
    char path[512];
    snprintf(path, sizeof(path), "%s/env/%s", DEEPQ_TEST_DATA, name);
    return gzopen(path, "rb");
}

/** "own/bricks" is deepq/Bricks-v0, other names are ALE's rom ids. */
static inline const char *golden_env_id(const char *rom)
{
    if (strcmp(rom, "own/pong") == 0)
        return "deepq/Pong-v0";
    return strcmp(rom, "own/bricks") == 0 ? "deepq/Bricks-v0" : rom;
}

/** Is the cartridge there? If not, the reason to skip is printed once for each. */
static inline bool golden_has_rom(const char *rom)
{
    void *bytes;
    size_t n;
    if (strncmp(rom, "own/", 4) == 0)
        return true;
    if (dq_rom_find(rom, NULL, &bytes, &n, NULL, 0) != DQ_OK) {
        printf("SKIP: no ROM of %s\n", rom);
        return false;
    }
    free(bytes);
    return true;
}

/** The value of "key=" in a line, or NULL. */
static inline const char *golden_value(const char *line, const char *key)
{
    char pattern[64];
    snprintf(pattern, sizeof(pattern), " %s=", key);
    const char *at = strstr(line, pattern);
    return at ? at + strlen(pattern) : NULL;
}

static inline double golden_number(const char *line, const char *key)
{
    const char *value = golden_value(line, key);
    assert_non_null(value);
    return atof(value);
}

static inline bool golden_says(const char *line, const char *key, const char *word)
{
    const char *value = golden_value(line, key);
    size_t n = strlen(word);
    return value && strncmp(value, word, n) == 0 && (value[n] == ' ' || value[n] == '\n');
}

/** A record after a reset (action -1) or a step. */
typedef struct golden_record {
    int action, reward, terminated, truncated, lives;
    unsigned crc;
} golden_record;

static inline bool golden_parse(const char *line, golden_record *r)
{
    return sscanf(line, "%d %d %d %d %d %x", &r->action, &r->reward, &r->terminated, &r->truncated,
                  &r->lives, &r->crc) == 6;
}

#endif
