/** An ONNX model in the making. It is one block of memory with places for all that the networks
 *  need; data of tensors is pointed to. */
#ifndef DEEPQ_EXPORT_ONNX_BUILDER_H
#define DEEPQ_EXPORT_ONNX_BUILDER_H

#include "deepq/stream.h"
#include "deepq/tensor.h"
#include "onnx_model.pb-c.h"

enum {
    DQ_ONNX_NODES = 64,      // most nodes
    DQ_ONNX_ATTRIBUTES = 4,  // most attributes of a node
    DQ_ONNX_INPUTS = 3,      // most inputs of a node
    DQ_ONNX_INTS = 4,        // most numbers of an attribute
    DQ_ONNX_TENSORS = 48,    // most initialisers
    DQ_ONNX_ENTRIES = 16,    // most entries of the metadata
    DQ_ONNX_NAME = 40,       // bytes of a name, the final zero included
    DQ_ONNX_TEXT = 288,      // bytes of a text of the metadata
    DQ_ONNX_FLOAT32 = 1,     // element types, ONNX's numbers
    DQ_ONNX_UINT8 = 2,
    DQ_ONNX_INT64 = 7
};

typedef struct dq_onnx_node {
    Deepq__Onnx__Node node;
    char name[DQ_ONNX_NAME], inputs[DQ_ONNX_INPUTS][DQ_ONNX_NAME];
    char *input_list[DQ_ONNX_INPUTS], *output_list[1];
    Deepq__Onnx__Attribute attributes[DQ_ONNX_ATTRIBUTES], *attribute_list[DQ_ONNX_ATTRIBUTES];
    int64_t ints[DQ_ONNX_ATTRIBUTES][DQ_ONNX_INTS];
} dq_onnx_node;

typedef struct dq_onnx_tensor {
    Deepq__Onnx__Tensor tensor;
    char name[DQ_ONNX_NAME];
    int64_t dims[DQ_ONNX_INTS];
    int64_t ints[DQ_ONNX_INTS];  // data of an int64 tensor
    float number;                // data of a float
} dq_onnx_tensor;

typedef struct dq_onnx_value {
    Deepq__Onnx__Value value, *list[1];
    Deepq__Onnx__Type type;
    Deepq__Onnx__TensorType tensor_type;
    Deepq__Onnx__Shape shape;
    Deepq__Onnx__Dimension dims[DQ_ONNX_INTS], *dim_list[DQ_ONNX_INTS];
} dq_onnx_value;

typedef struct dq_onnx {
    Deepq__Onnx__Model model;
    Deepq__Onnx__Graph graph;
    Deepq__Onnx__OperatorSet opset, *opset_list[1];
    dq_onnx_value input, output;
    dq_onnx_node nodes[DQ_ONNX_NODES];
    Deepq__Onnx__Node *node_list[DQ_ONNX_NODES];
    dq_onnx_tensor tensors[DQ_ONNX_TENSORS];
    Deepq__Onnx__Tensor *tensor_list[DQ_ONNX_TENSORS];
    Deepq__Onnx__Entry entries[DQ_ONNX_ENTRIES], *entry_list[DQ_ONNX_ENTRIES];
    char keys[DQ_ONNX_ENTRIES][DQ_ONNX_NAME], values[DQ_ONNX_ENTRIES][DQ_ONNX_TEXT];
} dq_onnx;

/** Begin an empty model.
 *  @param opset the version of the operators
 *  @param[out] b all of it is set */
void dq_onnx_begin(dq_onnx *b, const char *name, int opset);
/** Set the input or the output: [batch][...]. @param dims [n] behind the batch */
void dq_onnx_set_value(dq_onnx_value *v, const char *name, int type, const int *dims, int n);
/** Add a node of up to three inputs, the last of which may be NULL.
 *  @return the name of its output, which is the node's */
const char *dq_onnx_add(dq_onnx *b, const char *op, const char *name, const char *x, const char *y,
                        const char *z);
/** Give the node that was added last an attribute. */
void dq_onnx_set_int(dq_onnx *b, const char *name, int64_t value);
/** @param values [n], n up to DQ_ONNX_INTS */
void dq_onnx_set_ints(dq_onnx *b, const char *name, const int *values, size_t n);
/** Add a tensor of float32, whose data remains the caller's. @return its name */
const char *dq_onnx_add_tensor(dq_onnx *b, const dq_tensor *t);
/** Add a float without dimensions. @return its name */
const char *dq_onnx_add_float(dq_onnx *b, const char *name, float number);
/** Add int64 [n]. @return its name */
const char *dq_onnx_add_ints(dq_onnx *b, const char *name, const int *values, size_t n);
/** Add an entry of the metadata. */
void dq_onnx_add_entry(dq_onnx *b, const char *key, const char *value);
/** Write the model. @return DQ_OK or the writer's failure */
DQ_NODISCARD dq_status dq_onnx_write(const dq_onnx *b, dq_writer *w);

#endif
