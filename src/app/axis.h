/** The scale of a picture's axis: ticks at multiples of 1, 2 or 5 times a power of ten. */
#ifndef DEEPQ_APP_AXIS_H
#define DEEPQ_APP_AXIS_H

enum { AXIS_LABEL_BYTES = 32 };

typedef struct axis {
    double low, high;   // ends of the axis
    double first, gap;  // ticks: first, first + gap, ... up to high
    int n_ticks;
} axis;

/** An axis from low to high with as many ticks as fit, at most `max_ticks` (2 or more). Ends that
 *  are one value are moved apart. */
axis axis_of(double low, double high, int max_ticks);
/** The value of tick i, 0 is the first. */
double axis_tick(const axis *a, int i);
/** Its text: "-20", "0.05". On an axis that reaches 10,000 there are suffixes, as in "500k" and
 *  "1.5M"; on others all have the same number of decimals, but for 0. */
void axis_label(const axis *a, int i, char text[AXIS_LABEL_BYTES]);

#endif
