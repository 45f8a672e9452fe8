/** ROMs: where cartridge images are kept, found and imported from. deepq comes with none of
 *  commercial games. An image is recognised by its md5 alone. */
#ifndef DEEPQ_ROMS_H
#define DEEPQ_ROMS_H

#include <stddef.h>
#include <stdint.h>

#include "deepq/status.h"

#ifdef __cplusplus
extern "C" {
#endif

/** The folder that ROMs are imported to: $DEEPQ_ROMS_DIR, else $XDG_DATA_HOME/deepq/roms, else
 *  ~/.local/share/deepq/roms.
 *  @param[out] path at most `cap` bytes with the final zero
 *  @return DQ_OK; DQ_ERR_CONFIG when none of these is set, or the path is too long */
DQ_API
DQ_NODISCARD dq_status dq_roms_dir(char *path, size_t cap);

/** Find and read the ROM of a game. Searches rom_dir, $DEEPQ_ROMS_DIR, $ALE_ROMS_DIR and
 *  $XDG_DATA_HOME/deepq/roms (or ~/.local/share/deepq/roms); in each first GAME.bin, then every
 *  file of the right size.
 *  @param game_id ALE's rom id
 *  @param rom_dir NULL: none
 *  @param[out] bytes the image, to be freed by free(); NULL on failure
 *  @param[out] n_bytes its size
 *  @param[out] path where it was found, at most `cap` bytes with the final zero; NULL: not wanted
 *  @return DQ_OK; DQ_ERR_NOT_FOUND names the file, its md5, the folders and the command that
 *          imports it; DQ_ERR_INPUT when there is a GAME.bin with another md5 and no right file;
 *          DQ_ERR_IO when it cannot be read; DQ_ERR_NOMEM */
DQ_API
DQ_NODISCARD dq_status dq_rom_find(const char *game_id, const char *rom_dir, void **bytes,
                                   size_t *n_bytes, char *path, size_t cap);

/** Functions that dq_roms_import() calls; each may be NULL. Strings are valid during the call. */
typedef struct dq_rom_import_events {
    /** Passed to each function as it is. */
    void *ctx;
    /** The ROM of a game was copied from the file `from` to the file `to`. */
    void (*imported)(void *ctx, const char *game_id, const char *from, const char *to);
    /** The ROM of a game was found in the file `from`, but had been imported before. */
    void (*already_there)(void *ctx, const char *game_id, const char *from);
    /** A file is an archive of a kind that is not opened ("gzip", "rar", a "zip" in another zip,
     *  ...); there may be ROMs in it. */
    void (*not_opened)(void *ctx, const char *from, const char *kind);
} dq_rom_import_events;

/** Import all known ROMs in a file or a folder. Each is written as GAME.bin, which is complete or
 *  absent.
 *  @param path a cartridge image, a zip or wheel, or a folder, which is searched with its
 *         subfolders and the archives in it
 *  @param to_dir the folder to write to; NULL: dq_roms_dir()
 *  @param events NULL: none
 *  @param[out] n_found known ROMs found; NULL: not wanted
 *  @return DQ_OK, also when no ROM was found; DQ_ERR_NOT_FOUND when there is no `path`;
 *          DQ_ERR_INPUT for a damaged file, DQ_ERR_IO for one that cannot be read or written. In
 *          a folder such files are skipped; the status and the message are those of the last of
 *          them. */
DQ_API
DQ_NODISCARD dq_status dq_roms_import(const char *path, const char *to_dir,
                                      const dq_rom_import_events *events, size_t *n_found);

#ifdef __cplusplus
}
#endif
#endif
