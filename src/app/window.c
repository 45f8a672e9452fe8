#include "app/window.h"

#include "base/error.h"

#if DEEPQ_WITH_SDL2

#include <SDL.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { START_WIDTH = 840, START_HEIGHT = 630 };

struct window {
    SDL_Window *frame;
    SDL_Renderer *renderer;
    SDL_Texture *texture;  // as large as the picture; made when the first one comes
    int width, height;     // of the texture
    int rows;              // of it, that are 4:3
    const char *title;
    SDL_AudioDeviceID speaker;  // 0: none
    bool closed, is_mute;       // is_mute: no speaker could be opened
    bool paused, again;
    window_keys pressed;  // since window_held() asked
};

static dq_status fail_window(const char *why)
{
    return dq_fail(DQ_ERR_UNSUPPORTED, "cannot open a window (%s)", why);
}

static bool is_set(const char *variable)
{
    const char *value = getenv(variable);
    return value && *value;
}

/** Start SDL on a display that somebody can see; without one it would draw into nothing. */
static dq_status start_video(void)
{
    bool chosen = is_set("SDL_VIDEODRIVER");
    if (!chosen && !is_set("DISPLAY") && !is_set("WAYLAND_DISPLAY"))
        return fail_window("there is no display");
    SDL_SetHint(SDL_HINT_NO_SIGNAL_HANDLERS, "1");  // Ctrl-C is the command's
    SDL_SetHint(SDL_HINT_RENDER_SCALE_QUALITY, "nearest");
    if (SDL_Init(SDL_INIT_VIDEO) != 0)
        return fail_window(SDL_GetError());
    const char *driver = SDL_GetCurrentVideoDriver();
    if (!chosen && (strcmp(driver, "offscreen") == 0 || strcmp(driver, "dummy") == 0))
        return fail_window("the display cannot be reached");
    return DQ_OK;
}

dq_status window_create(window **out, const char *title)
{
    *out = NULL;
    window *w = calloc(1, sizeof(*w));
    if (!w)
        return dq_fail(DQ_ERR_NOMEM, "no memory for a window");
    w->title = title;
    dq_status st = start_video();
    if (st == DQ_OK)
        w->frame =
            SDL_CreateWindow(title, SDL_WINDOWPOS_CENTERED, SDL_WINDOWPOS_CENTERED, START_WIDTH,
                             START_HEIGHT, SDL_WINDOW_RESIZABLE | SDL_WINDOW_ALLOW_HIGHDPI);
    if (w->frame)
        w->renderer = SDL_CreateRenderer(w->frame, -1, 0);
    if (st == DQ_OK && !w->renderer)
        st = fail_window(SDL_GetError());
    if (st != DQ_OK) {
        window_destroy(w);
        return st;
    }
    *out = w;
    return DQ_OK;
}

void window_destroy(window *w)
{
    if (!w)
        return;
    if (w->speaker)
        SDL_CloseAudioDevice(w->speaker);
    if (w->texture)
        SDL_DestroyTexture(w->texture);
    if (w->renderer)
        SDL_DestroyRenderer(w->renderer);
    if (w->frame)
        SDL_DestroyWindow(w->frame);
    SDL_Quit();
    free(w);
}

/** As high as 4:3 and the rows below need it. */
static int height_for(const window *w, int width)
{
    return width * 3 * w->height / (4 * w->rows);
}

static dq_status fit_texture(window *w, const dq_image *image, int rows)
{
    bool is_first = !w->texture;
    if (w->texture && w->width == image->width && w->height == image->height && w->rows == rows)
        return DQ_OK;
    if (w->texture)
        SDL_DestroyTexture(w->texture);
    w->width = image->width;
    w->height = image->height;
    w->rows = rows;
    if (is_first && rows < image->height)
        SDL_SetWindowSize(w->frame, START_WIDTH, height_for(w, START_WIDTH));
    w->texture = SDL_CreateTexture(w->renderer, SDL_PIXELFORMAT_RGB24, SDL_TEXTUREACCESS_STREAMING,
                                   w->width, w->height);
    return w->texture ? DQ_OK : fail_window(SDL_GetError());
}

/** The largest rectangle in the middle of the window that has the picture 4:3. */
static SDL_Rect television(const window *w)
{
    int width = START_WIDTH, height = START_HEIGHT;
    SDL_GetRendererOutputSize(w->renderer, &width, &height);
    SDL_Rect r = {0, 0, width, height_for(w, width)};
    if (r.h > height)
        r = (SDL_Rect){0, 0, height * 4 * w->rows / (3 * w->height), height};
    r.x = (width - r.w) / 2;
    r.y = (height - r.h) / 2;
    return r;
}

static bool present(window *w)
{
    SDL_Rect to = television(w);
    if (SDL_RenderClear(w->renderer) != 0 ||
        SDL_RenderCopy(w->renderer, w->texture, NULL, &to) != 0)
        return false;
    SDL_RenderPresent(w->renderer);
    return true;
}

