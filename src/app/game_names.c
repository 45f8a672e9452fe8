#include "app/game_names.h"

#include <stdio.h>

bool game_named(const char *name, dq_atari_id *id)
{
    char with_version[128];
    snprintf(with_version, sizeof(with_version), "%s-v4", name);
    return (dq_atari_id_parse(name, id) || dq_atari_id_parse(with_version, id)) && !id->homebrew;
}
