/** The ROM store: where cartridge images lie and how they get there. deepq ships none.
 *  Images are recognised by their md5 alone. */
#ifndef DEEPQ_ROMS_H
#define DEEPQ_ROMS_H

#include <stddef.h>
#include <stdint.h>

#include "deepq/status.h"

#ifdef __cplusplus
extern "C" {
#endif

/** The folder that imports go to: $DEEPQ_ROMS_DIR, else $XDG_DATA_HOME/deepq/roms, else
 *  ~/.local/share/deepq/roms. Writes a path of at most `cap` bytes. */
DQ_API
DQ_NODISCARD dq_status dq_roms_dir(char *path, size_t cap);

/** Find and read the ROM of a game (ALE id). Searches rom_dir (may be NULL), $DEEPQ_ROMS_DIR,
 *  $ALE_ROMS_DIR, $XDG_DATA_HOME/deepq/roms (~/.local/share/deepq/roms), first GAME.bin and then
 *  every file of the right size, by md5. @param[out] bytes malloc'd, the caller's to free().
 *  @param[out] path where it was found, `cap` bytes, may be NULL.
 *  DQ_ERR_NOT_FOUND says which file and md5, where it looked, and the command that imports it;
 *  DQ_ERR_INPUT when a file of the right name has the wrong md5 and no right one is there. */
DQ_API
DQ_NODISCARD dq_status dq_rom_find(const char *game_id, const char *rom_dir, void **bytes,
                                   size_t *n_bytes, char *path, size_t cap);

/** What an import did, told file by file; any pointer may be NULL. */
typedef struct dq_rom_import_events {
    void *ctx;
    void (*imported)(void *ctx, const char *game_id, const char *from, const char *to);
    void (*already_there)(void *ctx, const char *game_id, const char *from);
    /** An archive of a kind that is not opened ("gzip", "rar", a "zip" within another, ...), in
     * which there may be ROMs. */
    void (*not_opened)(void *ctx, const char *from, const char *kind);
} dq_rom_import_events;

/** Import every known ROM found in `path`: one image, a zip or wheel, or a folder (searched to its
 *  depths, archives in it included). Writes GAME.bin into `to_dir` (NULL: dq_roms_dir()),
 *  atomically. What is damaged or cannot be read in a folder is passed over; the status and the
 *  message are then those of the last such file.
 *  @param[out] n_found known ROMs seen, may be NULL. Nothing known inside is DQ_OK with *n_found 0.
 */
DQ_API
DQ_NODISCARD dq_status dq_roms_import(const char *path, const char *to_dir,
                                      const dq_rom_import_events *events, size_t *n_found);

#ifdef __cplusplus
}
#endif
#endif