dq_status window_show(window *w, const dq_image *image, int rows)
{
    DQ_TRY(fit_texture(w, image, rows));
    if (SDL_UpdateTexture(w->texture, NULL, image->pixels, 3 * image->width) != 0 || !present(w))
        return fail_window(SDL_GetError());
    return DQ_OK;
}

/** Where there is no sound card the libraries below SDL say so in lines of their own. */
static SDL_AudioDeviceID open_device_quietly(const SDL_AudioSpec *want)
{
    SDL_AudioDeviceID device = 0;
    int kept = dup(STDERR_FILENO), nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
    if (kept >= 0 && nowhere >= 0)
        dup2(nowhere, STDERR_FILENO);
    if (SDL_InitSubSystem(SDL_INIT_AUDIO) == 0)
        device = SDL_OpenAudioDevice(NULL, 0, want, NULL, 0);
    if (kept >= 0)
        dup2(kept, STDERR_FILENO);
    close(nowhere);
    close(kept);
    return device;
}

/** Open a speaker with a little silence, which later sound may come late by. */
static void open_speaker(window *w, int hz)
{
    const SDL_AudioSpec want = {.freq = hz, .format = AUDIO_F32SYS, .channels = 1, .samples = 1024};
    static const float silence[4096];
    w->speaker = open_device_quietly(&want);
    w->is_mute = !w->speaker;
    if (w->is_mute)
        return;
    SDL_QueueAudio(w->speaker, silence, sizeof(silence));
    SDL_PauseAudioDevice(w->speaker, 0);
}

void window_play(window *w, const float *samples, size_t n, int hz)
{
    if (!w->speaker && !w->is_mute)
        open_speaker(w, hz);
    if (w->is_mute || SDL_GetQueuedAudioSize(w->speaker) > (unsigned)hz)  // a quarter of a second
        return;
    SDL_QueueAudio(w->speaker, samples, (Uint32)(n * sizeof(*samples)));
}

/** @param keys what a key means is set there */
static void add_key(window_keys *keys, SDL_Scancode code)
{
    keys->up |= code == SDL_SCANCODE_UP || code == SDL_SCANCODE_W;
    keys->down |= code == SDL_SCANCODE_DOWN || code == SDL_SCANCODE_S;
    keys->left |= code == SDL_SCANCODE_LEFT || code == SDL_SCANCODE_A;
    keys->right |= code == SDL_SCANCODE_RIGHT || code == SDL_SCANCODE_D;
    keys->fire |= code == SDL_SCANCODE_SPACE;
}

static void press(window *w, const SDL_Keysym *key)
{
    char title[256];
    add_key(&w->pressed, key->scancode);
    w->closed |= key->sym == SDLK_q || key->sym == SDLK_ESCAPE;
    w->again |= key->sym == SDLK_r;
    if (key->sym != SDLK_p)
        return;
    w->paused = !w->paused;
    SDL_snprintf(title, sizeof(title), "%s%s", w->title, w->paused ? " (paused)" : "");
    SDL_SetWindowTitle(w->frame, title);
}

bool window_closed(window *w)
{
    SDL_Event e;
    while (SDL_PollEvent(&e)) {
        if (e.type == SDL_QUIT)
            w->closed = true;
        else if (e.type == SDL_KEYDOWN && !e.key.repeat)
            press(w, &e.key.keysym);
        else if (e.type == SDL_WINDOWEVENT && e.window.event == SDL_WINDOWEVENT_EXPOSED &&
                 w->texture)
            present(w);
    }
    return w->closed;
}

bool window_paused(const window *w)
{
    return w->paused;
}

bool window_asks_again(window *w)
{
    bool again = w->again;
    w->again = false;
    return again;
}

window_keys window_held(window *w)
{
    window_keys keys = w->pressed;
    int n;
    const Uint8 *is_down = SDL_GetKeyboardState(&n);
    for (int code = 0; code < n; code++)
        if (is_down[code])
            add_key(&keys, (SDL_Scancode)code);
    w->pressed = (window_keys){0};
    return keys;
}

#else

dq_status window_create(window **out, const char *title)
{
    (void)title;
    *out = NULL;
    return dq_fail(DQ_ERR_UNSUPPORTED, "this deepq was built without SDL2 and has no window");
}

void window_destroy(window *w)
{
    (void)w;
}

dq_status window_show(window *w, const dq_image *image, int rows)
{
    (void)w, (void)image, (void)rows;
    return DQ_OK;
}

void window_play(window *w, const float *samples, size_t n, int hz)
{
    (void)w, (void)samples, (void)n, (void)hz;
}

bool window_closed(window *w)
{
    (void)w;
    return true;
}

bool window_paused(const window *w)
{
    (void)w;
    return false;
}

bool window_asks_again(window *w)
{
    (void)w;
    return false;
}

window_keys window_held(window *w)
{
    (void)w;
    return (window_keys){0};
}

#endif
