/* `Console`: an Atari 2600 with a cartridge (deepq/atari.h). deepq.ale.ALEInterface derives from it
 * and has what is not needed at every frame. */
#include "py_module.h"

#include <math.h>
#include <string.h>

#include "py_paint.h"

typedef struct console {
    PyObject_HEAD
    dq_atari *atari;  // NULL until a cartridge is loaded
    dq_py_guard guard;
    bool looked_at;              // since the last act()
    int reward_min, reward_max;  // of an act()
} console;

static const char what[] = "ALEInterface";

/** Begin a call that needs a cartridge. */
static bool enter(console *c)
{
    if (c->atari)
        return dq_py_enter(&c->guard, what);
    PyErr_SetString(PyExc_RuntimeError, "ROM not set: call loadROM() first");
    return false;
}

static PyObject *make_console(PyTypeObject *type, PyObject *args, PyObject *kwargs)
{
    (void)args;
    (void)kwargs;
    allocfunc alloc = (allocfunc)PyType_GetSlot(type, Py_tp_alloc);
    console *c = (console *)alloc(type, 0);
    if (c)
        dq_py_guard_init(&c->guard, false);
    return (PyObject *)c;
}

static void free_console(PyObject *self)
{
    PyTypeObject *type = Py_TYPE(self);
    dq_atari_destroy(((console *)self)->atari);
    freefunc release = (freefunc)PyType_GetSlot(type, Py_tp_free);
    release(self);
    Py_DECREF(type);
}

/* ---------------------------------------------------------------- the cartridge */

static PyObject *load(PyObject *self, PyObject *args, PyObject *kwargs)
{
    static char *names[] = {"rom",        "game",
                            "seed",       "repeat_action_probability",
                            "max_frames", "frame_skip",
                            "reward_min", "reward_max",
                            "sound",      "paddle_min",
                            "paddle_max", "system_seed",
                            "life_loss",  "color_averaging",
                            NULL};
    console *c = (console *)self;
    const char *rom, *game;
    Py_ssize_t n_bytes;
    unsigned int seed, max_frames;
    int reward_min, reward_max, sound, life_loss, averaging;
    long long system_seed;
    dq_atari_config cfg = {0};
    if (!PyArg_ParseTupleAndKeywords(
            args, kwargs, "y#zIfIiiipiiLpp", names, &rom, &n_bytes, &game, &seed,
            &cfg.repeat_action_probability, &max_frames, &cfg.frame_skip, &reward_min, &reward_max,
            &sound, &cfg.paddle_min, &cfg.paddle_max, &system_seed, &life_loss, &averaging))
        return NULL;
    cfg.seed = seed;
    cfg.max_ticks = max_frames;
    cfg.game_id = game;
    cfg.sound = sound;
    cfg.system_seed = system_seed;
    cfg.life_loss_truncates = life_loss;
    cfg.color_averaging = averaging;
    if (!dq_py_enter(&c->guard, what))
        return NULL;
    dq_atari *loaded;
    dq_status st;
    Py_BEGIN_ALLOW_THREADS
    st = dq_atari_create(&loaded, rom, (size_t)n_bytes, &cfg);
    Py_END_ALLOW_THREADS
    dq_py_leave(&c->guard);
    if (st != DQ_OK)
        return dq_py_fail(st);
    dq_atari_destroy(c->atari);
    c->atari = loaded;
    c->reward_min = reward_min;
    c->reward_max = reward_max;
    Py_RETURN_NONE;
}

static PyObject *list_of(const int *values, int n)
{
    PyObject *list = PyList_New(0);
    for (int i = 0; list && i < n; i++) {
        PyObject *v = PyLong_FromLong(values[i]);
        if (!v || PyList_Append(list, v))
            Py_CLEAR(list);
        Py_XDECREF(v);
    }
    return list;
}

/** (rom id, legal actions, minimal actions, modes, difficulties) of the game whose rules apply. */
static PyObject *game(PyObject *self, PyObject *unused)
{
    (void)unused;
    console *c = (console *)self;
    uint8_t legal[DQ_ATARI_ACTIONS];
    int n_legal = 0;
    if (!enter(c))
        return NULL;
    const dq_atari_game *g = dq_atari_get_game(c->atari);
    for (int i = 0; i < DQ_ATARI_ACTIONS; i++)
        if (dq_atari_is_legal(c->atari, i))
            legal[n_legal++] = (uint8_t)i;
    dq_py_leave(&c->guard);
    if (!g)
        Py_RETURN_NONE;
    return Py_BuildValue("(sy#y#NN)", g->id, (const char *)legal, (Py_ssize_t)n_legal,
                         (const char *)g->minimal, (Py_ssize_t)g->n_minimal,
                         list_of(g->modes, g->n_modes),
                         list_of(g->difficulties, g->n_difficulties));
}

