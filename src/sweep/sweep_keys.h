/** The keys of a plan, and the command lines that they make. */
#ifndef DEEPQ_SWEEP_SWEEP_KEYS_H
#define DEEPQ_SWEEP_SWEEP_KEYS_H

#include <stdbool.h>
#include <stdint.h>

#include "deepq/status.h"
#include "sweep/sweep_plan.h"

/** The name of a setting that a plan may have: itself, or what it is another name of; static
 * storage or `key`. NULL: there is none, or it is not for a plan. */
const char *dq_sweep_setting_name(const char *key);
/** DQ_ERR_CONFIG with the nearest name. */
dq_status dq_sweep_fail_setting(const char *key);
/** Whether a key says which runs there are, or what other settings stand on: env, seeds, preset. */
bool dq_sweep_is_choice(const char *key);
/** Whether `key = value` can be in the section [eval]. */
DQ_NODISCARD dq_status dq_sweep_check_eval(const char *key, const char *value);
/** A whole number from 0 to 2^64 - 1, digits alone. */
bool dq_sweep_read_uint(const char *text, uint64_t *value);

/** A command line, to be freed by dq_arguments_free(). It ends with a NULL, as execv() wants it. */
typedef struct dq_arguments {
    char **words;
    size_t n;
} dq_arguments;

/** `deepq train` of a run from its beginning into a folder. */
DQ_NODISCARD dq_status dq_arguments_train(dq_arguments *a, const dq_sweep_plan *p,
                                          const dq_sweep_run *run, const char *folder);
/** `deepq train` that continues a run. */
DQ_NODISCARD dq_status dq_arguments_resume(dq_arguments *a, const dq_sweep_plan *p,
                                           const dq_sweep_run *run, const char *folder);
/** `deepq eval` that scores the last weights of a run. */
DQ_NODISCARD dq_status dq_arguments_eval(dq_arguments *a, const dq_sweep_plan *p,
                                         const dq_sweep_run *run, const char *folder);
/** The words with what a shell needs around them, malloc'd; NULL for want of memory. */
char *dq_arguments_text(const dq_arguments *a);
void dq_arguments_free(dq_arguments *a);

#endif
