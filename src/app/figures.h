/** Figures as people read them on a screen. */
#ifndef DEEPQ_APP_FIGURES_H
#define DEEPQ_APP_FIGURES_H

#include <stdint.h>

enum { FIGURE_BYTES = 48 };

/** Hours, minutes and seconds: 1:05:09. @return `text` */
const char *figure_duration(char text[FIGURE_BYTES], double seconds);
/** 1234567 as 1,234,567. @return `text` */
const char *figure_count(char text[FIGURE_BYTES], int64_t n);

#endif