static PyObject *choose(PyObject *self, PyObject *value, dq_status (*set)(dq_atari *a, int value),
                        const char *refusal)
{
    console *c = (console *)self;
    long chosen = PyLong_AsLong(value);
    if (chosen == -1 && PyErr_Occurred())
        return NULL;
    if (!enter(c))
        return NULL;
    dq_status st = chosen < 0 || chosen > INT32_MAX ? DQ_ERR_CONFIG : set(c->atari, (int)chosen);
    dq_py_leave(&c->guard);
    if (st != DQ_OK)
        return PyErr_Format(PyExc_RuntimeError, "%s: %ld", refusal, chosen);
    Py_RETURN_NONE;
}

static PyObject *set_mode(PyObject *self, PyObject *mode)
{
    return choose(self, mode, dq_atari_set_mode,
                  "Invalid game mode requested, not in getAvailableModes()");
}

static PyObject *set_difficulty(PyObject *self, PyObject *difficulty)
{
    return choose(self, difficulty, dq_atari_set_difficulty,
                  "Invalid difficulty requested, not in getAvailableDifficulties()");
}

/* ---------------------------------------------------------------- playing */

/** An action and how far a paddle goes. */
typedef struct press {
    int action;
    float strength;
} press;

static bool read_press(PyObject *action, PyObject *strength, press *p)
{
    long a = PyLong_AsLong(action);
    if (a == -1 && PyErr_Occurred()) {
        PyErr_Format(PyExc_TypeError,
                     "act(): incompatible function arguments. The following argument types are "
                     "supported: an Action or an int from 0 to 17, got %R",
                     (PyObject *)Py_TYPE(action));
        return false;
    }
    double s = strength ? PyFloat_AsDouble(strength) : 1.0;
    if (s == -1.0 && PyErr_Occurred())
        return false;
    if (a < 0) {
        PyErr_Format(PyExc_TypeError,
                     "act(): incompatible function arguments. The following argument types are "
                     "supported: an Action or an int from 0 to 17, got %ld",
                     a);
        return false;
    }
    p->action = a > UINT8_MAX ? UINT8_MAX : (int)a;  // any illegal one is a NOOP, as in ALE
    p->strength = (float)s;
    return true;
}

/** n acts. `draw` is for the last one: should its picture be wanted although it was not drawn, it
 *  costs another frame. */
static int play(const console *c, const press *p, long n, bool draw)
{
    int sum = 0;
    for (long i = n; i > 0; i--) {
        int reward = dq_atari_act(c->atari, p->action, draw && i == 1);
        reward = reward < c->reward_min ? c->reward_min : reward;
        sum += reward > c->reward_max ? c->reward_max : reward;
    }
    return sum;
}

static int play_frame(const console *c, const press *p, long n, bool draw)
{
    (void)n;
    return dq_atari_frame(c->atari, p->action, draw);
}

typedef int player(const console *c, const press *p, long n, bool draw);

static PyObject *play_unlocked(console *c, player *play_them, const press *p, long n, bool draw)
{
    int reward;
    if (!enter(c))
        return NULL;
    dq_status st = dq_atari_set_strength(c->atari, p->strength);
    if (st != DQ_OK) {
        dq_py_leave(&c->guard);
        return dq_py_fail(st);
    }
    Py_BEGIN_ALLOW_THREADS
    reward = play_them(c, p, n, draw);
    Py_END_ALLOW_THREADS
    c->looked_at = false;
    dq_py_leave(&c->guard);
    return PyLong_FromLong(reward);
}

/** act(action, paddle_strength=1.0), by position or by name. */
static PyObject *act(PyObject *self, PyObject *const *args, Py_ssize_t n, PyObject *names)
{
    static const char *const known[] = {"action", "paddle_strength"};
    PyObject *value[2] = {n > 0 ? args[0] : NULL, n > 1 ? args[1] : NULL};
    Py_ssize_t n_named = names ? PyTuple_Size(names) : 0;
    for (Py_ssize_t i = 0; i < n_named; i++)
        for (int k = 0; k < 2; k++)
            if (!PyUnicode_CompareWithASCIIString(PyTuple_GetItem(names, i), known[k]) && !value[k])
                value[k] = args[n + i];
    int n_found = (value[0] != NULL) + (value[1] != NULL);
    press p;
    if (!value[0] || n + n_named != n_found) {
        PyErr_SetString(PyExc_TypeError, "act(): arguments are (action, paddle_strength=1.0)");
        return NULL;
    }
    if (!read_press(value[0], value[1], &p))
        return NULL;
    // Who looked at the last frame will look at this one.
    return play_unlocked((console *)self, play, &p, 1, ((console *)self)->looked_at);
}

