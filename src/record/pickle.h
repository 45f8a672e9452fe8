/** Pickles read as data: the few opcodes that a dictionary of PyTorch tensors needs, and no more.
 *
 *  Nothing is ever called or imported. The only names understood are OrderedDict, PyTorch's tensor
 *  builders and its float storage; everything else is refused by name. Time and memory are
 *  linear in the length of the pickle. The bytes must outlive the object: texts point into them. */
#ifndef DEEPQ_RECORD_PICKLE_H
#define DEEPQ_RECORD_PICKLE_H

#include <stddef.h>
#include <stdint.h>

#include "deepq/status.h"

enum { DQ_PICKLE_MAX_BYTES = 1 << 20, DQ_PICKLE_MAX_DIMS = 4 };

/** Characters inside the pickle, not terminated. */
typedef struct dq_pickle_text {
    const char *at;
    size_t n;
} dq_pickle_text;

/** A tensor as the pickle describes it: a view of a storage whose floats are elsewhere. Checked:
 *  1 to 4 dimensions of at least 1, strides not negative, all elements inside the storage, and no
 *  more of them than the storage has. */
typedef struct dq_pickle_tensor {
    dq_pickle_text name;    // its key in the dictionary
    dq_pickle_text key;     // which storage
    int64_t storage_count;  // floats in that storage
    int64_t offset;         // of the first element, in floats
    int n_dims;
    int shape[DQ_PICKLE_MAX_DIMS];
    int64_t stride[DQ_PICKLE_MAX_DIMS];  // in floats
} dq_pickle_tensor;

typedef struct dq_pickle dq_pickle;

/** Read the pickle that `bytes` begin with. DQ_ERR_INPUT says what about it is damaged or not
 *  understood. */
DQ_NODISCARD dq_status dq_pickle_create(dq_pickle **out, const void *bytes, size_t n);
void dq_pickle_destroy(dq_pickle *p);

/** The tensors of the dictionary that the pickle is, in its order. @param[out] out the pickle's */
DQ_NODISCARD dq_status dq_pickle_state_dict(dq_pickle *p, const dq_pickle_tensor **out, size_t *n);

/** Text from a file, made fit for an error message: printable, cut to `cap`. Returns `to`. */
const char *dq_pickle_printable(char *to, size_t cap, dq_pickle_text text);

#endif
