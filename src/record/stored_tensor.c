#include "record/stored_tensor.h"

#include <math.h>
#include <string.h>

#include "base/error.h"

static const struct {
    const char *name;
    size_t bytes;
} types[] = {
    [DQ_STORED_F32] = {"float32", 4},   [DQ_STORED_F16] = {"float16", 2},
    [DQ_STORED_BF16] = {"bfloat16", 2}, [DQ_STORED_F64] = {"float64", 8},
    [DQ_STORED_I64] = {"int64", 8},     [DQ_STORED_I32] = {"int32", 4},
    [DQ_STORED_I16] = {"int16", 2},     [DQ_STORED_I8] = {"int8", 1},
    [DQ_STORED_U64] = {"uint64", 8},    [DQ_STORED_U32] = {"uint32", 4},
    [DQ_STORED_U16] = {"uint16", 2},    [DQ_STORED_U8] = {"uint8", 1},
    [DQ_STORED_BOOL] = {"bool", 1},
};

const char *dq_stored_type_name(dq_stored_type type)
{
    return types[type].name;
}

size_t dq_stored_type_bytes(dq_stored_type type)
{
    return types[type].bytes;
}

bool dq_stored_type_is_float(dq_stored_type type)
{
    return type <= DQ_STORED_F64;
}

static uint64_t little_endian(const uint8_t *b, size_t n)
{
    uint64_t bits = 0;
    for (size_t i = 0; i < n; i++)
        bits |= (uint64_t)b[i] << 8 * i;
    return bits;
}

static float float_of_bits(uint32_t bits)
{
    float f;
    memcpy(&f, &bits, sizeof(f));
    return f;
}

/** IEEE 754-2008, 3.4: sign, 5 bits of exponent with bias 15, 10 bits of fraction. */
static float float_of_half(uint32_t half)
{
    uint32_t sign = (half & 0x8000) << 16, exponent = half >> 10 & 31, fraction = half & 0x3ff;
    if (exponent == 31)  // infinities and NaNs
        return float_of_bits(sign | 0x7f800000 | fraction << 13);
    if (exponent == 0) {  // exact: multiples of 2^-24
        float size = ldexpf((float)fraction, -24);
        return sign ? -size : size;
    }
    return float_of_bits(sign | (exponent + 127 - 15) << 23 | fraction << 13);
}

static float float_of_double(uint64_t bits)
{
    double d;
    memcpy(&d, &bits, sizeof(d));
    return (float)d;
}

float dq_stored_float(dq_stored_type type, const uint8_t *element)
{
    switch (type) {
    case DQ_STORED_F16:
        return float_of_half((uint32_t)little_endian(element, 2));
    case DQ_STORED_BF16:
        return float_of_bits((uint32_t)little_endian(element, 2) << 16);
    case DQ_STORED_F64:
        return float_of_double(little_endian(element, 8));
    default:
        return float_of_bits((uint32_t)little_endian(element, 4));
    }
}

/** Whether the last part of a name begins like that of a layer's parameter: "conv.0.weight_mu". */
static bool is_weight(dq_span name)
{
    size_t at = name.n;
    while (at > 0 && name.at[at - 1] != '.')
        at--;
    size_t n = name.n - at;
    return (n >= 6 && memcmp(name.at + at, "weight", 6) == 0) ||
           (n >= 4 && memcmp(name.at + at, "bias", 4) == 0);
}

dq_status dq_stored_tensor_check(const dq_stored_tensor *t, bool *is_left_out)
{
    char name[64];
    dq_span_print(name, sizeof(name), t->name);
    *is_left_out = !dq_stored_type_is_float(t->type);
    if (*is_left_out && is_weight(t->name))
        return dq_fail(DQ_ERR_INPUT,
                       "%s holds %s, and weights are floating-point numbers: save the state_dict() "
                       "of the network itself",
                       name, dq_stored_type_name(t->type));
    if (*is_left_out)
        return DQ_OK;
    if (t->n_dims < 0)
        return dq_fail(DQ_ERR_INPUT, "the tensor %s is empty: save a state_dict() without it",
                       name);
    if (t->n_dims < 1 || t->n_dims > DQ_STORED_MAX_DIMS)
        return dq_fail(DQ_ERR_INPUT,
                       "the tensor %s has %d dimensions, only 1 to %d are read: save a "
                       "state_dict() without it",
                       name, t->n_dims, DQ_STORED_MAX_DIMS);
    return DQ_OK;
}

const char *dq_span_print(char *to, size_t cap, dq_span text)
{
    size_t n = text.n < cap - 1 ? text.n : cap - 1;
    for (size_t i = 0; i < n; i++)
        to[i] = text.at[i] >= ' ' && text.at[i] <= '~' ? text.at[i] : '?';
    to[n] = '\0';
    return to;
}

bool dq_span_is(dq_span text, const char *want)
{
    return text.n == strlen(want) && memcmp(text.at, want, text.n) == 0;
}
