/* SPDX-License-Identifier: Apache-2.0 */
/* How many kinds and origins a minute had (A42, A43): each once, bounded, and harmless. */
#include "vectors.h"

#include <stdlib.h>

#include "ocors_census.h"
#include "random_numbers.h"

static ocors_census_t *census_make(void)
{
    ocors_census_t *census = calloc(1, sizeof(*census));

    random_state = 20261127;
    assert_non_null(census);
    return census;
}

static uint64_t some_hash(void)
{
    return (uint64_t)random_below(UINT32_MAX) << 32 | random_below(UINT32_MAX) | 1;
}

/* However often a kind comes, it is one, and has one line. */
static void test_a_kind_counts_once(void **state)
{
    ocors_census_t *census = census_make();
    uint64_t kinds[300];
    unsigned lines = 0;
    bool is_more;

    (void)state;
    for (unsigned i = 0; i < 300; i++) {
        kinds[i] = some_hash();
    }
    for (unsigned i = 0; i < 3000; i++) {
        lines += ocors_census_kind(census, kinds[i % 300]);
        assert_int_equal(ocors_census_unlogged(census, &is_more), i < OCORS_CENSUS_LINES ? 0
                                                                  : i < 300
                                                                      ? i + 1 - OCORS_CENSUS_LINES
                                                                      : 300 - OCORS_CENSUS_LINES);
    }
    assert_int_equal(lines, OCORS_CENSUS_LINES);
    assert_false(is_more);
    ocors_census_clear(census);
    assert_int_equal(ocors_census_unlogged(census, &is_more), 0);
    assert_true(ocors_census_kind(census, kinds[299]));
    free(census);
}

/* A kind has 64 places: so many kinds that begin at one place are counted, and one more is not. */
static void test_kinds_of_one_place(void **state)
{
    ocors_census_t *census = census_make();
    uint64_t kind = OCORS_CENSUS_KINDS - 1; /* the last place: the next one is the first */
    bool is_more;

    (void)state;
    for (unsigned i = 0; i < 64; i++, kind += OCORS_CENSUS_KINDS) {
        assert_int_equal(ocors_census_kind(census, kind), i < OCORS_CENSUS_LINES);
    }
    assert_int_equal(ocors_census_unlogged(census, &is_more), 64 - OCORS_CENSUS_LINES);
    assert_false(is_more);
    assert_false(ocors_census_kind(census, kind));
    assert_int_equal(ocors_census_unlogged(census, &is_more), 64 - OCORS_CENSUS_LINES);
    assert_true(is_more);
    free(census);
}

/* Kinds without room are not counted, and it is known that there were more. */
static void test_too_many_kinds(void **state)
{
    ocors_census_t *census = census_make();
    bool is_more;

    (void)state;
    for (unsigned i = 0; i < 10 * OCORS_CENSUS_KINDS; i++) {
        (void)ocors_census_kind(census, some_hash());
    }
    assert_in_range(ocors_census_unlogged(census, &is_more), OCORS_CENSUS_KINDS / 2,
                    OCORS_CENSUS_KINDS - OCORS_CENSUS_LINES);
    assert_true(is_more);
    ocors_census_clear(census); /* the next minute begins with none */
    assert_int_equal(ocors_census_unlogged(census, &is_more), 0);
    assert_false(is_more);
    free(census);
}

/* An origin that comes again changes nothing; the estimate is 2% wrong at most. */
static void test_origins(void **state)
{
    static const unsigned counts[] = { 0, 1, 100, 3000, 30000, 100000, 200000 };

    (void)state;
    for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
        ocors_census_t *census = census_make();
        uint64_t about;

        for (unsigned k = 0; k < counts[i]; k++) {
            const uint64_t hash = some_hash() ^ random_below(2);

            ocors_census_origin(census, hash);
            ocors_census_origin(census, hash);
        }
        about = ocors_census_origins(census);
        assert_in_range(about, counts[i] - counts[i] / 50, counts[i] + counts[i] / 50);
        ocors_census_clear(census);
        assert_int_equal(ocors_census_origins(census), 0);
        free(census);
    }
}

/* A worker that somebody has got hold of writes any bytes: every call ends. */
static void test_any_bytes_are_harmless(void **state)
{
    ocors_census_t *census = census_make();
    bool is_more;

    (void)state;
    memset(census, 0xff, sizeof(*census));
    assert_false(ocors_census_kind(census, 1));
    ocors_census_origin(census, 1);
    assert_in_range(ocors_census_origins(census), 700000, 800000);
    assert_int_equal(ocors_census_unlogged(census, &is_more), UINT32_MAX - OCORS_CENSUS_LINES);
    free(census);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_kind_counts_once),     cmocka_unit_test(test_kinds_of_one_place),
        cmocka_unit_test(test_too_many_kinds),         cmocka_unit_test(test_origins),
        cmocka_unit_test(test_any_bytes_are_harmless),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
