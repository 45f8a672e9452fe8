#include "app/axis.h"

#include <math.h>
#include <stdio.h>

/** Rounding may leave a tick this part of a gap outside. */
static const double slack = 1e-6;

/** The smallest 1, 2 or 5 times a power of ten that is at least `least`. */
static double round_gap(double least)
{
    double power = pow(10, floor(log10(least)));
    static const double steps[] = {1, 2, 5};
    for (int i = 0; i < 3; i++)
        if (steps[i] * power >= least * (1 - slack))
            return steps[i] * power;
    return 10 * power;
}

axis axis_of(double low, double high, int max_ticks)
{
    axis a = {.low = low, .high = high};
    if (!(high > low)) {
        double apart = fmax(fabs(low) * 0.05, 0.5);
        a.low = low - apart;
        a.high = low + apart;
    }
    a.gap = round_gap((a.high - a.low) / (max_ticks + 1));
    for (;;) {
        a.first = ceil(a.low / a.gap - slack) * a.gap;
        a.n_ticks = (int)floor((a.high - a.first) / a.gap + slack) + 1;
        if (a.n_ticks <= max_ticks)
            return a;
        a.gap = round_gap(1.5 * a.gap);
    }
}

double axis_tick(const axis *a, int i)
{
    double value = a->first + i * a->gap;
    return fabs(value) < slack * a->gap ? 0 : value;
}

/** Decimals that a number needs, to within a small part of `gap`. */
static int n_decimals(double number, double gap)
{
    int n = 0;
    for (; n < 9 && fabs(number - nearbyint(number)) > slack * gap; n++) {
        number *= 10;
        gap *= 10;
    }
    return n;
}

void axis_label(const axis *a, int i, char text[AXIS_LABEL_BYTES])
{
    static const char suffixes[] = "kMG";
    double value = axis_tick(a, i), unit = 1;
    double most = fmax(fabs(axis_tick(a, 0)), fabs(axis_tick(a, a->n_ticks - 1)));
    int n = 0;  // thousands in the unit
    while (most >= 10000 * (1 - slack) && n < 3 && fabs(value) >= 1000 * unit * (1 - slack)) {
        unit *= 1000;
        n++;
    }
    if (value != 0 && (most < 1e-4 || most >= 1e13))
        snprintf(text, AXIS_LABEL_BYTES, "%.3g", value);
    else if (value == 0 || most >= 10000 * (1 - slack))
        snprintf(text, AXIS_LABEL_BYTES, "%.*f%.*s", n_decimals(value / unit, a->gap / unit),
                 value / unit, n > 0, &suffixes[n > 0 ? n - 1 : 0]);
    else
        snprintf(text, AXIS_LABEL_BYTES, "%.*f", n_decimals(a->gap, a->gap), value);
}