/** step(action, n_frames, paddle_strength, draw): act() n times, the sum of the rewards. */
static PyObject *step(PyObject *self, PyObject *const *args, Py_ssize_t n)
{
    press p;
    if (n != 4) {
        PyErr_SetString(PyExc_TypeError, "step(): takes (action, n_frames, strength, draw)");
        return NULL;
    }
    long n_frames = PyLong_AsLong(args[1]);
    if ((n_frames == -1 && PyErr_Occurred()) || !read_press(args[0], args[2], &p))
        return NULL;
    return play_unlocked((console *)self, play, &p, n_frames, args[3] == Py_True);
}

/** frame(action, paddle_strength): one frame of an act(). */
static PyObject *frame(PyObject *self, PyObject *const *args, Py_ssize_t n)
{
    press p;
    if (n != 2) {
        PyErr_SetString(PyExc_TypeError, "frame(): takes (action, strength)");
        return NULL;
    }
    return read_press(args[0], args[1], &p)
               ? play_unlocked((console *)self, play_frame, &p, 1, true)
               : NULL;
}

static PyObject *reset_game(PyObject *self, PyObject *unused)
{
    (void)unused;
    console *c = (console *)self;
    if (!enter(c))
        return NULL;
    Py_BEGIN_ALLOW_THREADS
    dq_atari_reset(c->atari);
    Py_END_ALLOW_THREADS
    dq_py_leave(&c->guard);
    Py_RETURN_NONE;
}

/* ---------------------------------------------------------------- how the game stands */

static PyObject *game_over(PyObject *self, PyObject *args, PyObject *kwargs)
{
    static char *names[] = {"with_truncation", NULL};
    console *c = (console *)self;
    int with_truncation = 1;
    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "|p", names, &with_truncation) || !enter(c))
        return NULL;
    bool over = dq_atari_game_over(c->atari) || (with_truncation && dq_atari_truncated(c->atari));
    dq_py_leave(&c->guard);
    return PyBool_FromLong(over);
}

/** A number of the console's. */
typedef uint64_t reader(const dq_atari *atari);

static PyObject *read_number(PyObject *self, reader *read)
{
    console *c = (console *)self;
    if (!enter(c))
        return NULL;
    uint64_t n = read(c->atari);
    dq_py_leave(&c->guard);
    return PyLong_FromUnsignedLongLong(n);
}

