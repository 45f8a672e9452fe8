/* deepq inspect: what kind of file is this, and what is in it? */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "app/app.h"
#include "app/gzip_file.h"
#include "app/options.h"
#include "app/trained_model.h"
#include "atari/cart_types.h"
#include "atari/trace.h"
#include "base/error.h"
#include "deepq/atari.h"
#include "deepq/model.h"
#include "deepq/net.h"
#include "env/archive_kind.h"
#include "env/homebrew.h"
#include "env/observation_check.h"
#include "env/rom_store.h"
#include "nn/graph.h"
#include "record/model_parts.h"
#include "run/checkpoint_file.h"

enum { MAX_BYTES = 1 << 30 };

static void print_info(const dq_model_info *info)
{
    const struct {
        const char *name, *value;
    } texts[] = {{"game", info->env_id},
                 {"dialect", info->dialect},
                 {"options", info->options},
                 {"preset", info->preset},
                 {"written by", info->version}};
    for (size_t i = 0; i < DQ_COUNT(texts); i++)
        if (*texts[i].value)
            printf("  %-16s%s%s\n", texts[i].name, texts[i].value == info->version ? "deepq " : "",
                   app_plain(texts[i].value));
    if (info->step >= 0)
        printf("  %-16s%lld\n", "frames", (long long)info->step);
    if (isfinite(info->score))
        printf("  %-16s%.3f\n", "mean reward", info->score);
}

/** Of a file that does not say what it was trained on: what play finds in the run that it lies in.
 */
static void print_beside(const trained_model *m)
{
    if (m->env_is_assumed)
        printf("  %-16snot said in the file, nor by a run beside it\n", "game");
    else
        printf("  %-16s%s, by the run beside it\n", "game", app_plain(m->env_id));
    if (!m->env_is_assumed && !m->weights->info)
        printf("  %-16s%s\n", "dialect", app_plain(m->dialect));
}

static void print_tensor(const dq_tensor *t)
{
    printf("  %-15s float32 ", app_plain(t->name));
    for (int d = 0; d < t->n_dims; d++)
        printf("[%d]", t->shape[d]);
    printf("\n");
}

static dq_status inspect_model(const char *path)
{
    trained_model loaded;
    const model_choice choice = {.path = path, .options = dq_environment_options_none()};
    size_t n_parameters = 0;
    int n_actions = 0;
    DQ_TRY(trained_model_load(&loaded, &choice));
    const dq_model *m = loaded.weights;
    printf("%s: model%s%s, %s\n", app_plain(path), m->origin ? " of " : "",
           m->origin ? m->origin : "", m->format);
    for (size_t i = 0; i < m->n; i++) {
        const dq_tensor *t = &m->tensors[i];
        print_tensor(t);
        n_parameters += dq_tensor_elements(t);
        if (strcmp(t->name, "fc.2.weight") == 0)
            n_actions = t->shape[0];
    }
    dq_network network;
    bool is_known = dq_network_of_model(m->info ? m->info->network : NULL, m->tensors, m->n,
                                        &network, &n_actions);
    if (n_actions)
        printf("  %-16s%d\n", "actions", n_actions);
    printf("  %-16s%zu\n", "parameters", n_parameters);
    printf("  %-16s%s\n", "network",
           is_known ? dq_network_name(&network) : "none that deepq knows");
    if (!m->info || !*m->info->env_id)
        print_beside(&loaded);
    if (m->info)
        print_info(m->info);
    trained_model_free(&loaded);
    return DQ_OK;
}

static dq_status inspect_checkpoint(const char *path)
{
    dq_reader *r;
    dq_checkpoint_info info;
    dq_checkpoint_parts parts = {NULL, 0};
    uint64_t bytes = 0;
    DQ_TRY(dq_checkpoint_open(&r, &info, &parts, path));
    printf("%s: checkpoint of deepq train, written by deepq %s, checksum right\n", app_plain(path),
           app_plain(info.version));
    printf("  %-16s%s\n  %-16s%s\n", "environment", app_plain(info.env_id), "kernels",
           app_plain(info.kernels));
    printf("  %-16s%lld\n  %-16s%lld\n  %-16s%lld\n", "frames", (long long)info.step, "updates",
           (long long)info.n_updates, "games", (long long)info.n_games);
    printf("  %-16s%.3f\n  %-16s%.3f\n", "mean reward", info.mean_reward, "best mean",
           info.best_mean);
    printf("  %-16s%zu bytes\n", "state", dq_reader_left(r));
    for (size_t i = 0; i < parts.n; i++)
        bytes += parts.part[i].bytes;
    if (parts.n > 0)
        printf("  %-16s%llu bytes in %zu files beside it\n", "replay", (unsigned long long)bytes,
               parts.n);
    free(parts.part);
    dq_reader_destroy(r);
    return DQ_OK;
}

static bool is_known(const char *md5)
{
    return dq_atari_game_by_md5(md5) || dq_homebrew_by_md5(md5);
}

static dq_status inspect_trace(const char *path, const void *bytes, size_t n)
{
    dq_trace_header h;
    DQ_TRY(dq_trace_header_parse(&h, bytes, n));
    bool ours = strncmp(h.recorder, "deepq ", 6) == 0;
    printf("%s: trace recorded with %s%s\n", app_plain(path), ours ? "" : "ALE ", h.recorder);
    printf("  %-16s%s\n", "game", h.game_id);
    printf("  %-16smd5 %s%s\n", "ROM", h.md5, is_known(h.md5) ? "" : " (not one of the games)");
    printf("  %-16s%u (%u records)\n", "frames", h.n_frames, h.n_records);
    printf("  %-16s%dx%d, %s\n", "picture", h.width, h.height, h.is_pal ? "PAL" : "NTSC");
    printf("  %-16smode %d, difficulty %d\n", "switches", h.mode, h.difficulty);
    printf("  %-16s%s set, seed %llu\n", "actions", h.legal_actions ? "legal" : "minimal",
           (unsigned long long)h.action_seed);
    printf("  %-16s%g, seed %d\n", "sticky actions", (double)h.repeat_action_probability, h.seed);
    printf("  %-16severy %u frames\n", "resets", h.reset_period);
    return DQ_OK;
}

