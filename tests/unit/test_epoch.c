/* SPDX-License-Identifier: Apache-2.0 */
/* Epochs: each call by itself, then every order of the steps of readers and publisher. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "epoch_model.h"

#define CELLS OCORS_EPOCH_AREAS

enum {
    SLOTS = 4
};

static ocors_epoch_head_t head;
static ocors_epoch_reader_t slots[SLOTS];

static int begin_anew(void **state)
{
    (void)state;
    memset(&head, 0, sizeof(head));
    memset(slots, 0, sizeof(slots));
    return 0;
}

/* ---- Each call by itself --------------------------------------------------------------------- */

static void a_process_has_a_slot_of_its_own(void **state)
{
    (void)state;
    for (uint32_t i = 0; i + 1 < SLOTS; i++) {
        assert_ptr_equal(ocors_epoch_take(slots, SLOTS, 100 + i), &slots[i]);
        assert_int_equal(atomic_load(&slots[i].owner), 100 + i);
    }
    ocors_epoch_release(slots, SLOTS, 101);
    assert_int_equal(atomic_load(&slots[0].owner), 100);
    assert_int_equal(atomic_load(&slots[1].owner), 0);
    assert_int_equal(atomic_load(&slots[2].owner), 102);
    assert_ptr_equal(ocors_epoch_take(slots, SLOTS, 103), &slots[1]);
}

static void the_last_slot_is_shared(void **state)
{
    (void)state;
    for (uint32_t i = 0; i + 1 < SLOTS; i++) {
        ocors_epoch_take(slots, SLOTS, 100 + i);
    }
    for (uint32_t i = 0; i < 3; i++) {
        assert_ptr_equal(ocors_epoch_take(slots, SLOTS, 200 + i), &slots[SLOTS - 1]);
        assert_int_equal(atomic_load(&slots[SLOTS - 1].owner), 0);
    }
    ocors_epoch_publish(&head, 0, 0);
    assert_int_equal(ocors_epoch_pin(&head, &slots[SLOTS - 1]), 0);
    ocors_epoch_publish(&head, 1, 0);
    for (uint64_t owner = 1; owner < 300; owner++) {
        ocors_epoch_release(slots, SLOTS, owner);
        assert_false(ocors_epoch_is_free(&head, slots, SLOTS, 0));
    }
    ocors_epoch_unpin(&slots[SLOTS - 1], 0);
    assert_true(ocors_epoch_is_free(&head, slots, SLOTS, 0));
    /* Where there is one slot only, it is everybody's. */
    assert_ptr_equal(ocors_epoch_take(slots, 1, 7), &slots[0]);
    assert_int_equal(atomic_load(&slots[0].owner), 0);
}

static void release_clears_what_a_dead_process_counted(void **state)
{
    ocors_epoch_reader_t *dead = ocors_epoch_take(slots, SLOTS, 1);
    ocors_epoch_reader_t *living = ocors_epoch_take(slots, SLOTS, 2);

    (void)state;
    for (uint32_t area = 0; area < CELLS; area++) {
        ocors_epoch_publish(&head, area, 0);
        for (uint32_t i = 0; i < 3; i++) {
            assert_int_equal(ocors_epoch_pin(&head, dead), area);
        }
    }
    ocors_epoch_publish(&head, 2, 0);
    assert_int_equal(ocors_epoch_pin(&head, living), 2);
    ocors_epoch_publish(&head, 3, 0);
    for (uint32_t area = 0; area < CELLS; area++) {
        assert_false(ocors_epoch_is_free(&head, slots, SLOTS, area));
    }
    ocors_epoch_release(slots, SLOTS, 3); /* nobody's */
    assert_false(ocors_epoch_is_free(&head, slots, SLOTS, 0));
    ocors_epoch_release(slots, SLOTS, 1);
    for (uint32_t area = 0; area < CELLS; area++) {
        assert_int_equal(ocors_epoch_is_free(&head, slots, SLOTS, area), area != 2 && area != 3);
    }
    ocors_epoch_unpin(living, 2);
    assert_true(ocors_epoch_is_free(&head, slots, SLOTS, 2));
}

