/** How deep a fuzz target's inputs get. A target names its depths, and says when an input gets to
 *  one; the test of its corpus (run_corpus.c) fails while some depth is got to by no input, which
 *  would mean that the fuzzer starts from nothing but refusals. */
#ifndef DEEPQ_TESTS_CORPUS_DEPTH_H
#define DEEPQ_TESTS_CORPUS_DEPTH_H

#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

/** The target's, NULL-terminated, at most 32. */
extern const char *const fuzz_depths[];

/** An input has got to this one of them. */
void fuzz_reached(unsigned depth);
/** A depth that no input has got to so far, or NULL. */
const char *fuzz_not_reached(void);

#endif
