#include "record/pickle.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"

typedef enum value_kind {
    UNSET,  // a memo entry that nothing was put into
    NONE,
    BOOL,
    INT,
    TEXT,
    GLOBAL,      // number: a global_id
    TUPLE,       // a slice of dq_pickle.items
    DICTIONARY,  // number: which of dq_pickle.members are its
    STORAGE,     // number: into dq_pickle.storages
    TENSOR,      // number: into dq_pickle.tensors
    MARK
} value_kind;

typedef struct value {
    value_kind kind;
    union {
        int64_t number;
        dq_pickle_text text;
        struct {
            size_t first, n;
        } items;
    };
} value;

/** One entry of one dictionary. */
typedef struct member {
    int64_t dictionary;
    value key, value;
} member;

typedef struct storage {
    dq_pickle_text key;
    int64_t count;
} storage;

/** Growing array: `at` has room for `cap` things, `n` are there. */
#define ARRAY(type)                                                                                \
    struct {                                                                                       \
        type *at;                                                                                  \
        size_t n, cap;                                                                             \
    }

struct dq_pickle {
    const uint8_t *bytes;
    size_t n, at;
    unsigned arg;  // of the opcode being done: see operations[]
    ARRAY(value) stack;
    ARRAY(value) memo;
    ARRAY(value) items;
    ARRAY(member) members;
    ARRAY(storage) storages;
    ARRAY(dq_pickle_tensor) tensors;
    ARRAY(dq_pickle_tensor) named;  // what dq_pickle_state_dict() gives out
    int64_t n_dictionaries;
    value result;
};

typedef enum global_id { ORDERED_DICT, REBUILD_TENSOR, REBUILD_PARAMETER, FLOAT_STORAGE } global_id;

static const char *const global_names[] = {
    [ORDERED_DICT] = "collections OrderedDict",
    [REBUILD_TENSOR] = "torch._utils _rebuild_tensor_v2",
    [REBUILD_PARAMETER] = "torch._utils _rebuild_parameter",
    [FLOAT_STORAGE] = "torch FloatStorage",
};

static dq_status grow_array(void **array, size_t *cap, size_t item_bytes)
{
    size_t new_cap = *cap ? 2 * *cap : 64;
    void *p = realloc(*array, new_cap * item_bytes);
    if (!p)
        return dq_fail(DQ_ERR_NOMEM, "no memory to read a pickle");
    *array = p;
    *cap = new_cap;
    return DQ_OK;
}

/** Make room for one more. `p` is copied because the arrays have different types. */
#define MAKE_ROOM(array)                                                                           \
    do {                                                                                           \
        if ((array).n == (array).cap) {                                                            \
            void *room_ = (array).at;                                                              \
            DQ_TRY(grow_array(&room_, &(array).cap, sizeof(*(array).at)));                         \
            (array).at = room_;                                                                    \
        }                                                                                          \
    } while (0)

const char *dq_pickle_printable(char *to, size_t cap, dq_pickle_text text)
{
    size_t n = text.n < cap - 1 ? text.n : cap - 1;
    for (size_t i = 0; i < n; i++)
        to[i] = text.at[i] >= ' ' && text.at[i] <= '~' ? text.at[i] : '?';
    to[n] = '\0';
    return to;
}

static dq_status fail_at(const dq_pickle *p, const char *what)
{
    return dq_fail(DQ_ERR_INPUT, "damaged pickle: %s at byte %zu", what, p->at);
}

static bool text_is(dq_pickle_text text, const char *want)
{
    return text.n == strlen(want) && memcmp(text.at, want, text.n) == 0;
}

static dq_status push(dq_pickle *p, value v)
{
    MAKE_ROOM(p->stack);
    p->stack.at[p->stack.n++] = v;
    return DQ_OK;
}

static dq_status push_number(dq_pickle *p, value_kind kind, int64_t number)
{
    return push(p, (value){.kind = kind, .number = number});
}

/** Take the topmost value, which may not be a mark. */
static dq_status pop(dq_pickle *p, value *v)
{
    *v = (value){.kind = UNSET};
    if (p->stack.n == 0 || p->stack.at[p->stack.n - 1].kind == MARK)
        return fail_at(p, "an operation without its operand");
    *v = p->stack.at[--p->stack.n];
    return DQ_OK;
}

/** Take everything above the topmost mark, and the mark. The values stay readable at *first until
 *  the next push. */
