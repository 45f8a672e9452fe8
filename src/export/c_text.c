#include "export/c_text.h"

#include <assert.h>
#include <ctype.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/* The parts as they are, from DEEPQ_C_PARTS, the folder of this file. */
#define PART(name)                                                                                 \
    __asm__(".section .rodata\n"                                                                   \
            "deepq_c_" #name ":\n"                                                                 \
            ".incbin \"" DEEPQ_C_PARTS "/c_" #name ".inc\"\n"                                      \
            ".byte 0\n"                                                                            \
            ".previous\n");                                                                        \
    extern const char part_##name[] __asm__("deepq_c_" #name)

PART(network);
PART(best);
PART(picture);
PART(vector);
PART(check);
PART(check_pictures);
PART(check_vectors);

static bool is_of_word(char c)
{
    return isalnum((unsigned char)c) || c == '_';
}

static void put_upper(dq_writer *w, const char *text)
{
    for (; *text; text++) {
        char c = (char)toupper((unsigned char)*text);
        dq_write(w, &c, 1);
    }
}

/** A text, its model_ and MODEL_ at the beginning of words replaced. */
static void put_text(const dq_c_text *t, const char *text)
{
    enum { N = 6 };  // bytes of "model_" and "MODEL_"
    const char *from = text, *at = text;
    while (*at) {
        bool begins = at == text || !is_of_word(at[-1]);
        bool lower = begins && strncmp(at, "model_", N) == 0;
        if (!lower && !(begins && strncmp(at, "MODEL_", N) == 0)) {
            at++;
            continue;
        }
        dq_write(t->w, from, (size_t)(at - from));
        if (lower)
            dq_write(t->w, t->prefix, strlen(t->prefix));
        else
            put_upper(t->w, t->prefix);
        from = at + N - 1;
        at += N;
    }
    dq_write(t->w, from, (size_t)(at - from));
}

void dq_c_put(const dq_c_text *t, const char *format, ...)
{
    char text[1024];
    va_list args;
    va_start(args, format);
    int n = vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    assert(n >= 0 && (size_t)n < sizeof(text));
    (void)n;
    put_text(t, text);
}

void dq_c_put_part(const dq_c_text *t, const char *name)
{
    const struct {
        const char *name, *text;
    } parts[] = {{"network", part_network},
                 {"best", part_best},
                 {"picture", part_picture},
                 {"vector", part_vector},
                 {"check", part_check},
                 {"check_pictures", part_check_pictures},
                 {"check_vectors", part_check_vectors}};
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
        if (strcmp(parts[i].name, name) == 0)
            put_text(t, parts[i].text);
}

/* ---------------------------------------------------------------- numbers */

enum { LINE = 96 };  // bytes of a line of numbers, about

/** Write a number and a comma. @param[in,out] column where in the line */
static void put_number(dq_writer *w, const char *text, size_t *column)
{
    size_t n = strlen(text);
    if (*column + n > LINE) {
        dq_write(w, "\n", 1);
        *column = 0;
    }
    dq_write(w, text, n);
    dq_write(w, ",", 1);
    *column += n + 1;
}

/** Nine digits say which float it is; C wants a point or an exponent before the f. */
static void print_float(char text[32], float value)
{
    int n = snprintf(text, 30, "%.9g", (double)value);
    snprintf(text + n, (size_t)(32 - n), strpbrk(text, ".e") ? "f" : ".f");
}

void dq_c_put_floats(const dq_c_text *t, const float *values, size_t n)
{
    char text[32];
    for (size_t i = 0, column = 0; i < n; i++) {
        print_float(text, values[i]);
        put_number(t->w, text, &column);
    }
    dq_write(t->w, "\n", 1);
}

/** @param is_signed whether they are int8, else uint8 */
static void put_small(const dq_c_text *t, const void *values, size_t n, bool is_signed)
{
    char text[8];
    for (size_t i = 0, column = 0; i < n; i++) {
        int value = is_signed ? ((const int8_t *)values)[i] : ((const uint8_t *)values)[i];
        snprintf(text, sizeof(text), "%d", value);
        put_number(t->w, text, &column);
    }
    dq_write(t->w, "\n", 1);
}

void dq_c_put_int8s(const dq_c_text *t, const int8_t *values, size_t n)
{
    put_small(t, values, n, true);
}

void dq_c_put_bytes(const dq_c_text *t, const uint8_t *values, size_t n)
{
    put_small(t, values, n, false);
}
