/** Figures as people read them on a screen. */
#ifndef DEEPQ_APP_NUMBERS_H
#define DEEPQ_APP_NUMBERS_H

#include <stdint.h>

enum { NUMBER_BYTES = 48 };

/** Hours, minutes and seconds: 1:05:09. @return `text` */
const char *number_duration(char text[NUMBER_BYTES], double seconds);
/** 1234567 as 1,234,567. @return `text` */
const char *number_count(char text[NUMBER_BYTES], int64_t n);

#endif
