/* SPDX-License-Identifier: Apache-2.0 */
/* Counters and the sketch of refused origins (A40, A41): right about the top under 100,000 hostile
 * origins, exact while there is room, and harmless whatever the memory says. */
#include "vectors.h"

#include <pthread.h>
#include <stdlib.h>

#include "ocors_counters.h"
#include "ocors_hash.h"
#include "ocors_sketch.h"
#include "random_numbers.h"

#define SEED    UINT64_C(7)
#define HOSTILE 100000
#define TOP     20
#define OWNER   4711
#define STAMP   OCORS_SKETCH_STAMP

static ocors_sketch_t *sketch_make(void)
{
    ocors_sketch_t *sketch = aligned_alloc(64, sizeof(*sketch));

    random_state = 20261127;
    assert_non_null(sketch);
    memset(sketch, 0, sizeof(*sketch));
    return sketch;
}

/* Counts an origin once, as a request does. */
static bool count_once(ocors_sketch_t *sketch, uint32_t stripe, const char *origin, uint32_t stamp)
{
    const ocors_span_t text = ocors_span_from_string(origin);
    const uint64_t hash = ocors_hash(SEED, text);
    ocors_sketch_set_t *set = ocors_sketch_set(sketch, stripe, hash);
    ocors_sketch_note_t note = { .origin = hash, .row = 1, .reason = OCORS_REASON_NOT_LISTED };
    size_t place = 0;
    _Atomic uint64_t *count = ocors_sketch_find(set, hash, stamp * STAMP, &place);

    if (count != NULL) {
        assert_int_equal(
            place, ocors_counters_place(ocors_counters_band(1, false), OCORS_REASON_NOT_LISTED));
        atomic_fetch_add(count, 1);
        return true;
    }
    ocors_sketch_note_texts(&note, text, OCORS_SPAN_LITERAL("https://near.example"));
    return ocors_sketch_enter(set, hash, stamp * STAMP, STAMP, &note, OWNER);
}

static void count_number(ocors_sketch_t *sketch, const char *prefix, unsigned number)
{
    char origin[64];

    snprintf(origin, sizeof(origin), "https://%s%u.example", prefix, number);
    assert_true(count_once(sketch, random_below(OCORS_SKETCH_STRIPES), origin, 1));
}

/* A few origins, in several stripes: each count is exact, the order is that of the counts. */
static void test_it_is_exact_while_there_is_room(void **state)
{
    ocors_sketch_t *sketch = sketch_make();
    ocors_sketch_item_t items[TOP];
    size_t left_out;
    uint64_t evicted;

    (void)state;
    for (unsigned number = 1; number <= 10; number++) {
        for (unsigned i = 0; i < number * 10; i++) {
            count_number(sketch, "o", number);
        }
    }
    assert_int_equal(ocors_sketch_top(sketch, false, items, TOP, &left_out), 10);
    assert_int_equal(left_out, 0);
    for (unsigned i = 0; i < 10; i++) {
        char origin[64];

        snprintf(origin, sizeof(origin), "https://o%u.example", 10 - i);
        assert_int_equal(items[i].count, (10 - i) * 10);
        assert_int_equal(items[i].error, 0);
        assert_span_equal(ocors_span_make(items[i].note.origin_text, items[i].note.origin_length),
                          origin);
        assert_span_equal(ocors_span_make(items[i].note.nearest_text, items[i].note.nearest_length),
                          "https://near.example");
        assert_int_equal(items[i].note.reason, OCORS_REASON_NOT_LISTED);
    }
    assert_int_equal(ocors_sketch_top(sketch, false, items, 3, &left_out), 3);
    assert_int_equal(left_out, 7);
    assert_int_equal(items[2].count, 80);
    assert_int_equal(ocors_sketch_origins(sketch, STAMP, &evicted), 10);
    assert_int_equal(evicted, 0);
    assert_int_equal(ocors_sketch_origins(sketch, 2 * STAMP, &evicted),
                     0); /* none of a later minute */
    free(sketch);
}

