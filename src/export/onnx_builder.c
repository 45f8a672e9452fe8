#include "export/onnx_builder.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "deepq/version.h"

enum { IR_VERSION = 8, ATTRIBUTE_INT = 2, ATTRIBUTE_INTS = 7 };

static void copy_name(char to[DQ_ONNX_NAME], const char *name)
{
    int n = snprintf(to, DQ_ONNX_NAME, "%s", name);
    assert(n < DQ_ONNX_NAME);
    (void)n;
}

void dq_onnx_begin(dq_onnx *b, const char *name, int opset)
{
    memset(b, 0, sizeof(*b));
    deepq__onnx__model__init(&b->model);
    deepq__onnx__graph__init(&b->graph);
    deepq__onnx__operator_set__init(&b->opset);
    b->opset.domain = "";
    b->opset.has_version = 1;
    b->opset.version = opset;
    b->opset_list[0] = &b->opset;
    b->model.has_ir_version = 1;
    b->model.ir_version = IR_VERSION;
    b->model.producer_name = "deepq";
    b->model.producer_version = (char *)dq_version();  // protobuf-c knows no const
    b->model.graph = &b->graph;
    b->model.opset_import = b->opset_list;
    b->model.n_opset_import = 1;
    b->model.metadata_props = b->entry_list;
    b->graph.name = (char *)name;
    b->graph.node = b->node_list;
    b->graph.initializer = b->tensor_list;
    b->graph.input = b->input.list;
    b->graph.output = b->output.list;
    b->graph.n_input = b->graph.n_output = 1;
}

void dq_onnx_set_value(dq_onnx_value *v, const char *name, int type, const int *dims, int n)
{
    deepq__onnx__value__init(&v->value);
    deepq__onnx__type__init(&v->type);
    deepq__onnx__tensor_type__init(&v->tensor_type);
    deepq__onnx__shape__init(&v->shape);
    v->list[0] = &v->value;
    v->value.name = (char *)name;
    v->value.type = &v->type;
    v->type.tensor_type = &v->tensor_type;
    v->tensor_type.has_elem_type = 1;
    v->tensor_type.elem_type = type;
    v->tensor_type.shape = &v->shape;
    v->shape.dim = v->dim_list;
    v->shape.n_dim = (size_t)n + 1;
    for (int i = 0; i <= n; i++) {
        Deepq__Onnx__Dimension *d = v->dim_list[i] = &v->dims[i];
        deepq__onnx__dimension__init(d);
        if (i == 0) {
            d->dim_param = "batch";
        } else {
            d->has_dim_value = 1;
            d->dim_value = dims[i - 1];
        }
    }
}

const char *dq_onnx_add(dq_onnx *b, const char *op, const char *name, const char *x, const char *y,
                        const char *z)
{
    const char *inputs[DQ_ONNX_INPUTS] = {x, y, z};
    assert(b->graph.n_node < DQ_ONNX_NODES);
    dq_onnx_node *n = &b->nodes[b->graph.n_node];
    b->node_list[b->graph.n_node++] = &n->node;
    deepq__onnx__node__init(&n->node);
    copy_name(n->name, name);
    n->output_list[0] = n->name;
    n->node.name = n->name;
    n->node.op_type = (char *)op;
    n->node.output = n->output_list;
    n->node.n_output = 1;
    n->node.input = n->input_list;
    n->node.attribute = n->attribute_list;
    for (int i = 0; i < DQ_ONNX_INPUTS && inputs[i]; i++) {
        copy_name(n->inputs[i], inputs[i]);
        n->input_list[n->node.n_input++] = n->inputs[i];
    }
    return n->name;
}

static Deepq__Onnx__Attribute *add_attribute(dq_onnx *b, const char *name, int type)
{
    dq_onnx_node *n = &b->nodes[b->graph.n_node - 1];
    assert(n->node.n_attribute < DQ_ONNX_ATTRIBUTES);
    Deepq__Onnx__Attribute *a = &n->attributes[n->node.n_attribute];
    n->attribute_list[n->node.n_attribute++] = a;
    deepq__onnx__attribute__init(a);
    a->name = (char *)name;
    a->has_type = 1;
    a->type = type;
    return a;
}

