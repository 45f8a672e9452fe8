/* The levels of quantiles as inputs (Dabney, Ostrovski, Silver, Munos 2018, equation 4): a state
 * has a row for each of its levels in all layers behind the embedding, and the first of these takes
 * the features of the state times the embedding of the level. */
#include <math.h>
#include <string.h>

#include "nn/cosines.h"
#include "nn/net_internal.h"

static bool embeds(const dq_net *net)
{
    return net->shape.embedding.in > 0;
}

void dq_net_choose_levels(dq_net *net, bool of_values)
{
    const dq_last_layers *last = &net->network.last;
    net->n_rows = !embeds(net) ? 1 : of_values ? last->n_levels : last->n_drawn;
    net->row_levels = of_values ? NULL : net->given_levels;
}

size_t dq_embedding_rows(const dq_net *net)
{
    const dq_last_layers *last = &net->network.last;
    int most = last->n_drawn > last->n_levels ? last->n_drawn : last->n_levels;
    return (size_t)net->cap * (size_t)(embeds(net) ? most : 1);
}

void dq_embedding_plan(dq_net *net, char *base, size_t *used)
{
    size_t rows = dq_embedding_rows(net), width = (size_t)net->shape.embedding.out_row;
    if (!embeds(net))
        return;
    net->levels = dq_net_take(base, used, rows);
    net->cosines = dq_net_take(base, used, rows * DQ_COSINES);
    net->psi = dq_net_take(base, used, rows * width);
    net->mixed = dq_net_take(base, used, rows * width);
    net->dmixed = dq_net_take(base, used, rows * width);
}

typedef struct embedding_pass {
    dq_net *net;
    const dq_weights *weights;
} embedding_pass;

enum { LANES = 16 };  // levels side by side, which a compiler makes vectors of

/** The cosines of n levels, at most LANES, each from the two before. */
static void take_cosines(const float *level, int n, float *to)
{
    double first[LANES] = {0}, before[LANES], at[LANES];
    for (int r = 0; r < n; r++)
        first[r] = dq_first_cosine(level[r]);
    for (int r = 0; r < LANES; r++) {
        before[r] = 1.0;
        at[r] = first[r];
    }
    for (int i = 0; i < DQ_COSINES; i++) {
        for (int r = 0; r < n; r++)
            to[r * DQ_COSINES + i] = (float)at[r];
        for (int r = 0; r < LANES; r++) {
            double next = dq_next_cosine(first[r], at[r], before[r]);
            before[r] = at[r];
            at[r] = next;
        }
    }
}

void dq_level_cosines(const float *level, int n, float *to)
{
    for (int r = 0; r < n; r += LANES)
        take_cosines(level + r, n - r < LANES ? n - r : LANES, to + r * DQ_COSINES);
}

/** The levels of a state and their cosines. */
static void take_levels(dq_net *net, size_t first)
{
    float *level = net->levels + first;
    for (int r = 0; r < net->n_rows; r++)
        level[r] = net->row_levels ? net->row_levels[first + (size_t)r]
                                   : dq_objective_level(net->n_rows, r);
    dq_level_cosines(level, net->n_rows, net->cosines + first * DQ_COSINES);
}

/** A state's features times the embeddings of its levels. */
static void mix_task(void *ctx, int task)
{
    const embedding_pass *p = ctx;
    dq_net *net = p->net;
    const dq_net_shape *s = &net->shape;
    size_t width = (size_t)s->embedding.out_row, first = (size_t)task * (size_t)net->n_rows;
    const float *x = net->features + (size_t)task * width;
    float *psi = net->psi + first * width, *mixed = net->mixed + first * width;
    take_levels(net, first);
    net->k->dense(&s->embedding, net->cosines + first * DQ_COSINES, net->n_rows,
                  p->weights->params + s->embedding_w, p->weights->params + s->embedding_b, true,
                  psi);
    for (int r = 0; r < net->n_rows; r++, psi += width, mixed += width)
        for (size_t f = 0; f < width; f++)
            mixed[f] = x[f] * psi[f];
    if (s->fc)
        dq_net_take_hidden_inputs(net, net->mixed, (int)first, (int)first + net->n_rows);
}

void dq_embedding_forward(dq_net *net, const dq_weights *weights, int n)
{
    embedding_pass p = {net, weights};
    if (embeds(net))
        dq_pool_run(net->pool, n, mix_task, &p);
}

/** Of one row: dx += d * psi, and then d *= x where psi > 0, else 0. */
static void unmix_row(size_t width, const float *restrict x, const float *restrict psi,
                      float *restrict d, float *restrict dx)
{
    for (size_t f = 0; f < width; f++) {
        float passes = (float)(psi[f] > 0.0f);  // as a factor: without a branch
        dx[f] += d[f] * psi[f];
        d[f] *= passes * x[f];
    }
}

/** The gradients of a state's features, and in place of those of the products those of the
 *  embeddings before their ReLU. */
static void unmix_task(void *ctx, int task)
{
    dq_net *net = ctx;
    size_t width = (size_t)net->shape.embedding.out_row;
    size_t first = (size_t)task * (size_t)net->n_rows;
    float *dx = net->dfeatures + (size_t)task * width;
    memset(dx, 0, width * sizeof(*dx));
    for (size_t row = first; row < first + (size_t)net->n_rows; row++)
        unmix_row(width, net->features + (size_t)task * width, net->psi + row * width,
                  net->dmixed + row * width, dx);
}

void dq_embedding_backward(dq_net *net)
{
    const dq_net_shape *s = &net->shape;
    int n_rows = net->cfg.batch * net->n_rows;
    if (!embeds(net))
        return;
    dq_pool_run(net->pool, net->cfg.batch, unmix_task, net);
    net->k->dense_dw(&s->embedding, net->cosines, n_rows, net->dmixed, net->grad + s->embedding_w);
    dq_net_sum_rows(&s->embedding, net->dmixed, n_rows, net->grad + s->embedding_b);
}

void dq_net_set_levels(dq_net *net, const float *levels)
{
    net->given_levels = levels;
}