/* The true top among 100,000 origins that come once, mixed in any order; the bounds hold. */
static void test_it_is_right_about_the_top(void **state)
{
    ocors_sketch_t *sketch = sketch_make();
    ocors_sketch_item_t items[TOP];
    size_t left_out;
    unsigned counts[10] = { 0 };
    unsigned hostile = 0;
    uint64_t evicted;

    (void)state;
    /* Each of ten origins about every 200th request. */
    while (hostile < HOSTILE) {
        const unsigned which = random_below(200);

        if (which < 10) {
            count_number(sketch, "top", which);
            counts[which]++;
        }
        else {
            count_number(sketch, "evil", hostile++);
        }
    }
    assert_int_equal(ocors_sketch_top(sketch, false, items, TOP, &left_out), TOP);
    for (unsigned i = 0; i < 10; i++) {
        char text[64] = "";
        unsigned which;

        memcpy(text, items[i].note.origin_text, items[i].note.origin_length);
        assert_int_equal(sscanf(text, "https://top%u.example", &which), 1);
        assert_true(items[i].count >= counts[which]);
        assert_true(items[i].count - items[i].error <= counts[which]);
        counts[which] = 0; /* each once */
    }
    assert_true(ocors_sketch_origins(sketch, STAMP, &evicted) + evicted >= HOSTILE);
    assert_true(sizeof(*sketch) < 1024 * 1024);
    free(sketch);
}

/* An entry is seen wherever it lies: one key in each place. */
static void test_every_place_is_seen(void **state)
{
    const size_t each = OCORS_SKETCH_STRIPES * OCORS_SKETCH_WAYS, all = OCORS_SKETCH_SETS * each;
    ocors_sketch_t *sketch = sketch_make();
    ocors_sketch_item_t items[TOP];
    size_t left_out;
    uint64_t evicted;

    (void)state;
    for (uint64_t i = 0; i < all; i++) {
        const uint64_t key = i / each * (UINT64_MAX / OCORS_SKETCH_SETS + 1) + (i + 1) * STAMP;
        const ocors_sketch_note_t note = { .origin = key };

        assert_true(ocors_sketch_enter(ocors_sketch_set(sketch, i / OCORS_SKETCH_WAYS, key), key,
                                       STAMP, STAMP, &note, OWNER));
    }
    assert_int_equal(ocors_sketch_top(sketch, false, items, TOP, &left_out), TOP);
    assert_int_equal(left_out, all - TOP);
    assert_int_equal(ocors_sketch_origins(sketch, STAMP, &evicted), all);
    assert_int_equal(evicted, 0);
    free(sketch);
}

/* An entry that somebody is writing counts nothing; what other stripes have of its key counts. */
static void test_half_an_entry_counts_nothing(void **state)
{
    const uint64_t key = ocors_hash(SEED, OCORS_SPAN_LITERAL("https://a.example"));
    ocors_sketch_t *sketch = sketch_make();
    ocors_sketch_item_t items[TOP];
    size_t left_out;

    (void)state;
    for (unsigned i = 0; i < 6; i++) {
        assert_true(count_once(sketch, i % 2, "https://a.example", 1));
    }
    assert_int_equal(ocors_sketch_top(sketch, false, items, TOP, &left_out), 1);
    assert_int_equal(items[0].count, 6);
    ocors_sketch_set(sketch, 1, key)->entries[0].version |= 1;
    assert_int_equal(ocors_sketch_top(sketch, false, items, TOP, &left_out), 1);
    assert_int_equal(items[0].count, 3);
    ocors_sketch_set(sketch, 0, key)->entries[0].version |= 1;
    assert_int_equal(ocors_sketch_top(sketch, false, items, TOP, &left_out), 0);
    free(sketch);
}

/* Each key of this minute that loses its way is counted, whatever set it was in. */
static void test_lost_keys_are_counted(void **state)
{
    const ocors_sketch_note_t note = { .reason = OCORS_REASON_NOT_LISTED };
    const uint64_t lost[] = { 3, 2 };
    ocors_sketch_t *sketch = sketch_make();
    uint64_t evicted;

    (void)state;
    for (uint32_t stripe = 0; stripe < 2; stripe++) {
        for (uint64_t which = 1; which <= OCORS_SKETCH_WAYS + lost[stripe]; which++) {
            const uint64_t key = which << 40;

            assert_true(ocors_sketch_enter(ocors_sketch_set(sketch, stripe, key), key, STAMP, STAMP,
                                           &note, OWNER));
        }
    }
    (void)ocors_sketch_origins(sketch, STAMP, &evicted);
    assert_int_equal(evicted, lost[0] + lost[1]);
    free(sketch);
}

