/** Inside the pickle reader: its values, shared by the machine (pickle.c) and by what it knows of
 *  PyTorch (pickle_tensors.c). */
#ifndef DEEPQ_RECORD_PICKLE_VALUES_H
#define DEEPQ_RECORD_PICKLE_VALUES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "record/pickle.h"

typedef enum value_kind {
    UNSET,  // a memo entry that nothing was put into; the key of an item of a list
    NONE,
    BOOL,
    INT,
    FLOAT,  // which number is not kept
    TEXT,
    GLOBAL,      // number: a global_id
    TUPLE,       // a slice of dq_pickle.items
    DICTIONARY,  // number: which of dq_pickle.members are its
    LIST,        // the same, without keys
    STORAGE,     // number: into dq_pickle.storages
    TENSOR,      // number: into dq_pickle.tensors
    MARK
} value_kind;

typedef struct value {
    value_kind kind;
    union {
        int64_t number;
        dq_span text;
        struct {
            size_t first, n;
        } items;
    };
} value;

/** One entry of one dictionary or list. */
typedef struct member {
    int64_t owner;
    value key, value;
} member;

typedef struct storage {
    dq_span key;
    dq_stored_type type;
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
    ARRAY(dq_stored_tensor) tensors;
    ARRAY(dq_stored_tensor) named;  // what dq_pickle_state_dict() gives out
    ARRAY(dq_span) texts;           // what dq_pickle_texts() gives out
    int64_t n_owners;               // dictionaries and lists
    value result;
};

DQ_NODISCARD dq_status dq_pickle_grow(void **array, size_t *cap, size_t item_bytes);

/** Make room for one more. The pointer is copied because the arrays have different types. */
#define MAKE_ROOM(array)                                                                           \
    do {                                                                                           \
        if ((array).n == (array).cap) {                                                            \
            void *room_ = (array).at;                                                              \
            DQ_TRY(dq_pickle_grow(&room_, &(array).cap, sizeof(*(array).at)));                     \
            (array).at = room_;                                                                    \
        }                                                                                          \
    } while (0)

/** "damaged pickle: WHAT at byte N". */
dq_status dq_pickle_fail(const dq_pickle *p, const char *what);
DQ_NODISCARD dq_status dq_pickle_push(dq_pickle *p, value v);
DQ_NODISCARD dq_status dq_pickle_push_number(dq_pickle *p, value_kind kind, int64_t number);
/** Take the topmost value, which may not be a mark. */
DQ_NODISCARD dq_status dq_pickle_pop(dq_pickle *p, value *v);
/** The items of a tuple, NULL for what is none or has none. */
const value *dq_pickle_items(const dq_pickle *p, value tuple, size_t *n);

/* What stands for PyTorch's functions and classes (pickle_tensors.c). */

/** The number that stands for a name of Python's. DQ_ERR_INPUT: an unknown one, which is refused by
 *  name. */
DQ_NODISCARD dq_status dq_pickle_find_global(dq_span module, dq_span name, int64_t *number);
/** BINPERSID: a storage. */
DQ_NODISCARD dq_status dq_pickle_push_storage(dq_pickle *p);
/** REDUCE: what a call of one of the known names gives. */
DQ_NODISCARD dq_status dq_pickle_call(dq_pickle *p, int64_t global, value args);

#endif
