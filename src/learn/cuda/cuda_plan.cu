// How a learner's memory is laid out, and which passes there are.
#include "learn/cuda/cuda_jobs.h"
#include "learn/cuda/cuda_learner.h"

static void *take(unsigned char *base, size_t *used, size_t bytes)
{
    size_t at = *used;
    *used += (bytes + 255) / 256 * 256;
    return base ? base + at : NULL;
}

static float *take_floats(unsigned char *base, size_t *used, size_t n)
{
    return (float *)take(base, used, n * sizeof(float));
}

static size_t header_bytes(int n)
{
    return HEADER_BYTES + (size_t)n * sizeof(dq_device_sample);
}

size_t cuda_levels_bytes(const cuda_learner *l)
{
    bool has_levels = l->cfg.objective.head == DQ_HEAD_IQN;
    return has_levels ? 2 * (size_t)l->cfg.batch * (size_t)l->cfg.objective.n_atoms * sizeof(float)
                      : 0;
}

/** What goes over in one copy: see packet_plan. */
static void plan_packet(cuda_learner *l)
{
    size_t used = 0, n = (size_t)l->cfg.n_states;
    take(NULL, &used, n * FRAME_PIXELS);
    l->at.news = used;
    take(NULL, &used, sizeof(turn_news));
    l->at.frame_numbers = used;
    take(NULL, &used, n * sizeof(int32_t));
    l->at.sample_slots = used;
    take(NULL, &used, n * sizeof(int32_t));
    l->at.evicted_slots = used;
    take(NULL, &used, n * sizeof(int32_t));
    l->at.samples = used;
    take(NULL, &used, n * sizeof(dq_device_sample));
    l->at.decision = l->at.act_noise = used;
    take(NULL, &used, l->cfg.n_noise * sizeof(float));
    l->at.act = used;
    take(NULL, &used, header_bytes(l->cfg.n_states));
    l->at.update = l->at.changes = used;
    if (l->cfg.augments)
        take(NULL, &used, 2 * (size_t)l->cfg.batch * sizeof(dq_change));
    l->at.noise = used;
    take(NULL, &used, (size_t)l->learn.n_noises * l->cfg.n_noise * sizeof(float));
    l->at.levels = used;
    take(NULL, &used, cuda_levels_bytes(l));
    l->at.step = used;
    take(NULL, &used, header_bytes(l->cfg.batch));
    l->at.bytes = used;
}

/** The most rows of n states that one of the products behind the convolutions has. */
static size_t most_level_rows(const forward_room *room, size_t n)
{
    size_t most = 0;
    for (int i = 0; i < room->n_level_rows; i++)
        if ((size_t)room->rows[i].n_levels > most)
            most = (size_t)room->rows[i].n_levels;
    return most * n;
}

/** Of `rows` rows, which look at n_pictures pictures.
 *  @param n states of a pass */
static void plan_room(const cuda_learner *l, forward_room *room, unsigned char *base, size_t *used,
                      size_t n_pictures, size_t n, size_t rows)
{
    const dq_net_shape *shape = &l->shape;
    room->x0 = (unsigned char *)take(base, used, n_pictures * DQ_X0);
    for (int i = 0; i < shape->n_convs; i++)
        room->y[i] = take_floats(base, used, rows * shape->x[i]);
    size_t parted = room->n_level_rows > 0 ? most_level_rows(room, n) : rows;
    room->hidden_parts =
        take_floats(base, used, (size_t)l->n_hidden_parts * parted * shape->hidden);
    room->h = take_floats(base, used, rows * shape->hidden);
    for (int i = 0; i < room->n_noises; i++)
        room->passes.used[i] = take_floats(base, used, shape->sigma);
}

/** Where the parameters of each pass are. */
static void aim_passes(const cuda_learner *l, forward_room *room, int n_passes)
{
    const float *params[] = {l->online, l->target, l->target_again ? l->target : l->online};
    for (int i = 0; i < n_passes; i++) {
        bool has_own = i < room->n_noises;  // else a third pass has the noise of the second
        room->passes.params[i] = params[i];
        room->linear[i] = !room->noise ? params[i] : room->passes.used[has_own ? i : 1];
    }
}

/** The draws by priority; the tree itself lies with the replay. */
static void plan_tree(cuda_learner *l, unsigned char *base, size_t *used)
{
    size_t n = (size_t)l->cfg.batch;
    if (l->cfg.priority_alpha <= 0)
        return;
    l->tree.place = (double *)take(base, used, n * sizeof(double));
    l->tree.weight = take_floats(base, used, n);
}

