/** What the parts of the model file reader hand to each other. */
#ifndef DEEPQ_RECORD_MODEL_PARTS_H
#define DEEPQ_RECORD_MODEL_PARTS_H

#include <stddef.h>
#include <stdint.h>

#include "deepq/model.h"
#include "record/pickle.h"

enum {
    DQ_MODEL_MAX_BYTES = 1 << 30,  // of a file, and of all its tensors
    DQ_MODEL_MAX_SHARING = 8       // tensors may overlap: up to 8 times the size of the file
};

/** Floats in memory, little-endian, that tensors are views of. */
typedef struct dq_storage {
    dq_pickle_text key;  // points into the pickle
    uint8_t *bytes;      // [4 * count]
    int64_t count;
} dq_storage;

/** A model file taken apart. Clear it with dq_model_parts_clear(). */
typedef struct dq_model_parts {
    void *pickle_bytes;
    dq_pickle *pickle;
    const dq_pickle_tensor *tensors;  // the pickle's
    size_t n_tensors;
    dq_storage *storages;  // each key once
    size_t n_storages;
    dq_model_info *info;  // NULL: no such record
} dq_model_parts;

/** The record of a model file, a member of its archive. */
#define DQ_MODEL_INFO_MEMBER "deepq.json"
enum { DQ_MODEL_INFO_MAX_BYTES = 1 << 16 };

/** As JSON, written by this deepq. @param[out] text malloc'd, the caller's to free() */
DQ_NODISCARD dq_status dq_model_info_write(const dq_model_info *info, char **text);
/** Keys that are missing, or unknown ones, are no failure. */
DQ_NODISCARD dq_status dq_model_info_read(dq_model_info *info, const void *bytes, size_t n);

/** The storage of this key, or NULL. */
const dq_storage *dq_model_storage(const dq_model_parts *parts, dq_pickle_text key);
void dq_model_parts_clear(dq_model_parts *parts);

/** Take apart what PyTorch 1.6 and later write, n bytes that begin like a zip archive.
 *  @param[out] parts zeroed before; to be cleared after a failure, too */
DQ_NODISCARD dq_status dq_model_zip_read(dq_model_parts *parts, const void *bytes, size_t n);

/** dq_model_load() of a file that is in memory; messages do not say which. */
DQ_NODISCARD dq_status dq_model_parse(dq_model **out, const void *bytes, size_t n);

#endif
