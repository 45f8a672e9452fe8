#include "app/interrupt.h"

#include <signal.h>
#include <stddef.h>

static volatile int interrupted;  // a handler can reach nothing but a static variable

static void note(int signal_number)
{
    (void)signal_number;
    interrupted = 1;
}

volatile int *interrupt_catch(void)
{
    static const int signals[] = {SIGINT, SIGTERM, SIGHUP};
    for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++) {
        struct sigaction old, new = {.sa_handler = note, .sa_flags = SA_RESTART};
        sigemptyset(&new.sa_mask);
        if (sigaction(signals[i], NULL, &old) == 0 && old.sa_handler != SIG_IGN)
            sigaction(signals[i], &new, NULL);
    }
    return &interrupted;
}