void dq_onnx_set_int(dq_onnx *b, const char *name, int64_t value)
{
    Deepq__Onnx__Attribute *a = add_attribute(b, name, ATTRIBUTE_INT);
    a->has_i = 1;
    a->i = value;
}

void dq_onnx_set_ints(dq_onnx *b, const char *name, const int *values, size_t n)
{
    Deepq__Onnx__Attribute *a = add_attribute(b, name, ATTRIBUTE_INTS);
    dq_onnx_node *node = &b->nodes[b->graph.n_node - 1];
    assert(n <= DQ_ONNX_INTS);
    a->ints = node->ints[node->node.n_attribute - 1];
    a->n_ints = n;
    for (size_t i = 0; i < n; i++)
        a->ints[i] = values[i];
}

/** @param shape [n_dims] */
static dq_onnx_tensor *add_tensor(dq_onnx *b, const char *name, int type, const int *shape,
                                  int n_dims)
{
    assert(b->graph.n_initializer < DQ_ONNX_TENSORS);
    dq_onnx_tensor *t = &b->tensors[b->graph.n_initializer];
    b->tensor_list[b->graph.n_initializer++] = &t->tensor;
    deepq__onnx__tensor__init(&t->tensor);
    copy_name(t->name, name);
    t->tensor.name = t->name;
    t->tensor.has_data_type = t->tensor.has_raw_data = 1;
    t->tensor.data_type = type;
    t->tensor.dims = t->dims;
    t->tensor.n_dims = (size_t)n_dims;
    for (int i = 0; i < n_dims; i++)
        t->dims[i] = shape[i];
    return t;
}

const char *dq_onnx_add_tensor(dq_onnx *b, const dq_tensor *from)
{
    dq_onnx_tensor *t = add_tensor(b, from->name, DQ_ONNX_FLOAT32, from->shape, from->n_dims);
    t->tensor.raw_data.data = (uint8_t *)from->data;
    t->tensor.raw_data.len = dq_tensor_elements(from) * sizeof(float);
    return t->name;
}

const char *dq_onnx_add_float(dq_onnx *b, const char *name, float number)
{
    dq_onnx_tensor *t = add_tensor(b, name, DQ_ONNX_FLOAT32, NULL, 0);
    t->number = number;
    t->tensor.raw_data.data = (uint8_t *)&t->number;
    t->tensor.raw_data.len = sizeof(t->number);
    return t->name;
}

const char *dq_onnx_add_ints(dq_onnx *b, const char *name, const int *values, size_t n)
{
    int shape = (int)n;
    dq_onnx_tensor *t = add_tensor(b, name, DQ_ONNX_INT64, &shape, 1);
    for (size_t i = 0; i < n; i++)
        t->ints[i] = values[i];
    t->tensor.raw_data.data = (uint8_t *)t->ints;
    t->tensor.raw_data.len = n * sizeof(*t->ints);
    return t->name;
}

void dq_onnx_add_entry(dq_onnx *b, const char *key, const char *value)
{
    size_t i = b->model.n_metadata_props++;
    assert(i < DQ_ONNX_ENTRIES);
    Deepq__Onnx__Entry *e = b->entry_list[i] = &b->entries[i];
    deepq__onnx__entry__init(e);
    copy_name(b->keys[i], key);
    snprintf(b->values[i], DQ_ONNX_TEXT, "%s", value);
    e->key = b->keys[i];
    e->value = b->values[i];
}

typedef struct pipe {
    ProtobufCBuffer base;
    dq_writer *w;
} pipe;

static void append(ProtobufCBuffer *buffer, size_t n, const uint8_t *bytes)
{
    dq_write(((pipe *)buffer)->w, bytes, n);
}

dq_status dq_onnx_write(const dq_onnx *b, dq_writer *w)
{
    pipe to = {.base.append = append, .w = w};
    deepq__onnx__model__pack_to_buffer(&b->model, &to.base);
    return dq_write(w, NULL, 0);  // the first failure, if any
}