/* An entry of an earlier stamp is not found, and entering it again keeps its count. */
static void test_a_stamp_renews(void **state)
{
    ocors_sketch_t *sketch = sketch_make();
    ocors_sketch_item_t items[TOP];
    size_t left_out;
    uint64_t evicted;

    (void)state;
    for (uint32_t stamp = 1; stamp <= 5; stamp++) {
        assert_true(count_once(sketch, 0, "https://a.example", stamp));
        assert_true(count_once(sketch, 0, "https://a.example", stamp));
    }
    assert_int_equal(ocors_sketch_top(sketch, false, items, TOP, &left_out), 1);
    assert_int_equal(items[0].count, 10);
    assert_int_equal(items[0].error, 0);
    assert_int_equal(ocors_sketch_origins(sketch, 5 * STAMP, &evicted), 1);
    assert_int_equal(ocors_sketch_origins(sketch, 6 * STAMP, &evicted), 0);
    free(sketch);
}

/* Of several stripes' notes the newest is shown: an older one's reason may not hold any more. */
static void test_the_newest_note_is_shown(void **state)
{
    const uint64_t key = ocors_hash(SEED, OCORS_SPAN_LITERAL("https://a.example"));

    (void)state;
    for (uint32_t newest = 0; newest < OCORS_SKETCH_STRIPES; newest++) {
        ocors_sketch_t *sketch = sketch_make();
        ocors_sketch_item_t items[TOP];
        size_t left_out;

        for (uint32_t stripe = 0; stripe < OCORS_SKETCH_STRIPES; stripe++) {
            const ocors_sketch_note_t note = { .reason = stripe == newest
                                                             ? OCORS_REASON_PORT_DIFFERS
                                                             : OCORS_REASON_MALFORMED,
                                               .row = (uint16_t)stripe };

            assert_true(ocors_sketch_enter(ocors_sketch_set(sketch, stripe, key), key,
                                           stripe == newest ? 2 * STAMP : STAMP, STAMP, &note,
                                           OWNER));
        }
        assert_int_equal(ocors_sketch_top(sketch, false, items, TOP, &left_out), 1);
        assert_int_equal(items[0].count, OCORS_SKETCH_STRIPES);
        assert_int_equal(items[0].note.reason, OCORS_REASON_PORT_DIFFERS);
        assert_int_equal(items[0].note.row, newest);
        free(sketch);
    }
}

/* An entry says where its refusals count: by its site, mode and reason, and of no other stamp. */
static void test_an_entry_knows_its_place(void **state)
{
    const uint64_t key = ocors_hash(SEED, OCORS_SPAN_LITERAL("https://a.example"));
    ocors_sketch_t *sketch = sketch_make();
    ocors_sketch_set_t *set = ocors_sketch_set(sketch, 5, key);
    size_t place = 0;

    (void)state;
    for (uint32_t i = 0; i < OCORS_COUNTERS_ROWS * 2 * OCORS_REASON_COUNT; i++) {
        const uint64_t stamp = (i + 1) * STAMP;
        const ocors_sketch_note_t note = { .row = (uint16_t)(i % OCORS_COUNTERS_ROWS),
                                           .is_report = i / OCORS_COUNTERS_ROWS % 2,
                                           .reason = (uint8_t)(i / OCORS_COUNTERS_ROWS / 2) };

        assert_null(ocors_sketch_find(set, key, stamp, &place));
        assert_true(ocors_sketch_enter(set, key, stamp, STAMP, &note, OWNER));
        assert_non_null(ocors_sketch_find(set, key, stamp, &place));
        assert_int_equal(place, ocors_counters_place(ocors_counters_band(note.row, note.is_report),
                                                     (ocors_reason_t)note.reason));
        assert_null(ocors_sketch_find(set, key ^ STAMP, stamp, &place));
    }
    free(sketch);
}

/*
 * What tells two sites or APIs apart may be the same bits as what tells two stamps apart: an entry
 * of an earlier stamp is not that of another site now.
 */
static void test_an_earlier_entry_is_of_no_other_word(void **state)
{
    const uint64_t key = ocors_hash(SEED, OCORS_SPAN_LITERAL("https://a.example"));
    const ocors_sketch_note_t note = { .row = 1, .reason = OCORS_REASON_NOT_LISTED };
    ocors_sketch_t *sketch = sketch_make();
    ocors_sketch_set_t *set = ocors_sketch_set(sketch, 5, key);
    size_t place = 0;

    (void)state;
    for (uint64_t stamp = STAMP; stamp <= 100 * STAMP; stamp += STAMP) {
        assert_true(ocors_sketch_enter(set, key, stamp, STAMP, &note, OWNER));
        for (uint64_t later = stamp + STAMP; later <= stamp + 4 * STAMP; later += STAMP) {
            for (uint64_t word = 0; word < 256; word++) {
                assert_null(ocors_sketch_find(set, key ^ word << 16, later, &place));
            }
        }
    }
    free(sketch);
}

