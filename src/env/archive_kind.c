#include "env/archive_kind.h"

#include <string.h>

#include "base/error.h"

const char *dq_archive_kind(const void *head, size_t n)
{
    static const struct {
        const char *name;
        size_t at, n_bytes;
        const char *bytes;
    } kinds[] = {
        {"zip", 0, 4, "PK\3\4"},
        {"zip", 0, 4, "PK\5\6"},
        {"gzip", 0, 2, "\x1f\x8b"},
        {"rar", 0, 6, "Rar!\x1a\x07"},
        {"xz", 0, 6,
         "\xfd"
         "7zXZ"},
        {"7z", 0, 6, "7z\xbc\xaf\x27\x1c"},
        {"bzip2", 0, 3, "BZh"},
        {"zstd", 0, 4, "\x28\xb5\x2f\xfd"},
        {"tar", 257, 5, "ustar"},
    };
    const char *bytes = head;
    for (size_t i = 0; i < DQ_COUNT(kinds); i++)
        if (n >= kinds[i].at + kinds[i].n_bytes &&
            memcmp(bytes + kinds[i].at, kinds[i].bytes, kinds[i].n_bytes) == 0)
            return kinds[i].name;
    return NULL;
}
