/** Environments as the commands take them: by an id that somebody typed. */
#ifndef DEEPQ_APP_ENVIRONMENTS_H
#define DEEPQ_APP_ENVIRONMENTS_H

#include <stddef.h>

#include "deepq/env.h"

/** APP_DONE if there is such an id; otherwise says so, with the nearest one, and returns
 *  APP_MISUSED. */
int environments_check_id(const char *id);
/** The cartridge that an environment is played with. @param[out] bytes malloc'd, the caller's to
 *  free(); NULL for an environment without a cartridge */
DQ_NODISCARD dq_status environments_read_rom(const char *id, const char *rom_dir, void **bytes,
                                             size_t *n);
/** The md5 of the cartridge that an environment is played with, 32 hex digits and a zero; "" for
 * one without. */
DQ_NODISCARD dq_status environments_rom_md5(const char *id, const char *rom_dir, char md5[33]);

#endif
