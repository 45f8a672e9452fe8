#include "record/pickle.h"

#include <stdlib.h>
#include <string.h>

#include "record/pickle_values.h"

dq_status dq_pickle_grow(void **array, size_t *cap, size_t item_bytes)
{
    size_t new_cap = *cap ? 2 * *cap : 64;
    void *p = realloc(*array, new_cap * item_bytes);
    if (!p)
        return dq_fail(DQ_ERR_NOMEM, "no memory to read a pickle");
    *array = p;
    *cap = new_cap;
    return DQ_OK;
}

dq_status dq_pickle_fail(const dq_pickle *p, const char *what)
{
    return dq_fail(DQ_ERR_INPUT, "damaged pickle: %s at byte %zu", what, p->at);
}

dq_status dq_pickle_push(dq_pickle *p, value v)
{
    MAKE_ROOM(p->stack);
    p->stack.at[p->stack.n++] = v;
    return DQ_OK;
}

dq_status dq_pickle_push_number(dq_pickle *p, value_kind kind, int64_t number)
{
    return dq_pickle_push(p, (value){.kind = kind, .number = number});
}

dq_status dq_pickle_pop(dq_pickle *p, value *v)
{
    *v = (value){.kind = UNSET};
    if (p->stack.n == 0 || p->stack.at[p->stack.n - 1].kind == MARK)
        return dq_pickle_fail(p, "an operation without its operand");
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
        return dq_pickle_fail(p, "an operation without its mark");
    *first = p->stack.at + at;
    *n = p->stack.n - at;
    p->stack.n = at - 1;
    return DQ_OK;
}

const value *dq_pickle_items(const dq_pickle *p, value tuple, size_t *n)
{
    *n = tuple.kind == TUPLE ? tuple.items.n : 0;
    return *n ? p->items.at + tuple.items.first : NULL;
}

static dq_status take_bytes(dq_pickle *p, size_t n, const uint8_t **bytes)
{
    *bytes = NULL;
    if (n > p->n - p->at)
        return dq_pickle_fail(p, "it ends early");
    *bytes = p->bytes + p->at;
    p->at += n;
    return DQ_OK;
}

static dq_status push_none(dq_pickle *p)
{
    return dq_pickle_push_number(p, NONE, 0);
}

static dq_status push_bool(dq_pickle *p)
{
    return dq_pickle_push_number(p, BOOL, p->arg);
}

static dq_status push_mark(dq_pickle *p)
{
    return dq_pickle_push_number(p, MARK, 0);
}

static dq_status push_dictionary(dq_pickle *p)
{
    return dq_pickle_push_number(p, DICTIONARY, p->n_owners++);
}

static dq_status push_list(dq_pickle *p)
{
    return dq_pickle_push_number(p, LIST, p->n_owners++);
}

/** BINFLOAT: no number of a model is one. */
static dq_status push_float(dq_pickle *p)
{
    const uint8_t *b;
    DQ_TRY(take_bytes(p, 8, &b));
    return dq_pickle_push_number(p, FLOAT, 0);
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
    return dq_pickle_push_number(p, INT, p->arg == 4 ? (int32_t)number : (int64_t)number);
}

/** LONG1: little-endian, with sign. One of more than 8 bytes stands for -1: PyTorch's magic number
 *  alone is so long. */
static dq_status push_long(dq_pickle *p)
{
    uint32_t n;
    const uint8_t *b;
    uint64_t bits = 0;
    DQ_TRY(take_number(p, 1, &n));
    DQ_TRY(take_bytes(p, n, &b));
    if (n > 8)
        return dq_pickle_push_number(p, INT, -1);
    for (size_t i = 0; i < 8; i++)
        bits |= (uint64_t)(i < n ? b[i] : n > 0 && b[n - 1] & 0x80 ? 0xff : 0) << 8 * i;
    return dq_pickle_push_number(p, INT, (int64_t)bits);
}

static dq_status push_text(dq_pickle *p)
{
    uint32_t n;
    const uint8_t *b;
    DQ_TRY(take_number(p, p->arg, &n));
    DQ_TRY(take_bytes(p, n, &b));
    return dq_pickle_push(p, (value){.kind = TEXT, .text = {(const char *)b, n}});
}

static dq_status push_tuple(dq_pickle *p, const value *from, size_t n)
{
    value tuple = {.kind = TUPLE, .items = {p->items.n, n}};
    for (size_t i = 0; i < n; i++) {
        MAKE_ROOM(p->items);
        p->items.at[p->items.n++] = from[i];
    }
    return dq_pickle_push(p, tuple);
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
        DQ_TRY(dq_pickle_pop(p, &v[i - 1]));
    return push_tuple(p, v, p->arg);
}

/** The next line, without its newline. */
static dq_status take_line(dq_pickle *p, dq_span *line)
{
    *line = (dq_span){0};
    const uint8_t *from = p->bytes + p->at;
    const uint8_t *end = p->at < p->n ? memchr(from, '\n', p->n - p->at) : NULL;
    if (!end)
        return dq_pickle_fail(p, "it ends early");
    *line = (dq_span){(const char *)from, (size_t)(end - from)};
    p->at += line->n + 1;
    return DQ_OK;
}

static dq_status push_global(dq_pickle *p)
{
    dq_span module, name;
    int64_t number;
    DQ_TRY(take_line(p, &module));
    DQ_TRY(take_line(p, &name));
    DQ_TRY(dq_pickle_find_global(module, name, &number));
    return dq_pickle_push_number(p, GLOBAL, number);
}

