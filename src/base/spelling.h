/** How near two words are in spelling: for "did you mean ...?". */
#ifndef DEEPQ_BASE_SPELLING_H
#define DEEPQ_BASE_SPELLING_H

enum { DQ_SPELLING_FAR = 1000 };  // more than any distance between words that are compared

/** Letters to insert, delete, change, or swap with the next one to get from a to b; upper and lower
 *  case are the same. DQ_SPELLING_FAR when a word has more than 63 letters.
 *  Source: Damerau 1964 and Wagner and Fischer 1974 (optimal string alignment). */
int dq_spelling_distance(const char *a, const char *b);

#endif