static dq_status pop_to_mark(dq_pickle *p, const value **first, size_t *n)
{
    *first = NULL;
    *n = 0;
    size_t at = p->stack.n;
    while (at > 0 && p->stack.at[at - 1].kind != MARK)
        at--;
    if (at == 0)
        return fail_at(p, "an operation without its mark");
    *first = p->stack.at + at;
    *n = p->stack.n - at;
    p->stack.n = at - 1;
    return DQ_OK;
}

/** The items of a tuple, NULL for what is none or has none. */
static const value *tuple_items(const dq_pickle *p, value tuple, size_t *n)
{
    *n = tuple.kind == TUPLE ? tuple.items.n : 0;
    return *n ? p->items.at + tuple.items.first : NULL;
}

static dq_status take_bytes(dq_pickle *p, size_t n, const uint8_t **bytes)
{
    *bytes = NULL;
    if (n > p->n - p->at)
        return fail_at(p, "it ends early");
    *bytes = p->bytes + p->at;
    p->at += n;
    return DQ_OK;
}

static dq_status push_none(dq_pickle *p)
{
    return push_number(p, NONE, 0);
}

static dq_status push_bool(dq_pickle *p)
{
    return push_number(p, BOOL, p->arg);
}

static dq_status push_mark(dq_pickle *p)
{
    return push_number(p, MARK, 0);
}

static dq_status push_dictionary(dq_pickle *p)
{
    return push_number(p, DICTIONARY, p->n_dictionaries++);
}

/** A little-endian number of 1, 2 or 4 bytes without sign. */
static dq_status take_number(dq_pickle *p, size_t n, uint32_t *number)
{
    const uint8_t *b;
    *number = 0;
    DQ_TRY(take_bytes(p, n, &b));
    for (size_t i = 0; i < n; i++)
        *number |= (uint32_t)b[i] << 8 * i;
    return DQ_OK;
}

static dq_status push_int(dq_pickle *p)
{
    uint32_t number;
    DQ_TRY(take_number(p, p->arg, &number));
    return push_number(p, INT, p->arg == 4 ? (int32_t)number : (int64_t)number);
}

static dq_status push_text(dq_pickle *p)
{
    uint32_t n;
    const uint8_t *b;
    DQ_TRY(take_number(p, p->arg, &n));
    DQ_TRY(take_bytes(p, n, &b));
    return push(p, (value){.kind = TEXT, .text = {(const char *)b, n}});
}

static dq_status push_tuple(dq_pickle *p, const value *from, size_t n)
{
    value tuple = {.kind = TUPLE, .items = {p->items.n, n}};
    for (size_t i = 0; i < n; i++) {
        MAKE_ROOM(p->items);
        p->items.at[p->items.n++] = from[i];
    }
    return push(p, tuple);
}

static dq_status push_marked_tuple(dq_pickle *p)
{
    const value *from;
    size_t n;
    DQ_TRY(pop_to_mark(p, &from, &n));
    return push_tuple(p, from, n);
}

static dq_status push_short_tuple(dq_pickle *p)
{
    value v[3];
    for (size_t i = p->arg; i > 0; i--)
        DQ_TRY(pop(p, &v[i - 1]));
    return push_tuple(p, v, p->arg);
}

static dq_status refuse_global(const char *module, const char *name)
{
    size_t n = strlen(name), suffix = strlen("Storage");
    if (strcmp(module, "torch") == 0 && n > suffix && strcmp(name + n - suffix, "Storage") == 0)
        return dq_fail(DQ_ERR_INPUT,
                       "a tensor is a torch.%s, and only float32 is read: save the state_dict() of "
                       "net.float(), without other tensors",
                       name);
    return dq_fail(DQ_ERR_INPUT,
                   "its pickle asks for %s.%s, which is not run: save net.state_dict() alone",
                   module, name);
}

/** The next line, without its newline. */
static dq_status take_line(dq_pickle *p, dq_pickle_text *line)
{
    *line = (dq_pickle_text){0};
    const uint8_t *from = p->bytes + p->at;
    const uint8_t *end = p->at < p->n ? memchr(from, '\n', p->n - p->at) : NULL;
    if (!end)
        return fail_at(p, "it ends early");
    *line = (dq_pickle_text){(const char *)from, (size_t)(end - from)};
    p->at += line->n + 1;
    return DQ_OK;
}

