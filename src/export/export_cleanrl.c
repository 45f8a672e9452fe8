/* CleanRL: the state_dict of its QNetwork; with C51 in a dictionary beside the arguments. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "export/formats.h"
#include "record/model_parts.h"
#include "record/pickle_write.h"
#include "record/torch_write.h"

enum { MOST_TENSORS = 6 * DQ_LAYERS_MAX + 1 };  // weight and bias: mean, sigma, epsilon

static bool is_its_mlp(const dq_export_model *m)
{
    const dq_layer *l = m->network.layers;
    return dq_export_is_mlp(m) && m->network.n_layers == 3 && l[0].out == 120 && l[1].out == 84;
}

/** Its Rainbow: noisy streams of 512 behind the convolutions of "nature", and C51. */
static bool is_rainbow(const dq_export_model *m)
{
    const dq_last_layers *last = &m->network.last;
    return m->network.name && strcmp(m->network.name, "nature") == 0 && last->stream == 512 &&
           last->noise == DQ_NOISE_FACTORISED && last->head == DQ_HEAD_C51;
}

bool dq_export_cleanrl_holds(const dq_export_model *m)
{
    bool is_plain = dq_export_is_nature(m) || is_its_mlp(m);
    dq_head head = m->network.last.head;
    if (m->network.last.norm)
        return false;
    return is_rainbow(m) || (is_plain && (head == DQ_HEAD_VALUE || head == DQ_HEAD_C51));
}

/* ---------------------------------------------------------------- tensors */

/** Add a weight and a bias under the names MODULE.weightEND and MODULE.biasEND.
 *  @param[in,out] n how many there are so far */
static void add_pair(const dq_export_model *m, const char *weight, const char *bias,
                     const char *module, const char *end, dq_tensor *tensors,
                     char (*names)[DQ_EXPORT_NAME], size_t *n)
{
    const char *const from[] = {weight, bias}, *const to[] = {"weight", "bias"};
    for (int i = 0; i < 2; i++, ++*n) {
        snprintf(names[*n], DQ_EXPORT_NAME, "%s.%s%s", module, to[i], end);
        tensors[*n] = *dq_export_tensor(m, from[i]);
        tensors[*n].name = names[*n];
    }
}

/** As list_tensors(). The noise that was drawn last, ..._epsilon, is no parameter: it is zero. */
static size_t list_rainbow(const dq_export_model *m, float *zeros, dq_tensor *tensors,
                           char (*names)[DQ_EXPORT_NAME])
{
    static const char *const modules[] = {"network.0",        "network.2",    "network.4",
                                          "advantage_head.0", "value_head.0", "advantage_head.2",
                                          "value_head.2"};
    size_t n = 1;
    tensors[0] = *dq_export_tensor(m, "supports");
    tensors[0].name = "support";
    for (int i = 0; i < m->network.n_layers; i++) {
        const dq_layer *l = &m->network.layers[i];
        bool is_noisy = l->kind == DQ_LAYER_LINEAR;
        add_pair(m, l->weight, l->bias, modules[i], is_noisy ? "_mu" : "", tensors, names, &n);
        if (!is_noisy)
            continue;
        add_pair(m, l->sigma_weight, l->sigma_bias, modules[i], "_sigma", tensors, names, &n);
        add_pair(m, l->weight, l->bias, modules[i], "_epsilon", tensors, names, &n);
        tensors[n - 2].data = tensors[n - 1].data = zeros;
    }
    return n;
}

/** The state_dict's tensors, with C51 the atoms first, as PyTorch puts a module's own buffers.
 *  @return how many */