/* Whatever place a mark has, a reader gets one that lies in a stripe, with each verdict. */
static void test_a_place_is_within_its_bounds(void **state)
{
    const uint64_t key = ocors_hash(SEED, OCORS_SPAN_LITERAL("https://a.example"));
    ocors_sketch_t *sketch = sketch_make();
    ocors_sketch_set_t *set = ocors_sketch_set(sketch, 5, key);
    unsigned found = 0;

    (void)state;
    for (size_t any = 0; any <= UINT16_MAX; any++) {
        size_t place = 0;

        set->marks[any % OCORS_SKETCH_WAYS] = ocors_sketch_mark(key, STAMP) | any;
        if (ocors_sketch_find(set, key, STAMP, &place) != NULL) {
            assert_int_equal(place, any);
            assert_true(place + OCORS_VERDICT_COUNT <= OCORS_COUNTERS_ALL);
            found++;
        }
        set->marks[any % OCORS_SKETCH_WAYS] = 0;
    }
    assert_int_equal(found, OCORS_COUNTERS_PLACES);
    free(sketch);
}

#define CROWD        4     /* threads */
#define CROWD_KEYS   12    /* more than one set has room for */
#define CROWD_ROUNDS 50000 /* requests of each thread */

typedef struct crowd_t {
    pthread_t thread;
    uint32_t owner;
    ocors_sketch_t *sketch;
    ocors_counters_stripe_t *stripes;
    uint64_t refused[OCORS_REASON_COUNT];
} crowd_t;

/* Requests of one thread: each key has a reason of its own, and all keys have one set. */
static void *crowd_run(void *data)
{
    crowd_t *crowd = data;
    uint64_t number = crowd->owner;

    for (unsigned i = 0; i < CROWD_ROUNDS; i++) {
        number = ocors_hash_mix(number + i, UINT64_C(0x9e3779b97f4a7c15));
        const unsigned which = (unsigned)(number % CROWD_KEYS) + 1;
        const uint64_t key = (uint64_t)which << 40, stamp = (i / 1000 + 1) * STAMP;
        ocors_sketch_set_t *set = ocors_sketch_set(crowd->sketch, 0, key);
        const ocors_sketch_note_t note = { .row = 1, .reason = (uint8_t)which };
        size_t place = ocors_counters_place(ocors_counters_band(1, false), (ocors_reason_t)which);
        _Atomic uint64_t *entry = ocors_sketch_find(set, key, stamp, &place);

        if (entry != NULL) {
            ocors_counters_add(entry);
        }
        else {
            (void)ocors_sketch_enter(set, key, stamp, STAMP, &note, crowd->owner);
        }
        ocors_counters_add(ocors_counters_at(crowd->stripes, 0, place, OCORS_VERDICT_REFUSE));
        crowd->refused[which]++;
    }
    return NULL;
}

/* While keys push each other out of one set, each refusal counts under the reason of its key. */
static void test_no_refusal_counts_under_the_reason_of_another(void **state)
{
    ocors_sketch_t *sketch = sketch_make();
    ocors_counters_stripe_t *stripes = aligned_alloc(64, sizeof(*stripes));
    crowd_t crowd[CROWD];
    ocors_sketch_item_t items[TOP];
    size_t left_out;
    uint64_t total = 0;

    (void)state;
    assert_non_null(stripes);
    memset(stripes, 0, sizeof(*stripes));
    for (uint32_t i = 0; i < CROWD; i++) {
        crowd[i] = (crowd_t){ .owner = i + 1, .sketch = sketch, .stripes = stripes };
        assert_int_equal(pthread_create(&crowd[i].thread, NULL, crowd_run, &crowd[i]), 0);
    }
    for (uint32_t i = 0; i < CROWD; i++) {
        assert_int_equal(pthread_join(crowd[i].thread, NULL), 0);
    }
    for (unsigned reason = 1; reason <= CROWD_KEYS; reason++) {
        uint64_t refused = 0;

        for (uint32_t i = 0; i < CROWD; i++) {
            refused += crowd[i].refused[reason];
        }
        assert_int_equal(
            ocors_counters_sum(stripes, 1, 1, false, OCORS_VERDICT_REFUSE, (ocors_reason_t)reason),
            refused);
    }
    for (size_t i = ocors_sketch_top(sketch, false, items, TOP, &left_out); i > 0; i--) {
        total += items[i - 1].count - items[i - 1].error;
    }
    assert_true(total > 0 && total <= CROWD * CROWD_ROUNDS);
    free(stripes);
    free(sketch);
}