/** What is computed of rows of levels. */
static void plan_rows(const cuda_learner *l, level_rows *r, unsigned char *base, size_t *used,
                      size_t n_rows)
{
    const dq_net_shape *shape = &l->shape;
    r->cosines = take_floats(base, used, n_rows * DQ_COSINES);
    r->mixed = take_floats(base, used, n_rows * (size_t)shape->fc->in);
    r->h = take_floats(base, used, n_rows * shape->hidden);
    r->q = take_floats(base, used, n_rows * shape->out_pad);
    r->y = take_floats(base, used, n_rows * (size_t)l->cfg.objective.n_actions);
}

/** Rows that nobody needs for long share their room; their values go where the pass's are. */
static void plan_shared_rows(const cuda_learner *l, forward_room *room, int first,
                             unsigned char *base, size_t *used, size_t n)
{
    level_rows shared = {};
    plan_rows(l, &shared, base, used, most_level_rows(room, n));
    for (int i = first; i < room->n_level_rows; i++) {
        level_rows *r = &room->rows[i];
        r->cosines = shared.cosines;
        r->mixed = shared.mixed;
        r->h = shared.h;
        r->q = shared.q;
        r->y = shared.y;
    }
}

/** Rows of levels, while learning. */
static void plan_learning_rows(cuda_learner *l, unsigned char *base, size_t *used)
{
    forward_room *room = &l->learn;
    size_t n = (size_t)l->cfg.batch, n_rows = n * (size_t)cuda_rows_of_state(l);
    size_t n_features = (size_t)l->shape.fc->in, n_actions = (size_t)l->cfg.objective.n_actions;
    plan_rows(l, &room->rows[0], base, used, n_rows);
    plan_shared_rows(l, room, 1, base, used, n);
    room->rows[0].psi = take_floats(base, used, n_rows * n_features);
    l->dmixed = take_floats(base, used, n_rows * n_features);
    room->y_of_actions = take_floats(base, used, 2 * n_rows * n_actions);
    room->h = room->rows[0].h;
    room->q = room->rows[0].q;
}

/** Where what is computed of rows of levels goes that the objective looks at. */
static void aim_level_rows(cuda_learner *l)
{
    forward_room *room = &l->learn;
    size_t n = (size_t)l->cfg.batch, n_rows = n * (size_t)cuda_rows_of_state(l);
    size_t n_actions = (size_t)l->cfg.objective.n_actions;
    const float *levels = (const float *)(l->packet + l->at.levels);
    for (int i = 0; i < room->n_level_rows; i++) {
        level_rows *r = &room->rows[i];
        bool is_drawn = i < 2;  // of the states, of the next states
        if (is_drawn) {
            r->y = room->y_of_actions + (size_t)i * n_rows * n_actions;
            r->levels = levels + (i == 0 ? n_rows : 0);
        } else {
            r->values = room->values + (size_t)r->pass * n * n_actions;
        }
    }
    l->act.rows[0].values = l->act.values;
}

/** What a dense last layer has beside its outputs. */
static void plan_dense(cuda_learner *l, unsigned char *base, size_t *used, size_t rows)
{
    size_t n_actions = (size_t)l->cfg.objective.n_actions, n = (size_t)l->cfg.batch;
    l->learn.value_row = (int)n_actions;
    l->learn.values = take_floats(base, used, rows * n_actions);
    l->act.value_row = (int)l->shape.out_pad;
    l->act.q = take_floats(base, used, (size_t)l->cfg.n_states * l->shape.out_pad);
    l->dy = take_floats(base, used, n * (size_t)cuda_rows_of_state(l) * l->shape.out_pad);
    l->loss_part = (double *)take(base, used, n * sizeof(double));
}

