/* One C99 file: weights, preprocessing, forward pass, self-check. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "deepq/version.h"
#include "export/c_file.h"
#include "export/c_layers.h"
#include "export/c_text.h"
#include "export/formats.h"

/** The file in the making. */
typedef struct c_output {
    dq_c_text text;
    const dq_export_model *m;
    const dq_c_file *c;
    dq_c_layers layers;
} c_output;

uint32_t dq_c_checksum(const void *bytes, size_t n)
{
    const uint8_t *b = bytes;
    uint32_t sum = 2166136261u;
    for (size_t i = 0; i < n; i++)
        sum = (sum ^ b[i]) * 16777619u;
    return sum;
}

void dq_c_prefix(const char *path, char prefix[DQ_C_PREFIX])
{
    const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
    size_t n = 0;
    for (; *name && *name != '.' && n + 1 < DQ_C_PREFIX; name++)
        if (isalnum((unsigned char)*name))
            prefix[n++] = (char)tolower((unsigned char)*name);
        else if (n > 0 && prefix[n - 1] != '_')  // two are not for us
            prefix[n++] = '_';
    while (n > 0 && prefix[n - 1] == '_')
        n--;
    prefix[n] = '\0';
    if (n == 0 || isdigit((unsigned char)prefix[0]))
        snprintf(prefix, DQ_C_PREFIX, "model");
}

static bool takes_pictures(const c_output *o)
{
    return o->m->network.layers[0].kind == DQ_LAYER_CONV;
}

/* ---------------------------------------------------------------- head and interface */

static void put_fact(void *ctx, const char *key, const char *value)
{
    dq_c_put(ctx, " *   %-9s", key);
    for (; *value; value++)  // what would end the comment
        dq_c_put(ctx, "%c", *value == '*' ? '-' : *value);
    dq_c_put(ctx, "\n");
}

static void put_head(const c_output *o)
{
    const dq_c_text *t = &o->text;
    dq_c_put(t,
             "/* A trained network as one C99 file, written by deepq %s: nothing else is needed.\n"
             " * Its code is under the MIT licence, copyright (c) 2026 the deepq authors.\n"
             " *\n",
             dq_version());
    dq_export_each_fact(o->m, put_fact, (void *)t);
    dq_c_put(t, " *\n%s", o->c->notes);
    dq_c_put(t,
             " *\n"
             " * Other files that define MODEL_HEADER before they include this one get the\n"
             " * declarations alone. cc -DDEEPQ_MODEL_MAIN compiles a program that checks this\n"
             " * file against recorded states. All state is in a model_player, which the caller\n"
             " * owns; a game begins with ");
    if (takes_pictures(o))
        dq_c_put(t,
                 "model_begin(). Then, again and again: show it the last\n"
                 " * two of MODEL_SKIP frames by model_see_rgb() or model_see_palette(), take the\n"
                 " * action of model_act(), and hold it for the next MODEL_SKIP frames. */\n");
    else
        dq_c_put(t, "the first state. */\n");
}

static void put_constants(const c_output *o)
{
    const dq_c_text *t = &o->text;
    const dq_c_screens *s = &o->c->screens;
    const struct {
        const char *name;
        int value;
        const char *what;
    } of_pictures[] = {{"WIDTH", DQ_FRAME84_WIDTH, "columns of a screen"},
                       {"HEIGHT", s->height, "rows of a screen"},
                       {"SKIP", s->skip, "frames that an action is held for"},
                       {"SIDE", DQ_FRAME84, "rows and columns of a picture"},
                       {"STACK", DQ_NET_STACK, "pictures of a state"}};
    dq_c_put(t, "\nenum {\n");
    for (size_t i = 0; takes_pictures(o) && i < DQ_COUNT(of_pictures); i++)
        dq_c_put(t, "    MODEL_%s = %d,  // %s\n", of_pictures[i].name, of_pictures[i].value,
                 of_pictures[i].what);
    if (!takes_pictures(o))
        dq_c_put(t, "    MODEL_INPUTS = %d,  // numbers of a state\n", (int)o->layers.obs_size);
    dq_c_put(t, "    MODEL_ACTIONS = %d  // number of actions\n};\n", o->m->n_actions);
}