static size_t list_tensors(const dq_export_model *m, dq_tensor *tensors,
                           char (*names)[DQ_EXPORT_NAME])
{
    static const char *const of_pictures[] = {"0", "2", "4", "7", "9"};
    static const char *const of_vectors[] = {"0", "2", "4"};
    size_t n = 0;
    if (m->network.last.head == DQ_HEAD_C51) {
        tensors[0] = *dq_export_tensor(m, "supports");
        tensors[n++].name = "atoms";
    }
    dq_export_rename(m, "network.", dq_export_is_nature(m) ? of_pictures : of_vectors, tensors + n,
                     names);
    return n + 2 * (size_t)m->network.n_layers;
}

static void put_text(dq_writer *w, const char *key, const char *value)
{
    dq_pickle_put_text(w, key);
    dq_pickle_put_text(w, value);
}

static void put_int(dq_writer *w, const char *key, int value)
{
    dq_pickle_put_text(w, key);
    dq_pickle_put_int(w, value);
}

static void put_float(dq_writer *w, const char *key, double value)
{
    dq_pickle_put_text(w, key);
    dq_pickle_put_float(w, value);
}

/** The arguments that its evaluation makes the network by. */
static void put_args(dq_writer *w, const dq_export_model *m)
{
    const dq_last_layers *last = &m->network.last;
    dq_pickle_put(w, DQ_PICKLE_DICT DQ_PICKLE_MARK);
    put_text(w, "exp_name",
             is_rainbow(m)            ? "rainbow_atari"
             : dq_export_is_nature(m) ? "c51_atari"
                                      : "c51");
    put_text(w, "env_id", m->info.env_id);
    put_int(w, "n_atoms", last->n_atoms);
    put_float(w, "v_min", (double)last->low);
    put_float(w, "v_max", (double)last->high);
    if (m->has_seed && m->seed <= INT32_MAX)
        put_int(w, "seed", (int)m->seed);
    dq_pickle_put(w, DQ_PICKLE_SET_ITEMS);
}

static void put_pickle(dq_writer *w, const dq_export_model *m, const dq_tensor *tensors, size_t n)
{
    dq_pickle_put(w, DQ_PICKLE_BEGIN);
    if (m->network.last.head == DQ_HEAD_VALUE) {
        dq_pickle_put_state_dict(w, "", tensors, n, 0);
    } else {
        dq_pickle_put(w, DQ_PICKLE_DICT DQ_PICKLE_MARK);
        dq_pickle_put_text(w, "model_weights");
        dq_pickle_put_state_dict(w, "", tensors, n, 0);
        dq_pickle_put_text(w, "args");
        put_args(w, m);
        dq_pickle_put(w, DQ_PICKLE_SET_ITEMS);
    }
    dq_pickle_put(w, DQ_PICKLE_END);
}

static dq_status write_tensors(dq_writer *w, const dq_export_model *m, const dq_tensor *tensors,
                               size_t n)
{
    char *info;
    dq_writer *pickle;
    DQ_TRY(dq_model_info_write(&m->info, &info));
    dq_status st = dq_writer_create(&pickle);
    if (st == DQ_OK) {
        put_pickle(pickle, m, tensors, n);
        st = dq_torch_write(w, pickle, tensors, n, info);
        dq_writer_destroy(pickle);
    }
    free(info);
    return st;
}

dq_status dq_export_cleanrl(dq_writer *w, const dq_export_model *m)
{
    char names[MOST_TENSORS][DQ_EXPORT_NAME];
    dq_tensor tensors[MOST_TENSORS];
    if (!is_rainbow(m))
        return write_tensors(w, m, tensors, list_tensors(m, tensors, names));
    size_t largest = dq_tensor_elements(dq_export_tensor(m, "fc_adv.0.weight"));
    size_t output = dq_tensor_elements(dq_export_tensor(m, "fc_adv.2.weight"));
    float *zeros = calloc(largest > output ? largest : output, sizeof(*zeros));
    if (!zeros)
        return dq_fail(DQ_ERR_NOMEM, "no memory for noise");
    dq_status st = write_tensors(w, m, tensors, list_rainbow(m, zeros, tensors, names));
    free(zeros);
    return st;
}