/* 0 is no process: the slot that several share stays as it is. */
static void release_of_nobody_clears_nothing(void **state)
{
    ocors_epoch_reader_t *common = &slots[SLOTS - 1];

    (void)state;
    ocors_epoch_publish(&head, 1, 0);
    assert_int_equal(ocors_epoch_pin(&head, common), 1);
    ocors_epoch_publish(&head, 2, 0);
    ocors_epoch_release(slots, SLOTS, 0);
    assert_false(ocors_epoch_is_free(&head, slots, SLOTS, 1));
    ocors_epoch_unpin(common, 1);
    assert_true(ocors_epoch_is_free(&head, slots, SLOTS, 1));
}

static void nothing_to_visit_before_a_publication(void **state)
{
    (void)state;
    assert_int_equal(ocors_epoch_pin(&head, &slots[0]), CELLS);
    assert_int_equal(ocors_epoch_current(&head), CELLS);
    assert_int_equal(ocors_epoch_hint(&head), 0);
    for (uint32_t area = 0; area < CELLS; area++) {
        assert_int_equal(atomic_load(&slots[0].inside[area]), 0);
        assert_true(ocors_epoch_is_free(&head, slots, SLOTS, area));
    }
}

static void a_cell_is_free_when_it_is_past_and_unread(void **state)
{
    (void)state;
    for (uint32_t area = 0; area < CELLS; area++) {
        const uint32_t other = (area + 1) % CELLS;

        for (uint32_t i = 0; i < SLOTS; i++) {
            ocors_epoch_publish(&head, area, 0);
            assert_int_equal(ocors_epoch_current(&head), area);
            assert_false(ocors_epoch_is_free(&head, slots, SLOTS, area));
            assert_int_equal(ocors_epoch_pin(&head, &slots[i]), area);
            assert_int_equal(ocors_epoch_pin(&head, &slots[i]), area);
            ocors_epoch_publish(&head, other, 0);
            assert_int_equal(ocors_epoch_pin(&head, &slots[i]), other);
            ocors_epoch_unpin(&slots[i], other);
            assert_false(ocors_epoch_is_free(&head, slots, SLOTS, area));
            ocors_epoch_unpin(&slots[i], area);
            assert_false(ocors_epoch_is_free(&head, slots, SLOTS, area));
            ocors_epoch_unpin(&slots[i], area);
            assert_true(ocors_epoch_is_free(&head, slots, SLOTS, area));
        }
    }
}

static void a_hint_comes_with_its_snapshot(void **state)
{
    const uint32_t all = (UINT32_C(1) << OCORS_EPOCH_HINT_BITS) - 1;

    (void)state;
    for (uint32_t area = 0; area < CELLS; area++) {
        const uint32_t hints[] = { 0, 1, all / 2 + 1, all };

        for (size_t i = 0; i < sizeof(hints) / sizeof(hints[0]); i++) {
            ocors_epoch_publish(&head, area, hints[i]);
            assert_int_equal(ocors_epoch_hint(&head), hints[i]);
            assert_int_equal(ocors_epoch_current(&head), area);
            assert_int_equal(ocors_epoch_pin(&head, &slots[0]), area);
            ocors_epoch_unpin(&slots[0], area);
        }
    }
}

/* A head that somebody wrote over leads to no area that is not there. */
static void a_damaged_head_names_no_area(void **state)
{
    (void)state;
    for (uint32_t number = 0; number < 16; number++) {
        const uint32_t expected = number >= 1 && number <= CELLS ? number - 1 : CELLS;

        atomic_store(&head.current, UINT32_C(0xfffffff0) | number);
        assert_int_equal(ocors_epoch_current(&head), expected);
        assert_int_equal(ocors_epoch_pin(&head, &slots[0]), expected);
    }
}

/*
 * The model runs operations in one order, and ThreadSanitizer asks for no more than acquire and
 * release. The memory orders alone make the steps that src/core/epoch.c names happen in one order.
 */
