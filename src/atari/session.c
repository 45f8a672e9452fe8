#include "atari/session.h"

#include <assert.h>
#include <math.h>
#include <md5.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"

enum {
    SYSTEM_SEED = 4753849,
    NTSC_MAX_LINES = 290,
    PAL_MAX_LINES = 342,
    FORMAT_FRAMES = 60,  // of which the second half decides
    PAL_LINES = 285,     // more lines than this make a PAL frame
    PAL_FRAMES = 15,
    NOOP_FRAMES = 60,  // after power-on
    RESET_FRAMES = 4,
    SWITCH_SELECT = 0x02
};

/* ---------------------------------------------------------------- frames */

static dq_rule_host rule_host(dq_atari *a)
{
    return (dq_rule_host){.ram = a->machine->c.riot.ram,
                          .cram = a->machine->c.cart.ram,
                          .vars = a->play.vars,
                          .bus = &a->machine->c.cpu.bus,
                          .random = &a->play.environment,
                          .self = a};
}

static void run_program(dq_atari *a, const int32_t *program)
{
    dq_rule_host host = rule_host(a);
    (void)dq_rules_run(program, &host);
}

/* After its frames ALE reads all of RAM, through the bus, where the last byte then stays. */
static void leave_ram_on_bus(dq_atari *a)
{
    a->machine->c.cpu.bus = a->machine->c.riot.ram[DQ_ATARI_RAM - 1];
}

static void emulate_frame(dq_atari *a, int action, float strength, bool draw)
{
    dq_inputs_set(a, action, strength);
    dq_machine_frame(a->machine, draw);
    run_program(a, a->game->step);
}

/* Frames that are not agent steps: no chance, no counting, actions played even where not legal. */
static void emulate(dq_atari *a, int action, int n)
{
    for (int i = 0; i < n; i++)
        emulate_frame(a, action, 1.0f, false);
    leave_ram_on_bus(a);
}

static void count_frame(dq_atari *a)
{
    a->play.ticks++;
    a->play.frames++;
}

static void hold_reset(void *self)
{
    dq_atari *a = self;
    emulate(a, DQ_ACTION_RESET, RESET_FRAMES);
    a->play.previous_action = 0;
}

/* The rule does not see the frames on which SELECT is held. */
static void hold_select(void *self, int n)
{
    dq_atari *a = self;
    for (int i = 0; i < n; i++) {
        dq_inputs_release(a);
        a->machine->c.in.port_b &= (uint8_t)~SWITCH_SELECT;
        dq_machine_frame(a->machine, false);
    }
    leave_ram_on_bus(a);
    emulate(a, 0, 1);
    count_frame(a);
}

/* ---------------------------------------------------------------- agent steps */

/* ALE draws for both players, always. What is repeated is the action with its strength. */
static void sticky(dq_atari *a, int action, float strength)
{
    double draw = dq_mt19937_next(&a->play.environment) / 4294967296.0;
    (void)dq_mt19937_next(&a->play.environment);
    if (draw < a->cfg.repeat_action_probability)
        return;
    a->play.previous_action = (uint8_t)action;
    a->play.previous_strength = strength;
}

static int play_frame(dq_atari *a, bool draw)
{
    if (dq_atari_game_over(a) || dq_atari_truncated(a))
        return 0;
    int action = a->play.previous_action;
    emulate_frame(a, a->game->legal >> action & 1 ? action : 0, a->play.previous_strength, draw);
    leave_ram_on_bus(a);
    count_frame(a);
    return a->play.vars[DQ_VAR_REWARD];
}

static void play_sound(const dq_atari *a, dq_sound *sound)
{
    dq_sound_play(sound);
    if (a->hear)
        a->hear(a->listener, sound->samples);
}

/* In ALE the sound plays on after the game's end. */
static int frame(dq_atari *a, int action, float strength, bool draw, bool heard)
{
    sticky(a, action >= 0 && action < DQ_ATARI_ACTIONS ? action : 0, strength);
    int reward = play_frame(a, draw);
    if (heard && a->machine->beam.sound)
        play_sound(a, a->machine->beam.sound);
    return reward;
}

static int act(dq_atari *a, int action, float strength, bool draw)
{
    int reward = 0;
    for (int i = a->cfg.frame_skip - 1; i > 0; i--)
        reward += frame(a, action, strength, false, false);
    return reward + frame(a, action, strength, draw, true);
}

int dq_atari_act(dq_atari *a, int action, bool draw)
{
    return act(a, action, a->strength, draw);
}

int dq_atari_frame(dq_atari *a, int action, bool draw)
{
    return frame(a, action, a->strength, draw, true);
}

static void act_times(void *self, int action, int n)
{
    for (int i = 0; i < n; i++)
        (void)act(self, action, 1.0f, false);
}

