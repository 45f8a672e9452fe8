#include "base/spelling.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

enum { MAX_LETTERS = 63 };

static bool same(char a, char b)
{
    return tolower((unsigned char)a) == tolower((unsigned char)b);
}

static int smaller(int a, int b)
{
    return a < b ? a : b;
}

int dq_spelling_distance(const char *a, const char *b)
{
    size_t n = strlen(a), m = strlen(b);
    int rows[3][MAX_LETTERS + 1];  // for the first i-2, i-1 and i letters of a, taken in turn
    if (n > MAX_LETTERS || m > MAX_LETTERS)
        return DQ_SPELLING_FAR;
    for (size_t j = 0; j <= m; j++)
        rows[0][j] = (int)j;
    for (size_t i = 1; i <= n; i++) {
        int *row = rows[i % 3], *up = rows[(i + 2) % 3], *up2 = rows[(i + 1) % 3];
        row[0] = (int)i;
        for (size_t j = 1; j <= m; j++) {
            int change = up[j - 1] + !same(a[i - 1], b[j - 1]);
            row[j] = smaller(change, smaller(up[j], row[j - 1]) + 1);
            if (i > 1 && j > 1 && same(a[i - 1], b[j - 2]) && same(a[i - 2], b[j - 1]))
                row[j] = smaller(row[j], up2[j - 2] + 1);
        }
    }
    return rows[n % 3][m];
}

const char *dq_nearest_word(const char *word, const char *const *words, size_t n)
{
    const char *nearest = NULL;
    int best = ((int)strlen(word) + 1) / 3 + 1;  // one letter in three; further away is no help
    for (size_t i = 0; i < n; i++) {
        int d = dq_spelling_distance(word, words[i]);
        if (d < best) {
            best = d;
            nearest = words[i];
        }
    }
    return nearest;
}

bool dq_ends_with(const char *text, const char *end)
{
    size_t n = strlen(text), n_end = strlen(end);
    return n >= n_end && strcmp(text + n - n_end, end) == 0;
}

void dq_list_words(char *text, size_t cap, const char *const *words, size_t n, const char *last)
{
    size_t used = 0;
    *text = '\0';
    for (size_t i = 0; i < n && used < cap; i++) {
        const char *space = i > 0 && i + 1 == n ? " " : "";
        used +=
            (size_t)snprintf(text + used, cap - used, "%s%s%s%s%s", i > 0 && !*space ? ", " : "",
                             space, *space ? last : "", space, words[i]);
    }
}