static void what_has_to_stand_in_one_order_asks_for_it(void **state)
{
    static const memory_order entering[] = { memory_order_seq_cst, memory_order_seq_cst,
                                             memory_order_seq_cst };

    (void)state;
    memset(&machine, 0, sizeof(machine));
    model_publish(&head, 2, 0);
    assert_int_equal(machine.order_count, 1);
    assert_int_equal(machine.orders[0], memory_order_seq_cst);
    machine.order_count = 0;
    assert_int_equal(model_pin(&head, &slots[0]), 2);
    assert_int_equal(machine.order_count, 3);
    assert_memory_equal(machine.orders, entering, sizeof(entering));
    model_unpin(&slots[0], 2);
    assert_int_equal(machine.order_count, 4);
    assert_true(machine.orders[3] == memory_order_release
                || machine.orders[3] == memory_order_acq_rel
                || machine.orders[3] == memory_order_seq_cst);
    machine.order_count = 0;
    assert_true(model_is_free(&head, slots, SLOTS, 1));
    /* The publisher wrote `current` itself: that load may be relaxed, and the counts' may not. */
    assert_int_equal(machine.order_count, 1 + SLOTS);
    for (uint32_t i = 1; i <= SLOTS; i++) {
        assert_int_equal(machine.orders[i], memory_order_seq_cst);
    }
}

/* ---- Programs -------------------------------------------------------------------------------- */

typedef uint32_t enter_t(const ocors_epoch_head_t *from, ocors_epoch_reader_t *slot);

static void read_room(uint32_t area)
{
    const uint32_t low = model_read(&machine.world.low[area]);
    const uint32_t high = model_read(&machine.world.high[area]);

    if (low != high) {
        model_violate("a reader sees halves of two snapshots");
    }
    else if (low == 0 || low > machine.world.published) {
        model_violate("a reader sees a snapshot that is not published yet");
    }
    else if (low < machine.self->since) {
        model_violate("a reader sees a snapshot that was past when it came");
    }
}

static void visit_with(enter_t *enter, bool leaves_first)
{
    model_thread_t *self = machine.self;
    ocors_epoch_reader_t *slot = &machine.world.slots[self->slot];
    const uint32_t area = enter(&machine.world.head, slot);

    if (area < CELLS) {
        self->area = area;
        if (leaves_first) {
            model_unpin(slot, area);
        }
        read_room(area);
        if (!leaves_first) {
            model_unpin(slot, area);
        }
        self->area = CELLS;
    }
    else if (area != CELLS || self->since > 0) {
        model_violate("a reader finds nothing where something was published");
    }
    self->done++;
}

static void write_room(uint32_t area)
{
    const uint32_t number = machine.self->done + 1;

    /* Whoever is stopped cannot tell of its damage. */
    for (uint32_t i = 1; i < machine.played->threads; i++) {
        const model_thread_t *thread = &machine.world.threads[i];

        if (thread->fate == MODEL_STOPPED && thread->area == area) {
            model_violate("the room of a reader that is stopped is written to");
        }
    }
    model_write(&machine.world.low[area], number);
    model_write(&machine.world.high[area], number);
}

static void publish(uint32_t area)
{
    model_publish(&machine.world.head, area, 0);
    machine.world.published = ++machine.self->done;
}

static void visit(void)
{
    visit_with(model_pin, false);
}

/* Where no area is free, the act ends so, and another one begins. */
static void publication(void)
{
    for (uint32_t area = 0; area < machine.played->areas; area++) {
        if (model_is_free(&machine.world.head, machine.world.slots, machine.played->slots, area)) {
            write_room(area);
            publish(area);
            return;
        }
    }
    if (machine.self->is_alone) {
        model_violate("nobody else goes on, and no area is free");
    }
}

static void release(void)
{
    model_release(machine.world.slots, machine.played->slots, 1);
    machine.world.threads[1].fate = MODEL_RELEASED;
}

/* ---- Weaker programs ------------------------------------------------------------------------- */

static uint32_t enter_without_recheck(const ocors_epoch_head_t *from, ocors_epoch_reader_t *slot)
{
    const uint32_t area = model_current(from);

    if (area != CELLS) {
        model_add(&slot->inside[area], 1, memory_order_seq_cst);
    }
    return area;
}

static void visit_without_recheck(void)
{
    visit_with(enter_without_recheck, false);
}

static void visit_leaving_first(void)
{
    visit_with(model_pin, true);
}

