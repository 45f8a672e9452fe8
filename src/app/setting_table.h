/** In which settings groups of runs differ, as a Markdown table. */
#ifndef DEEPQ_APP_SETTING_TABLE_H
#define DEEPQ_APP_SETTING_TABLE_H

#include <stdio.h>

#include "app/run_groups.h"

/** A row for each setting that not all variants have the same; nothing where there is none. */
void setting_table_write(FILE *to, const run_groups *g);

#endif