static dq_status inspect_observations(const char *path, const void *bytes, size_t n)
{
    dq_observation_header h;
    DQ_TRY(dq_observation_header_parse(&h, bytes, n));
    printf("%s: observation reference of the book's wrappers\n", app_plain(path));
    printf("  %-16s%s\n", "game", h.game_id);
    printf("  %-16s%u resets and steps\n", "records", h.n_records);
    printf("  %-16sminimal set, seed %llu\n", "actions", (unsigned long long)h.action_seed);
    return DQ_OK;
}

/** Where the processor begins is in the cartridge, at the end of some part of it. */
static bool has_reset_vector(const uint8_t *bytes, size_t n)
{
    for (size_t end = 2048; end <= n; end += 2048)
        if (bytes[end - 3] & 0x10)
            return true;
    return false;
}

/** By md5, or by the size of a cartridge type; false if it is neither. */
static bool inspect_rom(const char *path, const void *bytes, size_t n)
{
    char md5[DQ_MD5_HEX];
    dq_rom_md5(bytes, n, md5);
    const dq_atari_game *game = dq_atari_game_by_md5(md5);
    const dq_homebrew *own = dq_homebrew_by_md5(md5);
    if (!game && !own && (dq_cart_detect(bytes, n) == DQ_CART_TYPES || !has_reset_vector(bytes, n)))
        return false;
    printf("%s: %s\n", app_plain(path),
           game || own ? "Atari 2600 ROM" : "Atari 2600 ROM by its size, of no known game");
    if (game)
        printf("  %-16s%s (%s)\n", "game", game->id, game->gym_name);
    if (own)
        printf("  %-16s%s, our own\n", "game", own->id);
    printf("  %-16s%zu bytes\n  %-16s%s\n", "size", n, "md5", md5);
    return true;
}

static dq_status inspect_bytes(const char *path, const void *bytes, size_t n)
{
    if (dq_trace_is(bytes, n))
        return inspect_trace(path, bytes, n);
    if (dq_observation_is(bytes, n))
        return inspect_observations(path, bytes, n);
    if (dq_checkpoint_is(bytes, n))
        return inspect_checkpoint(path);
    if (dq_model_is(bytes, n))
        return inspect_model(path);
    const char *archive = dq_archive_kind(bytes, n);
    if (archive)
        return dq_fail(DQ_ERR_INPUT, "%s is a %s archive: unpack it and inspect what comes out",
                       path, archive);
    if (inspect_rom(path, bytes, n))
        return DQ_OK;
    return dq_fail(
        DQ_ERR_INPUT,
        "%s is not a model, checkpoint, trace, observation reference or ROM that deepq knows",
        path);
}

static void print_setting(void *ctx, const char *key, const char *value)
{
    (void)ctx;
    printf("  %-20s%s\n", key, app_plain(value));
}

/** A run folder: its settings, and how far it is; or the checkpoint's folder in it. */
static dq_status inspect_run(const char *dir)
{
    dq_train_settings s;
    char path[DQ_SETTING_PATH_BYTES + 32];
    snprintf(path, sizeof(path), "%s/state", dir);
    if (access(path, F_OK) == 0)
        return inspect_checkpoint(path);
    dq_status st = dq_train_settings_of_run(&s, dir);
    if (st == DQ_ERR_INPUT)
        st = dq_fail_within(st, "the folder %s is not that of a run", dir);
    DQ_TRY(st);
    printf("%s: run folder of deepq train\n", app_plain(dir));
    dq_train_settings_each(&s, print_setting, NULL);
    if (trained_model_best(dir, path) == DQ_OK)
        printf("  %-20s%s\n", "best model", app_plain(path));
    snprintf(path, sizeof(path), "%s/checkpoint/state", dir);
    st = inspect_checkpoint(path);
    return st == DQ_ERR_NOT_FOUND ? DQ_OK : st;
}

static dq_status inspect(const char *path)
{
    struct stat info;
    void *bytes;
    size_t n;
    if (stat(path, &info) == 0 && S_ISDIR(info.st_mode))
        return inspect_run(path);
    DQ_TRY(gzip_file_read(path, MAX_BYTES, &bytes, &n));
    dq_status st = inspect_bytes(path, bytes, n);
    free(bytes);
    return st;
}

int cmd_inspect(int argc, char **argv)
{
    const option_syntax syntax = {
        .command = "inspect",
        .operands = "FILE",
        .min_operands = 1,
        .max_operands = 1,
        .about =
            "Say what a file is and what is in it: a model, a checkpoint or a run folder, a trace "
            "or\nobservation reference (gzip-compressed or not), a ROM.",
        .examples = "  deepq inspect PongNoFrameskip-v4-best_19.dat\n"
                    "  deepq inspect runs/PongNoFrameskip-v4-book-s0-20261123-120000\n",
    };
    int n, exit_status;
    if (!options_parse(&syntax, argc, argv, &n, &exit_status))
        return exit_status;
    return app_report(inspect(argv[0]));
}
