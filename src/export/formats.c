/* The formats, one row each. */
#include "export/formats.h"

#include <stdio.h>
#include <string.h>

#include "base/atomic_file.h"
#include "base/error.h"
#include "base/spelling.h"

static bool holds_all(const dq_export_model *m)
{
    (void)m;
    return true;
}

/** Pictures are those of a game's screens. */
static bool c_holds(const dq_export_model *m)
{
    const dq_layer *first = &m->network.layers[0];
    bool is_stack = first->in == DQ_NET_STACK && first->side == DQ_NET_SIDE &&
                    (first->width == 0 || first->width == DQ_NET_SIDE);
    return m->network.last.head != DQ_HEAD_IQN && (first->kind == DQ_LAYER_LINEAR || is_stack);
}

static const dq_export_format formats[] = {
    {"torch", {".dat", ".pth", ".pt"}, "PyTorch", false, NULL, holds_all, dq_export_torch},
    {"safetensors", {".safetensors"}, "safetensors", false, NULL, holds_all, dq_export_safetensors},
    {"onnx", {".onnx"}, "ONNX", false, NULL, holds_all, dq_export_onnx},
    {"sb3", {".zip"}, "Stable-Baselines3", false, "sb3", dq_export_sb3_holds, dq_export_sb3},
    {"cleanrl",
     {".cleanrl_model"},
     "CleanRL",
     false,
     "cleanrl",
     dq_export_cleanrl_holds,
     dq_export_cleanrl},
    {"c", {".c"}, "C compilers", true, NULL, c_holds, dq_export_c},
};

enum { N_FORMATS = DQ_COUNT(formats) };

const dq_export_format *dq_export_format_at(size_t index)
{
    return index < N_FORMATS ? &formats[index] : NULL;
}

static bool is_of(const dq_export_format *f, const char *path)
{
    for (size_t i = 0; f->suffixes[i]; i++)
        if (dq_ends_with(path, f->suffixes[i]))
            return true;
    return false;
}

dq_status dq_export_format_find(const char *name, const char *path, const dq_export_format **format)
{
    const char *known[N_FORMATS];
    char list[128];
    for (size_t i = 0; i < N_FORMATS; i++) {
        *format = &formats[i];
        if (name ? strcmp(name, formats[i].name) == 0 : is_of(*format, path))
            return DQ_OK;
        known[i] = name ? formats[i].name : formats[i].suffixes[0];
    }
    dq_list_words(list, sizeof(list), known, N_FORMATS, "or");
    if (name)
        return dq_fail(DQ_ERR_CONFIG, "no format '%s': choose %s", name, list);
    return dq_fail(DQ_ERR_CONFIG, "%s: the end of its name says no format: choose %s, or --format",
                   path, list);
}

dq_status dq_export_check(const dq_export_format *format, const dq_export_model *m)
{
    const char *able[N_FORMATS];
    char list[128];
    size_t n = 0;
    if (format->holds(m))
        return DQ_OK;
    for (size_t i = 0; i < N_FORMATS; i++)
        if (formats[i].holds(m))
            able[n++] = formats[i].name;
    dq_list_words(list, sizeof(list), able, n, "or");
    return dq_fail(DQ_ERR_CONFIG, "network %s cannot be written for %s: choose the format %s",
                   m->info.network, format->whose, list);
}

dq_status dq_export_write(const dq_export_format *format, const dq_export_model *m,
                          const char *path)
{
    dq_writer *w = NULL;
    dq_status st = dq_file_writer_create(&w, path);
    if (st == DQ_OK && (st = format->write(w, m)) == DQ_OK)
        st = dq_file_commit(w, 0);
    else
        dq_file_abandon(w);
    return st == DQ_OK ? st : dq_fail_within(st, "cannot write %s", path);
}
