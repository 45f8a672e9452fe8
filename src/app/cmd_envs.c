/* deepq envs: which environments there are, and what one of them is like. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/app.h"
#include "app/environment_check.h"
#include "app/options.h"
#include "base/error.h"
#include "deepq/atari_env.h"
#include "deepq/roms.h"
#include "env/dialects.h"
#include "env/env_ids.h"
#include "env/homebrew.h"
#include "run/environments.h"

static int list_ids(void)
{
    size_t n;
    const char *const *ids = dq_env_ids(&n);
    for (size_t i = 0; i < n; i++)
        printf("%s\n", ids[i]);
    return APP_DONE;
}

static void print_space(const char *title, const dq_space *s)
{
    static const char *const types[] = {"uint8", "float32", "int32"};
    printf("  %-16s%s ", title, types[s->dtype]);
    for (int i = 0; i < s->n_dims; i++)
        printf("[%d]", s->shape[i]);
    printf(s->n_dims ? ", " : "");
    printf("%g to %g\n", (double)s->low, (double)s->high);
}

static void print_numbers(const char *title, const int *numbers, int n)
{
    printf("  %-16s", title);
    for (int i = 0; i < n; i++)
        printf("%s%d", i ? " " : "", numbers[i]);
    printf("\n");
}

static void print_rom(const dq_atari_id *id, const char *rom_dir)
{
    const dq_atari_game *g = id->game;
    void *bytes;
    size_t n;
    char path[4096];
    if (dq_homebrew_by_id(id->name)) {
        printf("  %-16scomes with deepq\n", "ROM");
        return;
    }
    printf("  %-16s%s.bin, %zu bytes, md5 %s\n", "ROM", g->id, g->rom_bytes, g->md5[0]);
    if (dq_rom_find(g->id, rom_dir, &bytes, &n, path, sizeof(path)) == DQ_OK) {
        printf("  %-16s%s\n", "ROM found", app_plain(path));
        free(bytes);
    } else {
        printf("  %-16sno: deepq roms import PATH brings it\n", "ROM found");
    }
}

/** What is special about an id beside its numbers. */
static const char *meaning(const dq_atari_id *id)
{
    if (id->homebrew)
        return "our own cartridge, every frame an agent step, actions always obeyed";
    if (id->skip_high == 1)
        return id->repeat_action_probability > 0
                   ? "every frame an agent step, sticky actions"
                   : "every frame an agent step, actions always obeyed";
    if (id->skip_low < id->skip_high)
        return id->repeat_action_probability > 0 ? "frame skip by chance, sticky actions"
                                                 : "frame skip by chance, actions always obeyed";
    return "Machado et al. 2018: frame skip 4, sticky actions (not EnvPool's id -v5)";
}

static void print_dialects(const dq_atari_id *id)
{
    size_t n;
    const char *const *names = dq_dialect_names(&n);
    printf("  %-16suint8 [4][84][84], 0 to 255, by dialect%s:\n  %-16s", "preprocessing",
           id->skip_high > 1 ? ", with its frame skip, not this id's" : "", "");
    for (size_t i = 0; i < n; i++)
        printf("%s%s", names[i], i + 1 < n ? " " : "\n");
}

static const char *yes_no(bool yes)
{
    return yes ? "yes" : "no";
}

static void print_noops(const dq_dialect_row *row)
{
    int n = row->defaults.noop_max;
    if (n == 0)
        printf("  %-16snone\n", "no-op starts");
    else
        printf("  %-16s%d to %d%s\n", "no-op starts", row->least_noops, n - 1 + row->least_noops,
               row->fire_is_a_noop ? ", one less where FIRE is pressed" : "");
}

static void print_reset(const dq_dialect_row *row)
{
    if (row->defaults.fire_reset)
        printf("  %-16s%s, where there is FIRE\n", "after a reset", row->reset_help);
    else
        printf("  %-16snothing is pressed\n", "after a reset");
}

/** A dialect's row, which docs/environments.md has, too. */
static void print_row(const dq_dialect_row *row)
{
    const dq_preprocessing *p = &row->defaults;
    printf("%s\n  %-16s%s\n", row->name, "original", row->help);
    printf("  %-16s%s\n", "grey", row->grey_help);
    printf("  %-16s%d, the brighter of %s\n", "frame skip", p->skip, row->pool_help);
    print_reset(row);
    print_noops(row);
    printf("  %-16s%s\n", "life ends it", yes_no(p->episodic_life));
    printf("  %-16s%s\n", "rewards clipped", yes_no(p->clip_reward));
    printf("  %-16s%d frames, at the start filled with %s\n", "stack", p->stack,
           row->repeats ? "its first frame" : "zeros");
}

static int print_dialect(const char *name)
{
    dq_preprocessing p;
    if (strcmp(name, "all") == 0) {
        for (int i = 0; dq_dialect_row_at(i); i++)
            print_row(dq_dialect_row_at(i));
        return APP_DONE;
    }
    if (dq_preprocessing_init(&p, name) != DQ_OK)
        return app_fail(APP_MISUSED, "%s", dq_errmsg());
    print_row(dq_dialect_row_at((int)p.dialect));
    return APP_DONE;
}

