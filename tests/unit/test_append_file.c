/** A record that grows piece by piece: what waits has a limit, and what is beyond it alone is lost.
 */
#include "temp_folder.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "base/error.h"
#include "record/append_file.h"

static void what_waits_has_a_limit(void **state)
{
    (void)state;
    dq_append_file f;
    struct stat info;
    size_t half = DQ_APPEND_MAX_WAITING / 2;
    char *piece = calloc(1, half);
    assert_non_null(piece);
    assert_int_equal(dq_append_open(&f, temp_path("record"), DQ_APPEND_WHOLE), DQ_OK);
    assert_int_equal(dq_append_put(&f, piece, half), DQ_OK);
    assert_int_equal(dq_append_put(&f, piece, half), DQ_OK);  // just full
    assert_int_equal(dq_append_put(&f, piece, 1), DQ_ERR_NOMEM);
    assert_non_null(strstr(dq_errmsg(), "record: too much waits"));
    assert_int_equal(dq_append_flush(&f), DQ_OK);
    assert_int_equal(dq_append_put(&f, piece, 1), DQ_OK);
    assert_int_equal(dq_append_close(&f), DQ_OK);
    assert_int_equal(stat(temp_path("record"), &info), 0);
    assert_int_equal(info.st_size, DQ_APPEND_MAX_WAITING + 1);
    free(piece);
}

int main(void)
{
    const struct CMUnitTest tests[] = {IN_TEMP_FOLDER(what_waits_has_a_limit)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