/** To the dictionary or list that is topmost. */
static dq_status add_member(dq_pickle *p, value_kind kind, value key, value item)
{
    if (p->stack.n == 0 || p->stack.at[p->stack.n - 1].kind != kind)
        return dq_pickle_fail(p, kind == LIST ? "an item of something that is not a list"
                                              : "an entry of something that is not a dictionary");
    MAKE_ROOM(p->members);
    p->members.at[p->members.n++] = (member){p->stack.at[p->stack.n - 1].number, key, item};
    return DQ_OK;
}

static dq_status add_one_member(dq_pickle *p)
{
    value item, key;
    DQ_TRY(dq_pickle_pop(p, &item));
    DQ_TRY(dq_pickle_pop(p, &key));
    return add_member(p, DICTIONARY, key, item);
}

/** Keys and values in turn. */
static dq_status add_marked_members(dq_pickle *p)
{
    const value *v;
    size_t n;
    DQ_TRY(pop_to_mark(p, &v, &n));
    if (n % 2 != 0)
        return dq_pickle_fail(p, "a key without its entry");
    for (size_t i = 0; i < n; i += 2)
        DQ_TRY(add_member(p, DICTIONARY, v[i], v[i + 1]));
    return DQ_OK;
}

static dq_status add_one_item(dq_pickle *p)
{
    value item;
    DQ_TRY(dq_pickle_pop(p, &item));
    return add_member(p, LIST, (value){.kind = UNSET}, item);
}

static dq_status add_marked_items(dq_pickle *p)
{
    const value *v;
    size_t n;
    DQ_TRY(pop_to_mark(p, &v, &n));
    for (size_t i = 0; i < n; i++)
        DQ_TRY(add_member(p, LIST, (value){.kind = UNSET}, v[i]));
    return DQ_OK;
}

static dq_status put_memo(dq_pickle *p)
{
    uint32_t index;
    DQ_TRY(take_number(p, p->arg, &index));
    if (p->stack.n == 0 || index >= p->n)
        return dq_pickle_fail(p, "an impossible memo");
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
        return dq_pickle_fail(p, "a memo that was never set");
    return dq_pickle_push(p, p->memo.at[index]);
}

static dq_status reduce(dq_pickle *p)
{
    value args, callee;
    DQ_TRY(dq_pickle_pop(p, &args));
    DQ_TRY(dq_pickle_pop(p, &callee));
    if (callee.kind != GLOBAL || args.kind != TUPLE)
        return dq_pickle_fail(p, "a call of what cannot be called");
    return dq_pickle_call(p, callee.number, args);
}

/** Attributes of an OrderedDict (_metadata: versions of modules) say nothing about tensors. */
static dq_status build(dq_pickle *p)
{
    value attributes;
    DQ_TRY(dq_pickle_pop(p, &attributes));
    if (p->stack.n == 0 || p->stack.at[p->stack.n - 1].kind != DICTIONARY)
        return dq_pickle_fail(p, "attributes of something that is not a dictionary");
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
    [0x80] = {check_protocol, 1},         // PROTO
    ['N'] = {push_none, 0},               // NONE
    [0x88] = {push_bool, 1},              // NEWTRUE
    [0x89] = {push_bool, 0},              // NEWFALSE
    ['K'] = {push_int, 1},                // BININT1
    ['M'] = {push_int, 2},                // BININT2
    ['J'] = {push_int, 4},                // BININT
    [0x8a] = {push_long, 0},              // LONG1
    ['G'] = {push_float, 0},              // BINFLOAT
    ['X'] = {push_text, 4},               // BINUNICODE
    ['c'] = {push_global, 0},             // GLOBAL
    ['('] = {push_mark, 0},               // MARK
    ['t'] = {push_marked_tuple, 0},       // TUPLE
    [')'] = {push_short_tuple, 0},        // EMPTY_TUPLE
    [0x85] = {push_short_tuple, 1},       // TUPLE1
    [0x86] = {push_short_tuple, 2},       // TUPLE2
    [0x87] = {push_short_tuple, 3},       // TUPLE3
    ['}'] = {push_dictionary, 0},         // EMPTY_DICT
    ['s'] = {add_one_member, 0},          // SETITEM
    ['u'] = {add_marked_members, 0},      // SETITEMS
    [']'] = {push_list, 0},               // EMPTY_LIST
    ['a'] = {add_one_item, 0},            // APPEND
    ['e'] = {add_marked_items, 0},        // APPENDS
    ['q'] = {put_memo, 1},                // BINPUT
    ['r'] = {put_memo, 4},                // LONG_BINPUT
    ['h'] = {get_memo, 1},                // BINGET
    ['j'] = {get_memo, 4},                // LONG_BINGET
    ['Q'] = {dq_pickle_push_storage, 0},  // BINPERSID
    ['R'] = {reduce, 0},                  // REDUCE
    ['b'] = {build, 0},                   // BUILD
};

static dq_status run(dq_pickle *p)
{
    for (;;) {
        const uint8_t *opcode;
        DQ_TRY(take_bytes(p, 1, &opcode));
        if (*opcode == '.')  // STOP
            return dq_pickle_pop(p, &p->result);
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
    free(p->texts.at);
    free(p);
}

size_t dq_pickle_bytes(const dq_pickle *p)
{
    return p->at;
}
