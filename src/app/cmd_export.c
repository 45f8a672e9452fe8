/* deepq export: a trained model for other programs. */
#include <stdio.h>
#include <string.h>

#include "app/app.h"
#include "app/environment_check.h"
#include "app/export_card.h"
#include "app/export_play.h"
#include "app/options.h"
#include "app/trained_model.h"
#include "base/error.h"
#include "deepq/atari_env.h"
#include "env/env_ids.h"
#include "export/export.h"
#include "run/environments.h"

typedef struct export_options {
    model_choice model;
    const char *path, *format, *card, *rom_dir;
    int quantize;  // 0: int8; -1: float
    int64_t n_states, episodes;
    uint64_t seed;
} export_options;

/** What the model's record leaves open, and the command line, the run beside it or nobody says. */
static void complete_info(dq_export_model *to, const trained_model *from)
{
    dq_model_info *info = &to->info;
    if (!from->env_is_assumed)
        snprintf(info->env_id, sizeof(info->env_id), "%s", from->env_id);
    if (!dq_environments_is_atari(from->env_id))
        *info->dialect = '\0';  // there are no pictures to preprocess
    else if (!from->dialect_is_assumed)
        snprintf(info->dialect, sizeof(info->dialect), "%s", from->dialect);
    snprintf(info->preset, sizeof(info->preset), "%s", from->preset);
    dq_environment_options_print(&from->options, info->options);
    to->has_seed = from->has_seed;
    to->seed = from->seed;
}

/** Another program plays with pictures that it makes its own way. */
static void warn_of_dialect(const dq_export_format *format, const dq_export_model *m)
{
    if (format->dialect && *m->info.dialect && strcmp(m->info.dialect, format->dialect) != 0)
        app_note(
            "it was trained on the pictures of the dialect %s; those of %s are others, as in the "
            "dialect %s",
            app_plain(m->info.dialect), format->whose, format->dialect);
}

/** Play for the states that a C file is checked with, then write it. */
static dq_status write_c(const export_options *o, const dq_export_format *format,
                         dq_export_model *model, const trained_model *m)
{
    export_play p = {.rom_dir = o->rom_dir, .n_states = o->n_states, .seed = o->seed};
    p.file.int8 = o->quantize >= 0;
    dq_c_prefix(o->path, p.file.prefix);
    DQ_TRY(trained_model_check_game(m));
    dq_status st = export_play_run(&p, model, m);
    model->c = &p.file;
    if (st == DQ_OK)
        st = dq_export_write(format, model, o->path);
    if (st == DQ_OK)
        trained_model_warn(m);
    if (st == DQ_OK && p.n_seen > 0)
        printf("int8: in %lld states of %s the same greedy action in %.2f %%, the largest "
               "difference of a value %.3g\n",
               (long long)p.n_seen, p.env_id, 100.0 * (double)p.n_same / (double)p.n_seen,
               p.largest);
    export_play_free(&p);
    model->c = NULL;
    return st;
}

/** What is to be written of a model. */
static dq_status prepare(dq_export_model *model, const trained_model *m)
{
    dq_status st = dq_export_model_init(model, m->weights);
    if (st != DQ_OK)
        return dq_fail_within(st, "%s", m->path);
    complete_info(model, m);
    return DQ_OK;
}

static dq_status write_file(const export_options *o, const dq_export_format *format,
                            const trained_model *m)
{
    dq_export_model model;
    DQ_TRY(prepare(&model, m));
    DQ_TRY(dq_export_check(format, &model));
    if (format->wants_c) {
        DQ_TRY(write_c(o, format, &model, m));
    } else {
        DQ_TRY(dq_export_write(format, &model, o->path));
        trained_model_warn_of_choice(m);
    }
    printf("%s: network %s, %d actions, written for %s\n", app_plain(o->path), model.info.network,
           model.n_actions, format->whose);
    warn_of_dialect(format, &model);
    return DQ_OK;
}

static dq_status write_card(const export_options *o, const trained_model *m)
{
    dq_export_model model;
    dq_evaluation e = {
        .episodes = o->episodes, .epsilon = -1, .cap = -1, .seed = o->seed, .rom_dir = o->rom_dir};
    DQ_TRY(trained_model_check_game(m));
    DQ_TRY(prepare(&model, m));
    DQ_TRY(trained_model_evaluate(m, &o->model, &e));
    DQ_TRY(export_card(o->card, &model, &e));
    trained_model_warn(m);
    return DQ_OK;
}

