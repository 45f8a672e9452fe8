#include "app/trained_model.h"
#include "app/interrupt.h"

#include <dirent.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "app/app.h"
#include "app/demo_model.h"
#include "base/error.h"
#include "record/model_parts.h"
#include "record/run_folder.h"
#include "run/checkpoint_file.h"
#include "run/environments.h"
#include "run/protocols.h"

/** The rounded mean in a name ENV-best_MEAN.dat, doubled, for "-0" one less than for "0"; false for
 *  another name. */
static bool rank_in_name(const char *name, double *rank)
{
    const char *best = strstr(name, "-best_"), *number = best ? best + strlen("-best_") : "";
    size_t n = strspn(number, "-0123456789");  // strtod() alone would take the dot after it, too
    char text[32];
    if (n == 0 || n >= sizeof(text) || strcmp(number + n, ".dat") != 0)
        return false;
    snprintf(text, sizeof(text), "%.*s", (int)n, number);
    *rank = 2 * strtod(text, NULL) - (strcmp(text, "-0") == 0);
    return true;
}

dq_status trained_model_best(const char *dir, char *path)
{
    DIR *d = opendir(dir);
    double rank, best = -INFINITY;
    dq_status st = DQ_OK;
    if (!d)
        return dq_fail_errno("open the folder", dir);
    *path = '\0';
    for (const struct dirent *e; st == DQ_OK && (e = readdir(d));)
        if (rank_in_name(e->d_name, &rank) && rank > best) {
            best = rank;
            st = dq_path_format(path, DQ_PATH_CAP, "%s/%s", dir, e->d_name);
        }
    closedir(d);
    if (st == DQ_OK && !*path)
        return dq_fail(
            DQ_ERR_NOT_FOUND,
            "%s has no model yet, the first is written when a game ends: --last takes the "
            "weights of its checkpoint",
            dir);
    return st;
}

/** The settings of the run that `path` lies in or is. */
static dq_status read_run(const char *path, bool is_folder, dq_train_settings *s)
{
    char dir[DQ_PATH_CAP];
    const char *slash = strrchr(path, '/');
    DQ_TRY(dq_path_format(dir, sizeof(dir), "%s", path));
    if (!is_folder)
        dir[slash ? slash - path : 0] = '\0';
    if (!*dir)
        snprintf(dir, sizeof(dir), "%s", slash ? "/" : ".");
    return dq_train_settings_of_run(s, dir);
}

/** A model of a net's weights, which is destroyed as one that was read. */
static dq_status copy_weights(dq_model **out, const dq_net *net)
{
    int n = dq_net_n_tensors(dq_net_network(net));
    dq_model *m = calloc(1, sizeof(*m));
    if (m) {
        m->tensors = calloc((size_t)n, sizeof(*m->tensors));
        m->info = calloc(1, sizeof(*m->info));
    }
    bool whole = m && m->tensors && m->info;
    if (whole)
        dq_net_param_shapes(dq_net_network(net), dq_net_actions(net), m->tensors);
    for (int i = 0; whole && i < n; i++) {
        dq_tensor *t = &m->tensors[m->n++];
        t->name = strdup(t->name);
        t->data = calloc(dq_tensor_elements(t), sizeof(float));
        whole = t->name && t->data;
    }
    if (!whole) {
        dq_model_destroy(m);
        return dq_fail(DQ_ERR_NOMEM, "no memory for a copy of the model");
    }
    dq_net_get_params(net, m->tensors);
    m->format = "a checkpoint";
    *m->info = dq_model_info_default();
    snprintf(m->info->network, sizeof(m->info->network), "%s", dq_net_network(net));
    *out = m;
    return DQ_OK;
}

/** The weights of the run's checkpoint, if it is of a later step than `after`. */
static dq_status load_last(trained_model *m, const char *dir, const dq_train_settings *s,
                           int64_t after)
{
    dq_reader *r;
    dq_net *net = NULL;
    dq_checkpoint_info info;
    DQ_TRY(dq_path_format(m->path, sizeof(m->path), "%s/" DQ_RUN_CHECKPOINT, dir));
    DQ_TRY(dq_checkpoint_open(&r, &info, NULL, m->path));
    dq_status st = DQ_OK;
    if (info.step > after)
        st = dq_trainer_load_net(&net, s->cfg.network, r);
    if (st != DQ_OK)
        st = dq_fail_within(st, "%s", m->path);
    if (net)
        st = copy_weights(&m->weights, net);
    dq_net_destroy(net);
    dq_reader_destroy(r);
    return st;
}

/** The book saves a best model from the first game on. A lucky game of the untrained network can
 * set a mark that no hundred games reach: then the newest weights are better than the best model.
 */
static dq_status load_best(trained_model *m, const char *dir, const dq_train_settings *s)
{
    trained_model last = {.weights = NULL};
    DQ_TRY(trained_model_best(dir, m->path));
    DQ_TRY(dq_model_load(&m->weights, m->path));
    const dq_model_info *info = m->weights->info;
    if (!info || info->step < 0 || info->step > s->cfg.replay_start)
        return DQ_OK;
    dq_status st = load_last(&last, dir, s, s->cfg.replay_start);
    if (last.weights) {
        last.untrained_best = true;
        trained_model_free(m);
        *m = last;
        return DQ_OK;
    }
    return st == DQ_ERR_NOMEM ? st : DQ_OK;  // without a checkpoint there is nothing better
}