static bool nobody_is_inside(uint32_t area)
{
    for (uint32_t i = 0; i < machine.played->slots; i++) {
        if (model_load_32(&machine.world.slots[i].inside[area], memory_order_seq_cst) != 0) {
            return false;
        }
    }
    return true;
}

/* Looks at the counts of what it writes to next, and only then takes that out of force. */
static void publication_looking_early(void)
{
    const uint32_t area = machine.self->next;
    const uint32_t other = (area + 1) % machine.played->areas;

    if (nobody_is_inside(other)) {
        write_room(area);
        publish(area);
        machine.self->next = other;
    }
}

static void publication_not_looking(void)
{
    const uint32_t area = machine.self->done % machine.played->areas;

    write_room(area);
    publish(area);
}

/* Whoever claims the slot in between is no longer counted. */
static void release_giving_away_first(void)
{
    for (uint32_t i = 0; i < machine.played->slots; i++) {
        ocors_epoch_reader_t *slot = &machine.world.slots[i];

        if (model_load_64(&slot->owner, memory_order_acquire) == 1) {
            model_store_64(&slot->owner, 0, memory_order_release);
            for (uint32_t area = 0; area < CELLS; area++) {
                model_store_32(&slot->inside[area], 0, memory_order_seq_cst);
            }
        }
    }
    machine.world.threads[1].fate = MODEL_RELEASED;
}

static void release_not_clearing(void)
{
    for (uint32_t i = 0; i < machine.played->slots; i++) {
        uint64_t owner = 1;

        model_exchange(&machine.world.slots[i].owner, &owner, 0);
    }
    machine.world.threads[1].fate = MODEL_RELEASED;
}

/* ---- Every order ----------------------------------------------------------------------------- */

/* One of the cases, with the programs as they are meant. */
static model_case_t case_make(uint32_t readers, uint32_t visits, uint32_t publications)
{
    return (model_case_t){
        .threads = 1 + readers,
        .slots = readers,
        .areas = 2,
        .publications = publications,
        .visits = visits,
        .visit = visit,
        .publication = publication,
        .release = release,
    };
}

static void assert_holds(const char *name, const model_case_t *played, uint32_t floor)
{
    const model_search_t search = model_explore(played);

    if (search.violation != NULL) {
        model_print_path();
    }
    print_message("%s: %u states, %llu steps, depth %u\n", name, search.states,
                  (unsigned long long)search.steps, search.deepest);
    assert_null(search.violation);
    assert_true(search.states >= floor); /* it did look at something */
}

/* The same search finds out a weaker protocol, and finds this wrong with it. */
static void assert_breaks(const char *name, model_case_t played, const char *wanted)
{
    model_search_t search;

    played.wanted = wanted;
    search = model_explore(&played);
    print_message("%s: after %u states: %s\n", name, search.states,
                  search.violation != NULL ? search.violation : "nothing was found");
    assert_non_null(search.violation);
}

#define TORN "a reader sees halves of two snapshots"

static void one_reader_in_every_order(void **state)
{
    const model_case_t played = case_make(1, 3, 6);

    (void)state;
    assert_holds("one reader, 3 visits, 6 publications", &played, 1000);
}

static void two_readers_in_every_order(void **state)
{
    model_case_t played = case_make(2, 2, 3);

    (void)state;
    assert_holds("two readers, 2 visits, 3 publications", &played, 10000);
    played = case_make(2, 1, 4);
    played.areas = 3;
    assert_holds("two readers, 4 publications in 3 areas", &played, 10000);
}

static void two_threads_of_one_process_in_every_order(void **state)
{
    model_case_t played = case_make(2, 2, 3);

    (void)state;
    played.slots = 1;
    played.has_one_process = true;
    assert_holds("two threads, one slot, 2 visits, 3 publications", &played, 10000);
}

/* As the store does it. Two readers that are held up in two areas leave two to go on with. */
static void all_areas_in_every_order(void **state)
{
    model_case_t played = case_make(2, 1, 4);

    (void)state;
    played.areas = CELLS;
    played.fate = MODEL_STOPPED;
    assert_holds("one of two readers is stopped, 4 publications in all areas", &played, 100000);
    played.fate = MODEL_KILLED;
    assert_holds("one of two readers is killed, 4 publications in all areas", &played, 100000);
}

