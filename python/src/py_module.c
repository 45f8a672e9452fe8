/* The extension `deepq._core`: errors, buffers, and functions that belong to no object. */
#include "py_module.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "deepq/toy_text.h"
#include "env/homebrew.h"

/* ---------------------------------------------------------------- errors */

PyObject *dq_py_fail(dq_status status)
{
    PyObject *type = PyExc_RuntimeError;
    if (PyErr_Occurred())  // a callback in Python failed, and its exception is the one to see
        return NULL;
    switch (status) {
    case DQ_ERR_NOMEM:
        return PyErr_NoMemory();
    case DQ_ERR_CONFIG:
    case DQ_ERR_INPUT:
        type = PyExc_ValueError;
        break;
    case DQ_ERR_IO:
        type = PyExc_OSError;
        break;
    case DQ_ERR_NOT_FOUND:
        type = PyExc_FileNotFoundError;
        break;
    case DQ_ERR_UNSUPPORTED:
        type = PyExc_NotImplementedError;
        break;
    case DQ_ERR_INTERRUPTED:
        type = PyExc_KeyboardInterrupt;
        break;
    case DQ_ERR_DIVERGED:
        type = PyExc_FloatingPointError;
        break;
    default:
        break;
    }
    PyErr_SetString(type, dq_errmsg());
    return NULL;
}

/* ---------------------------------------------------------------- arrays */

static bool has_format(const Py_buffer *view, const char *formats)
{
    const char *f = view->format ? view->format : "B";
    if (*f == '@' || *f == '=')
        f++;
    return f[0] && !f[1] && strchr(formats, f[0]);
}

bool dq_py_borrow(PyObject *array, Py_buffer *view, const char *name, const char *formats,
                  size_t n_bytes, bool writable)
{
    int flags = PyBUF_C_CONTIGUOUS | PyBUF_FORMAT | (writable ? PyBUF_WRITABLE : 0);
    if (PyObject_GetBuffer(array, view, flags)) {
        PyErr_Format(PyExc_TypeError, "%s: a C-contiguous%s array is needed, got %R", name,
                     writable ? " and writable" : "", (PyObject *)Py_TYPE(array));
        return false;
    }
    if (!has_format(view, formats))
        PyErr_Format(PyExc_TypeError, "%s: elements of type '%s' are needed, got '%s'", name,
                     formats, view->format ? view->format : "B");
    else if ((size_t)view->len != n_bytes)
        PyErr_Format(PyExc_ValueError, "%s: %zu bytes are needed, got %zd: see its shape", name,
                     n_bytes, view->len);
    else
        return true;
    PyBuffer_Release(view);
    return false;
}

static bool read_ints(const Py_buffer *view, const char *name, int *values, Py_ssize_t n)
{
    if (!has_format(view, "ilq") || view->len != n * view->itemsize) {
        PyErr_Format(PyExc_TypeError, "%s: %zd integers of 32 or 64 bits are needed", name, n);
        return false;
    }
    for (Py_ssize_t i = 0; i < n; i++) {
        long long v =
            view->itemsize == 4 ? ((const int32_t *)view->buf)[i] : ((const int64_t *)view->buf)[i];
        values[i] = v < INT32_MIN ? INT32_MIN : v > INT32_MAX ? INT32_MAX : (int)v;
    }
    return true;
}

bool dq_py_ints(PyObject *array, const char *name, int *values, Py_ssize_t n)
{
    Py_buffer view;
    if (PyObject_GetBuffer(array, &view, PyBUF_C_CONTIGUOUS | PyBUF_FORMAT)) {
        PyErr_Format(PyExc_TypeError, "%s: a C-contiguous array of integers is needed, got %R",
                     name, (PyObject *)Py_TYPE(array));
        return false;
    }
    bool ok = read_ints(&view, name, values, n);
    PyBuffer_Release(&view);
    return ok;
}

/* ---------------------------------------------------------------- who may use an object */

void dq_py_guard_init(dq_py_guard *g, bool threaded)
{
    g->busy = false;
    g->threaded = threaded;
    g->owner = getpid();
}

bool dq_py_guard_is_ours(const dq_py_guard *g)
{
    return !g->threaded || g->owner == getpid();
}

bool dq_py_enter(dq_py_guard *g, const char *what)
{
    if (g->busy) {
        PyErr_Format(PyExc_RuntimeError,
                     "%s: another thread is using it: use one for each thread, or a lock", what);
        return false;
    }
    if (!dq_py_guard_is_ours(g)) {
        PyErr_Format(PyExc_RuntimeError,
                     "%s: created before this process was forked, and its threads are in the other "
                     "one: create it here, or with num_threads=1",
                     what);
        return false;
    }
    g->busy = true;
    return true;
}

void dq_py_leave(dq_py_guard *g)
{
    g->busy = false;
}

/* ---------------------------------------------------------------- functions of the module */

