#include "app/environments.h"

#include <stdlib.h>
#include <string.h>

#include "app/app.h"
#include "base/error.h"
#include "deepq/roms.h"
#include "env/env_ids.h"
#include "env/homebrew.h"
#include "env/rom_store.h"

static bool is_known(const char *id)
{
    dq_atari_id parsed;
    if (dq_atari_id_parse(id, &parsed))
        return true;
    size_t n;
    const char *const *ids = dq_env_ids(&n);
    for (size_t i = 0; i < n; i++)
        if (strcmp(ids[i], id) == 0)
            return true;
    return false;
}

int environments_check_id(const char *id)
{
    if (is_known(id))
        return APP_DONE;
    const char *near = dq_env_suggest(id);
    if (near)
        return app_fail(APP_MISUSED, "no environment '%s': did you mean %s?", id, near);
    return app_fail(APP_MISUSED, "no environment '%s': deepq envs lists those there are", id);
}

dq_status environments_read_rom(const char *id, const char *rom_dir, void **bytes, size_t *n)
{
    dq_atari_id parsed;
    const dq_homebrew *own = dq_homebrew_by_id(id);
    *bytes = NULL;
    *n = 0;
    if (!own && dq_atari_id_parse(id, &parsed))
        return dq_rom_find(parsed.game->id, rom_dir, bytes, n, NULL, 0);
    if (!own)
        return DQ_OK;
    *bytes = malloc(own->rom_bytes);
    if (!*bytes)
        return dq_fail(DQ_ERR_NOMEM, "no memory for a cartridge");
    *n = own->rom_bytes;
    memcpy(*bytes, own->rom, *n);
    return DQ_OK;
}

dq_status environments_rom_md5(const char *id, const char *rom_dir, char md5[DQ_MD5_HEX])
{
    void *rom;
    size_t n;
    *md5 = '\0';
    DQ_TRY(environments_read_rom(id, rom_dir, &rom, &n));
    if (rom)
        dq_rom_md5(rom, n, md5);
    free(rom);
    return DQ_OK;
}
