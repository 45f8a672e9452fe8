#include "run/run_trainer.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "nn/graph.h"
#include "run/environments.h"

dq_status dq_run_note_rom(dq_train_settings *s)
{
    char md5[33];
    DQ_TRY(dq_environments_rom_md5(s->env_id, *s->rom_dir ? s->rom_dir : NULL, md5));
    if (*s->rom_md5 && strcmp(s->rom_md5, md5) != 0)
        return dq_fail(DQ_ERR_CONFIG,
                       "the run was made with the ROM %s, and the one found is %s: name the folder "
                       "of the first with --rom-dir",
                       s->rom_md5, md5);
    return dq_train_settings_set(s, "rom_md5", md5);
}

static void destroy_envs(dq_env **envs, int n)
{
    for (int i = 0; i < n; i++)
        dq_env_destroy(envs[i]);
}

static dq_status make_envs(dq_env **envs, const dq_train_settings *s)
{
    const dq_environment_choice choice = dq_train_settings_environment(s);
    for (int i = 0; i < s->cfg.n_envs; i++) {
        dq_status st = dq_environments_make(&envs[i], &choice);
        if (st != DQ_OK) {
            destroy_envs(envs, i);
            return st;
        }
    }
    return DQ_OK;
}

/** The hyperparameter `network` of a full name: without sizes and words. */
static const char *network_key(const char *network, char key[DQ_NETWORK_NAME])
{
    snprintf(key, DQ_NETWORK_NAME, "%.*s", (int)strcspn(network, " "), network);
    return key;
}

/** @param made [n_envs] room for the environments while they are nobody's */
static dq_status make_trainer(dq_trainer **out, dq_run_subject *subject, const dq_train_settings *s,
                              dq_env **made)
{
    dq_train_config cfg = dq_train_settings_config(s);
    const dq_env_spec *spec = dq_env_get_spec(made[0]);
    *subject = (dq_run_subject){.n_actions = spec->n_actions, .obs = spec->obs};
    dq_status st = dq_trainer_create_many(out, &cfg, made);
    if (st != DQ_OK)
        destroy_envs(made, s->cfg.n_envs);
    return st;
}

static dq_status make_all(dq_trainer **out, dq_run_subject *subject, const dq_train_settings *s)
{
    dq_env **made = calloc((size_t)s->cfg.n_envs, sizeof(dq_env *));
    if (!made)
        return dq_fail(DQ_ERR_NOMEM, "no memory for %d environments", s->cfg.n_envs);
    dq_status st = make_envs(made, s);
    if (st == DQ_OK)
        st = make_trainer(out, subject, s, made);
    free(made);
    return st;
}

static dq_status complete(dq_train_settings *s, const dq_trainer *trainer)
{
    char key[DQ_NETWORK_NAME];
    dq_backend backend = dq_trainer_backend(trainer);
    if (!dq_environments_is_atari(s->env_id))
        *s->dialect = '\0';  // nothing is preprocessed: neither the run nor its models name one
    if (!s->cfg.network)
        DQ_TRY(dq_train_settings_set(s, "network", network_key(backend.network, key)));
    s->cfg.n_threads = backend.n_threads;
    DQ_TRY(dq_train_settings_set(s, "isa", backend.isa));
    return dq_run_note_rom(s);
}

dq_status dq_run_trainer_create(dq_trainer **out, dq_run_subject *subject, dq_train_settings *s,
                                dq_env **envs)
{
    *out = NULL;
    dq_status st = envs ? make_trainer(out, subject, s, envs) : make_all(out, subject, s);
    if (st == DQ_OK)
        st = complete(s, *out);
    subject->network = *out ? dq_trainer_backend(*out).network : NULL;
    if (st != DQ_OK) {
        dq_trainer_destroy(*out);
        *out = NULL;
    }
    return st;
}

void dq_run_describe_model(dq_model_info *info, const dq_train_settings *s, const dq_net *net,
                           const dq_progress *p)
{
    *info = dq_model_info_default();
    snprintf(info->env_id, sizeof(info->env_id), "%s", s->env_id);
    snprintf(info->dialect, sizeof(info->dialect), "%s", s->dialect);
    snprintf(info->network, sizeof(info->network), "%s", dq_net_network(net));
    snprintf(info->preset, sizeof(info->preset), "%s", s->preset);
    dq_environment_options options = dq_environment_options_of_game(&s->options);
    dq_environment_options_print(&options, info->options);
    info->step = p->step;
    info->score = p->n_games > 0 ? p->mean_reward : NAN;
}