/*
 * Whoever comes may get the dead process's slot, or the shared one. The third area is for a reader
 * that is killed in the shared one, and counted there for good.
 */
static void a_reader_is_killed_at_every_step(void **state)
{
    model_case_t played = case_make(2, 1, 3);

    (void)state;
    played.areas = 3;
    played.fate = MODEL_KILLED;
    assert_holds("one of two readers is killed, 3 publications", &played, 10000);
    played = case_make(1, 2, 4);
    played.slots = 2;
    played.fate = MODEL_KILLED;
    assert_holds("the one reader is killed, 2 visits, 4 publications", &played, 1000);
}

/* It keeps one area: of three, two are left, and they are enough to go on for ever. */
static void a_reader_is_stopped_at_every_step(void **state)
{
    model_case_t played = case_make(1, 1, 6);

    (void)state;
    played.areas = 3;
    played.fate = MODEL_STOPPED;
    assert_holds("the one reader is stopped, 6 publications", &played, 1000);
    played = case_make(2, 1, 4);
    played.areas = 3;
    played.fate = MODEL_STOPPED;
    assert_holds("one of two readers is stopped, 4 publications", &played, 10000);
}

static void a_weaker_reader_is_found_out(void **state)
{
    model_case_t played = case_make(1, 1, 3);

    (void)state;
    played.visit = visit_without_recheck;
    assert_breaks("no recheck", played, TORN);
    played.visit = visit_leaving_first;
    assert_breaks("leaves before it reads", played, TORN);
}

static void a_weaker_publisher_is_found_out(void **state)
{
    model_case_t played = case_make(1, 1, 3);

    (void)state;
    played.publication = publication_looking_early;
    assert_breaks("looks too early", played, TORN);
    played.publication = publication_not_looking;
    assert_breaks("does not look", played, TORN);
    /* A reader that is stopped sees nothing any more: its room tells. */
    played.fate = MODEL_STOPPED;
    assert_breaks("does not look at one that is stopped", played,
                  "the room of a reader that is stopped is written to");
}

static void a_weaker_release_is_found_out(void **state)
{
    model_case_t played = case_make(2, 1, 3);

    (void)state;
    played.fate = MODEL_KILLED;
    played.release = release_giving_away_first;
    assert_breaks("gives the slot away before it clears it", played, "a count falls below 0");
    played = case_make(1, 1, 3);
    played.slots = 2;
    played.fate = MODEL_KILLED;
    played.release = release_not_clearing;
    assert_breaks("clears nothing", played, "nobody else goes on, and no area is free");
    played.publications = 1;
    assert_breaks("clears nothing, and nobody wants the area", played,
                  "an area does not become free again");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(a_process_has_a_slot_of_its_own, begin_anew),
        cmocka_unit_test_setup(the_last_slot_is_shared, begin_anew),
        cmocka_unit_test_setup(release_clears_what_a_dead_process_counted, begin_anew),
        cmocka_unit_test_setup(release_of_nobody_clears_nothing, begin_anew),
        cmocka_unit_test_setup(nothing_to_visit_before_a_publication, begin_anew),
        cmocka_unit_test_setup(a_cell_is_free_when_it_is_past_and_unread, begin_anew),
        cmocka_unit_test_setup(a_hint_comes_with_its_snapshot, begin_anew),
        cmocka_unit_test_setup(a_damaged_head_names_no_area, begin_anew),
        cmocka_unit_test_setup(what_has_to_stand_in_one_order_asks_for_it, begin_anew),
        cmocka_unit_test(one_reader_in_every_order),
        cmocka_unit_test(two_readers_in_every_order),
        cmocka_unit_test(two_threads_of_one_process_in_every_order),
        cmocka_unit_test(all_areas_in_every_order),
        cmocka_unit_test(a_reader_is_killed_at_every_step),
        cmocka_unit_test(a_reader_is_stopped_at_every_step),
        cmocka_unit_test(a_weaker_reader_is_found_out),
        cmocka_unit_test(a_weaker_publisher_is_found_out),
        cmocka_unit_test(a_weaker_release_is_found_out),
    };

    return cmocka_run_group_tests_name("epoch", tests, NULL, NULL) != 0;
}