/** What the command line says of the game, which most formats only pass on. */
static dq_status check_choice(const model_choice *choice)
{
    dq_preprocessing how;
    if (choice->dialect && dq_preprocessing_init(&how, choice->dialect) != DQ_OK)
        return dq_fail_within(DQ_ERR_CONFIG, "--dialect");
    return DQ_OK;
}

static dq_status export_model(const export_options *o)
{
    const dq_export_format *format = NULL;
    trained_model m;
    DQ_TRY(check_choice(&o->model));
    if (o->path)
        DQ_TRY(dq_export_format_find(o->format, o->path, &format));
    if (o->quantize >= 0 && !(format && format->wants_c))
        return dq_fail(DQ_ERR_CONFIG, "--quantize is of C files: choose a name that ends in .c");
    DQ_TRY(trained_model_load(&m, &o->model));
    dq_status st = format ? write_file(o, format, &m) : DQ_OK;
    if (st == DQ_OK && o->card)
        st = write_card(o, &m);
    trained_model_free(&m);
    return st;
}

int cmd_export(int argc, char **argv)
{
    export_options o = {.model.options = dq_environment_options_none(),
                        .quantize = -1,
                        .n_states = 500,
                        .episodes = 20};
    const option options[] = {
        {"output", 'o', OPTION_TEXT, &o.path, "FILE", "the file to write, complete or not at all",
         0, 0},
        {"format", 'f', OPTION_TEXT, &o.format, "NAME",
         "torch, safetensors, onnx, sb3, cleanrl or c (by the end of FILE)", 0, 0},
        {"last", 0, OPTION_FLAG, &o.model.last, NULL,
         "of a run folder, the weights of its checkpoint", 0, 0},
        {"card", 0, OPTION_TEXT, &o.card, "DIR",
         "write a folder for a model hub: README.md, results, model, video", 0, 0},
        {"episodes", 0, OPTION_INT, &o.episodes, "N", "card: games to play (20)", 1, 1e6},
        {"quantize", 0, OPTION_WORD, &o.quantize, "int8", "C file: weights of 8 bits", 0, 0},
        {"states", 0, OPTION_INT, &o.n_states, "N",
         "C file: states to measure int8 on, played greedily (500)", 1, 1e6},
        {"seed", 0, OPTION_UINT, &o.seed, "N", "of what is played (0)", 0, 0},
        {"rom-dir", 0, OPTION_TEXT, &o.rom_dir, "DIR", "look for the ROM here first", 0, 0},
        {"env", 'e', OPTION_TEXT, &o.model.env_id, "ID", "what it plays (the model's)", 0, 0},
        {"dialect", 0, OPTION_TEXT, &o.model.dialect, "NAME", "preprocessing (the model's)", 0, 0},
    };
    const option_syntax syntax = {
        .command = "export",
        .operands = "MODEL",
        .min_operands = 1,
        .max_operands = 1,
        .about =
            "Write a trained model, a file or a run folder's best one, for other programs:\n"
            "  .dat .pth .pt     torch        PyTorch, torch.load()\n"
            "  .safetensors      safetensors  safetensors, with what is known of the model\n"
            "  .onnx             onnx         ONNX, opset 13: pictures of bytes in, values out\n"
            "  .zip              sb3          Stable-Baselines3, DQN.load() or QRDQN.load()\n"
            "  .cleanrl_model    cleanrl      CleanRL's dqn_atari, c51_atari, rainbow_atari, dqn, "
            "c51\n"
            "  .c                c            one C99 file: weights, preprocessing, self-check",
        .examples = "  deepq export runs/try -o pong.safetensors\n"
                    "  deepq export pong.dat -o pong.c --quantize int8\n"
                    "  deepq export runs/try --card pong-card\n",
        .options = options,
        .n_options = DQ_COUNT(options),
    };
    int n, exit_status;
    if (!options_parse(&syntax, argc, argv, &n, &exit_status))
        return exit_status;
    if (!o.path && !o.card)
        return app_fail(APP_MISUSED, "export: no file to write: name it with -o FILE");
    if (o.model.env_id && environments_check_id(o.model.env_id) != APP_DONE)
        return APP_MISUSED;
    o.model.path = argv[0];
    return app_report(export_model(&o));
}