static dq_status push_global(dq_pickle *p)
{
    dq_pickle_text module, name;
    DQ_TRY(take_line(p, &module));
    DQ_TRY(take_line(p, &name));
    for (size_t i = 0; i < DQ_COUNT(global_names); i++) {
        const char *known = strchr(global_names[i], ' ');
        size_t module_n = (size_t)(known - global_names[i]);
        if (module.n == module_n && memcmp(module.at, global_names[i], module_n) == 0 &&
            text_is(name, known + 1))
            return push_number(p, GLOBAL, (int64_t)i);
    }
    char module_name[64], global_name[64];
    return refuse_global(dq_pickle_printable(module_name, sizeof(module_name), module),
                         dq_pickle_printable(global_name, sizeof(global_name), name));
}

static dq_status add_member(dq_pickle *p, value key, value item)
{
    if (p->stack.n == 0 || p->stack.at[p->stack.n - 1].kind != DICTIONARY)
        return fail_at(p, "an entry of something that is not a dictionary");
    MAKE_ROOM(p->members);
    p->members.at[p->members.n++] = (member){p->stack.at[p->stack.n - 1].number, key, item};
    return DQ_OK;
}

static dq_status add_one_member(dq_pickle *p)
{
    value item, key;
    DQ_TRY(pop(p, &item));
    DQ_TRY(pop(p, &key));
    return add_member(p, key, item);
}

/** Keys and values in turn. */
static dq_status add_marked_members(dq_pickle *p)
{
    const value *v;
    size_t n;
    DQ_TRY(pop_to_mark(p, &v, &n));
    if (n % 2 != 0)
        return fail_at(p, "a key without its entry");
    for (size_t i = 0; i < n; i += 2)
        DQ_TRY(add_member(p, v[i], v[i + 1]));
    return DQ_OK;
}

static dq_status put_memo(dq_pickle *p)
{
    uint32_t index;
    DQ_TRY(take_number(p, p->arg, &index));
    if (p->stack.n == 0 || index >= p->n)
        return fail_at(p, "an impossible memo");
    while (p->memo.n <= index) {
        MAKE_ROOM(p->memo);
        p->memo.at[p->memo.n++] = (value){.kind = UNSET};
    }
    p->memo.at[index] = p->stack.at[p->stack.n - 1];
    return DQ_OK;
}

static dq_status get_memo(dq_pickle *p)
{
    uint32_t index;
    DQ_TRY(take_number(p, p->arg, &index));
    if (index >= p->memo.n || p->memo.at[index].kind == UNSET || p->memo.at[index].kind == MARK)
        return fail_at(p, "a memo that was never set");
    return push(p, p->memo.at[index]);
}

/** BINPERSID: ('storage', FloatStorage, key, place, number of floats). The place ("cpu", "cuda:0")
 *  does not matter. */
static dq_status push_storage(dq_pickle *p)
{
    value id;
    DQ_TRY(pop(p, &id));
    size_t n;
    const value *v = tuple_items(p, id, &n);
    if (n != 5 || v[0].kind != TEXT || !text_is(v[0].text, "storage") || v[1].kind != GLOBAL ||
        v[1].number != FLOAT_STORAGE || v[2].kind != TEXT || v[4].kind != INT || v[4].number < 0)
        return fail_at(p, "a persistent id that is not a storage");
    MAKE_ROOM(p->storages);
    p->storages.at[p->storages.n] = (storage){v[2].text, v[4].number};
    return push_number(p, STORAGE, (int64_t)p->storages.n++);
}

/** One dimension of a view: its size, its stride, and its part of the last element's place. */
static dq_status read_dim(dq_pickle *p, dq_pickle_tensor *t, size_t dim, value size, value stride,
                          int64_t *last)
{
    if (size.kind != INT || stride.kind != INT || size.number < 0 || stride.number < 0)
        return fail_at(p, "a tensor with an impossible shape");
    if (size.number == 0)
        return dq_fail(DQ_ERR_INPUT, "a tensor is empty: save a state_dict() without it");
    // Within the storage, so that neither the product nor the sum can overflow.
    int64_t room = t->storage_count - 1 - *last;
    if (size.number > t->storage_count ||
        (size.number > 1 && stride.number > room / (size.number - 1)))
        return fail_at(p, "a tensor that is larger than its storage");
    *last += (size.number - 1) * stride.number;
    t->shape[dim] = (int)size.number;
    t->stride[dim] = stride.number;
    return DQ_OK;
}

