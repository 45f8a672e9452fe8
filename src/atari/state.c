#include <string.h>

#include "atari/session.h"
#include "base/error.h"
#include "base/stream_internal.h"

/* The first version lacks the frame number and the strength of the previous action. */
enum { WITHOUT_FRAMES = 1, VERSION };

/* One description of the state serves both ways: with a writer the fields go out, with a reader
 * they come in. Errors stick in the stream and are asked for at the end. */
typedef struct exchange {
    dq_writer *w;
    dq_reader *r;
} exchange;

static void bytes(exchange *x, void *p, size_t n)
{
    if (x->w)
        dq_write(x->w, p, n);
    else
        dq_read(x->r, p, n);
}

static void words(exchange *x, void *p, size_t n)
{
    uint32_t *word = p;
    for (size_t i = 0; i < n; i++)
        if (x->w)
            dq_write_u32(x->w, word[i]);
        else
            dq_read_u32(x->r, &word[i]);
}

static void shorts(exchange *x, uint16_t *p, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        uint8_t two[2] = {(uint8_t)p[i], (uint8_t)(p[i] >> 8)};
        bytes(x, two, 2);
        p[i] = (uint16_t)(two[0] | two[1] << 8);
    }
}

#define BYTES(field) bytes(x, &(field), sizeof(field))
#define WORDS(field) words(x, &(field), sizeof(field) / 4)

static void number(exchange *x, uint64_t *value)
{
    if (x->w)
        dq_write_u64(x->w, *value);
    else
        dq_read_u64(x->r, value);
}

static void exchange_generator(exchange *x, dq_mt19937 *generator)
{
    WORDS(generator->word);
    WORDS(generator->next);
}

/* What the game is at, as ALE's states have it. */
static void exchange_game(exchange *x, dq_play *play)
{
    number(x, &play->ticks);
    WORDS(play->vars);
    WORDS(play->paddle);
    WORDS(play->mode);
    WORDS(play->difficulty);
}

static void exchange_play(exchange *x, dq_play *play, uint32_t version)
{
    exchange_generator(x, &play->system);
    exchange_generator(x, &play->environment);
    exchange_game(x, play);
    BYTES(play->previous_action);
    BYTES(play->pal);
    if (version == WITHOUT_FRAMES) {
        play->frames = play->ticks;
        play->previous_strength = 1.0f;
        return;
    }
    number(x, &play->frames);
    WORDS(play->previous_strength);
}

static void exchange_cpu(exchange *x, dq_m6507 *cpu)
{
    shorts(x, &cpu->pc, 1);
    BYTES(cpu->a);
    BYTES(cpu->x);
    BYTES(cpu->y);
    BYTES(cpu->sp);
    shorts(x, &cpu->nz, 1);
    BYTES(cpu->c);
    BYTES(cpu->v);
    BYTES(cpu->d);
    BYTES(cpu->i);
    BYTES(cpu->bus);
    BYTES(cpu->jammed);
}

static void exchange_riot(exchange *x, dq_riot *riot)
{
    BYTES(riot->ram);
    BYTES(riot->direction_a);
    BYTES(riot->shift);
    BYTES(riot->timer);
    BYTES(riot->late);
    WORDS(riot->set_cycle);
    WORDS(riot->late_cycle);
}

static void exchange_tia(exchange *x, dq_tia *tia)
{
    WORDS(tia->drawn_to);
    WORDS(tia->line_left);
    WORDS(tia->hmove_clock);
    WORDS(tia->vsync_clock);
    WORDS(tia->charge_cycle);
    WORDS(tia->lines);
    WORDS(tia->playfield);
    shorts(x, &tia->collisions, 1);
    BYTES(tia->odd_before);
    BYTES(tia->row);
    BYTES(tia->picture);
    BYTES(tia->partial);
    BYTES(tia->greyed);
    BYTES(tia->vblank);
    BYTES(tia->nusiz);
    BYTES(tia->color);
    BYTES(tia->ctrlpf);
    BYTES(tia->mirrored);
    BYTES(tia->reflect);
    BYTES(tia->graphics);
    BYTES(tia->delayed_graphics);
    BYTES(tia->missile);
    BYTES(tia->ball);
    BYTES(tia->delayed_ball);
    BYTES(tia->delay_player);
    BYTES(tia->delay_ball);
    BYTES(tia->locked);
    BYTES(tia->motion);
    BYTES(tia->position);
    BYTES(tia->skip_first);
    BYTES(tia->blank_comb);
    BYTES(tia->star);
    BYTES(tia->star_count);
    BYTES(tia->star_shape);
}

