#include "record/pickle_write.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

void dq_pickle_put(dq_writer *w, const char *opcodes)
{
    dq_write(w, opcodes, strlen(opcodes));
}

void dq_pickle_put_text(dq_writer *w, const char *text)
{
    dq_pickle_put(w, "X");
    dq_write_u32(w, (uint32_t)strlen(text));
    dq_pickle_put(w, text);
}

void dq_pickle_put_int(dq_writer *w, int number)
{
    dq_pickle_put(w, "J");
    dq_write_u32(w, (uint32_t)number);
}

void dq_pickle_put_float(dq_writer *w, double number)
{
    uint64_t bits;
    uint8_t bytes[9] = {'G'};
    memcpy(&bits, &number, sizeof(bits));
    for (int i = 0; i < 8; i++)  // big-endian, unlike the rest
        bytes[1 + i] = (uint8_t)(bits >> (56 - 8 * i));
    dq_write(w, bytes, sizeof(bytes));
}

void dq_pickle_put_global(dq_writer *w, const char *module, const char *name)
{
    dq_pickle_put(w, "c");
    dq_pickle_put(w, module);
    dq_pickle_put(w, "\n");
    dq_pickle_put(w, name);
    dq_pickle_put(w, "\n");
}

/** ('storage', FloatStorage, key, 'cpu', count) as a persistent id, the storage's name. */
static void put_storage(dq_writer *w, size_t index, size_t count)
{
    char key[24];
    snprintf(key, sizeof(key), "%zu", index);
    dq_pickle_put(w, DQ_PICKLE_MARK);
    dq_pickle_put_text(w, "storage");
    dq_pickle_put_global(w, "torch", "FloatStorage");
    dq_pickle_put_text(w, key);
    dq_pickle_put_text(w, "cpu");
    dq_pickle_put_int(w, (int)count);
    dq_pickle_put(w, DQ_PICKLE_TUPLE "Q");
}

/** OrderedDict(). */
static void put_ordered_dict(dq_writer *w)
{
    dq_pickle_put_global(w, "collections", "OrderedDict");
    dq_pickle_put(w, ")" DQ_PICKLE_CALL);
}

/** _rebuild_tensor_v2(storage, offset, shape, strides, requires_grad, hooks). */
static void put_tensor(dq_writer *w, size_t index, const dq_tensor *t)
{
    int stride = (int)dq_tensor_elements(t);
    dq_pickle_put_global(w, "torch._utils", "_rebuild_tensor_v2");
    dq_pickle_put(w, DQ_PICKLE_MARK);
    put_storage(w, index, (size_t)stride);
    dq_pickle_put_int(w, 0);
    dq_pickle_put(w, DQ_PICKLE_MARK);
    for (int i = 0; i < t->n_dims; i++)
        dq_pickle_put_int(w, t->shape[i]);
    dq_pickle_put(w, DQ_PICKLE_TUPLE DQ_PICKLE_MARK);
    for (int i = 0; i < t->n_dims; i++) {
        stride /= t->shape[i];
        dq_pickle_put_int(w, stride);
    }
    dq_pickle_put(w, DQ_PICKLE_TUPLE DQ_PICKLE_FALSE);
    put_ordered_dict(w);
    dq_pickle_put(w, DQ_PICKLE_TUPLE DQ_PICKLE_CALL);
}

void dq_pickle_put_state_dict(dq_writer *w, const char *prefix, const dq_tensor *tensors, size_t n,
                              size_t first)
{
    put_ordered_dict(w);
    dq_pickle_put(w, DQ_PICKLE_MARK);
    for (size_t i = 0; i < n; i++) {
        dq_pickle_put(w, "X");
        dq_write_u32(w, (uint32_t)(strlen(prefix) + strlen(tensors[i].name)));
        dq_pickle_put(w, prefix);
        dq_pickle_put(w, tensors[i].name);
        put_tensor(w, first + i, &tensors[i]);
    }
    dq_pickle_put(w, DQ_PICKLE_SET_ITEMS);
}
