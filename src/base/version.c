#include "deepq/version.h"

#define STRING_(x) #x
#define STRING(x) STRING_(x)

const char *dq_version(void)
{
    return STRING(DQ_VERSION_MAJOR) "." STRING(DQ_VERSION_MINOR) "." STRING(DQ_VERSION_PATCH);
}
