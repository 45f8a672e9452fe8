/** What the parts of the Python extension `deepq._core` share.
 *
 *  The extension is thin: objects of the library as Python objects, numbers and texts as arguments
 *  by name, arrays as buffers that the caller allocated (NumPy arrays, without NumPy's headers). It
 *  is built on the limited API of CPython 3.11, so that one binary serves every later Python. What
 *  has defaults, and what users see, is in Python above it. */
#ifndef DEEPQ_PYTHON_PY_MODULE_H
#define DEEPQ_PYTHON_PY_MODULE_H

#define PY_SSIZE_T_CLEAN
#ifndef Py_LIMITED_API
#define Py_LIMITED_API 0x030B0000
#endif
#include <Python.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "deepq/deepq.h"

/** Raise the exception of a status, with dq_errmsg() as its sentence.
 *  @return NULL */
PyObject *dq_py_fail(dq_status status);

/** Borrow the memory of an array.
 *  @param name     of the argument, for the message
 *  @param formats  of one element, one letter each as in Python's `struct`: "B", "lq"
 *  @param n_bytes  that it must have
 *  @param writable whether it is to be filled
 *  @return false with TypeError or ValueError raised; else to be released by PyBuffer_Release() */
bool dq_py_borrow(PyObject *array, Py_buffer *view, const char *name, const char *formats,
                  size_t n_bytes, bool writable);

/** Read signed integers of 4 or 8 bytes from an array of exactly n.
 *  @return false with TypeError or ValueError raised */
bool dq_py_ints(PyObject *array, const char *name, int *values, Py_ssize_t n);

/** Who may use an object now: one thread at a time, and only the process that created it where
 *  other threads work for it. */
typedef struct dq_py_guard {
    bool busy;      // a thread is within a call that released the GIL
    bool threaded;  // other threads work for it, which a fork does not copy
    pid_t owner;    // the process that created it
} dq_py_guard;

/** The object belongs to this process. */
void dq_py_guard_init(dq_py_guard *g, bool threaded);
/** Whether this process may use it. */
bool dq_py_guard_is_ours(const dq_py_guard *g);
/** Begin a call. @return false with RuntimeError raised */
bool dq_py_enter(dq_py_guard *g, const char *what);
/** End it. */
void dq_py_leave(dq_py_guard *g);

/** Add the types of each part to the module. @return 0, or -1 with an exception raised */
int dq_py_add_console(PyObject *module);
int dq_py_add_vector(PyObject *module);
int dq_py_add_world(PyObject *module);
int dq_py_add_policy(PyObject *module);
int dq_py_add_trainer(PyObject *module);

/** A list of texts. @return NULL with an exception raised */
PyObject *dq_py_names(const char *const *names, int n);

/** Make a type and add it to the module under the name behind its last dot.
 *  @return 0, or -1 with an exception raised */
int dq_py_add_type(PyObject *module, PyType_Spec *spec);

/** The cast that METH_FASTCALL and METH_KEYWORDS functions need in a PyMethodDef. */
#define DQ_PY_FUNCTION(f) ((PyCFunction)(void (*)(void))(f))

#endif