static void exchange_cart(exchange *x, dq_cart *cart, size_t ram_bytes)
{
    BYTES(cart->bank);
    bytes(x, cart->ram, ram_bytes);
    if (x->w)
        dq_write_f64(x->w, cart->dpc.fraction);
    else
        dq_read_f64(x->r, &cart->dpc.fraction);
    WORDS(cart->dpc.cycle);
    shorts(x, cart->dpc.counter, 8);
    BYTES(cart->dpc.top);
    BYTES(cart->dpc.bottom);
    BYTES(cart->dpc.flag);
    BYTES(cart->dpc.music);
    BYTES(cart->dpc.random);
}

/* The inputs are missing: every frame sets them again. */
static void exchange_console(exchange *x, dq_console *c, size_t ram_bytes)
{
    WORDS(c->cycle);
    WORDS(c->tia.start_cycle);
    exchange_cpu(x, &c->cpu);
    exchange_riot(x, &c->riot);
    exchange_tia(x, &c->tia);
    exchange_cart(x, &c->cart, ram_bytes > DQ_CART_SAVED_RAM ? ram_bytes : DQ_CART_SAVED_RAM);
}

static size_t big_ram_bytes(const dq_machine *m)
{
    return m->bus.cart_type == DQ_CART_E7 ? DQ_CART_BIG_RAM_BYTES : 0;
}

/* Pictures are saved with ALE's 300 rows; then the RAM of E7. */
enum { SAVED_PICTURE = 300 * DQ_PICTURE_WIDTH };

static size_t memory_bytes(const dq_machine *m)
{
    return 2 * SAVED_PICTURE + big_ram_bytes(m);
}

static dq_status write_memory(const dq_machine *m, dq_writer *w)
{
    static const uint8_t unused[SAVED_PICTURE];
    size_t n = dq_machine_picture_bytes(m);
    for (int i = 0; i < 2; i++) {
        dq_write(w, m->beam.picture[i], n);
        dq_write(w, unused, SAVED_PICTURE - n);
    }
    return dq_write(w, m->bus.big_ram, big_ram_bytes(m));
}

static dq_status read_memory(dq_machine *m, dq_reader *r)
{
    uint8_t unused[SAVED_PICTURE];
    size_t n = dq_machine_picture_bytes(m);
    for (int i = 0; i < 2; i++) {
        DQ_TRY(dq_read(r, m->beam.picture[i], n));
        DQ_TRY(dq_read(r, unused, SAVED_PICTURE - n));
    }
    return dq_read(r, m->bus.big_ram, big_ram_bytes(m));
}

dq_status dq_atari_save(const dq_atari *a, dq_writer *w)
{
    exchange x = {.w = w};
    dq_machine_settle(a->machine);
    dq_play play = a->play;  // writing does not change them, but reading shares the description
    dq_console console = a->machine->c;
    dq_write_tag(w, "ATRI", VERSION);
    dq_write(w, a->md5, 32);
    exchange_play(&x, &play, VERSION);
    exchange_console(&x, &console, dq_cart_ram_bytes(a->machine->bus.cart_type));
    return write_memory(a->machine, w);
}

static bool play_is_valid(const dq_atari *a, const dq_play *play)
{
    const dq_atari_game *game = &a->game->info;
    bool has_mode = false;
    for (int i = 0; i < game->n_modes; i++)
        has_mode |= game->modes[i] == play->mode;
    return has_mode && play->system.next <= 624 && play->environment.next <= 624 &&
           play->paddle >= 0 && play->paddle <= DQ_PADDLE_FAR && play->previous_strength >= 0 &&
           play->difficulty >= 0 && play->difficulty <= 3 &&
           play->previous_action < DQ_ATARI_ACTIONS && play->pal == a->play.pal;
}

static bool cpu_is_valid(const dq_m6507 *cpu)
{
    return cpu->c <= 1 && cpu->v <= 1 && (cpu->d & ~DQ_FLAG_D) == 0 && (cpu->i & ~DQ_FLAG_I) == 0;
}

static bool riot_is_valid(const dq_riot *riot)
{
    return riot->shift <= 10 && riot->late <= 1;
}

