/* deepq trace: our console against recordings of ALE's, frame by frame. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "app/app.h"
#include "app/gzip_file.h"
#include "app/options.h"
#include "atari/trace.h"
#include "base/atomic_file.h"
#include "base/error.h"
#include "deepq/roms.h"
#include "deepq/version.h"
#include "env/env_ids.h"
#include "env/homebrew.h"
#include "env/observation_check.h"
#include "env/rom_store.h"
#include "run/environments.h"

enum { MAX_TRACE_BYTES = 1 << 28 };

typedef struct rom {
    void *bytes;
    size_t n;
} rom;

static dq_status read_rom_file(rom *r, const char *path)
{
    dq_status st = dq_file_read(path, DQ_ROM_MAX_BYTES, &r->bytes, &r->n);
    return st == DQ_ERR_NOT_FOUND ? DQ_ERR_INPUT : st;
}

/** "dir/cpu0.atr.gz" becomes "dir/cpu0.bin": where test cartridges lie. */
static void path_beside(char *path, size_t cap, const char *trace)
{
    snprintf(path, cap, "%s", trace);
    char *name = strrchr(path, '/');
    char *dot = strchr(name ? name : path, '.');
    size_t stem = dot ? (size_t)(dot - path) : strlen(path);
    snprintf(path + stem, cap - stem, ".bin");
}

/** The cartridge a trace was played on: --rom, the store, one of our own games, or for one that
 * none of these can know the file beside the trace. It must have the trace's md5. */
static dq_status find_rom(rom *r, const char *trace_path, const char *md5, const char *rom_path,
                          const char *rom_dir)
{
    char path[DQ_PATH_CAP], found[DQ_MD5_HEX];
    const dq_atari_game *game = dq_atari_game_by_md5(md5);
    const dq_homebrew *own = dq_homebrew_by_md5(md5);
    if (!rom_path && game)
        return dq_rom_find(game->id, rom_dir, &r->bytes, &r->n, NULL, 0);
    if (!rom_path && own)
        return dq_environments_read_rom(own->id, rom_dir, &r->bytes, &r->n);
    if (!rom_path)
        path_beside(path, sizeof(path), trace_path);
    else
        snprintf(path, sizeof(path), "%s", rom_path);
    if (!rom_path && access(path, F_OK) != 0)
        return dq_fail(
            DQ_ERR_INPUT,
            "no known game, with md5 %s, and no %s beside it: name its cartridge with --rom", md5,
            path);
    DQ_TRY(read_rom_file(r, path));
    dq_rom_md5(r->bytes, r->n, found);
    if (strcmp(found, md5) == 0)
        return DQ_OK;
    return dq_fail(DQ_ERR_INPUT,
                   "%s has md5 %s, but the trace was played on %s: name that with --rom", path,
                   found, md5);
}

typedef struct check_options {
    const char *rom_path, *rom_dir;
} check_options;

static dq_status check_trace(const char *path, const void *bytes, size_t n, const check_options *o,
                             bool *equal)
{
    dq_trace_header header;
    dq_trace_report report;
    rom r = {0};
    DQ_TRY(dq_trace_header_parse(&header, bytes, n));
    dq_status st = find_rom(&r, path, header.md5, o->rom_path, o->rom_dir);
    if (st == DQ_OK)
        st = dq_trace_check(&report, bytes, n, r.bytes, r.n);
    free(r.bytes);
    if (st != DQ_OK)
        return st;
    *equal = report.equal;
    if (report.equal)
        printf("%s: %u/%u frames equal\n", header.game_id, report.n_equal, header.n_frames);
    else
        printf("%s: %u/%u frames equal, frame %u (record %u) differs: %s\n", header.game_id,
               report.n_equal, header.n_frames, report.frame, report.record, report.difference);
    return DQ_OK;
}

static dq_status check_observations(const void *bytes, size_t n, const check_options *o,
                                    bool *equal)
{
    dq_observation_header header;
    dq_observation_report report;
    rom r = {0};
    DQ_TRY(dq_observation_header_parse(&header, bytes, n));
    dq_status st = o->rom_path ? read_rom_file(&r, o->rom_path)
                               : dq_rom_find(header.game_id, o->rom_dir, &r.bytes, &r.n, NULL, 0);
    if (st == DQ_OK)
        st = dq_observation_check(&report, bytes, n, r.bytes, r.n);
    free(r.bytes);
    if (st != DQ_OK)
        return st;
    *equal = report.equal;
    printf("%s: %u/%u frames equal", header.game_id, report.n_equal, header.n_records);
    if (report.equal)
        printf("\n");
    else
        printf(", frame %u differs: %s\n", report.record, report.difference);
    return DQ_OK;
}

static dq_status check_file(const char *path, const check_options *o, bool *equal)
{
    void *bytes;
    size_t n;
    DQ_TRY(gzip_file_read(path, MAX_TRACE_BYTES, &bytes, &n));
    dq_status st;
    if (dq_observation_is(bytes, n))
        st = check_observations(bytes, n, o, equal);
    else if (dq_trace_is(bytes, n))
        st = check_trace(path, bytes, n, o, equal);
    else
        st = dq_fail(DQ_ERR_INPUT, "neither a trace nor an observation reference");
    free(bytes);
    return st == DQ_OK ? st : dq_fail_within(st, "%s", path);
}

/** Every file is looked at; the worst of them decides the exit status. */
static int check_files(char **paths, int n, const check_options *o)
{
    int exit_status = APP_DONE;
    for (int i = 0; i < n; i++) {
        bool equal = true;
        int status = app_report(check_file(paths[i], o, &equal));
        if (status == APP_DONE && !equal)
            status = APP_FAILED;
        if (status > exit_status)
            exit_status = status;
        (void)fflush(stdout);
    }
    return exit_status;
}

