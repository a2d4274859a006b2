/* SPDX-License-Identifier: Apache-2.0 */
/* Rooms: the gaps that are found, what is taken from them, and a map of bytes that agrees. */

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "ocors_rooms.h"
#include "random_numbers.h"

#define UNIT OCORS_ROOM_ALIGNMENT

enum {
    ROWS_ROOMS = 6
};

/* A segment, what is in use, and the gaps; all numbers times `unit`. */
typedef struct row_t {
    const char *name;
    uint64_t begin, end;
    uint64_t unit;
    size_t used_count;
    ocors_room_t used[ROWS_ROOMS];
    size_t gap_count;
    ocors_room_t gaps[ROWS_ROOMS];
} row_t;

static const row_t rows[] = {
    { "nothing in use", 1, 9, UNIT, 0, { { 0 } }, 1, { { 1, 8 } } },
    { "no room at all", 5, 5, UNIT, 0, { { 0 } }, 0, { { 0 } } },
    { "all in use", 1, 9, UNIT, 1, { { 1, 8 } }, 0, { { 0 } } },
    { "at the beginning", 1, 9, UNIT, 1, { { 1, 3 } }, 1, { { 4, 5 } } },
    { "at the end", 1, 9, UNIT, 1, { { 6, 3 } }, 1, { { 1, 5 } } },
    { "in the middle", 1, 9, UNIT, 1, { { 4, 2 } }, 2, { { 1, 3 }, { 6, 3 } } },
    { "before the beginning", 4, 9, UNIT, 1, { { 0, 2 } }, 1, { { 4, 5 } } },
    { "across the beginning", 4, 9, UNIT, 1, { { 2, 4 } }, 1, { { 6, 3 } } },
    { "across the end", 1, 9, UNIT, 1, { { 7, 40 } }, 1, { { 1, 6 } } },
    { "more than all", 4, 9, UNIT, 1, { { 0, 90 } }, 0, { { 0 } } },
    { "they touch", 1, 9, UNIT, 2, { { 2, 2 }, { 4, 2 } }, 2, { { 1, 1 }, { 6, 3 } } },
    { "they overlap", 1, 9, UNIT, 2, { { 2, 3 }, { 4, 2 } }, 2, { { 1, 1 }, { 6, 3 } } },
    { "one within another", 1, 9, UNIT, 2, { { 2, 6 }, { 3, 1 } }, 2, { { 1, 1 }, { 8, 1 } } },
    { "one within another, then a third",
      1,
      20,
      UNIT,
      3,
      { { 2, 8 }, { 3, 1 }, { 12, 1 } },
      3,
      { { 1, 1 }, { 10, 2 }, { 13, 7 } } },
    { "twice the same",
      1,
      9,
      UNIT,
      3,
      { { 4, 2 }, { 4, 2 }, { 4, 2 } },
      2,
      { { 1, 3 }, { 6, 3 } } },
    { "one offset, the longer one first",
      1,
      9,
      UNIT,
      2,
      { { 4, 3 }, { 4, 1 } },
      2,
      { { 1, 3 }, { 7, 2 } } },
    { "one offset, the longer one last",
      1,
      9,
      UNIT,
      2,
      { { 4, 1 }, { 4, 3 } },
      2,
      { { 1, 3 }, { 7, 2 } } },
    { "in no order",
      1,
      20,
      UNIT,
      4,
      { { 12, 1 }, { 2, 1 }, { 16, 4 }, { 6, 2 } },
      4,
      { { 1, 1 }, { 3, 3 }, { 8, 4 }, { 13, 3 } } },
    { "ends in the middle of a unit", 0, 640, 1, 1, { { 64, 1 } }, 2, { { 0, 64 }, { 128, 512 } } },
    { "ends one byte before a unit's end",
      0,
      640,
      1,
      1,
      { { 64, 127 } },
      2,
      { { 0, 64 }, { 192, 448 } } },
    { "ends one byte after a unit's end",
      0,
      640,
      1,
      1,
      { { 64, 129 } },
      2,
      { { 0, 64 }, { 256, 384 } } },
    { "touches the next one by alignment alone",
      0,
      640,
      1,
      2,
      { { 64, 100 }, { 192, 64 } },
      2,
      { { 0, 64 }, { 256, 384 } } },
    { "beyond the end", 1, 9, UNIT, 1, { { 12, 2 } }, 1, { { 1, 8 } } },
    { "begins at the end", 1, 9, UNIT, 2, { { 9, 2 }, { 4, 2 } }, 2, { { 1, 3 }, { 6, 3 } } },
    { "reaches beyond all numbers",
      64,
      640,
      1,
      1,
      { { 128, UINT64_MAX - 100 } },
      1,
      { { 64, 64 } } },
    { "the last unit is begun", 0, 640, 1, 1, { { 0, 577 } }, 0, { { 0 } } },
};

