/** Ids of environments that somebody typed. */
#ifndef DEEPQ_APP_ENVIRONMENT_CHECK_H
#define DEEPQ_APP_ENVIRONMENT_CHECK_H

/** APP_DONE if there is such an id; otherwise says so, with the nearest one, and returns
 *  APP_MISUSED. */
int environments_check_id(const char *id);

#endif
