#include "atari/console.h"

#include <stddef.h>
#include <string.h>

void dq_console_copy(dq_console *to, const dq_console *from, dq_cart_type type)
{
    memcpy(to, from, offsetof(dq_console, cart.ram) + dq_cart_ram_bytes(type));
}

void dq_console_shift_time(dq_console *c, int32_t n)
{
    c->cycle -= n;
    dq_riot_shift_time(&c->riot, n);
    dq_tia_shift_time(&c->tia, n);
    dq_cart_shift_time(&c->cart, n);
}
