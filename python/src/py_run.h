/** What a trainer of Python is of: the settings of a run, and where it wants one, its folder. */
#ifndef DEEPQ_PY_RUN_H
#define DEEPQ_PY_RUN_H

#include "py_callback.h"
#include "run/run_store.h"
#include "run/run_trainer.h"

typedef struct dq_py_run {
    dq_train_settings settings;
    dq_run_subject subject;
    dq_trainer *trainer;
    dq_run_store *store;   // NULL: no folder
    dq_py_raised *raised;  // where exceptions of what is told are kept
} dq_py_run;

/** What a run begins with. */
typedef struct dq_py_start {
    const char *preset, *env;
    PyObject *settings;        // a list of pairs of texts
    const char *out, *resume;  // folders; NULL: none
} dq_py_start;

/** Fill in the settings. @return false with an exception raised */
bool dq_py_run_configure(dq_py_run *run, const dq_py_start *start);
/** Create the trainer, and the folder or load it. The GIL is held, and released meanwhile.
 *  @param envs [n_envs] taken over; NULL: they are made as the settings say
 *  @return false with an exception raised */
bool dq_py_run_open(dq_py_run *run, dq_env **envs, const dq_py_start *start);
/** Save the end of a stretch of training, unless it diverged or broke. */
dq_status dq_py_run_finish(dq_py_run *run, dq_status st);
/** All settings, {name: text}. @return NULL with an exception raised */
PyObject *dq_py_run_settings(const dq_py_run *run);
void dq_py_run_close(dq_py_run *run);

#endif
