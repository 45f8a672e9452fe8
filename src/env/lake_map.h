/** Maps of frozen lakes, read from text. */
#ifndef DEEPQ_ENV_LAKE_MAP_H
#define DEEPQ_ENV_LAKE_MAP_H

#include "deepq/status.h"

typedef struct dq_lake_map {
    int n_rows, n_columns;
    char cells[];  // [n_rows][n_columns], each S, F, H or G
} dq_lake_map;

/** @param[out] out malloc'd, the caller's to free() */
DQ_NODISCARD dq_status dq_lake_map_parse(dq_lake_map **out, const char *text);

#endif