/* ---------------------------------------------------------------- resets */

static void select_mode(dq_atari *a)
{
    dq_rule_host host = rule_host(a);
    host.select = hold_select;
    host.act = act_times;
    host.soft_reset = hold_reset;
    a->play.vars[DQ_VAR_MODE] = a->play.mode;
    (void)dq_rules_run(a->game->select, &host);
}

void dq_atari_reset(dq_atari *a)
{
    a->play.ticks = 0;
    a->play.paddle = dq_paddle_start(a);
    dq_machine_power_on(a->machine, &a->play.system);
    emulate(a, 0, NOOP_FRAMES);
    hold_reset(a);
    run_program(a, a->game->begin);
    select_mode(a);
    hold_reset(a);
    for (int i = 0; i < a->game->n_starts; i++)
        emulate(a, a->game->starts[2 * i], a->game->starts[2 * i + 1]);
}

static dq_display display_of(const dq_atari *a)
{
    const dq_game *game = a->game;
    bool pal = a->play.pal;
    return (dq_display){.y_start = game->y_start,
                        .height = pal && game->ntsc_height == 210 ? 250 : game->ntsc_height,
                        .max_lines = pal ? PAL_MAX_LINES : NTSC_MAX_LINES,
                        .color_loss = pal,
                        .hmove_blanks = game->hmove_blanks};
}

/* Half a second of frames that are longer than NTSC's tell a PAL cartridge. */
static bool finds_pal(dq_atari *a)
{
    int n_long = 0;
    dq_inputs_unplug(a);
    for (int i = 0; i < FORMAT_FRAMES; i++) {
        dq_machine_frame(a->machine, false);
        if (i >= FORMAT_FRAMES / 2 && dq_machine_lines(a->machine) > PAL_LINES)
            n_long++;
    }
    return n_long >= PAL_FRAMES;
}

/* ALE counts them as a game's rules begin, before the console has run. */
static int count_first_lives(const dq_atari *a)
{
    dq_play play = a->play;
    dq_rule_host host = {.ram = a->machine->c.riot.ram,
                         .cram = a->machine->c.cart.ram,
                         .vars = play.vars,
                         .bus = &(uint8_t){0},
                         .random = &play.environment};
    (void)dq_rules_run(a->game->begin, &host);
    return dq_rules_run(a->game->lives, &host);
}

void dq_session_load(dq_atari *a)
{
    dq_machine *m = a->machine;
    memset(&a->play, 0, sizeof(a->play));
    memset(&m->c, 0, sizeof(m->c));
    if (m->beam.sound)
        dq_sound_reset(m->beam.sound);
    dq_mt19937_seed(&a->play.system,
                    a->cfg.system_seed ? (uint32_t)a->cfg.system_seed : SYSTEM_SEED);
    dq_mt19937_seed(&a->play.environment, a->cfg.seed);
    for (size_t i = 0; i < sizeof(m->c.riot.ram); i++)
        m->c.riot.ram[i] = (uint8_t)dq_mt19937_next(&a->play.system);
    (void)dq_mt19937_next(&a->play.system);  // ALE's RIOT is built with a timer value
    dq_cart_load(&m->c.cart);
    dq_display display = display_of(a);
    dq_machine_set_display(m, &display);
    dq_machine_power_on(m, &a->play.system);
    a->play.pal = finds_pal(a);
    display = display_of(a);
    dq_machine_set_display(m, &display);
    dq_machine_power_on(m, &a->play.system);
    a->play.mode = a->game->default_mode;
    run_program(a, a->game->load);
    a->first_lives = count_first_lives(a);
    dq_atari_reset(a);
}

void dq_session_restart(dq_atari *a, uint32_t seed)
{
    a->cfg.seed = seed;
    dq_session_load(a);
}

/* ---------------------------------------------------------------- create and ask */

/* In ALE the file's name gives the rules, but only the cartridge's md5 tells what is plugged in and
 * which lines are visible: with a cartridge that nobody knows that is a joystick, whatever the
 * rules. */
static void borrow_rules(dq_atari *a, const dq_game *from)
{
    const dq_game *plain = &dq_game_unknown;
    a->borrowed = *from;
    a->borrowed.info.height = plain->info.height;
    a->borrowed.y_start = plain->y_start;
    a->borrowed.ntsc_height = plain->ntsc_height;
    a->borrowed.hmove_blanks = plain->hmove_blanks;
    a->borrowed.left_paddles = plain->left_paddles;
    a->borrowed.right_paddles = plain->right_paddles;
    a->borrowed.swap_ports = plain->swap_ports;
    a->borrowed.swap_paddles = plain->swap_paddles;
    a->borrowed.first_port_b = plain->first_port_b;
    a->game = &a->borrowed;
}