static PyObject *games(PyObject *module, PyObject *unused)
{
    (void)module;
    (void)unused;
    size_t n;
    const dq_atari_game *const *all = dq_atari_games(&n);
    PyObject *list = PyList_New(0);
    for (size_t i = 0; list && i < n; i++) {
        int n_md5s = 0;
        while (all[i]->md5 && all[i]->md5[n_md5s])
            n_md5s++;
        PyObject *md5s = dq_py_names(all[i]->md5, n_md5s);
        PyObject *row = md5s ? Py_BuildValue("(ssNO)", all[i]->id, all[i]->gym_name, md5s,
                                             all[i]->has_legacy_ids ? Py_True : Py_False)
                             : NULL;
        if (!row || PyList_Append(list, row))
            Py_CLEAR(list);
        Py_XDECREF(row);
    }
    return list;
}

static PyObject *env_ids(PyObject *module, PyObject *unused)
{
    (void)module;
    (void)unused;
    size_t n;
    const char *const *ids = dq_env_ids(&n);
    return dq_py_names(ids, (int)n);
}

static PyObject *find_rom(PyObject *module, PyObject *args)
{
    (void)module;
    const char *game, *folder;
    char path[4096];
    void *bytes;
    size_t n;
    if (!PyArg_ParseTuple(args, "sz", &game, &folder))
        return NULL;
    dq_status st = dq_rom_find(game, folder, &bytes, &n, path, sizeof(path));
    if (st != DQ_OK)
        return dq_py_fail(st);
    PyObject *found = Py_BuildValue("(y#s)", bytes, (Py_ssize_t)n, path);
    free(bytes);
    return found;
}

static PyObject *own_games(PyObject *module, PyObject *unused)
{
    (void)module;
    (void)unused;
    size_t n;
    const dq_homebrew *own = dq_homebrews(&n);
    PyObject *list = PyList_New(0);
    for (size_t i = 0; list && i < n; i++) {
        PyObject *row = Py_BuildValue("(sy#s)", own[i].id, (const char *)own[i].rom,
                                      (Py_ssize_t)own[i].rom_bytes, own[i].rules);
        if (!row || PyList_Append(list, row))
            Py_CLEAR(list);
        Py_XDECREF(row);
    }
    return list;
}

/** lake_map(name) -> Gymnasium's "4x4" or "8x8"; lake_map(seed) -> a random one of 8x8 */
static PyObject *lake_map(PyObject *module, PyObject *which)
{
    (void)module;
    char random[8 * 9 + 1];
    if (PyUnicode_Check(which)) {
        const char *name = PyUnicode_AsUTF8AndSize(which, NULL);
        const char *map = name ? dq_frozen_lake_map(name) : NULL;
        if (!map && !PyErr_Occurred())
            PyErr_Format(PyExc_KeyError, "map_name=%R: there are '4x4' and '8x8'", which);
        return map ? PyUnicode_FromString(map) : NULL;
    }
    unsigned long long seed = PyLong_AsUnsignedLongLongMask(which);
    if (PyErr_Occurred())
        return NULL;
    dq_status st = dq_frozen_lake_random_map(random, 8, 0.8, seed);
    return st == DQ_OK ? PyUnicode_FromString(random) : dq_py_fail(st);
}

static PyMethodDef functions[] = {
    {"games", games, METH_NOARGS,
     "games() -> [(rom id, Gymnasium's name, md5s, has v0 and v4 ids)]"},
    {"lake_map", lake_map, METH_O,
     "lake_map(name or seed) -> the rows of a map of FrozenLake, '4x4', '8x8' or a random one"},
    {"env_ids", env_ids, METH_NOARGS, "env_ids() -> the ids that the library knows"},
    {"own_games", own_games, METH_NOARGS,
     "own_games() -> [(id, cartridge, rom id of the game whose rules it keeps)]"},
    {"find_rom", find_rom, METH_VARARGS,
     "find_rom(game, folder or None) -> (bytes, path); FileNotFoundError says how to import it"},
    {NULL, NULL, 0, NULL},
};

/* ---------------------------------------------------------------- the module */

int dq_py_add_type(PyObject *module, PyType_Spec *spec)
{
    PyObject *type = PyType_FromSpec(spec);
    if (!type)
        return -1;
    int failed = PyModule_AddObjectRef(module, strrchr(spec->name, '.') + 1, type);
    Py_DECREF(type);
    return failed;
}

static int fill(PyObject *module)
{
    if (PyModule_AddStringConstant(module, "version", dq_version()))
        return -1;
    int (*const add[])(PyObject *) = {dq_py_add_console, dq_py_add_vector, dq_py_add_world,
                                      dq_py_add_policy, dq_py_add_trainer};
    for (size_t i = 0; i < sizeof(add) / sizeof(add[0]); i++)
        if (add[i](module))
            return -1;
    return 0;
}

static PyModuleDef_Slot slots[] = {
    {Py_mod_exec, fill},
    {0, NULL},
};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT,
    .m_name = "deepq._core",
    .m_doc = "libdeepq for the modules of deepq; not for users.",
    .m_methods = functions,
    .m_slots = slots,
};

PyMODINIT_FUNC PyInit__core(void);
PyMODINIT_FUNC PyInit__core(void)
{
    return PyModuleDef_Init(&definition);
}
