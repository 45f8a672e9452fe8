/* What a pickle reader has to know of PyTorch: storages, tensors, the dictionary that has them.
 * Source: torch/serialization.py and torch/_utils.py. */
#include <stdlib.h>
#include <string.h>

#include "record/pickle_values.h"

typedef enum global_id {
    ORDERED_DICT,
    REBUILD_TENSOR,  // before PyTorch 0.4: without requires_grad and hooks
    REBUILD_TENSOR_V2,
    REBUILD_PARAMETER,
    STORAGES  // and above: of the type that is added
} global_id;

static const struct {
    const char *module, *name;
    int64_t number;
} globals[] = {
    {"collections", "OrderedDict", ORDERED_DICT},
    {"torch._utils", "_rebuild_tensor", REBUILD_TENSOR},
    {"torch._utils", "_rebuild_tensor_v2", REBUILD_TENSOR_V2},
    {"torch._utils", "_rebuild_parameter", REBUILD_PARAMETER},
    {"torch", "FloatStorage", STORAGES + DQ_STORED_F32},
    {"torch", "HalfStorage", STORAGES + DQ_STORED_F16},
    {"torch", "BFloat16Storage", STORAGES + DQ_STORED_BF16},
    {"torch", "DoubleStorage", STORAGES + DQ_STORED_F64},
    {"torch", "LongStorage", STORAGES + DQ_STORED_I64},
    {"torch", "IntStorage", STORAGES + DQ_STORED_I32},
    {"torch", "ShortStorage", STORAGES + DQ_STORED_I16},
    {"torch", "CharStorage", STORAGES + DQ_STORED_I8},
    {"torch", "ByteStorage", STORAGES + DQ_STORED_U8},
    {"torch", "BoolStorage", STORAGES + DQ_STORED_BOOL},
};

static dq_status refuse_global(dq_span module, dq_span name)
{
    char module_text[64], name_text[64];
    size_t suffix = strlen("Storage");
    dq_span_print(module_text, sizeof(module_text), module);
    dq_span_print(name_text, sizeof(name_text), name);
    if (dq_span_is(module, "torch") && name.n > suffix &&
        memcmp(name.at + name.n - suffix, "Storage", suffix) == 0)
        return dq_fail(DQ_ERR_INPUT,
                       "a tensor is a torch.%s, and only floating-point numbers and integers are "
                       "read: save the state_dict() of net.float(), without other tensors",
                       name_text);
    return dq_fail(DQ_ERR_INPUT,
                   "its pickle asks for %s.%s, which is not run: save net.state_dict() alone",
                   module_text, name_text);
}

dq_status dq_pickle_find_global(dq_span module, dq_span name, int64_t *number)
{
    *number = 0;
    for (size_t i = 0; i < DQ_COUNT(globals); i++)
        if (dq_span_is(module, globals[i].module) && dq_span_is(name, globals[i].name)) {
            *number = globals[i].number;
            return DQ_OK;
        }
    return refuse_global(module, name);
}

/* ---------------------------------------------------------------- tensors */

/** ('storage', FloatStorage, key, place, number of elements), and before PyTorch 1.6 None or a part
 *  of the storage. The place ("cpu", "cuda:0") does not matter. */
dq_status dq_pickle_push_storage(dq_pickle *p)
{
    value id;
    DQ_TRY(dq_pickle_pop(p, &id));
    size_t n;
    const value *v = dq_pickle_items(p, id, &n);
    if ((n != 5 && n != 6) || v[0].kind != TEXT || !dq_span_is(v[0].text, "storage") ||
        v[1].kind != GLOBAL || v[1].number < STORAGES || v[2].kind != TEXT || v[4].kind != INT ||
        v[4].number < 0 || (n == 6 && v[5].kind != NONE))
        return dq_pickle_fail(p, "a persistent id that is not a storage");
    MAKE_ROOM(p->storages);
    p->storages.at[p->storages.n] =
        (storage){v[2].text, (dq_stored_type)(v[1].number - STORAGES), v[4].number};
    return dq_pickle_push_number(p, STORAGE, (int64_t)p->storages.n++);
}

/** One dimension of a view: its size, its stride, and its part of the last element's place. */
static dq_status read_dim(dq_pickle *p, dq_stored_tensor *t, size_t dim, value size, value stride,
                          int64_t *last)
{
    // Within the storage, so that neither the product nor the sum can overflow.
    int64_t room = t->storage_count - 1 - *last;
    if (size.number > t->storage_count ||
        (size.number > 1 && stride.number > room / (size.number - 1)))
        return dq_pickle_fail(p, "a tensor that is larger than its storage");
    *last += (size.number - 1) * stride.number;
    t->shape[dim] = (int)size.number;
    t->stride[dim] = stride.number;
    return DQ_OK;
}

