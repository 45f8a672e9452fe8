/** Pickles read as data: the few opcodes that a dictionary of PyTorch tensors needs, and no more.
 *
 *  Nothing is ever called or imported. The only names understood are OrderedDict, PyTorch's tensor
 *  builders and its storages; everything else is refused by name. Time and memory are linear in the
 *  length of the pickle. The bytes must outlive the object: texts point into them. */
#ifndef DEEPQ_RECORD_PICKLE_H
#define DEEPQ_RECORD_PICKLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "deepq/status.h"
#include "record/stored_tensor.h"

enum { DQ_PICKLE_MAX_BYTES = 1 << 20 };

typedef struct dq_pickle dq_pickle;

/** Read the pickle that `bytes` begin with. DQ_ERR_INPUT says what about it is damaged or not
 *  understood. */
DQ_NODISCARD dq_status dq_pickle_create(dq_pickle **out, const void *bytes, size_t n);
void dq_pickle_destroy(dq_pickle *p);
/** Bytes of the pickle, its STOP included: what is behind it begins there. */
size_t dq_pickle_bytes(const dq_pickle *p);

/** The tensors of the dictionary that the pickle is, in its order, without those of integers. Of a
 *  dictionary that has such a one as its entry state_dict, model_state_dict, model_weights or
 *  model, the tensors of that.
 *  @param[out] out the pickle's */
DQ_NODISCARD dq_status dq_pickle_state_dict(dq_pickle *p, dq_stored_tensor **out, size_t *n);
/** The type of a storage's elements, as the first tensor that has it says.
 *  @return false: no tensor has it */
bool dq_pickle_storage_type(const dq_pickle *p, dq_span key, dq_stored_type *type);

/** The texts of the list that the pickle is. @param[out] out the pickle's */
DQ_NODISCARD dq_status dq_pickle_texts(dq_pickle *p, const dq_span **out, size_t *n);
/** The number that the pickle is; -1: it is none, or below 0. */
int64_t dq_pickle_number(const dq_pickle *p);
/** The text that is entry `key` of the dictionary that is entry `dictionary` of the pickle.
 *  @return false: there is none */
bool dq_pickle_find_text(const dq_pickle *p, const char *dictionary, const char *key, dq_span *out);
/** Whether entry `key` of the dictionary that the pickle is is False. */
bool dq_pickle_is_false(const dq_pickle *p, const char *key);

#endif
