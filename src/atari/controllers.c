#include <math.h>

#include "atari/session.h"

enum { UP = 1, DOWN = 2, LEFT = 4, RIGHT = 8, FIRE = 16 };
enum { SWITCHES_OPEN = 0x3F, SWITCH_RESET = 0x01, LEFT_A = 0x40, RIGHT_A = 0x80 };

static const uint8_t presses[DQ_ATARI_ACTIONS] = {
    0,
    FIRE,
    UP,
    RIGHT,
    LEFT,
    DOWN,
    UP | RIGHT,
    UP | LEFT,
    DOWN | RIGHT,
    DOWN | LEFT,
    UP | FIRE,
    RIGHT | FIRE,
    LEFT | FIRE,
    DOWN | FIRE,
    UP | RIGHT | FIRE,
    UP | LEFT | FIRE,
    DOWN | RIGHT | FIRE,
    DOWN | LEFT | FIRE,
};

/* Cycles until a paddle of this resistance has charged its capacitor. */
static int32_t charge_cycles(int32_t resistance)
{
    return (int32_t)((1.6 * resistance * 0.01e-6) * 1.19e6);
}

int32_t dq_paddle_limit(int setting, int32_t usual)
{
    return setting == 0 ? usual : setting == -1 ? 0 : setting;
}

static int32_t paddle_min(const dq_atari *a)
{
    return dq_paddle_limit(a->cfg.paddle_min, DQ_PADDLE_MIN);
}

/* A game's own limit goes before the user's, as in ALE. */
static int32_t paddle_max(const dq_atari *a)
{
    bool is_usual = a->game->paddle_max == DQ_PADDLE_MAX;
    return is_usual ? dq_paddle_limit(a->cfg.paddle_max, DQ_PADDLE_MAX) : a->game->paddle_max;
}

int32_t dq_paddle_start(const dq_atari *a)
{
    return (paddle_min(a) + paddle_max(a)) / 2;
}

static void set_paddles(dq_atari *a, int32_t resistance_a, int32_t resistance_b)
{
    dq_inputs *in = &a->machine->c.in;
    int jack_of_a = a->game->swap_paddles ? 1 : 0;
    in->charge[0] = in->charge[1] = DQ_NO_PADDLE;
    if (a->game->left_paddles) {
        in->charge[jack_of_a] = charge_cycles(resistance_a);
        in->charge[!jack_of_a] = charge_cycles(resistance_b);
    }
    in->charge[2] = in->charge[3] = a->game->right_paddles ? 0 : DQ_NO_PADDLE;
}

void dq_inputs_unplug(dq_atari *a)
{
    a->machine->c.in =
        (dq_inputs){.port_a = 0xFF, .port_b = a->game->first_port_b, .fire = {0x80, 0x80}};
    set_paddles(a, 0, 0);
}

void dq_inputs_release(dq_atari *a)
{
    uint8_t difficulty =
        (uint8_t)((a->play.difficulty & 1 ? LEFT_A : 0) | (a->play.difficulty & 2 ? RIGHT_A : 0));
    a->machine->c.in =
        (dq_inputs){.port_a = 0xFF, .port_b = SWITCHES_OPEN | difficulty, .fire = {0x80, 0x80}};
    set_paddles(a, a->play.paddle, dq_paddle_start(a));
}

static void move_paddle(dq_atari *a, unsigned pressed, float strength)
{
    const float far = 100;  // more than from one end to the other, and no overflow
    double step_by = DQ_PADDLE_STEP * (double)(strength < far ? strength : far);
    int32_t r = a->play.paddle, step = (int32_t)step_by;
    r += pressed & RIGHT ? -step : pressed & LEFT ? step : 0;
    if (r < paddle_min(a))
        r = paddle_min(a);
    if (r > paddle_max(a))
        r = paddle_max(a);
    a->play.paddle = r;
}

static void press_stick(dq_atari *a, unsigned pressed)
{
    dq_inputs *in = &a->machine->c.in;
    unsigned jack = a->game->swap_ports ? 1 : 0;
    // RIGHT to UP are bits 3 to 0 of a jack's nibble; the left jack has the high one.
    in->port_a &= (uint8_t) ~((pressed & 15) << (jack ? 0 : 4));
    if (pressed & FIRE)
        in->fire[jack] = 0;
}

static unsigned lean(float x, float threshold, unsigned less, unsigned more)
{
    return x < -threshold ? less : x > threshold ? more : 0;
}

int dq_atari_continuous_action(float radius, float theta, float fire, float threshold)
{
    unsigned pressed = lean(radius * cosf(theta), threshold, LEFT, RIGHT) |
                       lean(radius * sinf(theta), threshold, DOWN, UP) |
                       (fire > threshold ? FIRE : 0);
    int action = 0;
    while (presses[action] != pressed)
        action++;
    return action;
}

void dq_inputs_set(dq_atari *a, int action, float strength)
{
    dq_inputs *in = &a->machine->c.in;
    unsigned pressed = action < DQ_ATARI_ACTIONS ? presses[action] : 0;
    if (a->game->left_paddles)
        move_paddle(a, pressed, strength);
    dq_inputs_release(a);
    if (action == DQ_ACTION_RESET)
        in->port_b &= (uint8_t)~SWITCH_RESET;
    if (!a->game->left_paddles)
        press_stick(a, pressed);
    else if (pressed & FIRE)
        in->port_a &= a->game->swap_paddles ? 0xBF : 0x7F;
}