size_t cuda_plan(cuda_learner *l, unsigned char *base)
{
    const dq_net_shape *shape = &l->shape;
    size_t used = 0, n = (size_t)l->cfg.batch;
    size_t rows = (size_t)(l->n_passes > 2 ? 3 : 2) * n;  // the objective looks at next states
    float **params[] = {&l->online, &l->target, &l->m, &l->v, &l->grad};
    for (size_t i = 0; i < sizeof(params) / sizeof(params[0]); i++)
        *params[i] = take_floats(base, &used, shape->n_params);
    l->packet = (unsigned char *)take(base, &used, l->at.bytes);
    l->slots = (uint32_t *)take(base, &used, n * sizeof(*l->slots));
    l->no_frame = (unsigned char *)take(base, &used, FRAME_PIXELS);
    plan_room(l, &l->learn, base, &used, 2 * n, n, rows);
    l->learn.q = take_floats(base, &used, rows * shape->out_pad);
    if (cuda_is_dense(l))
        plan_dense(l, base, &used, rows);
    plan_room(l, &l->act, base, &used, (size_t)l->cfg.n_states, (size_t)l->cfg.n_states,
              (size_t)l->cfg.n_states);
    if (l->learn.n_level_rows > 0) {
        plan_learning_rows(l, base, &used);
        plan_shared_rows(l, &l->act, 0, base, &used, (size_t)l->cfg.n_states);
    }
    for (int i = 0; i < shape->n_convs; i++) {
        l->dz[i] = take_floats(base, &used, n * shape->x[i]);
        l->conv_parts[i] =
            take_floats(base, &used, (size_t)l->n_parts[i] * cuda_conv_part(shape->layer[i]));
    }
    l->dh = take_floats(base, &used, n * (size_t)cuda_rows_of_state(l) * shape->hidden);
    l->loss = take_floats(base, &used, 2);
    l->error = take_floats(base, &used, n);
    l->sample_target = take_floats(base, &used, n * (size_t)l->cfg.objective.n_atoms);
    if (l->cfg.gradient_norm > 0) {
        l->squares = (double *)take(base, &used, cuda_norm_blocks(l) * sizeof(double));
        l->scale = take_floats(base, &used, 1);
    }
    plan_tree(l, base, &used);
    for (int i = 0; i < shape->n_norms; i++) {
        l->normal[i] = take_floats(base, &used, n * shape->norm[i].size);
        l->norm_factor[i] = take_floats(base, &used, n * (size_t)shape->norm[i].n_streams);
    }
    if (l->cfg.noise_in) {
        l->noise.of_in = (uint32_t *)take(base, &used, shape->n_noisy * sizeof(uint32_t));
        l->noise.of_out = (uint32_t *)take(base, &used, shape->n_noisy * sizeof(uint32_t));
    }
    return used;
}

/** How the weight gradients of the convolutions are cut; depends on the batch alone. */
static void cut_parts(cuda_learner *l)
{
    for (int i = 0; i < l->shape.n_convs; i++) {
        int side = l->shape.conv[i]->out_side, all = l->cfg.batch * side * side;
        int chunk = (all + MAX_PARTS - 1) / MAX_PARTS;
        chunk = chunk < MIN_CHUNK ? MIN_CHUNK : (chunk + GEMM_BK - 1) / GEMM_BK * GEMM_BK;
        l->chunk[i] = chunk;
        l->n_parts[i] = (all + chunk - 1) / chunk;
    }
}

/** Whose rows of levels there are, and how many. Double DQN chooses by the third pass, Munchausen
 *  DQN has its policy from it. */
static void choose_level_rows(cuda_learner *l)
{
    int n_drawn = l->cfg.objective.n_atoms, n_values = l->cfg.value_levels;
    const int rows[LEVEL_ROWS_MAX][2] = {
        {0, n_drawn}, {1, n_drawn}, {l->cfg.double_dqn ? 2 : 1, n_values}, {2, n_values}};
    if (l->cfg.objective.head != DQ_HEAD_IQN)
        return;
    l->learn.n_level_rows = l->target_again ? 4 : 3;
    for (int i = 0; i < l->learn.n_level_rows; i++) {
        l->learn.rows[i].pass = rows[i][0];
        l->learn.rows[i].n_levels = rows[i][1];
    }
    l->act.n_level_rows = 1;
    l->act.rows[0].n_levels = n_values;
}

void cuda_choose_passes(cuda_learner *l)
{
    const dq_device_config *cfg = &l->cfg;
    l->target_again = cfg->objective.munchausen.tau > 0.0f;
    l->n_passes = cfg->no_target ? 1 : cfg->double_dqn || l->target_again ? 3 : 2;
    l->act.n_noises = cfg->n_noise > 0 ? 1 : 0;
    l->learn.n_noises = cfg->n_noise == 0 ? 0 : l->target_again ? 2 : l->n_passes;
    l->n_hidden_parts = hidden_parts(l->shape.fc->in);
    choose_level_rows(l);
    cut_parts(l);
    plan_packet(l);
}

void cuda_aim(cuda_learner *l)
{
    l->act_header = (step_header *)(l->packet + l->at.act);
    l->header = (step_header *)(l->packet + l->at.step);
    if (l->cfg.augments)
        l->learn.changes = (const dq_change *)(l->packet + l->at.changes);
    if (l->cfg.n_noise > 0) {
        l->act.noise = (const float *)(l->packet + l->at.act_noise);
        l->learn.noise = (const float *)(l->packet + l->at.noise);
    }
    aim_passes(l, &l->learn, l->n_passes);
    aim_passes(l, &l->act, 1);
    *(cuda_is_dense(l) ? &l->act.values : &l->act.q) = l->decided_q;
    aim_level_rows(l);
}
