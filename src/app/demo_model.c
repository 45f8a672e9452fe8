#include "app/demo_model.h"

#include <stdint.h>

/* The file as it is: as a C array it would be five times as long to compile. */
__asm__(".section .rodata\n"
        ".balign 16\n"
        "deepq_demo_model:\n"
        ".incbin \"" DEEPQ_DEMO_MODEL "\"\n"
        "deepq_demo_model_end:\n"
        ".byte 0\n"
        ".previous\n");
extern const uint8_t model_begin[] __asm__("deepq_demo_model");
extern const uint8_t model_end[] __asm__("deepq_demo_model_end");

const void *demo_model(size_t *n)
{
    *n = (size_t)(model_end - model_begin);
    return model_begin;
}