#define NUMBER(name, expression)                                                                   \
    static uint64_t read_##name(const dq_atari *atari)                                             \
    {                                                                                              \
        return (uint64_t)(expression);                                                             \
    }                                                                                              \
    static PyObject *name(PyObject *self, PyObject *unused)                                        \
    {                                                                                              \
        (void)unused;                                                                              \
        return read_number(self, read_##name);                                                     \
    }

NUMBER(lives, dq_atari_lives(atari))
NUMBER(frames, dq_atari_frames(atari))
NUMBER(episode_frames, dq_atari_ticks(atari))
NUMBER(height, dq_atari_height(atari))
NUMBER(mode, dq_atari_get_mode(atari))
NUMBER(difficulty, dq_atari_get_difficulty(atari))

static PyObject *game_truncated(PyObject *self, PyObject *unused)
{
    (void)unused;
    console *c = (console *)self;
    if (!enter(c))
        return NULL;
    bool truncated = dq_atari_truncated(c->atari);
    dq_py_leave(&c->guard);
    return PyBool_FromLong(truncated);
}

/* ---------------------------------------------------------------- states */

static PyObject *bytes_of(dq_writer *w, dq_status st)
{
    size_t n;
    if (st != DQ_OK)
        return dq_py_fail(st);
    const void *bytes = dq_writer_bytes(w, &n);
    return PyBytes_FromStringAndSize(bytes, (Py_ssize_t)n);
}

static PyObject *clone(PyObject *self, PyObject *include_rng)
{
    console *c = (console *)self;
    dq_writer *w;
    int with_rng = PyObject_IsTrue(include_rng);
    if (with_rng < 0 || !enter(c))
        return NULL;
    dq_status st = dq_writer_create(&w);
    if (st == DQ_OK)
        st = dq_atari_clone(c->atari, with_rng, w);
    dq_py_leave(&c->guard);
    PyObject *bytes = bytes_of(w, st);
    dq_writer_destroy(w);
    return bytes;
}

static PyObject *restore(PyObject *self, PyObject *state)
{
    console *c = (console *)self;
    char *bytes;
    Py_ssize_t n;
    dq_reader *r;
    if (PyBytes_AsStringAndSize(state, &bytes, &n) || !enter(c))
        return NULL;
    dq_status st = dq_reader_create(&r, bytes, (size_t)n);
    if (st == DQ_OK)
        st = dq_atari_restore(c->atari, r);
    dq_reader_destroy(r);
    dq_py_leave(&c->guard);
    if (st != DQ_OK)
        return dq_py_fail(st);
    Py_RETURN_NONE;
}

/* ---------------------------------------------------------------- pictures and memory */

typedef void painter(dq_atari *atari, size_t n_pixels, uint8_t *out);

static void paint_indices(dq_atari *atari, size_t n_pixels, uint8_t *out)
{
    memcpy(out, dq_atari_screen(atari), n_pixels);
}

static void paint_rgb(dq_atari *atari, size_t n_pixels, uint8_t *out)
{
    dq_py_paint_rgb(out, dq_atari_screen(atari), n_pixels / DQ_ATARI_WIDTH,
                    dq_atari_palette(atari));
}

static void paint_grey(dq_atari *atari, size_t n_pixels, uint8_t *out)
{
    dq_py_paint_grey(out, dq_atari_screen(atari), n_pixels / DQ_ATARI_WIDTH, dq_atari_grey(atari));
}

static PyObject *fill(PyObject *self, PyObject *array, painter *paint, size_t channels)
{
    console *c = (console *)self;
    Py_buffer view;
    if (!enter(c))
        return NULL;
    size_t n_pixels = (size_t)dq_atari_height(c->atari) * DQ_ATARI_WIDTH;
    if (!dq_py_borrow(array, &view, "array", "B", n_pixels * channels, true)) {
        dq_py_leave(&c->guard);
        return NULL;
    }
    Py_BEGIN_ALLOW_THREADS
    paint(c->atari, n_pixels, view.buf);
    Py_END_ALLOW_THREADS
    c->looked_at = true;
    dq_py_leave(&c->guard);
    PyBuffer_Release(&view);
    Py_RETURN_NONE;
}

static PyObject *screen(PyObject *self, PyObject *array)
{
    return fill(self, array, paint_indices, 1);
}

static PyObject *screen_rgb(PyObject *self, PyObject *array)
{
    return fill(self, array, paint_rgb, 3);
}

static PyObject *screen_grey(PyObject *self, PyObject *array)
{
    return fill(self, array, paint_grey, 1);
}

static PyObject *ram(PyObject *self, PyObject *array)
{
    console *c = (console *)self;
    Py_buffer view;
    if (!enter(c))
        return NULL;
    dq_py_leave(&c->guard);
    if (!dq_py_borrow(array, &view, "array", "B", DQ_ATARI_RAM, true))
        return NULL;
    memcpy(view.buf, dq_atari_ram(c->atari), DQ_ATARI_RAM);
    PyBuffer_Release(&view);
    Py_RETURN_NONE;
}

/** As in ALE silence where sound was not asked for. */
static PyObject *audio(PyObject *self, PyObject *array)
{
    console *c = (console *)self;
    Py_buffer view;
    if (!enter(c))
        return NULL;
    dq_py_leave(&c->guard);
    if (!dq_py_borrow(array, &view, "array", "B", DQ_ATARI_SAMPLES, true))
        return NULL;
    const uint8_t *samples = dq_atari_audio(c->atari);
    if (samples)
        memcpy(view.buf, samples, DQ_ATARI_SAMPLES);
    else
        memset(view.buf, 0, DQ_ATARI_SAMPLES);
    PyBuffer_Release(&view);
    Py_RETURN_NONE;
}

static PyObject *set_ram(PyObject *self, PyObject *args)
{
    console *c = (console *)self;
    Py_ssize_t index;
    long value;
    if (!PyArg_ParseTuple(args, "nl:setRAM", &index, &value))
        return NULL;
    if (value < 0 || value > UINT8_MAX)
        return PyErr_Format(PyExc_TypeError, "setRAM(): value %ld: a byte is 0 to 255", value);
    if (index < 0)
        return PyErr_Format(PyExc_TypeError, "setRAM(): index %zd: it is 0 to 127", index);
    if (index >= DQ_ATARI_RAM)
        return PyErr_Format(PyExc_RuntimeError, "setRAM(): index %zd: it is 0 to 127", index);
    if (!enter(c))
        return NULL;
    dq_atari_set_ram(c->atari, (int)index, (uint8_t)value);
    dq_py_leave(&c->guard);
    Py_RETURN_NONE;
}

/* ---------------------------------------------------------------- the type */

static PyMethodDef methods[] = {
    {"_load", DQ_PY_FUNCTION(load), METH_VARARGS | METH_KEYWORDS,
     "_load(rom, game, seed, repeat_action_probability, max_frames, frame_skip, reward_min, "
     "reward_max, sound, paddle_min, paddle_max, system_seed, life_loss, color_averaging)"},
    {"_game", game, METH_NOARGS,
     "_game() -> (rom id, legal actions, minimal actions, modes, difficulties) or None"},
    {"setMode", set_mode, METH_O,
     "setMode(mode): the mode of the games from the next reset_game() on; RuntimeError for one "
     "that "
     "is not in getAvailableModes()"},
    {"setDifficulty", set_difficulty, METH_O,
     "setDifficulty(difficulty): that of the games from the next reset_game() on; RuntimeError for "
     "one that is not in getAvailableDifficulties()"},
    {"act", DQ_PY_FUNCTION(act), METH_FASTCALL | METH_KEYWORDS,
     "act(action, paddle_strength=1.0) -> the reward of frame_skip frames"},
    {"_step", DQ_PY_FUNCTION(step), METH_FASTCALL,
     "_step(action, n_frames, paddle_strength, draw) -> the sum of n rewards"},
    {"_frame", DQ_PY_FUNCTION(frame), METH_FASTCALL,
     "_frame(action, paddle_strength) -> the reward of one frame of an act()"},
    {"reset_game", reset_game, METH_NOARGS, "reset_game(): start a game"},
    {"game_over", DQ_PY_FUNCTION(game_over), METH_VARARGS | METH_KEYWORDS,
     "game_over(with_truncation=True) -> bool"},
    {"game_truncated", game_truncated, METH_NOARGS,
     "game_truncated() -> whether max_num_frames_per_episode is reached, or, with "
     "truncate_on_loss_of_life, a life lost"},
    {"lives", lives, METH_NOARGS, "lives() -> lives left, 0 where the game has none"},
    {"getFrameNumber", frames, METH_NOARGS,
     "getFrameNumber() -> frames since the cartridge was loaded, resets not counted"},
    {"_mode", mode, METH_NOARGS, "_mode() -> the mode"},
    {"_difficulty", difficulty, METH_NOARGS, "_difficulty() -> the difficulty"},
    {"_clone", clone, METH_O, "_clone(include_rng) -> bytes"},
    {"_restore", restore, METH_O, "_restore(bytes)"},
    {"getEpisodeFrameNumber", episode_frames, METH_NOARGS,
     "getEpisodeFrameNumber() -> frames since the game began"},
    {"_height", height, METH_NOARGS, "_height() -> rows of the picture"},
    {"_screen", screen, METH_O, "_screen(uint8 [height, 160])"},
    {"_screen_rgb", screen_rgb, METH_O, "_screen_rgb(uint8 [height, 160, 3])"},
    {"_screen_grey", screen_grey, METH_O, "_screen_grey(uint8 [height, 160])"},
    {"_ram", ram, METH_O, "_ram(uint8 [128])"},
    {"_audio", audio, METH_O, "_audio(uint8 [512])"},
    {"setRAM", set_ram, METH_VARARGS,
     "setRAM(index, value): write a byte, 0 to 255, to RAM, at 0 to 127"},
    {NULL, NULL, 0, NULL},
};

static PyType_Slot slots[] = {
    {Py_tp_doc, "An Atari 2600: deepq.ale.ALEInterface derives from it."},
    {Py_tp_new, make_console},
    {Py_tp_dealloc, free_console},
    {Py_tp_methods, methods},
    {0, NULL},
};

static PyType_Spec spec = {
    .name = "deepq._core.Console",
    .basicsize = sizeof(console),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE,
    .slots = slots,
};

int dq_py_add_console(PyObject *module)
{
    return dq_py_add_type(module, &spec);
}