static void print_atari(const dq_atari_id *id, const char *rom_dir)
{
    const dq_atari_game *g = id->game;
    dq_space picture = {DQ_U8, 3, {g->height, DQ_ATARI_WIDTH, 3}, 0, 255};
    printf("%s\n  %-16s%s%s\n", id->name, "game", g->id,
           dq_homebrew_by_id(id->name) ? ", by its rules" : "");
    printf("  %-16s%s\n", "meaning", meaning(id));
    print_space("observation", &picture);
    printf("  %-16sgrey [%d][160], palette indices [%d][160], RAM [128]\n", "or by option",
           g->height, g->height);
    print_dialects(id);
    printf("  %-16s%d:", "actions", g->n_minimal);
    for (int a = 0; a < g->n_minimal; a++)
        printf(" %d %s%s", a, dq_atari_action_name(g->minimal[a]),
               a + 1 < g->n_minimal ? "," : "\n");
    printf("  %-16spoints as the game scores them\n", "rewards");
    printf("  %-16s%s\n", "lives", g->has_lives ? "counted" : "not counted");
    if (id->skip_low == id->skip_high)
        printf("  %-16s%d\n", "frame skip", id->skip_low);
    else
        printf("  %-16s%d to %d, by chance\n", "frame skip", id->skip_low, id->skip_high);
    printf("  %-16s%g\n", "sticky actions", (double)id->repeat_action_probability);
    printf("  %-16s%d console frames an episode\n", "frame cap", DQ_ATARI_EPISODE_TICKS);
    printf("  %-16s%s\n", "television", g->is_pal ? "PAL" : "NTSC");
    print_numbers("modes", g->modes, g->n_modes);
    print_numbers("difficulties", g->difficulties, g->n_difficulties);
    print_rom(id, rom_dir);
}

/** States, and where the model is known the least and greatest reward. */
static void print_discrete(dq_env *env, const dq_env_spec *spec)
{
    const dq_outcome *o;
    int n;
    float least = INFINITY, most = -INFINITY;
    printf("  %-16s%d\n", "states", spec->n_states);
    for (int s = 0; s < spec->n_states; s++)
        for (int a = 0; a < spec->n_actions; a++) {
            if (dq_env_model(env, s, a, &o, &n) != DQ_OK)
                n = 0;
            for (int i = 0; i < n; i++) {
                least = fminf(least, o[i].reward);
                most = fmaxf(most, o[i].reward);
            }
        }
    if (least <= most)
        printf("  %-16s%g to %g\n", "rewards", (double)least, (double)most);
    printf("  %-16s%s\n", "model", least <= most ? "known" : "not told");
}

/** An environment without a cartridge in the store is asked itself. */
static int print_other(const char *name)
{
    dq_env *env;
    dq_status st = dq_env_make(&env, name, NULL);
    if (st != DQ_OK)
        return app_report(st);
    const dq_env_spec *spec = dq_env_get_spec(env);
    printf("%s\n", spec->id);
    print_space("observation", &spec->obs);
    printf("  %-16s%d\n", "actions", spec->n_actions);
    for (int a = 0; spec->action_names && a < spec->n_actions; a++)
        printf("  %-16s%d %s\n", "", a, spec->action_names[a]);
    if (spec->n_states > 0)
        print_discrete(env, spec);
    if (spec->max_episode_steps > 0)
        printf("  %-16s%d steps\n", "time limit", spec->max_episode_steps);
    else
        printf("  %-16snone\n", "time limit");
    dq_env_destroy(env);
    return APP_DONE;
}

int cmd_envs(int argc, char **argv)
{
    const char *rom_dir = NULL, *dialect = NULL;
    const option options[] = {
        {"dialect", 0, OPTION_TEXT, &dialect, "NAME", "say what this preprocessing does; all: each",
         0, 0},
        {"rom-dir", 0, OPTION_TEXT, &rom_dir, "DIR", "look for the ROM here first", 0, 0},
    };
    const option_syntax syntax = {
        .command = "envs",
        .operands = "[ID]",
        .max_operands = 1,
        .about = "List the environments by their Gymnasium ids, or describe one: meaning, spaces, "
                 "actions, frame\nskip, sticky actions, frame cap, and the ROM it needs.",
        .examples = "  deepq envs\n"
                    "  deepq envs PongNoFrameskip-v4\n"
                    "  deepq envs --dialect sb3\n",
        .options = options,
        .n_options = DQ_COUNT(options),
    };
    int n, exit_status;
    if (!options_parse(&syntax, argc, argv, &n, &exit_status))
        return exit_status;
    if (dialect && (exit_status = print_dialect(dialect)) != APP_DONE)
        return exit_status;
    if (n == 0)
        return dialect ? APP_DONE : list_ids();
    exit_status = environments_check_id(argv[0]);
    if (exit_status != APP_DONE)
        return exit_status;
    dq_atari_id id;
    if (!dq_atari_id_parse(argv[0], &id))
        return print_other(argv[0]);
    print_atari(&id, rom_dir);
    return APP_DONE;
}