static dq_status choose_rules(dq_atari *a, const char *game_id)
{
    (void)MD5Data(a->image->rom, a->image->n, a->md5);
    a->game = dq_game_by_md5(a->md5);
    if (a->game)
        return DQ_OK;
    a->game = &dq_game_unknown;
    if (!game_id)
        return DQ_OK;
    const dq_game *game = dq_game_by_id(game_id);
    if (!game)
        return dq_fail(DQ_ERR_CONFIG, "no game '%.32s': `deepq envs` lists those there are",
                       game_id);
    borrow_rules(a, game);
    return DQ_OK;
}

static dq_status insert_cartridge(dq_atari *a, const void *rom, size_t n)
{
    dq_cart_type type = dq_cart_detect(rom, n);
    if (type == DQ_CART_TYPES)
        return dq_fail(
            DQ_ERR_INPUT,
            "%zu bytes are no cartridge that is known: images have 2, 4, 8, 12, 16 or 32 "
            "KiB, 10495 bytes, or 2 KiB slices switched by STA $3F",
            n);
    size_t ram = type == DQ_CART_E7 ? DQ_CART_BIG_RAM_BYTES : 0;
    dq_machine *m = a->machine;
    a->image = dq_image_take(rom, n, type);
    m->bus.big_ram = ram ? calloc(1, ram) : NULL;
    if (!a->image || (ram && !m->bus.big_ram))
        return dq_fail(DQ_ERR_NOMEM, "no memory for a cartridge of %zu bytes", n);
    m->bus.rom = a->image->rom;
    m->bus.ops = a->image->ops;
    m->bus.rom_bytes = n;
    m->bus.cart_type = type;
    return DQ_OK;
}

static dq_status give_picture(dq_machine *m, int i)
{
    m->beam.picture[i] = malloc(DQ_PICTURE_BYTES);
    return m->beam.picture[i] ? DQ_OK : dq_fail(DQ_ERR_NOMEM, "no memory for a picture");
}

static dq_status give_average(dq_atari *a)
{
    a->averaged = malloc(sizeof(*a->averaged));
    return a->averaged ? DQ_OK : dq_fail(DQ_ERR_NOMEM, "no memory for colours that are averaged");
}

static dq_status give_sound(dq_machine *m)
{
    m->beam.sound = malloc(sizeof(*m->beam.sound));
    return m->beam.sound ? DQ_OK : dq_fail(DQ_ERR_NOMEM, "no memory for sound");
}

/* How many rows there are is only known when the cartridge has run, always the same way. */
static void trim_pictures(dq_machine *m)
{
    for (int i = 0; i < 2; i++) {
        uint8_t *smaller = realloc(m->beam.picture[i], dq_machine_picture_bytes(m));
        if (smaller)
            m->beam.picture[i] = smaller;
    }
}

static dq_status check_config(const dq_atari_config *cfg)
{
    int min = dq_paddle_limit(cfg->paddle_min, DQ_PADDLE_MIN);
    int max = dq_paddle_limit(cfg->paddle_max, DQ_PADDLE_MAX);
    if (!(cfg->repeat_action_probability >= 0 && cfg->repeat_action_probability <= 1))
        return dq_fail(DQ_ERR_CONFIG, "repeat action probability %g: must be 0 to 1",
                       (double)cfg->repeat_action_probability);
    if (min < 0 || min >= max || max > DQ_PADDLE_FAR)
        return dq_fail(DQ_ERR_CONFIG, "paddles from %d to %d: must rise, within 0 to %d", min, max,
                       DQ_PADDLE_FAR);
    return DQ_OK;
}

dq_status dq_atari_create(dq_atari **out, const void *rom, size_t rom_bytes,
                          const dq_atari_config *cfg)
{
    static const dq_atari_config defaults;
    *out = NULL;
    if (!cfg)
        cfg = &defaults;
    DQ_TRY(check_config(cfg));
    dq_atari *a = calloc(1, sizeof(*a));
    if (!a)
        return dq_fail(DQ_ERR_NOMEM, "no memory for a session");
    a->cfg = *cfg;
    a->strength = 1.0f;
    a->machine = calloc(1, sizeof(*a->machine));
    dq_status st = DQ_OK;
    if (!a->machine)
        st = dq_fail(DQ_ERR_NOMEM, "no memory for a console of %zu bytes", sizeof(*a->machine));
    for (int i = 0; i < 2 && st == DQ_OK; i++)
        st = give_picture(a->machine, i);
    if (st == DQ_OK && cfg->sound)
        st = give_sound(a->machine);
    if (st == DQ_OK && cfg->color_averaging)
        st = give_average(a);
    if (st == DQ_OK)
        st = insert_cartridge(a, rom, rom_bytes);
    if (st == DQ_OK)
        st = choose_rules(a, cfg->game_id);
    if (st != DQ_OK) {
        dq_atari_destroy(a);
        return st;
    }
    a->cfg.game_id = NULL;  // the caller's string
    dq_session_load(a);
    trim_pictures(a->machine);
    if (a->averaged)
        dq_colour_average_init(&a->averaged->colours, dq_atari_palette(a));
    *out = a;
    return DQ_OK;
}