static void put_interface(const c_output *o)
{
    const dq_c_text *t = &o->text;
    const char *value = o->c->int8 ? "int16_t" : "float", *sum = o->c->int8 ? "int32_t" : "float";
    dq_c_put(t, "\n#include <stdint.h>\n\n// A player's state, and room to compute in.\ntypedef "
                "struct model_player {\n");
    if (takes_pictures(o))
        dq_c_put(
            t, "    unsigned char pictures[MODEL_STACK][MODEL_SIDE][MODEL_SIDE];  // oldest first\n"
               "    int has_begun;\n");
    dq_c_put(t, "    %s x[%zu];\n    float y[%zu];\n    %s sums[%zu];\n} model_player;\n\n", value,
             o->layers.x_size, o->layers.y_size, sum, o->layers.sums_size);
    if (takes_pictures(o))
        dq_c_put(t,
                 "// A game begins.\n"
                 "void model_begin(model_player *m);\n"
                 "// The last but one and the last frame, RGB [MODEL_HEIGHT][MODEL_WIDTH][3].\n"
                 "void model_see_rgb(model_player *m, const unsigned char *before,\n"
                 "                   const unsigned char *last);\n"
                 "// The same as indices of the console's palette, [MODEL_HEIGHT][MODEL_WIDTH].\n"
                 "void model_see_palette(model_player *m, const unsigned char *before,\n"
                 "                       const unsigned char *last);\n"
                 "// A picture that is there already, [MODEL_SIDE][MODEL_SIDE].\n"
                 "void model_see_picture(model_player *m, const unsigned char *picture);\n");
    dq_c_put(t,
             "// The values of the actions, q[MODEL_ACTIONS]%s.\n"
             "void model_values(model_player *m, %sfloat *q);\n"
             "// The action with the largest value.\nint model_act(model_player *m%s);\n",
             takes_pictures(o) ? "" : ", in a state obs[MODEL_INPUTS]",
             takes_pictures(o) ? "" : "const float *obs, ",
             takes_pictures(o) ? "" : ", const float *obs");
    if (o->c->action_names)
        dq_c_put(t, "extern const char *const model_action_names[MODEL_ACTIONS];\n");
}

/* ---------------------------------------------------------------- tables */

static dq_status put_quantized(const c_output *o, int i)
{
    const dq_tensor *w = o->layers.layer[i].weight;
    size_t n = dq_tensor_elements(w), n_out = (size_t)w->shape[0];
    int8_t *weight = malloc(n);
    float *scale = malloc(n_out * sizeof(*scale));
    bool has_room = weight && scale;
    if (has_room) {
        dq_c_quantize(w, weight, scale);
        dq_c_put(&o->text, "static const int8_t model_weight%d[] = {\n", i);
        dq_c_put_int8s(&o->text, weight, n);
        dq_c_put(&o->text, "};\nstatic const float model_scale%d[] = {\n", i);
        dq_c_put_floats(&o->text, scale, n_out);
        dq_c_put(&o->text, "};\n");
    }
    free(weight);
    free(scale);
    return has_room ? DQ_OK : dq_fail(DQ_ERR_NOMEM, "no memory for weights of int8");
}

static void put_array(const c_output *o, const char *name, int i, const dq_tensor *values)
{
    dq_c_put(&o->text, "static const float model_%s%d[] = {\n", name, i);
    dq_c_put_floats(&o->text, values->data, dq_tensor_elements(values));
    dq_c_put(&o->text, "};\n");
}

static dq_status put_weights(const c_output *o)
{
    for (int i = 0; i < o->layers.n; i++) {
        const dq_c_layer *c = &o->layers.layer[i];
        dq_c_put(&o->text, "\n// %s: %d to %d\n", c->layer->name, c->layer->in, c->out);
        if (o->c->int8)
            DQ_TRY(put_quantized(o, i));
        else
            put_array(o, "weight", i, c->weight);
        put_array(o, "bias", i, c->bias);
        if (c->norm_scale) {
            put_array(o, "norm_scale", i, c->norm_scale);
            put_array(o, "norm_shift", i, c->norm_shift);
        }
    }
    if (o->layers.atoms)
        put_array(o, "atoms", 0, o->layers.atoms);
    return DQ_OK;
}