static dq_status read_dims(dq_pickle *p, dq_stored_tensor *t, const value *shape,
                           const value *stride)
{
    if (t->storage_count > INT32_MAX || t->offset < 0 || t->offset >= t->storage_count)
        return dq_pickle_fail(p, "a tensor that is larger than its storage");
    int64_t last = t->offset, n_elements = 1;
    for (int i = 0; i < t->n_dims; i++) {
        DQ_TRY(read_dim(p, t, (size_t)i, shape[i], stride[i], &last));
        n_elements *= t->shape[i];
        if (n_elements > t->storage_count)
            return dq_pickle_fail(p, "a tensor that is larger than its storage");
    }
    return DQ_OK;
}

/** (storage, offset, shape, strides, ...). One that could be no weight may stand beside those that
 *  are: that it is empty, or has too few or many dimensions, matters when it is asked for. */
static dq_status push_tensor(dq_pickle *p, const value *arg)
{
    if (arg[0].kind != STORAGE || arg[1].kind != INT || arg[2].kind != TUPLE ||
        arg[3].kind != TUPLE)
        return dq_pickle_fail(p, "a tensor that is not described as one");
    const storage *from = &p->storages.at[arg[0].number];
    size_t n_dims, n_strides;
    const value *shape = dq_pickle_items(p, arg[2], &n_dims);
    const value *stride = dq_pickle_items(p, arg[3], &n_strides);
    bool is_empty = false;
    if (n_strides != n_dims)
        return dq_pickle_fail(p, "a tensor with an impossible shape");
    for (size_t i = 0; i < n_dims; i++) {
        if (shape[i].kind != INT || stride[i].kind != INT || shape[i].number < 0 ||
            stride[i].number < 0)
            return dq_pickle_fail(p, "a tensor with an impossible shape");
        is_empty |= shape[i].number == 0;
    }
    dq_stored_tensor t = {.key = from->key,
                          .type = from->type,
                          .storage_count = from->count,
                          .offset = arg[1].number,
                          .n_dims = is_empty ? -1 : (int)n_dims};
    if (!is_empty && n_dims <= DQ_STORED_MAX_DIMS)
        DQ_TRY(read_dims(p, &t, shape, stride));
    MAKE_ROOM(p->tensors);
    p->tensors.at[p->tensors.n] = t;
    return dq_pickle_push_number(p, TENSOR, (int64_t)p->tensors.n++);
}

dq_status dq_pickle_call(dq_pickle *p, int64_t global, value args)
{
    size_t n;
    const value *arg = dq_pickle_items(p, args, &n);
    if (global == ORDERED_DICT && n == 0)
        return dq_pickle_push_number(p, DICTIONARY, p->n_owners++);
    if ((global == REBUILD_TENSOR && n == 4) || (global == REBUILD_TENSOR_V2 && n >= 6))
        return push_tensor(p, arg);
    if (global == REBUILD_PARAMETER && n >= 1 && arg[0].kind == TENSOR)
        return dq_pickle_push(p, arg[0]);
    return dq_pickle_fail(p, "a call with arguments that are not understood");
}

bool dq_pickle_storage_type(const dq_pickle *p, dq_span key, dq_stored_type *type)
{
    for (size_t i = 0; i < p->storages.n; i++) {
        const storage *s = &p->storages.at[i];
        if (s->key.n == key.n && memcmp(s->key.at, key.at, key.n) == 0) {
            *type = s->type;
            return true;
        }
    }
    return false;
}

/* ---------------------------------------------------------------- what was read */

/** The entry of a dictionary; the last one, as in Python; NULL: there is none. */
static const value *find(const dq_pickle *p, const value *dictionary, const char *key)
{
    const value *found = NULL;
    for (size_t i = 0; dictionary && dictionary->kind == DICTIONARY && i < p->members.n; i++) {
        const member *m = &p->members.at[i];
        if (m->owner == dictionary->number && m->key.kind == TEXT && dq_span_is(m->key.text, key))
            found = &m->value;
    }
    return found;
}

bool dq_pickle_find_text(const dq_pickle *p, const char *dictionary, const char *key, dq_span *out)
{
    const value *v = find(p, find(p, &p->result, dictionary), key);
    if (v && v->kind == TEXT)
        *out = v->text;
    return v && v->kind == TEXT;
}

