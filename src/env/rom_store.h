/** What finding and importing ROMs share. */
#ifndef DEEPQ_ENV_ROM_STORE_H
#define DEEPQ_ENV_ROM_STORE_H

#include <stddef.h>

#include "deepq/status.h"

enum {
    DQ_PATH_CAP = 4096,
    DQ_ROM_MAX_BYTES = 64 * 1024,  // no cartridge that deepq knows is as large
    DQ_MD5_HEX = 33                // 32 digits and the final zero
};

/** The md5 of n bytes in lower-case hex. */
void dq_rom_md5(const void *bytes, size_t n, char hex[DQ_MD5_HEX]);
/** Write "folder/name". DQ_ERR_CONFIG when that is longer than DQ_PATH_CAP. */
DQ_NODISCARD dq_status dq_rom_path(char path[DQ_PATH_CAP], const char *folder, const char *name);

#endif
