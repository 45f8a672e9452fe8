/** The options of a command about the environment. */
#ifndef DEEPQ_APP_ENVIRONMENT_TABLE_H
#define DEEPQ_APP_ENVIRONMENT_TABLE_H

#include "app/options.h"
#include "run/environment_options.h"

/** They go into `o`; returns how many of DQ_ENVIRONMENT_OPTIONS_MAX. */
size_t environment_options_table(dq_environment_options *o, option *table);

#endif