/** _rebuild_tensor_v2(storage, offset, shape, strides, requires_grad, hooks[, metadata]). */
static dq_status push_tensor(dq_pickle *p, const value *arg, size_t n)
{
    if (n < 6 || arg[0].kind != STORAGE || arg[1].kind != INT || arg[2].kind != TUPLE ||
        arg[3].kind != TUPLE)
        return fail_at(p, "a tensor that is not described as one");
    const storage *from = &p->storages.at[arg[0].number];
    size_t n_dims, n_strides;
    const value *shape = tuple_items(p, arg[2], &n_dims);
    const value *stride = tuple_items(p, arg[3], &n_strides);
    if (n_strides != n_dims)
        return fail_at(p, "a tensor with an impossible shape");
    if (n_dims < 1 || n_dims > DQ_PICKLE_MAX_DIMS)
        return dq_fail(DQ_ERR_INPUT,
                       "a tensor has %zu dimensions, only 1 to %d are read: save a "
                       "state_dict() without it",
                       n_dims, DQ_PICKLE_MAX_DIMS);
    if (from->count > INT32_MAX || arg[1].number < 0 || arg[1].number >= from->count)
        return fail_at(p, "a tensor that is larger than its storage");
    dq_pickle_tensor t = {.key = from->key,
                          .storage_count = from->count,
                          .offset = arg[1].number,
                          .n_dims = (int)n_dims};
    int64_t last = t.offset, n_elements = 1;
    for (size_t i = 0; i < n_dims; i++) {
        DQ_TRY(read_dim(p, &t, i, shape[i], stride[i], &last));
        n_elements *= t.shape[i];
        if (n_elements > t.storage_count)
            return fail_at(p, "a tensor that is larger than its storage");
    }
    MAKE_ROOM(p->tensors);
    p->tensors.at[p->tensors.n] = t;
    return push_number(p, TENSOR, (int64_t)p->tensors.n++);
}

static dq_status reduce(dq_pickle *p)
{
    value args, callee;
    DQ_TRY(pop(p, &args));
    DQ_TRY(pop(p, &callee));
    if (callee.kind != GLOBAL || args.kind != TUPLE)
        return fail_at(p, "a call of what cannot be called");
    size_t n;
    const value *arg = tuple_items(p, args, &n);
    if (callee.number == ORDERED_DICT && n == 0)
        return push_dictionary(p);
    if (callee.number == REBUILD_TENSOR)
        return push_tensor(p, arg, n);
    if (callee.number == REBUILD_PARAMETER && n >= 1 && arg[0].kind == TENSOR)
        return push(p, arg[0]);
    return fail_at(p, "a call with arguments that are not understood");
}

/** Attributes of an OrderedDict (_metadata: versions of modules) say nothing about tensors. */
static dq_status build(dq_pickle *p)
{
    value attributes;
    DQ_TRY(pop(p, &attributes));
    if (p->stack.n == 0 || p->stack.at[p->stack.n - 1].kind != DICTIONARY)
        return fail_at(p, "attributes of something that is not a dictionary");
    return DQ_OK;
}

static dq_status check_protocol(dq_pickle *p)
{
    uint32_t protocol;
    DQ_TRY(take_number(p, p->arg, &protocol));
    if (protocol != 2)
        return dq_fail(DQ_ERR_INPUT, "its pickle has protocol %u, PyTorch's default 2 is read",
                       protocol);
    return DQ_OK;
}

/** What to do for each opcode, and how many bytes its argument has, how many values a tuple takes,
 *  or which bool. Names and meanings: Python's Lib/pickletools.py. */
