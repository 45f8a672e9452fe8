/* A multilayer perceptron, alone or behind convolutions of own sizes: forward and back. It is
 * small, so one thread does all of it. */
#include <string.h>

#include "nn/net_internal.h"

/** The layer whose inputs an embedding multiplies; without one the number of layers. */
static int embedding_at(const dq_net_shape *s)
{
    return s->embedding.in > 0 ? s->n_dense - 2 : s->n_dense;
}

void dq_mlp_plan(dq_net *net, char *base, size_t *used)
{
    const dq_net_shape *shape = &net->shape;
    size_t most = 0;
    int at = embedding_at(shape), first = shape->n_patches > 0 ? 0 : 1;
    dq_patches_plan(net, base, used);
    for (int l = 1; l < shape->n_patches; l++)
        if (dq_dense_weights(&shape->patch[l].dense) > most)
            most = dq_dense_weights(&shape->patch[l].dense);
    for (int l = 0; l < shape->n_dense; l++) {
        const dq_dense_shape *s = &shape->dense[l];
        size_t rows = l < at ? (size_t)net->cap : dq_embedding_rows(net);
        net->dense_x[l] = l == at ? net->mixed : dq_net_take(base, used, rows * (size_t)s->in_row);
        net->dense_dy[l] = dq_net_take(base, used, rows * (size_t)s->out_row);
        if (l >= first && dq_dense_weights(s) > most)
            most = dq_dense_weights(s);
    }
    if (at < shape->n_dense) {
        net->features = dq_net_take(base, used, (size_t)net->cap * (size_t)shape->dense[at].in_row);
        net->dfeatures = at > 0 ? net->dense_dy[at - 1] : net->dinputs;
    }
    net->dense_turned = dq_net_take(base, used, most);
}

/** Vectors with the zeros that pad their rows. */
static void take_vectors(dq_net *net, const float *obs, int n)
{
    const dq_dense_shape *s = &net->shape.dense[0];
    for (int i = 0; i < n; i++)
        memcpy(net->dense_x[0] + (size_t)i * (size_t)s->in_row, obs + (size_t)i * (size_t)s->in,
               (size_t)s->in * sizeof(*obs));
}

void dq_mlp_forward(dq_net *net, const dq_weights *weights, const void *obs, int n)
{
    const dq_net_shape *shape = &net->shape;
    int last = shape->n_dense - 1, at = embedding_at(shape);
    if (shape->n_patches > 0)
        dq_patches_forward(net, weights, obs, n, at == 0 ? net->features : net->dense_x[0]);
    else
        take_vectors(net, obs, n);
    for (int l = 0; l <= last; l++) {
        float *y = l == last ? net->q : l + 1 == at ? net->features : net->dense_x[l + 1];
        if (l == at)
            dq_embedding_forward(net, weights, n);
        net->k->dense(&shape->dense[l], net->dense_x[l], l < at ? n : n * net->n_rows,
                      weights->used + shape->dense_w[l], weights->used + shape->dense_b[l],
                      l < last && shape->n_norms == 0, y);
        if (l < last && shape->n_norms > 0)
            dq_norm_forward_pass(net, weights, shape->n_patches + l, 0, n, y);
    }
}

void dq_net_sum_rows(const dq_dense_shape *s, const float *dy, int n, float *db)
{
    size_t row = (size_t)s->out_row;
    memset(db, 0, row * sizeof(*db));
    for (int i = 0; i < n; i++)
        for (size_t o = 0; o < row; o++)
            db[o] += dy[(size_t)i * row + o];
}

void dq_mlp_backward(dq_net *net)
{
    const dq_net_shape *shape = &net->shape;
    int at = embedding_at(shape);
    for (int l = shape->n_dense - 1; l >= 0; l--) {
        const dq_dense_shape *s = &shape->dense[l];
        const float *x = net->dense_x[l], *dy = net->dense_dy[l];
        int n = net->cfg.batch * (l < at ? 1 : net->n_rows);
        net->k->dense_dw(s, x, n, dy, net->grad + shape->dense_w[l]);
        if (l == shape->n_dense - 1)
            dq_net_part_streams(shape, s, net->grad + shape->dense_w[l]);
        dq_net_sum_rows(s, dy, n, net->grad + shape->dense_b[l]);
        if (l == 0 && shape->n_patches == 0)
            return;
        float *dx = l == at ? net->dmixed : l == 0 ? net->dinputs : net->dense_dy[l - 1];
        net->k->dense_dx(s, dy, n, net->online.used + shape->dense_w[l], net->dense_turned, dx);
        if (l == at) {
            dq_embedding_backward(net);
            dx = net->dfeatures;
            x = net->features;
            n = net->cfg.batch;
        }
        if (l == 0)
            dq_patches_backward(net);
        else if (shape->n_norms > 0)
            dq_norm_backward_pass(net, shape->n_patches + l - 1, 0, n, x, dx);
        for (size_t i = 0; l > 0 && shape->n_norms == 0 && i < (size_t)n * (size_t)s->in_row; i++)
            dx[i] = x[i] > 0.0f ? dx[i] : 0.0f;
    }
}
