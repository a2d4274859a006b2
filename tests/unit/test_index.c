/* SPDX-License-Identifier: Apache-2.0 */
/* The index for building, the hash below it, and the arena beside it. */
#include "vectors.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ocors_arena.h"
#include "ocors_hash.h"
#include "ocors_index.h"

static void keys_are_found_again(void **state)
{
    const size_t count = 20000;
    char(*keys)[16] = calloc(count, sizeof(*keys));
    ocors_index_t index;
    bool is_new;

    (void)state;
    assert_non_null(keys);
    ocors_index_init(&index, 42);
    for (size_t i = 0; i < count; i++) {
        int length = snprintf(keys[i], sizeof(keys[i]), "key-%zu", i);
        const ocors_index_entry_t *entry = ocors_index_put(
            &index, 0, ocors_span_make(keys[i], (size_t)length), (uint32_t)i, &is_new);

        assert_non_null(entry);
        assert_true(is_new);
        assert_int_equal(entry->value, i);
    }
    assert_int_equal(index.count, count);
    for (size_t i = 0; i < count; i++) {
        char other[16];
        const ocors_index_entry_t *entry;

        memcpy(other, keys[i], sizeof(other));
        entry = ocors_index_put(&index, 0, ocors_span_from_string(other), 7, &is_new);
        assert_non_null(entry);
        assert_false(is_new);
        assert_int_equal(entry->value, i);
        assert_ptr_equal(entry->key.bytes, keys[i]);
    }
    assert_int_equal(index.count, count);
    assert_true(index.count < index.slot_count);
    ocors_index_free(&index);
    assert_int_equal(index.count, 0);
    /* It can be used again. */
    assert_non_null(ocors_index_put(&index, 0, ocors_span_from_string("a"), 1, &is_new));
    assert_true(is_new);
    ocors_index_free(&index);
    free(keys);
}

static void spaces_and_bytes_tell_keys_apart(void **state)
{
    static const struct {
        uint32_t space;
        ocors_span_t key;
    } rows[] = {
        { 0, { "", 0 } },         { 1, { "", 0 } },          { 0, { "\0", 1 } },
        { 0, { "\0\0", 2 } },     { 0, { "a", 1 } },         { 0, { "a\0", 2 } },
        { 0, { "A", 1 } },        { 1, { "a", 1 } },         { UINT32_MAX, { "a", 1 } },
        { 0, { "12345678", 8 } }, { 0, { "123456781", 9 } }, { 0, { "12345678\0", 9 } },
    };
    const size_t count = sizeof(rows) / sizeof(rows[0]);
    ocors_index_t index;
    bool is_new;

    (void)state;
    ocors_index_init(&index, ocors_index_seed());
    for (size_t round = 0; round < 2; round++) {
        for (size_t i = 0; i < count; i++) {
            const ocors_index_entry_t *entry = ocors_index_put(&index, rows[i].space, rows[i].key,
                                                               (uint32_t)i, &is_new);

            assert_non_null(entry);
            assert_int_equal(is_new, round == 0);
            assert_int_equal(entry->value, i);
        }
    }
    ocors_index_free(&index);
}

static void hash_reads_its_key_and_no_more(void **state)
{
    char key[40];

    (void)state;
    for (size_t i = 0; i < sizeof(key); i++) {
        key[i] = (char)('a' + i % 26);
    }
    for (size_t length = 0; length <= sizeof(key); length++) {
        ocors_span_t copy = guarded_copy(key, length);
        uint64_t hash = ocors_hash(1, copy);

        assert_true(hash == ocors_hash(1, ocors_span_make(key, length)));
        assert_true(hash != ocors_hash(2, copy));
        for (size_t at = 0; at < length; at++) {
            char changed[sizeof(key)];

            memcpy(changed, key, sizeof(key));
            changed[at] ^= 1;
            assert_true(hash != ocors_hash(1, ocors_span_make(changed, length)));
        }
        guarded_free(copy);
    }
}

static int compare_hashes(const void *a, const void *b)
{
    const uint64_t *left = a;
    const uint64_t *right = b;

    return (*left > *right) - (*left < *right);
}

/*
 * Keys that were prepared to collide under every seed of a hash that keeps only the lower half of
 * its products: flipping the topmost bit of a word flips two known bits of the state, which the
 * next word takes back. 12 such pairs of words make 4,096 keys of one hash.
 */
