/** Pickles, protocol 2, in the opcodes that PyTorch's own have. A failure stays with the writer:
 *  check it once, at the end. */
#ifndef DEEPQ_RECORD_PICKLE_WRITE_H
#define DEEPQ_RECORD_PICKLE_WRITE_H

#include "deepq/stream.h"
#include "deepq/tensor.h"

/** Opcodes that stand for themselves. */
#define DQ_PICKLE_BEGIN "\x80\x02"
#define DQ_PICKLE_END "."
#define DQ_PICKLE_MARK "("
#define DQ_PICKLE_DICT "}"
#define DQ_PICKLE_LIST "]"
#define DQ_PICKLE_TUPLE "t"      // of what stands behind the mark
#define DQ_PICKLE_SET_ITEMS "u"  // of a dict: keys and values behind the mark
#define DQ_PICKLE_APPENDS "e"    // to a list: values behind the mark
#define DQ_PICKLE_CALL "R"       // a function with a tuple
#define DQ_PICKLE_NONE "N"
#define DQ_PICKLE_TRUE "\x88"
#define DQ_PICKLE_FALSE "\x89"

void dq_pickle_put(dq_writer *w, const char *opcodes);
void dq_pickle_put_text(dq_writer *w, const char *text);
void dq_pickle_put_int(dq_writer *w, int number);
void dq_pickle_put_float(dq_writer *w, double number);
/** A class or a function, by its module and name. */
void dq_pickle_put_global(dq_writer *w, const char *module, const char *name);

/** An OrderedDict of tensors. Those of a model share one archive.
 *  @param first number of the storage of tensors[0], which dq_torch_write() counts from 0
 *  @param prefix of their names */
void dq_pickle_put_state_dict(dq_writer *w, const char *prefix, const dq_tensor *tensors, size_t n,
                              size_t first);

#endif
