/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Leaves tests out of a run: those that OCORS_LEAVE_OUT names, separated by blanks. The linker
 * (--wrap) puts this in the place of cmocka's own function, in every unit program.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

typedef int run_group_t(const char *name, const struct CMUnitTest *tests, size_t count,
                        CMFixtureFunction setup, CMFixtureFunction teardown);

run_group_t __real__cmocka_run_group_tests;
run_group_t __wrap__cmocka_run_group_tests;

static bool is_named(const char *names, const char *name)
{
    const size_t length = strlen(name);

    for (const char *at = strstr(names, name); at != NULL; at = strstr(at + 1, name)) {
        if ((at == names || at[-1] == ' ') && (at[length] == ' ' || at[length] == '\0')) {
            return true;
        }
    }
    return false;
}

int __wrap__cmocka_run_group_tests(const char *name, const struct CMUnitTest *tests, size_t count,
                                   CMFixtureFunction setup, CMFixtureFunction teardown)
{
    const char *names = getenv("OCORS_LEAVE_OUT");
    struct CMUnitTest *wanted;
    size_t left = 0;
    int failed;

    if (names == NULL) {
        return __real__cmocka_run_group_tests(name, tests, count, setup, teardown);
    }
    wanted = calloc(count + 1, sizeof(*wanted));
    if (wanted == NULL) {
        print_error("no memory for the selection of tests\n");
        return 1;
    }
    for (size_t i = 0; i < count; i++) {
        if (is_named(names, tests[i].name)) {
            print_message("left out: %s\n", tests[i].name);
        }
        else {
            wanted[left++] = tests[i];
        }
    }
    failed = __real__cmocka_run_group_tests(name, wanted, left, setup, teardown);
    free(wanted);
    return failed;
}