static dq_status load_weights(trained_model *m, const model_choice *choice, bool is_folder,
                              const dq_train_settings *run)
{
    if (choice->last && !is_folder)
        return dq_fail(DQ_ERR_CONFIG, "--last: %s is not a folder: name that of the run",
                       choice->path);
    if (is_folder && !run)
        return dq_fail_within(DQ_ERR_INPUT, "%s is not the folder of a run", choice->path);
    if (choice->last)
        return load_last(m, choice->path, run, -1);
    if (is_folder)
        return load_best(m, choice->path, run);
    DQ_TRY(dq_path_format(m->path, sizeof(m->path), "%s", choice->path));
    return dq_model_load(&m->weights, m->path);
}

/** @return whether nobody said it */
static bool settle(char *to, const char *said, const char *file, const char *run, const char *book)
{
    const char *found = said ? said : file && *file ? file : run;
    snprintf(to, DQ_SETTING_BYTES, "%s", found ? found : book);
    return !found;
}

static dq_status load_demo(trained_model *m)
{
    size_t n;
    const void *bytes = demo_model(&n);
    snprintf(m->path, sizeof(m->path), "the model that comes with deepq");
    return dq_model_parse(&m->weights, bytes, n);
}

/** A file with a record says what was chosen; else the run beside it does. */
static dq_status settle_options(trained_model *m, const dq_environment_options *chosen,
                                const dq_train_settings *run)
{
    const dq_model_info *file = m->weights->info;
    bool is_told = file && *file->env_id;
    dq_environment_options known = run && !is_told ? run->options : dq_environment_options_none();
    if (is_told && dq_environment_options_parse(&known, file->options) != DQ_OK)
        return dq_fail_within(DQ_ERR_INPUT, "%s: what it was trained on", m->path);
    m->options = dq_environment_options_of_game(&known);
    dq_environment_options_merge(&m->options, chosen);
    return DQ_OK;
}

/** @param run of the run that the model belongs to, or NULL */
static dq_status settle_choice(trained_model *m, const model_choice *choice,
                               const dq_train_settings *run)
{
    const dq_model_info *file = m->weights->info;
    m->env_is_assumed = settle(m->env_id, choice->env_id, file ? file->env_id : NULL,
                               run ? run->env_id : NULL, "PongNoFrameskip-v4");
    m->dialect_is_assumed = settle(m->dialect, choice->dialect, file ? file->dialect : NULL,
                                   run ? run->dialect : NULL, "book");
    (void)settle(m->preset, NULL, file ? file->preset : NULL, run ? run->preset : NULL, "");
    if (!dq_environments_is_atari(m->env_id)) {  // which has no pictures, whatever the model wants
        m->dialect_is_assumed = false;
        snprintf(m->dialect, sizeof(m->dialect), "%s", choice->dialect ? choice->dialect : "book");
    }
    m->has_seed = run != NULL;
    m->seed = run ? run->cfg.seed : 0;
    dq_status st = settle_options(m, &choice->options, run);
    if (st != DQ_OK)
        trained_model_free(m);
    return st;
}

dq_status trained_model_load(trained_model *m, const model_choice *choice)
{
    struct stat info;
    dq_train_settings s;
    *m = (trained_model){.weights = NULL};
    if (!choice->path) {
        DQ_TRY(load_demo(m));
        return settle_choice(m, choice, NULL);
    }
    bool is_folder = stat(choice->path, &info) == 0 && S_ISDIR(info.st_mode);
    dq_status found = read_run(choice->path, is_folder, &s);
    if (found == DQ_ERR_NOMEM)  // which does not tell whether it is a run
        return found;
    const dq_train_settings *run = found == DQ_OK ? &s : NULL;
    dq_status st = load_weights(m, choice, is_folder, run);
    if (st != DQ_OK)
        return st == DQ_ERR_NOT_FOUND ? DQ_ERR_INPUT : st;  // what the user named
    return settle_choice(m, choice, run);
}

dq_status trained_model_check_game(const trained_model *m)
{
    if (!m->env_is_assumed || !m->weights->origin)
        return DQ_OK;
    return dq_fail(DQ_ERR_INPUT, "%s, a model of %s, does not say its game: name it with --env",
                   m->path, m->weights->origin);
}

void trained_model_free(trained_model *m)
{
    dq_model_destroy(m->weights);
    m->weights = NULL;
}

void trained_model_warn_of_choice(const trained_model *m)
{
    if (m->untrained_best)
        app_note("the best model of this run was saved before it began to learn: %s, the newest "
                 "weights, is taken",
                 m->path);
}

void trained_model_warn(const trained_model *m)
{
    trained_model_warn_of_choice(m);
    if (m->env_is_assumed && m->dialect_is_assumed)
        app_note("%s does not say what it was trained on: it plays %s in the dialect %s; choose "
                 "others with --env and --dialect",
                 m->path, m->env_id, m->dialect);
    else if (m->env_is_assumed || m->dialect_is_assumed)
        app_note("%s does not say its %s: %s is assumed; choose another with --%s", m->path,
                 m->env_is_assumed ? "game" : "dialect", m->env_is_assumed ? m->env_id : m->dialect,
                 m->env_is_assumed ? "env" : "dialect");
}

dq_status trained_model_evaluate(const trained_model *m, const model_choice *choice,
                                 dq_evaluation *e)
{
    e->model = m->path;
    e->weights = m->weights;
    e->env_id = m->env_id;
    e->dialect = m->dialect;
    e->options = m->options;
    e->options.noops = -1;  // the protocol's, which is told by itself
    e->noops = choice->options.noops;
    e->stop = interrupt_catch();
    if (e->protocol) {
        e->options.sticky = choice->options.sticky;  // not as it was trained
        DQ_TRY(dq_protocol_follow(e, e->protocol));
    }
    dq_evaluation_follow(e, m->preset);
    return DQ_OK;
}