static void gaps_are_found(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const row_t *row = &rows[i];
        ocors_room_t used[ROWS_ROOMS];
        ocors_rooms_t rooms;

        for (size_t k = 0; k < row->used_count; k++) {
            used[k].offset = row->used[k].offset * row->unit;
            used[k].size = row->used[k].size * row->unit;
        }
        assert_int_equal(ocors_rooms_init(&rooms, used, row->used_count, row->begin * row->unit,
                                          row->end * row->unit),
                         OCORS_OK);
        if (rooms.count != row->gap_count) {
            fail_msg("%s: %zu gaps, not %zu", row->name, rooms.count, row->gap_count);
        }
        for (size_t k = 0; k < rooms.count; k++) {
            if (rooms.gaps[k].offset != row->gaps[k].offset * row->unit
                || rooms.gaps[k].size != row->gaps[k].size * row->unit) {
                fail_msg("%s: gap %zu is %llu bytes at %llu", row->name, k,
                         (unsigned long long)rooms.gaps[k].size,
                         (unsigned long long)rooms.gaps[k].offset);
            }
        }
        ocors_rooms_free(&rooms);
        assert_null(rooms.gaps);
        assert_int_equal(rooms.count, 0);
    }
}

/* Gaps of 2, 1 and 4 units, at 1, 4 and 6. */
static void make_three_gaps(ocors_rooms_t *rooms)
{
    ocors_room_t used[] = { { 5 * UNIT, UNIT }, { 3 * UNIT, UNIT } };

    assert_int_equal(ocors_rooms_init(rooms, used, 2, UNIT, 10 * UNIT), OCORS_OK);
    assert_int_equal(rooms->count, 3);
}

static void assert_taken(ocors_rooms_t *rooms, uint64_t size, uint64_t expected)
{
    uint64_t offset = UINT64_MAX;

    assert_true(ocors_rooms_take(rooms, size, &offset));
    assert_int_equal(offset, expected);
}

static void assert_not_taken(ocors_rooms_t *rooms, uint64_t size)
{
    uint64_t offset = 12345;

    assert_false(ocors_rooms_take(rooms, size, &offset));
    assert_int_equal(offset, 12345);
}

static void the_first_gap_that_fits_is_taken(void **state)
{
    ocors_rooms_t rooms;

    (void)state;
    make_three_gaps(&rooms);
    assert_taken(&rooms, 3 * UNIT, 6 * UNIT);
    assert_taken(&rooms, UNIT, UNIT);
    assert_not_taken(&rooms, 2 * UNIT);
    assert_taken(&rooms, 1, 2 * UNIT);
    assert_taken(&rooms, UNIT - 1, 4 * UNIT);
    assert_taken(&rooms, 7, 9 * UNIT);
    assert_not_taken(&rooms, 1);
    ocors_rooms_free(&rooms);
}

static void an_exact_fit_is_one(void **state)
{
    ocors_rooms_t rooms;

    (void)state;
    make_three_gaps(&rooms);
    assert_not_taken(&rooms, 4 * UNIT + 1);
    assert_taken(&rooms, 4 * UNIT, 6 * UNIT);
    assert_taken(&rooms, 2 * UNIT - 63, UNIT); /* rounded up, it needs both units */
    assert_taken(&rooms, UNIT, 4 * UNIT);
    assert_not_taken(&rooms, 1);
    ocors_rooms_free(&rooms);
}

static void nothing_needs_no_room(void **state)
{
    ocors_rooms_t rooms;

    (void)state;
    make_three_gaps(&rooms);
    assert_taken(&rooms, 0, UNIT);
    assert_taken(&rooms, 0, UNIT);
    assert_taken(&rooms, 2 * UNIT, UNIT);
    ocors_rooms_free(&rooms);
    assert_not_taken(&rooms, 0); /* there is no gap, and so no place to name */
}