static void put_layers(const c_output *o)
{
    const dq_c_text *t = &o->text;
    dq_c_put(t, "\nstatic const model_layer model_layers[] = {\n");
    for (int i = 0; i < o->layers.n; i++) {
        const dq_c_layer *c = &o->layers.layer[i];
        dq_c_put(t, "    {%d, %d, %d, %d, %d, %d, %d, %d, %d, %d, %d, %d, model_weight%d, ",
                 c->layer->in, c->out, c->side, c->out_side, c->k, c->stride, c->before,
                 c->layer->relu, c->x_at, c->y_at, c->ends_stage, c->most, i);
        if (o->c->int8)
            dq_c_put(t, "model_scale%d, model_bias%d, ", i, i);
        else
            dq_c_put(t, "0, model_bias%d, ", i);
        if (c->norm_scale)
            dq_c_put(t, "model_norm_scale%d, model_norm_shift%d},\n", i, i);
        else
            dq_c_put(t, "0, 0},\n");
    }
    const dq_last_layers *last = &o->m->network.last;
    dq_c_put(t,
             "};\n\nstatic const model_net model_network = {%d, MODEL_ACTIONS, %d, %d, %d, %s,\n"
             "                                        model_layers};\n\n",
             o->layers.n, last->n_atoms, last->dueling != DQ_DUELING_NONE,
             last->head == DQ_HEAD_C51, o->layers.atoms ? "model_atoms0" : "0");
}

static void put_cells(const dq_c_text *t, const char *name, const dq_area_cell *cells)
{
    dq_c_put(t, "static const model_cell model_%s[MODEL_SIDE] = {\n", name);
    for (int i = 0; i < DQ_FRAME84; i++) {
        dq_c_put(t, "{%d, %d, {", cells[i].first, cells[i].n);
        dq_c_put_floats(t, cells[i].weight, DQ_COUNT(cells[i].weight));
        dq_c_put(t, "}},\n");
    }
    dq_c_put(t, "};\n");
}

static void put_actions(const c_output *o)
{
    const dq_c_text *t = &o->text;
    if (!o->c->action_names)
        return;
    dq_c_put(t, "const char *const model_action_names[MODEL_ACTIONS] = {");
    for (int i = 0; i < o->m->n_actions; i++)
        dq_c_put(t, "%s\"%s\"", i ? ", " : "", o->c->action_names[i]);
    dq_c_put(t, "};\n\n");
}

/* ---------------------------------------------------------------- the self-check */

static void put_recorded_pictures(const c_output *o)
{
    const dq_c_text *t = &o->text;
    const dq_c_recording *r = &o->c->recording;
    dq_c_put(t, "static const unsigned char model_recorded[] = {\n");
    dq_c_put_bytes(t, r->pairs, 2 * r->n_pairs);
    dq_c_put(t, "};\nstatic const unsigned long model_checksums[MODEL_RECORDED] = {");
    for (int i = 0; i < r->n; i++)
        dq_c_put(t, "%s0x%xUL", i ? ", " : "", r->checksums[i]);
    dq_c_put(t, "};\n");
}

/** Rows of an array [n][n_in_row]. */
static void put_rows(const dq_c_text *t, const float *values, int n, size_t n_in_row)
{
    for (int i = 0; i < n; i++) {
        dq_c_put(t, "{");
        dq_c_put_floats(t, values + (size_t)i * n_in_row, n_in_row);
        dq_c_put(t, "},\n");
    }
    dq_c_put(t, "};\n");
}

