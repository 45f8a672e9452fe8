/** What the parts of the model file reader hand to each other. */
#ifndef DEEPQ_RECORD_MODEL_PARTS_H
#define DEEPQ_RECORD_MODEL_PARTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "deepq/model.h"
#include "record/pickle.h"
#include "record/stored_tensor.h"
#include "record/zip_read.h"

enum {
    DQ_MODEL_MAX_BYTES = 1 << 30,  // of a file, and of all its tensors
    DQ_MODEL_MAX_SHARING = 8       // tensors may overlap: up to 8 times the size of the file
};

/** Bytes in memory that tensors are views of. */
typedef struct dq_storage {
    dq_span key;           // points into the pickle
    const uint8_t *bytes;  // [n_bytes] in the file, or `owned`
    size_t n_bytes;
    void *owned;  // NULL: they are in the file
} dq_storage;

/** A model file taken apart. Clear it with dq_model_parts_clear(). */
typedef struct dq_model_parts {
    const char *format;         // what kind of file it is, in static storage
    void *pickle_bytes;         // NULL: they are in the file
    void *inside;               // the file within the file, or NULL
    dq_pickle *pickle;          // NULL: the file has none
    struct json_t *header;      // of safetensors; NULL: the file has none
    dq_stored_tensor *owned;    // of safetensors, or NULL
    dq_stored_tensor *tensors;  // the pickle's, or `owned`
    size_t n_tensors;
    dq_storage *storages;  // each key once
    size_t n_storages;
    dq_model_info *info;  // NULL: no such record
    int n_actions;        // 0: the file does not say it
} dq_model_parts;

/** The number of the storage with this key; parts->n_storages: there is none. */
size_t dq_model_find_storage(const dq_model_parts *parts, dq_span key);
void dq_model_parts_clear(dq_model_parts *parts);

/** The record of a model file, a member of its archive. */
#define DQ_MODEL_INFO_MEMBER "deepq.json"
enum { DQ_MODEL_INFO_MAX_BYTES = 1 << 16 };

/** As JSON, written by this deepq. @param[out] text malloc'd, the caller's to free() */
DQ_NODISCARD dq_status dq_model_info_write(const dq_model_info *info, char **text);
/** Keys that are missing, or unknown ones, are no failure. */
DQ_NODISCARD dq_status dq_model_info_read(dq_model_info *info, const void *bytes, size_t n);
/** Read the member `name` of an archive, which other programs' files do not have. */
DQ_NODISCARD dq_status dq_model_info_member(dq_model_parts *parts, dq_zip *zip, const char *name);
/** One entry of metadata that are texts, "env" or "score". @return false: of an unknown key */
bool dq_model_info_take_fact(dq_model_info *info, const char *key, dq_span value);
/** Allocate *info, if there is none. */
DQ_NODISCARD dq_status dq_model_info_need(dq_model_info **info);
/** Copy text from outside, cut to `cap` and made fit for terminals. */
void dq_model_info_text(char *to, size_t cap, dq_span text);

/* Readers take apart n bytes. The parts are zeroed before, and to be cleared after a failure, too;
 * they may point into the bytes. */

/** What PyTorch 1.6 and later write: a zip archive. */
DQ_NODISCARD dq_status dq_torch_zip_read(dq_model_parts *parts, dq_zip *zip);
/** Whether an archive is one of Stable-Baselines3, in which PyTorch's is one of the members. */
bool dq_is_sb3(const dq_zip *zip);
DQ_NODISCARD dq_status dq_sb3_read(dq_model_parts *parts, dq_zip *zip);
/** Whether the bytes begin as what PyTorch wrote before 1.6: pickles one after another. */
bool dq_is_torch_old(const void *bytes, size_t n);
DQ_NODISCARD dq_status dq_torch_old_read(dq_model_parts *parts, const void *bytes, size_t n);
/** One of the two, as it is within another file. */
DQ_NODISCARD dq_status dq_torch_read(dq_model_parts *parts, const void *bytes, size_t n);

/** Whether the bytes begin like safetensors: a length, then a JSON object. */
bool dq_is_safetensors(const void *bytes, size_t n);
DQ_NODISCARD dq_status dq_safetensors_read(dq_model_parts *parts, const void *bytes, size_t n);

/** Whether it is a model by its first bytes: dq_model_parse() says what is wrong with it, if it is.
 */
bool dq_model_is(const void *bytes, size_t n);
/** dq_model_load() of a file that is in memory; messages do not say which. */
DQ_NODISCARD dq_status dq_model_parse(dq_model **out, const void *bytes, size_t n);

#endif