static dq_status check_state(const dq_atari *a, const dq_play *play, const dq_console *c)
{
    if (!play_is_valid(a, play))
        return dq_fail(DQ_ERR_INPUT, "console state is damaged: impossible session");
    if (c->cycle < 0 || c->cycle >= DQ_FAR_CYCLE || !cpu_is_valid(&c->cpu) ||
        !riot_is_valid(&c->riot) || !dq_tia_is_valid(&c->tia, &a->machine->beam.display) ||
        !dq_cart_is_valid(&c->cart, a->machine->bus.cart_type, a->machine->bus.rom_bytes))
        return dq_fail(DQ_ERR_INPUT, "console state is damaged: impossible registers");
    return DQ_OK;
}

static dq_status read_cartridge(const dq_atari *a, dq_reader *r)
{
    char md5[33] = {0};
    DQ_TRY(dq_read(r, md5, 32));
    if (strcmp(md5, a->md5) != 0)
        return dq_fail(DQ_ERR_INPUT, "console state belongs to another cartridge, md5 %.32s", md5);
    return DQ_OK;
}

/* Before anything is changed: is the rest all there, and possible? */
static dq_status check_rest(const dq_atari *a, dq_reader *r, size_t n_left, const dq_play *play,
                            const dq_console *console)
{
    DQ_TRY(dq_read(r, NULL, 0));  // fails once a read has failed
    if (dq_reader_left(r) < n_left)
        return dq_fail(DQ_ERR_INPUT, "console state is damaged: it ends too early");
    return check_state(a, play, console);
}

dq_status dq_atari_load(dq_atari *a, dq_reader *r)
{
    exchange x = {.r = r};
    uint32_t version;
    dq_play play = a->play;
    dq_console console = a->machine->c;
    DQ_TRY(dq_read_tag_between(r, "ATRI", WITHOUT_FRAMES, VERSION, &version));
    DQ_TRY(read_cartridge(a, r));
    exchange_play(&x, &play, version);
    exchange_console(&x, &console, dq_cart_ram_bytes(a->machine->bus.cart_type));
    DQ_TRY(check_rest(a, r, memory_bytes(a->machine), &play, &console));
    a->play = play;
    a->machine->c = console;
    dq_machine_refresh(a->machine);
    return read_memory(a->machine, r);
}

void dq_atari_copy(dq_atari *to, const dq_atari *from)
{
    to->play = from->play;
    dq_machine_copy(to->machine, from->machine);
}

/* ---------------------------------------------------------------- ALE's clones */

enum { CLONE_VERSION = 1 };

static void exchange_clone(exchange *x, dq_play *play, dq_console *console, uint8_t *has_rng,
                           const dq_machine *m)
{
    exchange_generator(x, &play->system);
    bytes(x, has_rng, 1);
    if (*has_rng)
        exchange_generator(x, &play->environment);
    exchange_game(x, play);
    number(x, &play->frames);
    exchange_console(x, console, dq_cart_ram_bytes(m->bus.cart_type));
}

dq_status dq_atari_clone(const dq_atari *a, bool include_rng, dq_writer *w)
{
    exchange x = {.w = w};
    uint8_t has_rng = include_rng;
    dq_play play = a->play;
    dq_console console = a->machine->c;
    console.tia.picture = console.tia.greyed = 0;  // of the screen, which no clone has
    dq_write_tag(w, "ACLN", CLONE_VERSION);
    dq_write(w, a->md5, 32);
    exchange_clone(&x, &play, &console, &has_rng, a->machine);
    return dq_write(w, a->machine->bus.big_ram, big_ram_bytes(a->machine));
}

dq_status dq_atari_restore(dq_atari *a, dq_reader *r)
{
    exchange x = {.r = r};
    dq_machine *m = a->machine;
    uint8_t has_rng = 0;
    dq_play play = a->play;
    dq_console console = m->c;
    DQ_TRY(dq_read_tag(r, "ACLN", CLONE_VERSION));
    DQ_TRY(read_cartridge(a, r));
    exchange_clone(&x, &play, &console, &has_rng, m);
    if (has_rng > 1)
        return dq_fail(DQ_ERR_INPUT, "console state is damaged: impossible session");
    DQ_TRY(check_rest(a, r, big_ram_bytes(m), &play, &console));
    dq_machine_settle(m);
    console.tia.picture = m->c.tia.picture;
    console.tia.greyed = m->c.tia.greyed;
    a->play = play;
    m->c = console;
    dq_machine_refresh(m);
    return dq_read(r, m->bus.big_ram, big_ram_bytes(m));
}
