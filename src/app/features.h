/** What this build and this machine can do. */
#ifndef DEEPQ_APP_FEATURES_H
#define DEEPQ_APP_FEATURES_H

/** Version, instruction sets and optional features, on standard output. */
void features_print(void);

#endif