static void put_check(const c_output *o)
{
    const dq_c_text *t = &o->text;
    const dq_c_recording *r = &o->c->recording;
    dq_c_put(t,
             "\n#ifdef DEEPQ_MODEL_MAIN\n#include <stdio.h>\n\n"
             "enum { MODEL_RECORDED = %d };\n"
             "#define MODEL_TOLERANCE %sf  // of the largest value and 1\n",
             r->n, o->c->int8 ? "1e-3" : "1e-5");
    if (takes_pictures(o)) {
        put_recorded_pictures(o);
    } else {
        dq_c_put(t, "static const float model_recorded[MODEL_RECORDED][MODEL_INPUTS] = {\n");
        put_rows(t, r->vectors, r->n, o->layers.obs_size);
    }
    dq_c_put(t, "static const float model_expected[MODEL_RECORDED][MODEL_ACTIONS] = {\n");
    put_rows(t, r->values, r->n, (size_t)o->m->n_actions);
    dq_c_put(t, "\n");
    dq_c_put_part(t, "check");
    dq_c_put_part(t, takes_pictures(o) ? "check_pictures" : "check_vectors");
    dq_c_put(t, "#endif\n");
}

/* ---------------------------------------------------------------- all of it */

static void put_pictures(const c_output *o)
{
    static const char *const greys[] = {[DQ_C_BOOK] = "BOOK",
                                        [DQ_C_BYTES] = "BYTES",
                                        [DQ_C_COLOURS] = "COLOURS",
                                        [DQ_C_ALE] = "ALE"};
    const dq_c_text *t = &o->text;
    const dq_c_screens *s = &o->c->screens;
    dq_c_put(t,
             "enum { MODEL_BOOK, MODEL_BYTES, MODEL_COLOURS, MODEL_ALE };  // ways to make grey\n"
             "#define MODEL_GREY MODEL_%s\n"
             "#define MODEL_REPEATS %d  // the first picture of a game fills the state\n\n",
             greys[s->grey], s->repeats);
    dq_c_put(
        t, "// Which samples of a screen's row or column make up one of the picture, and how much\n"
           "// of each.\n"
           "typedef struct model_cell {\n    unsigned char first, n;\n    float weight[4];\n"
           "} model_cell;\n\n");
    put_cells(t, "columns", s->plan.x);
    put_cells(t, "rows", s->plan.y);
    dq_c_put(t, "static const unsigned char model_palette[] = {  // RGB\n");
    dq_c_put_bytes(t, s->palette, 768);
    dq_c_put(t, "};\n\n");
    dq_c_put_part(t, "picture");
}

dq_status dq_export_c(dq_writer *w, const dq_export_model *m)
{
    c_output o = {.text = {w, m->c->prefix}, .m = m, .c = m->c};
    const dq_c_text *t = &o.text;
    dq_c_layers_of(m, &o.layers);
    put_head(&o);
    put_constants(&o);
    put_interface(&o);
    dq_c_put(t, "\n#ifndef MODEL_HEADER\n");
    dq_c_put(t, "#include <stddef.h>\n#include <string.h>\n");
    if (o.layers.atoms || m->network.last.norm)
        dq_c_put(t, "#include <math.h>  // link with -lm\n");
    dq_c_put(t,
             "\n// The same bits from every compiler: products are rounded before they are added.\n"
             "#ifdef __clang__\n#pragma STDC FP_CONTRACT OFF\n#endif\n\n"
             "#define MODEL_INT8 %d\n#define MODEL_HAS_C51 %d\n#define MODEL_HAS_NORM %d\n"
             "#define MODEL_TAKES_BYTES %d\n#define MODEL_TAKES_FLOATS %d\n\n",
             o.c->int8, o.layers.atoms != NULL, m->network.last.norm, takes_pictures(&o),
             !takes_pictures(&o));
    dq_c_put_part(t, "network");
    DQ_TRY(put_weights(&o));
    put_layers(&o);
    put_actions(&o);
    dq_c_put_part(t, "best");
    dq_c_put(t, "\n");
    if (takes_pictures(&o))
        put_pictures(&o);
    else
        dq_c_put_part(t, "vector");
    put_check(&o);
    dq_c_put(t, "#endif\n");
    return dq_write(w, NULL, 0);  // the first failure, if any
}
