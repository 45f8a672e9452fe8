/* CleanRL: the state_dict of its QNetwork; with C51 in a dictionary beside the arguments. */
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "export/formats.h"
#include "record/model_parts.h"
#include "record/pickle_write.h"
#include "record/torch_write.h"

static bool is_its_mlp(const dq_export_model *m)
{
    const dq_layer *l = m->network.layers;
    return dq_export_is_mlp(m) && m->network.n_layers == 3 && l[0].out == 120 && l[1].out == 84;
}

bool dq_export_cleanrl_holds(const dq_export_model *m)
{
    return m->network.last.head != DQ_HEAD_QR && (dq_export_is_nature(m) || is_its_mlp(m));
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
    put_text(w, "exp_name", dq_export_is_nature(m) ? "c51_atari" : "c51");
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

dq_status dq_export_cleanrl(dq_writer *w, const dq_export_model *m)
{
    char names[DQ_TENSORS_MAX][DQ_EXPORT_NAME], *info;
    dq_tensor tensors[DQ_TENSORS_MAX];
    size_t n = list_tensors(m, tensors, names);
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
