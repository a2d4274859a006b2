/* SPDX-License-Identifier: Apache-2.0 */
/* Slots: every record is found by its hash, others are not, and no bytes make a walk endless. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ocors_slots.h"
#include "ocors_span.h"
#include "random_numbers.h"

#define KEYS 3000

/* How often a walk comes to `number`; all others that it comes to, in *others. */
static size_t found(const ocors_slot_t *slots, uint32_t count, uint64_t hash, uint32_t number,
                    size_t *others)
{
    ocors_probe_t probe = ocors_slots_probe(slots, count, hash);
    size_t times = 0;
    uint32_t next;

    for (size_t steps = 0; ocors_probe_next(&probe, &next); steps++) {
        assert_in_range(steps, 0, count);
        times += next == number;
        *others += next != number;
    }
    return times;
}

static uint64_t random_hash(void)
{
    return (uint64_t)random_below(UINT32_MAX) << 32 | random_below(UINT32_MAX);
}

static void there_is_room_for_a_quarter_more(void **state)
{
    static const struct {
        size_t keys, slots;
    } rows[] = {
        { 0, 4 },   { 1, 4 },   { 3, 4 },
        { 4, 8 },   { 6, 8 },   { 7, 16 },
        { 12, 16 }, { 13, 32 }, { 1000000, 2097152 },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        assert_int_equal(ocors_slots_count(rows[i].keys), rows[i].slots);
        assert_true(ocors_slots_count_is_sound((uint32_t)rows[i].slots));
    }
    for (size_t i = 0; i < 4; i++) {
        assert_false(ocors_slots_count_is_sound((const uint32_t[]){ 0, 3, 12, UINT32_MAX }[i]));
    }
}

static void every_record_is_found_and_no_other(void **state)
{
    const uint32_t count = (uint32_t)ocors_slots_count(KEYS);
    ocors_slot_t *slots = calloc(count, sizeof(*slots));
    uint64_t *hashes = calloc(KEYS, sizeof(*hashes));
    size_t others = 0;

    (void)state;
    assert_non_null(slots);
    assert_non_null(hashes);
    random_state = 2026;
    for (uint32_t i = 0; i < KEYS; i++) {
        hashes[i] = random_hash();
        ocors_slots_add(slots, count, hashes[i], i);
    }
    for (uint32_t i = 0; i < KEYS; i++) {
        assert_int_equal(found(slots, count, hashes[i], i, &others), 1);
        assert_int_equal(found(slots, count, random_hash(), UINT32_MAX, &others), 0);
    }
    assert_int_equal(others, 0); /* one comparison: the tags tell the others apart */
    free(slots);
    free(hashes);
}

/* Hashes that begin at one slot, the last, and have one tag: all are come to, the first one first.
 */
static void collisions_are_walked_through_and_round_the_end(void **state)
{
    enum {
        COUNT = 8,
        COLLIDING = 5
    };
    ocors_slot_t slots[COUNT] = { { 0, 0 } };
    const uint64_t hash = UINT64_C(0x1234567800000000) | (COUNT - 1);
    ocors_probe_t probe;
    uint32_t number;

    (void)state;
    for (uint32_t i = 0; i < COLLIDING; i++) {
        ocors_slots_add(slots, COUNT, hash, i);
    }
    ocors_slots_add(slots, COUNT, hash + (UINT64_C(1) << 32), COLLIDING); /* another tag */
    probe = ocors_slots_probe(slots, COUNT, hash);
    for (uint32_t i = 0; i < COLLIDING; i++) {
        assert_true(ocors_probe_next(&probe, &number));
        assert_int_equal(number, i);
    }
    assert_false(ocors_probe_next(&probe, &number));
    probe = ocors_slots_probe(slots, COUNT, hash + (UINT64_C(1) << 32));
    assert_true(ocors_probe_next(&probe, &number));
    assert_int_equal(number, COLLIDING);
    assert_false(ocors_probe_next(&probe, &number));
}

/* No slot is free, as no builder leaves them: a walk goes round once. */
static void a_full_table_ends_a_walk(void **state)
{
    enum {
        COUNT = 16
    };
    ocors_slot_t slots[COUNT];
    ocors_probe_t probe;
    uint32_t number;

    (void)state;
    memset(slots, 0xff, sizeof(slots));
    probe = ocors_slots_probe(slots, COUNT, 5);
    assert_false(ocors_probe_next(&probe, &number));
    probe = ocors_slots_probe(slots, COUNT, UINT64_MAX);
    for (uint32_t i = 0; i < COUNT; i++) {
        assert_true(ocors_probe_next(&probe, &number));
        assert_int_equal(number, UINT32_MAX - 1);
    }
    assert_false(ocors_probe_next(&probe, &number));
    assert_false(ocors_probe_next(&probe, &number));
}

/* R8: keys are compared byte for byte, whatever their length. */
static void every_byte_of_a_key_counts(void **state)
{
    enum {
        LONGEST = 70
    };

    (void)state;
    for (size_t length = 0; length <= LONGEST; length++) {
        char *one = malloc(length + 1), *other = malloc(length + 1);

        for (size_t i = 0; i < length; i++) {
            one[i] = other[i] = (char)('a' + i % 26);
        }
        one[length] = 'x'; /* is not compared */
        other[length] = 'y';
        assert_true(ocors_bytes_are_equal(one, other, length));
        for (size_t i = 0; i < length; i++) {
            other[i] ^= 0x20;
            assert_false(ocors_bytes_are_equal(one, other, length));
            other[i] ^= 0x20;
        }
        free(one);
        free(other);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(there_is_room_for_a_quarter_more),
        cmocka_unit_test(every_record_is_found_and_no_other),
        cmocka_unit_test(collisions_are_walked_through_and_round_the_end),
        cmocka_unit_test(a_full_table_ends_a_walk),
        cmocka_unit_test(every_byte_of_a_key_counts),
    };

    return cmocka_run_group_tests_name("slots", tests, NULL, NULL);
}