void dq_atari_destroy(dq_atari *a)
{
    if (!a)
        return;
    for (int i = 0; a->machine && i < 2; i++)
        free(a->machine->beam.picture[i]);
    if (a->machine) {
        free(a->machine->bus.big_ram);
        free(a->machine->beam.sound);
    }
    free(a->machine);
    free(a->averaged);
    dq_image_give_back(a->image);
    free(a);
}

bool dq_atari_is_legal(const dq_atari *a, int action)
{
    return action >= 0 && action < DQ_ATARI_ACTIONS && (a->game->legal >> action & 1);
}

const dq_atari_game *dq_atari_get_game(const dq_atari *a)
{
    return a->game == &dq_game_unknown ? NULL : &a->game->info;
}

static bool contains(const int *values, int n, int value)
{
    for (int i = 0; i < n; i++)
        if (values[i] == value)
            return true;
    return false;
}

static const char *name(const dq_atari *a)
{
    return a->game->info.id[0] ? a->game->info.id : "a cartridge of no known game";
}

dq_status dq_atari_set_mode(dq_atari *a, int mode)
{
    if (!contains(a->game->info.modes, a->game->info.n_modes, mode))
        return dq_fail(DQ_ERR_CONFIG, "%s has no mode %d", name(a), mode);
    a->play.mode = mode;
    return DQ_OK;
}

dq_status dq_atari_set_difficulty(dq_atari *a, int difficulty)
{
    if (difficulty != 0 &&
        !contains(a->game->info.difficulties, a->game->info.n_difficulties, difficulty))
        return dq_fail(DQ_ERR_CONFIG, "%s has no difficulty %d", name(a), difficulty);
    a->play.difficulty = difficulty;
    return DQ_OK;
}

int dq_atari_get_mode(const dq_atari *a)
{
    return a->play.mode;
}

int dq_atari_get_difficulty(const dq_atari *a)
{
    return a->play.difficulty;
}

dq_status dq_atari_set_strength(dq_atari *a, float strength)
{
    if (!isfinite(strength))
        return dq_fail(DQ_ERR_CONFIG, "strength %g: must be a number, usually 0 to 1",
                       (double)strength);
    a->strength = fabsf(strength);
    return DQ_OK;
}

void dq_atari_seed(dq_atari *a, uint32_t seed)
{
    dq_mt19937_seed(&a->play.environment, seed);
}

bool dq_atari_game_over(const dq_atari *a)
{
    return a->play.vars[DQ_VAR_TERMINAL] != 0;
}

bool dq_atari_truncated(const dq_atari *a)
{
    return (a->cfg.max_ticks && a->play.ticks >= a->cfg.max_ticks) ||
           (a->cfg.life_loss_truncates && dq_atari_lives(a) < a->first_lives);
}

int dq_atari_lives(const dq_atari *a)
{
    uint8_t bus;  // ALE has read them in its step
    dq_rule_host host = {.ram = a->machine->c.riot.ram,
                         .cram = a->machine->c.cart.ram,
                         .vars = (int32_t *)(uintptr_t)a->play.vars,
                         .bus = &bus};
    return dq_rules_run(a->game->lives, &host);
}

int dq_atari_height(const dq_atari *a)
{
    return a->machine->beam.display.height;
}

uint64_t dq_atari_ticks(const dq_atari *a)
{
    return a->play.ticks;
}

uint64_t dq_atari_frames(const dq_atari *a)
{
    return a->play.frames;
}

const uint8_t *dq_atari_ram(const dq_atari *a)
{
    return a->machine->c.riot.ram;
}

void dq_atari_set_ram(dq_atari *a, int index, uint8_t value)
{
    assert(index >= 0 && index < DQ_ATARI_RAM);
    a->machine->c.riot.ram[index] = value;
    a->machine->c.cpu.bus = value;
}

const uint8_t *dq_atari_audio(const dq_atari *a)
{
    return a->machine->beam.sound ? a->machine->beam.sound->samples : NULL;
}

void dq_atari_listen(dq_atari *a, void (*hear)(void *self, const uint8_t *samples), void *self)
{
    a->hear = hear;
    a->listener = self;
}