static const struct operation {
    dq_status (*execute)(dq_pickle *p);
    unsigned arg;
} operations[256] = {
    [0x80] = {check_protocol, 1},     // PROTO
    ['N'] = {push_none, 0},           // NONE
    [0x88] = {push_bool, 1},          // NEWTRUE
    [0x89] = {push_bool, 0},          // NEWFALSE
    ['K'] = {push_int, 1},            // BININT1
    ['M'] = {push_int, 2},            // BININT2
    ['J'] = {push_int, 4},            // BININT
    ['X'] = {push_text, 4},           // BINUNICODE
    ['c'] = {push_global, 0},         // GLOBAL
    ['('] = {push_mark, 0},           // MARK
    ['t'] = {push_marked_tuple, 0},   // TUPLE
    [')'] = {push_short_tuple, 0},    // EMPTY_TUPLE
    [0x85] = {push_short_tuple, 1},   // TUPLE1
    [0x86] = {push_short_tuple, 2},   // TUPLE2
    [0x87] = {push_short_tuple, 3},   // TUPLE3
    ['}'] = {push_dictionary, 0},     // EMPTY_DICT
    ['s'] = {add_one_member, 0},      // SETITEM
    ['u'] = {add_marked_members, 0},  // SETITEMS
    ['q'] = {put_memo, 1},            // BINPUT
    ['r'] = {put_memo, 4},            // LONG_BINPUT
    ['h'] = {get_memo, 1},            // BINGET
    ['j'] = {get_memo, 4},            // LONG_BINGET
    ['Q'] = {push_storage, 0},        // BINPERSID
    ['R'] = {reduce, 0},              // REDUCE
    ['b'] = {build, 0},               // BUILD
};

static dq_status run(dq_pickle *p)
{
    for (;;) {
        const uint8_t *opcode;
        DQ_TRY(take_bytes(p, 1, &opcode));
        if (*opcode == '.')  // STOP
            return pop(p, &p->result);
        const struct operation *op = &operations[*opcode];
        if (!op->execute)
            return dq_fail(DQ_ERR_INPUT,
                           "its pickle uses opcode 0x%02x, which no dictionary of "
                           "tensors needs: save net.state_dict() alone",
                           *opcode);
        p->arg = op->arg;
        DQ_TRY(op->execute(p));
    }
}

dq_status dq_pickle_create(dq_pickle **out, const void *bytes, size_t n)
{
    *out = NULL;
    dq_pickle *p = calloc(1, sizeof(*p));
    if (!p)
        return dq_fail(DQ_ERR_NOMEM, "no memory to read a pickle");
    p->bytes = bytes;
    p->n = n < DQ_PICKLE_MAX_BYTES ? n : DQ_PICKLE_MAX_BYTES;
    dq_status st = run(p);
    if (st != DQ_OK) {
        dq_pickle_destroy(p);
        return st;
    }
    *out = p;
    return DQ_OK;
}

void dq_pickle_destroy(dq_pickle *p)
{
    if (!p)
        return;
    free(p->stack.at);
    free(p->memo.at);
    free(p->items.at);
    free(p->members.at);
    free(p->storages.at);
    free(p->tensors.at);
    free(p->named.at);
    free(p);
}

static int compare_names(const void *a, const void *b)
{
    const dq_pickle_text *x = a, *y = b;
    int order = memcmp(x->at, y->at, x->n < y->n ? x->n : y->n);
    return order != 0 ? order : (x->n > y->n) - (x->n < y->n);
}

static dq_status refuse_same_names(const dq_pickle *p)
{
    size_t n = p->named.n;
    dq_pickle_text *names = malloc((n ? n : 1) * sizeof(*names));
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
                         dq_pickle_printable(text, sizeof(text), names[i]));
    free(names);
    return st;
}

dq_status dq_pickle_state_dict(dq_pickle *p, const dq_pickle_tensor **out, size_t *n)
{
    if (p->result.kind != DICTIONARY)
        return dq_fail(DQ_ERR_INPUT, "it has no dictionary: save net.state_dict() alone");
    p->named.n = 0;
    for (size_t i = 0; i < p->members.n; i++) {
        const member *m = &p->members.at[i];
        if (m->dictionary != p->result.number)
            continue;
        char text[64];
        if (m->key.kind != TEXT)
            return dq_fail(DQ_ERR_INPUT, "its dictionary has a key that is not text: save "
                                         "net.state_dict() alone");
        if (m->value.kind != TENSOR)
            return dq_fail(DQ_ERR_INPUT,
                           "its entry %s is not a tensor: save net.state_dict() alone",
                           dq_pickle_printable(text, sizeof(text), m->key.text));
        MAKE_ROOM(p->named);
        p->named.at[p->named.n] = p->tensors.at[m->value.number];
        p->named.at[p->named.n++].name = m->key.text;
    }
    if (p->named.n == 0)
        return dq_fail(DQ_ERR_INPUT, "its dictionary is empty: save net.state_dict()");
    DQ_TRY(refuse_same_names(p));
    *out = p->named.at;
    *n = p->named.n;
    return DQ_OK;
}