/* Sizes that wrap round when they are aligned. */
static void a_size_beyond_all_numbers_does_not_fit(void **state)
{
    ocors_rooms_t rooms;

    (void)state;
    make_three_gaps(&rooms);
    for (uint64_t less = 0; less < 200; less++) {
        assert_not_taken(&rooms, UINT64_MAX - less);
    }
    assert_not_taken(&rooms, UINT64_C(1) << 63);
    assert_taken(&rooms, 2 * UNIT, UNIT);
    ocors_rooms_free(&rooms);
}

/* ---- A map of units -------------------------------------------------------------------------- */

enum {
    UNITS = 200
};

/* Where the first `count` units are that are free, or UNITS. */
static uint64_t find_in_map(const bool *map, uint64_t count)
{
    uint64_t run = 0;

    for (uint64_t at = 0; at < UNITS; at++) {
        run = map[at] ? 0 : run + 1;
        if (run == count) {
            return at + 1 - count;
        }
    }
    return UNITS;
}

static void mark_in_map(bool *map, const ocors_room_t *room)
{
    for (uint64_t at = room->offset; at < room->offset + room->size; at++) {
        map[at / UNIT] = true;
    }
}

static void assert_gaps_are_those_of_map(const ocors_rooms_t *rooms, const bool *map)
{
    bool is_gap[UNITS] = { false };

    for (size_t i = 0; i < rooms->count; i++) {
        const ocors_room_t *gap = &rooms->gaps[i];

        assert_int_equal(gap->offset % UNIT, 0);
        assert_true(i == 0 || gap->offset >= rooms->gaps[i - 1].offset + rooms->gaps[i - 1].size);
        for (uint64_t at = gap->offset / UNIT; at < (gap->offset + gap->size) / UNIT; at++) {
            is_gap[at] = true;
        }
    }
    for (size_t at = 0; at < UNITS; at++) {
        assert_int_equal(is_gap[at], !map[at]);
    }
}

/* Rooms come and go; for each one that comes, the gaps are found anew, as the module does it. */
static void a_map_of_units_agrees(void **state)
{
    enum {
        KEPT = 40
    };
    size_t fits = 0, fails = 0;

    (void)state;
    random_state = 20110501;
    for (int round = 0; round < 20; round++) {
        ocors_room_t kept[KEPT + 8];
        size_t count = 0;

        for (int turn = 0; turn < 200; turn++) {
            ocors_room_t used[KEPT + 8];
            ocors_rooms_t rooms;
            bool map[UNITS] = { false };

            while (count > 0 && (count >= KEPT || random_below(3) == 0)) {
                kept[random_below((uint32_t)count)] = kept[count - 1];
                count--;
            }
            memcpy(used, kept, count * sizeof(*used));
            for (size_t i = 0; i < count; i++) {
                mark_in_map(map, &kept[i]);
            }
            assert_int_equal(ocors_rooms_init(&rooms, used, count, 0, (uint64_t)UNITS * UNIT),
                             OCORS_OK);
            assert_gaps_are_those_of_map(&rooms, map);
            for (uint32_t takes = 1 + random_below(4); takes > 0; takes--) {
                const uint64_t size = 1 + random_below(UNIT * (random_below(8) == 0 ? 60 : 12));
                const uint64_t expected = find_in_map(map, (size + UNIT - 1) / UNIT);
                uint64_t offset;

                if (!ocors_rooms_take(&rooms, size, &offset)) {
                    assert_int_equal(expected, UNITS);
                    fails++;
                    continue;
                }
                assert_int_equal(offset, expected * UNIT);
                kept[count] = (ocors_room_t){ offset, size };
                mark_in_map(map, &kept[count++]);
                fits++;
            }
            ocors_rooms_free(&rooms);
        }
    }
    assert_true(fits > 1000 && fails > 200); /* it was not always empty, nor always full */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gaps_are_found),
        cmocka_unit_test(the_first_gap_that_fits_is_taken),
        cmocka_unit_test(an_exact_fit_is_one),
        cmocka_unit_test(nothing_needs_no_room),
        cmocka_unit_test(a_size_beyond_all_numbers_does_not_fit),
        cmocka_unit_test(a_map_of_units_agrees),
    };

    return cmocka_run_group_tests_name("rooms", tests, NULL, NULL) != 0;
}
