/** Trained models in the formats of other programs, and as C. The formats are one table
 *  (formats.c); docs/models.md describes each. */
#ifndef DEEPQ_EXPORT_EXPORT_H
#define DEEPQ_EXPORT_EXPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "deepq/model.h"
#include "deepq/stream.h"
#include "nn/graph.h"

/** A model to be written. */
typedef struct dq_export_model {
    dq_network network;                 // its architecture
    int n_actions;                      // number of actions
    size_t n;                           // number of tensors
    dq_tensor tensors[DQ_TENSORS_MAX];  // [n] in PyTorch's order; names and data are the model's
    dq_model_info info;                 // what it was trained on, as far as that is known
    bool has_seed;                      // whether `seed` is known
    uint64_t seed;                      // of the run that it is from
    const struct dq_c_file *c;          // for the format "c" (c_file.h); else NULL
} dq_export_model;

/** A format. */
typedef struct dq_export_format {
    const char *name;         // of --format
    const char *suffixes[4];  // of files, NULL behind the last
    const char *whose;        // the program that it is of
    bool wants_c;             // whether dq_export_model.c must be there
    const char *dialect;      // which preprocessing that program has; NULL: any
    /** Whether it can hold a model. */
    bool (*holds)(const dq_export_model *m);
    /** Write a model that it can hold. */
    dq_status (*write)(dq_writer *w, const dq_export_model *m);
} dq_export_format;

/** Format number `index`; NULL past the last. */
const dq_export_format *dq_export_format_at(size_t index);
/** The format with a name, or that of a file by the end of its name.
 *  @param name NULL: by the path
 *  @return DQ_OK; DQ_ERR_CONFIG: the message lists those that there are */
DQ_NODISCARD dq_status dq_export_format_find(const char *name, const char *path,
                                             const dq_export_format **format);

/** Prepare a model, which is pointed into from then on.
 *  @return DQ_OK; DQ_ERR_INPUT when it is of no network that deepq knows, or a weight is not finite
 */
DQ_NODISCARD dq_status dq_export_model_init(dq_export_model *m, const dq_model *weights);
/** Check that a format can hold a model.
 *  @return DQ_OK; DQ_ERR_CONFIG: the message says which formats can */
DQ_NODISCARD dq_status dq_export_check(const dq_export_format *format, const dq_export_model *m);
/** Write a model that the format can hold to a file, which is complete or absent. */
DQ_NODISCARD dq_status dq_export_write(const dq_export_format *format, const dq_export_model *m,
                                       const char *path);

/** Call back with what is known of a model: "env" and "PongNoFrameskip-v4", ... */
void dq_export_each_fact(const dq_export_model *m,
                         void (*fn)(void *ctx, const char *key, const char *value), void *ctx);

#endif