typedef struct record_options {
    const char *game, *env_id, *out;
    int64_t frames, seed, mode, difficulty, period;
    uint64_t action_seed;
    double sticky;
    bool legal;
} record_options;

/** The game of --game or --env, and the cartridge of --rom or the store. */
static dq_status choose_game(dq_trace_header *h, rom *r, const record_options *o,
                             const check_options *files)
{
    dq_atari_id id;
    const char *text = o->game ? o->game : o->env_id;
    if (!dq_atari_id_parse(text, &id)) {
        const char *near = dq_env_suggest(text);
        return dq_fail(DQ_ERR_CONFIG, "no game '%s': %s%s", text,
                       near ? "did you mean " : "deepq roms list has their names",
                       near ? near : "?");
    }
    snprintf(h->game_id, sizeof(h->game_id), "%s", id.game->id);
    snprintf(h->recorder, sizeof(h->recorder), "deepq %s", dq_version());
    h->mode = o->mode >= 0 ? (int)o->mode : id.game->modes[0];
    if (files->rom_path)
        DQ_TRY(read_rom_file(r, files->rom_path));
    else
        DQ_TRY(dq_environments_read_rom(text, files->rom_dir, &r->bytes, &r->n));
    dq_rom_md5(r->bytes, r->n, h->md5);
    return DQ_OK;
}

static dq_status record(const record_options *o, const check_options *files)
{
    dq_trace_header h = {
        .n_frames = (uint32_t)o->frames,
        .difficulty = (int)o->difficulty,
        .seed = (int32_t)o->seed,
        .repeat_action_probability = (float)o->sticky,
        .action_seed = o->action_seed,
        .reset_period = (uint32_t)o->period,
        .legal_actions = o->legal,
    };
    rom r = {0};
    dq_writer *w = NULL;
    dq_status st = choose_game(&h, &r, o, files);
    if (st == DQ_OK)
        st = dq_writer_create(&w);
    if (st == DQ_OK)
        st = dq_trace_record(w, &h, r.bytes, r.n);
    if (st == DQ_OK) {
        size_t n;
        const void *bytes = dq_writer_bytes(w, &n);
        st = gzip_file_write(o->out, bytes, n);
    }
    if (st == DQ_OK)
        printf("%s: %lld frames written to %s\n", h.game_id, (long long)o->frames,
               app_plain(o->out));
    dq_writer_destroy(w);
    free(r.bytes);
    return st;
}

int cmd_trace(int argc, char **argv)
{
    check_options files = {0};
    record_options rec = {
        .frames = 3000,
        .seed = 1,
        .action_seed = 1,
        .mode = -1,
        .period = 1500,
        .env_id = "PongNoFrameskip-v4",
    };
    const option options[] = {
        {"rom", 0, OPTION_TEXT, &files.rom_path, "FILE",
         "the cartridge (the store's, or NAME.bin beside NAME.atr)", 0, 0},
        {"rom-dir", 0, OPTION_TEXT, &files.rom_dir, "DIR", "look for ROMs here first", 0, 0},
        {"output", 'o', OPTION_TEXT, &rec.out, "FILE", "record: the file to write, .gz compresses",
         0, 0},
        {"game", 'g', OPTION_TEXT, &rec.game, "GAME", "record: ALE's name of the game", 0, 0},
        {"env", 'e', OPTION_TEXT, &rec.env_id, "ID", "record: the game of this environment", 0, 0},
        {"frames", 0, OPTION_INT, &rec.frames, "N", "record: console frames (3000)", 1, 1e7},
        {"seed", 0, OPTION_UINT, &rec.action_seed, "N", "record: of the actions (1)", 0, 0},
        {"random-seed", 0, OPTION_INT, &rec.seed, "N", "record: of the sticky actions (1)", 0,
         2147483647},
        {"mode", 0, OPTION_INT, &rec.mode, "N", "record: game mode (the default one)", 0, 255},
        {"difficulty", 0, OPTION_INT, &rec.difficulty, "N", "record: difficulty (0)", 0, 3},
        {"sticky", 0, OPTION_NUMBER, &rec.sticky, "P", "record: chance of a sticky action (0)", 0,
         1},
        {"legal", 0, OPTION_FLAG, &rec.legal, NULL,
         "record: draw from all legal actions, not the minimal set", 0, 0},
        {"period", 0, OPTION_INT, &rec.period, "N", "record: frames between resets (1500), 0: none",
         0, 1e7},
    };
    const option_syntax syntax = {
        .command = "trace",
        .operands = "check FILE... | record -o FILE",
        .min_operands = 1,
        .max_operands = 1000000,
        .about =
            "check   replay traces (.atr) and observation references (.obs), gzip-compressed or "
            "not,\n        and compare every frame; exit status 1 if any differs\n"
            "record  play random actions and write a trace",
        .examples = "  deepq trace record --game pong --frames 600 -o pong.atr.gz\n"
                    "  deepq trace check *.atr.gz\n",
        .options = options,
        .n_options = DQ_COUNT(options),
    };
    int n, exit_status;
    if (!options_parse(&syntax, argc, argv, &n, &exit_status))
        return exit_status;
    if (strcmp(argv[0], "check") == 0)
        return n > 1 ? check_files(argv + 1, n - 1, &files)
                     : app_fail(APP_MISUSED, "trace check: FILE is missing");
    if (strcmp(argv[0], "record") != 0)
        return app_fail(APP_MISUSED, "trace: no action '%s': choose check or record", argv[0]);
    if (n > 1)
        return app_fail(APP_MISUSED, "trace record: '%s' is one too many", argv[1]);
    if (!rec.out)
        return app_fail(APP_MISUSED, "trace record: no file to write: name it with -o FILE");
    return app_report(record(&rec, &files));
}