/* A process that died while it entered a key owns its set until the parent frees it. */
static void test_a_dead_owner_is_released(void **state)
{
    ocors_sketch_t *sketch = sketch_make();

    (void)state;
    for (unsigned i = 0; i < OCORS_SKETCH_STRIPES * OCORS_SKETCH_SETS; i++) {
        sketch->sets[i / OCORS_SKETCH_STRIPES][i % OCORS_SKETCH_STRIPES].owner = OWNER;
    }
    assert_false(count_once(sketch, 3, "https://a.example", 1));
    ocors_sketch_release(sketch, OWNER + 1);
    assert_false(count_once(sketch, 3, "https://a.example", 1));
    ocors_sketch_release(sketch, OWNER);
    assert_true(count_once(sketch, 3, "https://a.example", 1));
    free(sketch);
}

/* A text is cut between two characters. */
static void test_long_texts_are_cut(void **state)
{
    char text[OCORS_SKETCH_TEXT_MAX + 2];
    ocors_sketch_note_t note;

    (void)state;
    memset(text, 'a', sizeof(text));
    ocors_sketch_note_texts(&note, ocors_span_make(text, sizeof(text)), ocors_span_make(NULL, 0));
    assert_int_equal(note.origin_length, OCORS_SKETCH_TEXT_MAX);
    assert_int_equal(note.nearest_length, 0);
    memcpy(text + OCORS_SKETCH_TEXT_MAX - 1, "\xc3\xa9", 2);
    ocors_sketch_note_texts(&note, ocors_span_make(text, sizeof(text)), ocors_span_make(text, 3));
    assert_int_equal(note.origin_length, OCORS_SKETCH_TEXT_MAX - 1);
    assert_int_equal(note.nearest_length, 3);
    memset(&note, 0, sizeof(note));
    ocors_sketch_note_texts(&note, OCORS_SPAN_LITERAL("n"), OCORS_SPAN_LITERAL("u"));
    assert_span_equal(ocors_span_make(note.origin_text, note.origin_length), "n");
    assert_span_equal(ocors_span_make(note.nearest_text, note.nearest_length), "u");
}

/* A worker that somebody has got hold of writes any bytes: readers end, and stay in bounds. */
static void test_any_bytes_are_harmless(void **state)
{
    ocors_sketch_t *sketch = sketch_make();
    unsigned char *bytes = (unsigned char *)sketch;
    ocors_sketch_item_t items[TOP];
    size_t left_out;

    (void)state;
    for (unsigned round = 0; round < 8; round++) {
        uint64_t evicted;

        for (size_t i = 0; i < sizeof(*sketch); i++) {
            bytes[i] = round == 0 ? 0xff : (unsigned char)random_below(256);
        }
        for (unsigned i = 0; round % 2 == 1 && i < OCORS_SKETCH_STRIPES * OCORS_SKETCH_SETS; i++) {
            ocors_sketch_set_t *set =
                &sketch->sets[i / OCORS_SKETCH_STRIPES][i % OCORS_SKETCH_STRIPES];

            for (unsigned way = 0; way < OCORS_SKETCH_WAYS; way++) { /* entries that look whole */
                set->entries[way].version &= ~UINT32_C(1);
                set->entries[way].key = set->keys[way];
            }
            set->owner = 0;
        }
        const size_t count = ocors_sketch_top(sketch, false, items, TOP, &left_out);

        assert_true(count <= TOP);
        for (size_t i = 0; i < count; i++) {
            assert_true(items[i].note.row < OCORS_COUNTERS_ROWS);
            assert_true(items[i].note.reason < OCORS_REASON_COUNT);
            assert_true(items[i].note.verdict < OCORS_VERDICT_COUNT);
            assert_true(items[i].note.origin_length <= OCORS_SKETCH_TEXT_MAX);
            assert_true(items[i].note.nearest_length <= OCORS_SKETCH_TEXT_MAX);
        }
        assert_true(ocors_sketch_origins(sketch, STAMP, &evicted)
                    <= OCORS_SKETCH_STRIPES * OCORS_SKETCH_SETS * OCORS_SKETCH_WAYS);
        (void)count_once(sketch, 1, "https://a.example", 1);
        ocors_sketch_release(sketch, OWNER);
    }
    free(sketch);
}