static void prepared_keys_do_not_collide(void **state)
{
    enum {
        PAIRS = 12,
        COUNT = 1 << PAIRS
    };
    static uint64_t hashes[COUNT];

    (void)state;
    for (uint64_t seed = 0; seed < 4; seed++) {
        size_t equal = 0;

        for (unsigned choice = 0; choice < COUNT; choice++) {
            uint64_t words[2 * PAIRS];

            for (unsigned pair = 0; pair < PAIRS; pair++) {
                uint64_t flip = choice >> pair & 1;

                words[2 * pair] = UINT64_C(0x4142434445464748) ^ flip << 63;
                words[2 * pair + 1] = UINT64_C(0x4142434445464748) ^ flip << 63 ^ flip << 34;
            }
            hashes[choice] = ocors_hash(seed, ocors_span_make((const char *)words, sizeof(words)));
        }
        qsort(hashes, COUNT, sizeof(hashes[0]), compare_hashes);
        for (size_t i = 1; i < COUNT; i++) {
            equal += hashes[i] == hashes[i - 1];
        }
        assert_int_equal(equal, 0);
    }
}

/* Keys as documents have them fall into slots as evenly as chance would have it. */
static void ordinary_keys_spread(void **state)
{
    enum {
        COUNT = 1 << 14
    };
    static unsigned char filled[COUNT];

    (void)state;
    for (uint64_t seed = 0; seed < 8; seed++) {
        size_t empty = 0;

        memset(filled, 0, sizeof(filled));
        for (size_t i = 0; i < COUNT; i++) {
            char key[64];
            int length = snprintf(key, sizeof(key), "https://shop-%zu.example.com", i);

            filled[ocors_hash(seed, ocors_span_make(key, (size_t)length)) % COUNT] = 1;
        }
        for (size_t i = 0; i < COUNT; i++) {
            empty += filled[i] == 0;
        }
        /* Chance leaves 1/e = 36.8 % empty. */
        assert_in_range(empty, COUNT * 35 / 100, COUNT * 39 / 100);
    }
}

static void seed_is_one_for_a_process(void **state)
{
    (void)state;
    assert_true(ocors_index_seed() != 0);
}

static void arena_keeps_what_it_was_given(void **state)
{
    enum {
        COUNT = 3000
    };
    static ocors_span_t copies[COUNT];
    ocors_arena_t arena = { NULL };
    char *large = malloc((size_t)3 << 20);

    (void)state;
    assert_non_null(large);
    memset(large, 'L', (size_t)3 << 20);
    for (size_t i = 0; i < COUNT; i++) {
        char text[32];
        int length = snprintf(text, sizeof(text), "Text-%zu", i);

        copies[i] = ocors_arena_copy(&arena, ocors_span_make(text, (size_t)length));
        assert_non_null(copies[i].bytes);
        if (i % 1000 == 500) {
            assert_non_null(
                ocors_arena_copy(&arena, ocors_span_make(large, (size_t)3 << 20)).bytes);
        }
    }
    free(large);
    for (size_t i = 0; i < COUNT; i++) {
        char text[32];

        snprintf(text, sizeof(text), "Text-%zu", i);
        assert_span_equal(copies[i], text);
    }
    assert_span_equal(ocors_arena_copy_lower(&arena, OCORS_SPAN_LITERAL("X-Foo[\\]^\xc3\x89")),
                      "x-foo[\\]^\xc3\x89");
    /* Nothing is something: bytes == NULL means out of memory. */
    assert_non_null(ocors_arena_copy(&arena, ocors_span_make(NULL, 0)).bytes);
    ocors_arena_free(&arena);
    assert_non_null(ocors_arena_copy(&arena, ocors_span_make(NULL, 0)).bytes);
    ocors_arena_free(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keys_are_found_again),
        cmocka_unit_test(spaces_and_bytes_tell_keys_apart),
        cmocka_unit_test(hash_reads_its_key_and_no_more),
        cmocka_unit_test(prepared_keys_do_not_collide),
        cmocka_unit_test(ordinary_keys_spread),
        cmocka_unit_test(seed_is_one_for_a_process),
        cmocka_unit_test(arena_keeps_what_it_was_given),
    };

    return cmocka_run_group_tests_name("index", tests, NULL, NULL) != 0;
}
