/** Words: their ends, and in messages "did you mean ...?", "choose a, b or c". */
#ifndef DEEPQ_BASE_SPELLING_H
#define DEEPQ_BASE_SPELLING_H

#include <stdbool.h>
#include <stddef.h>

enum { DQ_SPELLING_FAR = 1000 };  // more than any distance between words that are compared

/** The edit distance of two words: letters to insert, delete, change, or swap with the next one to
 *  get from a to b, without regard to case. DQ_SPELLING_FAR when a word has more than 63 letters.
 *  Source: Damerau 1964 and Wagner and Fischer 1974 (optimal string alignment). */
int dq_spelling_distance(const char *a, const char *b);

/** The word nearest in spelling to `word`, or NULL when none is near: at most one letter in three
 *  differs. */
const char *dq_nearest_word(const char *word, const char *const *words, size_t n);

/** Whether a text ends with another one, case included. */
bool dq_ends_with(const char *text, const char *end);

/** Write a list, "a, b or c" where `last` is "or".
 *  @param[out] text at most `cap` bytes with the final zero, cut off where that is too little */
void dq_list_words(char *text, size_t cap, const char *const *words, size_t n, const char *last);

#endif