static void count(ocors_counters_stripe_t *stripes, uint32_t stripe, uint32_t row, bool is_report,
                  ocors_verdict_t verdict, ocors_reason_t reason)
{
    const size_t place = ocors_counters_place(ocors_counters_band(row, is_report), reason);

    assert_true(place < OCORS_COUNTERS_PLACES);
    ocors_counters_add(ocors_counters_at(stripes, stripe, place, verdict));
}

/* Each verdict, reason and mode has its own counter; a sum takes all stripes. */
static void test_counters(void **state)
{
    const uint32_t stripe_count = 4;
    ocors_counters_stripe_t *stripes = aligned_alloc(64, stripe_count * sizeof(*stripes));
    ocors_counters_refused_t refused;
    uint32_t number = 0;

    (void)state;
    assert_non_null(stripes);
    memset(stripes, 0, stripe_count * sizeof(*stripes));
    for (uint32_t i = 0; i < 2u * OCORS_VERDICT_COUNT * OCORS_REASON_COUNT; i++) {
        const uint32_t row = i % OCORS_COUNTERS_ROWS;
        const bool is_report = i % 2 == 1;
        const ocors_verdict_t verdict = (ocors_verdict_t)(i / 2 % OCORS_VERDICT_COUNT);
        const ocors_reason_t reason = (ocors_reason_t)(i / 2 / OCORS_VERDICT_COUNT);

        assert_int_equal(ocors_counters_row(ocors_counters_band(row, is_report)), row);
        for (uint32_t k = 0; k < i; k++) {
            count(stripes, number++ % stripe_count, row, is_report, verdict, reason);
        }
        assert_int_equal(ocors_counters_sum(stripes, stripe_count, row, is_report, verdict, reason),
                         i);
    }
    assert_int_equal(ocors_counters_sum(stripes, stripe_count, OCORS_COUNTERS_ROWS, false,
                                        OCORS_VERDICT_NONE, OCORS_REASON_NONE),
                     0);
    memset(stripes, 0, stripe_count * sizeof(*stripes));
    count(stripes, 0, 1, false, OCORS_VERDICT_REFUSE, OCORS_REASON_NOT_LISTED);
    count(stripes, 3, 63, false, OCORS_VERDICT_WITHHOLD, OCORS_REASON_NULL_ORIGIN);
    count(stripes, 1, 0, false, OCORS_VERDICT_PREFLIGHT_WITHHOLD, OCORS_REASON_PORT_DIFFERS);
    count(stripes, 1, 2, true, OCORS_VERDICT_REFUSE, OCORS_REASON_NOT_LISTED);
    count(stripes, 1, 2, true, OCORS_VERDICT_ALLOW, OCORS_REASON_NONE);
    refused = ocors_counters_refused(stripes, stripe_count);
    assert_int_equal(refused.refused, 1);
    assert_int_equal(refused.withheld, 2);
    assert_int_equal(refused.reported, 1);
    free(stripes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_it_is_exact_while_there_is_room),
        cmocka_unit_test(test_it_is_right_about_the_top),
        cmocka_unit_test(test_every_place_is_seen),
        cmocka_unit_test(test_half_an_entry_counts_nothing),
        cmocka_unit_test(test_lost_keys_are_counted),
        cmocka_unit_test(test_a_stamp_renews),
        cmocka_unit_test(test_the_newest_note_is_shown),
        cmocka_unit_test(test_an_entry_knows_its_place),
        cmocka_unit_test(test_an_earlier_entry_is_of_no_other_word),
        cmocka_unit_test(test_a_place_is_within_its_bounds),
        cmocka_unit_test(test_no_refusal_counts_under_the_reason_of_another),
        cmocka_unit_test(test_a_dead_owner_is_released),
        cmocka_unit_test(test_long_texts_are_cut),
        cmocka_unit_test(test_any_bytes_are_harmless),
        cmocka_unit_test(test_counters),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