bool dq_pickle_is_false(const dq_pickle *p, const char *key)
{
    const value *v = find(p, &p->result, key);
    return v && v->kind == BOOL && !v->number;
}

int64_t dq_pickle_number(const dq_pickle *p)
{
    return p->result.kind == INT && p->result.number >= 0 ? p->result.number : -1;
}

dq_status dq_pickle_texts(dq_pickle *p, const dq_span **out, size_t *n)
{
    p->texts.n = 0;
    if (p->result.kind != LIST)
        return dq_pickle_fail(p, "no list");
    for (size_t i = 0; i < p->members.n; i++) {
        const member *m = &p->members.at[i];
        if (m->owner != p->result.number)
            continue;
        if (m->value.kind != TEXT)
            return dq_pickle_fail(p, "a list of something else than texts");
        MAKE_ROOM(p->texts);
        p->texts.at[p->texts.n++] = m->value.text;
    }
    *out = p->texts.at;
    *n = p->texts.n;
    return DQ_OK;
}

static int compare_names(const void *a, const void *b)
{
    const dq_span *x = a, *y = b;
    int order = memcmp(x->at, y->at, x->n < y->n ? x->n : y->n);
    return order != 0 ? order : (x->n > y->n) - (x->n < y->n);
}

static dq_status refuse_same_names(const dq_pickle *p)
{
    size_t n = p->named.n;
    dq_span *names = malloc((n ? n : 1) * sizeof(*names));
    if (!names)
        return dq_fail(DQ_ERR_NOMEM, "no memory to read a pickle");
    for (size_t i = 0; i < n; i++)
        names[i] = p->named.at[i].name;
    qsort(names, n, sizeof(*names), compare_names);
    dq_status st = DQ_OK;
    char text[64];
    for (size_t i = 1; i < n && st == DQ_OK; i++)
        if (compare_names(&names[i - 1], &names[i]) == 0)
            st = dq_fail(DQ_ERR_INPUT, "two tensors are named %s",
                         dq_span_print(text, sizeof(text), names[i]));
    free(names);
    return st;
}

/** Programs put other things beside a state_dict. @return the dictionary of tensors, by its place
 */
static const value *unwrap(const dq_pickle *p)
{
    static const char *const keys[] = {"state_dict", "model_state_dict", "model_weights", "model"};
    enum { DEEPEST = 4 };  // a dictionary may hold itself
    const value *dictionary = &p->result;
    for (int depth = 0; depth < DEEPEST; depth++) {
        const value *inner = NULL;
        for (size_t i = 0; i < DQ_COUNT(keys) && !inner; i++) {
            inner = find(p, dictionary, keys[i]);
            inner = inner && inner->kind == DICTIONARY ? inner : NULL;
        }
        if (!inner)
            break;
        dictionary = inner;
    }
    return dictionary;
}

static dq_status add_named(dq_pickle *p, const member *m)
{
    char text[64];
    bool is_left_out;
    if (m->key.kind != TEXT)
        return dq_fail(DQ_ERR_INPUT, "its dictionary has a key that is not text: save "
                                     "net.state_dict() alone");
    dq_span_print(text, sizeof(text), m->key.text);
    if (m->value.kind != TENSOR)
        return dq_fail(DQ_ERR_INPUT, "its entry %s is not a tensor: save net.state_dict() alone",
                       text);
    dq_stored_tensor t = p->tensors.at[m->value.number];
    t.name = m->key.text;
    DQ_TRY(dq_stored_tensor_check(&t, &is_left_out));
    if (is_left_out)
        return DQ_OK;
    MAKE_ROOM(p->named);
    p->named.at[p->named.n++] = t;
    return DQ_OK;
}

dq_status dq_pickle_state_dict(dq_pickle *p, dq_stored_tensor **out, size_t *n)
{
    if (p->result.kind != DICTIONARY)
        return dq_fail(DQ_ERR_INPUT, "it has no dictionary: save net.state_dict() alone");
    const value *dictionary = unwrap(p);
    p->named.n = 0;
    for (size_t i = 0; i < p->members.n; i++)
        if (p->members.at[i].owner == dictionary->number)
            DQ_TRY(add_named(p, &p->members.at[i]));
    if (p->named.n == 0)
        return dq_fail(DQ_ERR_INPUT, "its dictionary is empty: save net.state_dict()");
    DQ_TRY(refuse_same_names(p));
    *out = p->named.at;
    *n = p->named.n;
    return DQ_OK;
}
