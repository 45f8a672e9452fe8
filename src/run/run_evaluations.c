#include "run/run_evaluations.h"

#include <stdlib.h>

#include "base/error.h"
#include "env/env_ids.h"
#include "nn/graph.h"
#include "record/json_lines.h"
#include "run/environments.h"
#include "run/run_trainer.h"

/** A copy of the network's parameters. @return DQ_ERR_NOMEM: with those that there was memory for
 */
static dq_status copy_params(dq_model *m, const dq_net *net, dq_tensor params[DQ_TENSORS_MAX])
{
    m->tensors = params;
    m->n = (size_t)dq_net_param_shapes(dq_net_network(net), dq_net_actions(net), params);
    for (size_t i = 0; i < m->n; i++) {
        params[i].data = calloc(dq_tensor_elements(&params[i]), sizeof(float));
        if (!params[i].data)
            return dq_fail(DQ_ERR_NOMEM, "no memory for an evaluation");
    }
    dq_net_get_params(net, params);
    return DQ_OK;
}

dq_status dq_run_evaluate(const dq_train_settings *s, const dq_trainer *t, const volatile int *stop,
                          dq_evaluation_scores *scores)
{
    dq_tensor params[DQ_TENSORS_MAX] = {{.data = NULL}};
    dq_model_info info;
    dq_model model = {.info = &info};
    dq_evaluation e = {.model = "the network",
                       .env_id = s->env_id,
                       .dialect = dq_environments_is_atari(s->env_id) ? s->dialect : "book",
                       .rom_dir = *s->rom_dir ? s->rom_dir : NULL,
                       .weights = &model,
                       .episodes = s->cfg.eval_games,
                       .envs = s->cfg.n_threads,
                       .noops = -1,
                       .cap = -1,
                       .epsilon = -1,
                       .options = dq_environment_options_of_game(&s->options),
                       .stop = stop};
    dq_progress p;
    *scores = (dq_evaluation_scores){.rewards = NULL};
    const dq_net *net = dq_trainer_net(t);  // on a GPU: copied from there
    dq_trainer_progress(t, &p);
    dq_run_describe_model(&info, s, net, &p);
    dq_evaluation_follow(&e, s->preset);
    dq_status st = copy_params(&model, net, params);
    if (st == DQ_OK)
        st = dq_trainer_status(t);
    if (st == DQ_OK)
        st = dq_evaluation_run(&e, scores);
    for (size_t i = 0; i < model.n; i++)
        free(params[i].data);
    return st == DQ_OK || st == DQ_ERR_INTERRUPTED ? st : dq_fail_within(st, "eval_every");
}

static dq_status take_step(void *ctx, const json_t *object)
{
    *(int64_t *)ctx = json_integer_value(json_object_get(object, "frame"));
    return DQ_OK;
}

dq_status dq_run_last_evaluation(const char *path, int64_t *step)
{
    *step = 0;
    dq_status st = dq_json_lines_read(path, take_step, step, NULL);
    return st == DQ_ERR_NOT_FOUND ? DQ_OK : st;
}
