/** A tensor as a file describes it, before its elements become floats. */
#ifndef DEEPQ_RECORD_STORED_TENSOR_H
#define DEEPQ_RECORD_STORED_TENSOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "deepq/status.h"

enum { DQ_STORED_MAX_DIMS = 4 };

/** Characters inside a file, not terminated. */
typedef struct dq_span {
    const char *at;
    size_t n;
} dq_span;

/** What the elements of a stored tensor are, little-endian. Integers and the like are no weights;
 *  they are known so that a file with other tensors besides can be read. */
typedef enum dq_stored_type {
    DQ_STORED_F32 = 0,
    DQ_STORED_F16,   // IEEE 754 binary16
    DQ_STORED_BF16,  // the upper half of a float32
    DQ_STORED_F64,
    DQ_STORED_I64,
    DQ_STORED_I32,
    DQ_STORED_I16,
    DQ_STORED_I8,
    DQ_STORED_U64,
    DQ_STORED_U32,
    DQ_STORED_U16,
    DQ_STORED_U8,
    DQ_STORED_BOOL,
    DQ_STORED_TYPES
} dq_stored_type;

/** PyTorch's name, "bfloat16". */
const char *dq_stored_type_name(dq_stored_type type);
/** Bytes of an element. */
size_t dq_stored_type_bytes(dq_stored_type type);
/** Whether it can be a weight. */
bool dq_stored_type_is_float(dq_stored_type type);
/** An element of one of the types of floats, rounded to the nearest float32. */
float dq_stored_float(dq_stored_type type, const uint8_t *element);

/** A view of a storage, elements of one type in memory. Of one that dq_stored_tensor_check() lets
 *  pass: 1 to 4 dimensions of at least 1, strides not negative, all elements inside the storage,
 * and no more of them than the storage has. */
typedef struct dq_stored_tensor {
    dq_span name;           // its key in the dictionary
    dq_span key;            // which storage
    size_t storage;         // number of that storage, once the storages are read
    dq_stored_type type;    // of its elements
    int64_t storage_count;  // elements in that storage
    int64_t offset;         // of the first element, in elements
    int n_dims;             // 0 to many; -1: it is empty
    int shape[DQ_STORED_MAX_DIMS];
    int64_t stride[DQ_STORED_MAX_DIMS];  // in elements
} dq_stored_tensor;

/** Which of the tensors of a file become a model's. Integers are left out (num_batches_tracked, a
 *  counter), unless they stand where a weight is expected.
 *  @param[out] is_left_out
 *  @return DQ_OK; DQ_ERR_INPUT for a weight or bias of integers, an empty tensor, or one of no or
 *          more than 4 dimensions */
DQ_NODISCARD dq_status dq_stored_tensor_check(const dq_stored_tensor *t, bool *is_left_out);

/** Text from a file, made fit for an error message: printable, cut to `cap`. Returns `to`. */
const char *dq_span_print(char *to, size_t cap, dq_span text);
/** Whether it is this text. */
bool dq_span_is(dq_span text, const char *want);

#endif
