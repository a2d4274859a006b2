/* SPDX-License-Identifier: Apache-2.0 */
/* Every order of the steps of src/core/epoch.c: the operations, and the search through all states.
 */

#include "epoch_model.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ocors_hash.h"

enum {
    MODEL_KEY = 256 /* bytes that tell a state from each other one */
};

enum {
    ACT_CLAIM,
    ACT_VISIT,
    ACT_PUBLICATION,
    ACT_RELEASE
};

model_machine_t machine;

void model_violate(const char *text)
{
    const char *wanted = machine.played->wanted;

    if (machine.violation == NULL && (wanted == NULL || strcmp(text, wanted) == 0)) {
        machine.violation = text;
    }
}

/* ---- Operations ------------------------------------------------------------------------------ */

/* True: this operation was done in an earlier step, with this result. False: do it now. */
static bool model_replays(memory_order order, uint32_t *result)
{
    if (machine.self == NULL) {
        machine.orders[machine.order_count++ % MODEL_ORDERS] = order;
        return false;
    }
    if (machine.at < machine.self->log_count) {
        *result = machine.self->log[machine.at++];
        return true;
    }
    if (machine.has_stepped) {
        longjmp(machine.out, 1);
    }
    machine.has_stepped = true;
    return false;
}

static uint32_t model_record(uint32_t result)
{
    if (machine.self != NULL) {
        if (machine.self->log_count == MODEL_LOG) {
            model_violate("an act does not come to its end");
            longjmp(machine.out, 1);
        }
        machine.self->log[machine.self->log_count++] = result;
        machine.at++;
    }
    return result;
}

uint32_t model_load_32(const _Atomic uint32_t *object, memory_order order)
{
    uint32_t result;

    return model_replays(order, &result) ? result : model_record(atomic_load(object));
}

uint64_t model_load_64(const _Atomic uint64_t *object, memory_order order)
{
    uint32_t result;

    return model_replays(order, &result) ? result : model_record((uint32_t)atomic_load(object));
}

void model_store_32(_Atomic uint32_t *object, uint32_t value, memory_order order)
{
    uint32_t result;

    if (!model_replays(order, &result)) {
        atomic_store(object, value);
        model_record(0);
    }
}

void model_store_64(_Atomic uint64_t *object, uint64_t value, memory_order order)
{
    uint32_t result;

    if (!model_replays(order, &result)) {
        atomic_store(object, value);
        model_record(0);
    }
}

uint32_t model_add(_Atomic uint32_t *object, uint32_t value, memory_order order)
{
    uint32_t result;

    return model_replays(order, &result) ? result : model_record(atomic_fetch_add(object, value));
}

uint32_t model_subtract(_Atomic uint32_t *object, uint32_t value, memory_order order)
{
    uint32_t result;

    if (model_replays(order, &result)) {
        return result;
    }
    if (atomic_load(object) < value) {
        model_violate("a count falls below 0");
    }
    return model_record(atomic_fetch_sub(object, value));
}

bool model_exchange(_Atomic uint64_t *object, uint64_t *expected, uint64_t value)
{
    uint32_t found;

    if (!model_replays(memory_order_seq_cst, &found)) {
        uint64_t before = *expected;

        atomic_compare_exchange_strong(object, &before, value);
        found = model_record((uint32_t)before);
    }
    if (found == *expected) {
        return true;
    }
    *expected = found;
    return false;
}

uint32_t model_read(const uint32_t *word)
{
    uint32_t result;

    return model_replays(memory_order_relaxed, &result) ? result : model_record(*word);
}

void model_write(uint32_t *word, uint32_t value)
{
    uint32_t result;

    if (!model_replays(memory_order_relaxed, &result)) {
        *word = value;
        model_record(0);
    }
}

/* ---- The code under test, with these operations ---------------------------------------------- */

#undef atomic_load_explicit
#undef atomic_store_explicit
#undef atomic_fetch_add_explicit
#undef atomic_fetch_sub_explicit
#undef atomic_compare_exchange_strong

#define atomic_load_explicit(object, order)                                                        \
    _Generic((object),                                 \
        _Atomic uint32_t *: model_load_32,             \
        const _Atomic uint32_t *: model_load_32,       \
        _Atomic uint64_t *: model_load_64,             \
        const _Atomic uint64_t *: model_load_64)((object), (order))
#define atomic_store_explicit(object, value, order)                                                \
    _Generic((object),                                 \
        _Atomic uint32_t *: model_store_32,            \
        _Atomic uint64_t *: model_store_64)((object), (value), (order))
#define atomic_fetch_add_explicit(object, value, order) model_add((object), (value), (order))
#define atomic_fetch_sub_explicit(object, value, order) model_subtract((object), (value), (order))
#define atomic_compare_exchange_strong(object, expected, value)                                    \
    model_exchange((object), (expected), (value))

#define ocors_epoch_take    model_take
#define ocors_epoch_release model_release
#define ocors_epoch_pin     model_pin
#define ocors_epoch_unpin   model_unpin
#define ocors_epoch_current model_current
#define ocors_epoch_is_free model_is_free
#define ocors_epoch_publish model_publish

#include "../../src/core/epoch.c"

#undef ocors_epoch_take
#undef ocors_epoch_release
#undef ocors_epoch_pin
#undef ocors_epoch_unpin
#undef ocors_epoch_current
#undef ocors_epoch_is_free
#undef ocors_epoch_publish

/* ---- Which states were seen ------------------------------------------------------------------ */

static struct {
    unsigned char *keys; /* MODEL_KEY bytes each */
    uint32_t *table;     /* numbers of keys, from 1; 0 = free */
    uint32_t count, room, mask;
    uint64_t steps;
} seen;

typedef struct model_key_t {
    unsigned char bytes[MODEL_KEY];
    size_t length;
} model_key_t;

static void key_add(model_key_t *key, uint64_t value)
{
    if (key->length == MODEL_KEY || value > 255) {
        fprintf(stderr, "the model's key is too small\n");
        abort();
    }
    key->bytes[key->length++] = (unsigned char)value;
}

static void key_make(model_key_t *key)
{
    model_world_t *world = &machine.world;

    memset(key, 0, sizeof(*key));
    key_add(key, atomic_load(&world->head.current));
    key_add(key, world->published);
    for (uint32_t area = 0; area < machine.played->areas; area++) {
        key_add(key, world->low[area]);
        key_add(key, world->high[area]);
        for (uint32_t i = 0; i < machine.played->slots; i++) {
            key_add(key, atomic_load(&world->slots[i].inside[area]));
        }
    }
    for (uint32_t i = 0; i < machine.played->slots; i++) {
        key_add(key, atomic_load(&world->slots[i].owner));
    }
    for (uint32_t i = 0; i < machine.played->threads; i++) {
        const model_thread_t *thread = &world->threads[i];

        key_add(key, thread->fate);
        key_add(key, thread->act);
        key_add(key, thread->done);
        key_add(key, thread->slot);
        key_add(key, thread->area);
        key_add(key, thread->since);
        key_add(key, thread->next);
        key_add(key, thread->is_alone);
        key_add(key, thread->log_count);
        for (uint32_t k = 0; k < thread->log_count; k++) {
            key_add(key, thread->log[k]);
        }
    }
}

static uint32_t *place_of(const unsigned char *bytes)
{
    uint32_t at = (uint32_t)ocors_hash(1, ocors_span_make((const char *)bytes, MODEL_KEY));

    for (;; at++) {
        uint32_t *place = &seen.table[at & seen.mask];

        if (*place == 0
            || memcmp(seen.keys + (size_t)(*place - 1) * MODEL_KEY, bytes, MODEL_KEY) == 0) {
            return place;
        }
    }
}

static void *must(void *memory)
{
    if (memory == NULL) {
        fprintf(stderr, "no memory for the model\n");
        abort();
    }
    return memory;
}

static void seen_grow(void)
{
    seen.room = seen.room == 0 ? 1024 : 2 * seen.room;
    seen.mask = 2 * seen.room - 1;
    seen.keys = must(realloc(seen.keys, (size_t)seen.room * MODEL_KEY));
    free(seen.table);
    seen.table = must(calloc((size_t)seen.mask + 1, sizeof(*seen.table)));
    for (uint32_t i = 0; i < seen.count; i++) {
        *place_of(seen.keys + (size_t)i * MODEL_KEY) = i + 1;
    }
}

/* Whether the machine's state is new; from now on it is not. */
static bool seen_add(void)
{
    model_key_t key;
    uint32_t *place;

    if (seen.count == seen.room) {
        seen_grow();
    }
    key_make(&key);
    place = place_of(key.bytes);
    if (*place != 0) {
        return false;
    }
    memcpy(seen.keys + (size_t)seen.count * MODEL_KEY, key.bytes, MODEL_KEY);
    *place = ++seen.count;
    return true;
}

static void seen_free(void)
{
    free(seen.keys);
    free(seen.table);
    memset(&seen, 0, sizeof(seen));
}

/* ---- The search ------------------------------------------------------------------------------ */

static bool has_to_release(const model_world_t *world)
{
    return world->threads[1].fate == MODEL_KILLED;
}

/* Whether a thread has something to do. */
static bool can_step(const model_world_t *world, uint32_t number)
{
    const model_thread_t *thread = &world->threads[number];

    if (thread->fate != MODEL_RUNS) {
        return false;
    }
    return number == 0 ? thread->log_count > 0 || thread->done < machine.played->publications
                             || has_to_release(world)
                       : thread->done < machine.played->visits;
}

static bool is_alone(const model_world_t *world, uint32_t number)
{
    for (uint32_t i = 0; i < machine.played->threads; i++) {
        if (i != number && can_step(world, i)) {
            return false;
        }
    }
    return !has_to_release(world);
}

static void begin_act(uint32_t number, uint32_t act)
{
    model_thread_t *thread = &machine.world.threads[number];

    thread->act = act;
    thread->since = machine.world.published;
    thread->is_alone = is_alone(&machine.world, number);
}

static void act_claim(void)
{
    const ocors_epoch_reader_t *slot = model_take(machine.world.slots, machine.played->slots,
                                                  (uint64_t)(machine.self - machine.world.threads));

    machine.self->slot = (uint32_t)(slot - machine.world.slots);
}

/* One operation of one thread, and what it does by itself until its next one. */
static void take_step(uint32_t number)
{
    static void (*act)(void);

    machine.self = &machine.world.threads[number];
    machine.at = 0;
    machine.has_stepped = false;
    act = machine.self->act == ACT_CLAIM         ? act_claim
          : machine.self->act == ACT_VISIT       ? machine.played->visit
          : machine.self->act == ACT_PUBLICATION ? machine.played->publication
                                                 : machine.played->release;
    if (setjmp(machine.out) == 0) {
        act();
        machine.self->log_count = 0; /* the act is over */
        machine.self->since = machine.self->act = machine.self->is_alone = 0;
    }
    machine.self = NULL;
    seen.steps++;
}

static void befall(uint32_t number)
{
    model_thread_t *thread = &machine.world.threads[number];

    thread->fate = machine.played->fate;
    thread->log_count = thread->act = thread->since = thread->is_alone = 0;
    if (thread->fate == MODEL_KILLED) {
        thread->area = OCORS_EPOCH_AREAS; /* it reads no more; a stopped one might */
    }
}

/* When nobody can take a step: counts are what is left of those who did not come to their end. */
static void check_end(void)
{
    const model_thread_t *first = &machine.world.threads[1];
    const bool may_count = first->fate == MODEL_STOPPED
                           || (first->fate == MODEL_RELEASED
                               && first->slot == machine.played->slots - 1);
    uint32_t counted = 0;

    for (uint32_t i = 0; i < machine.played->slots; i++) {
        for (uint32_t area = 0; area < OCORS_EPOCH_AREAS; area++) {
            counted += atomic_load(&machine.world.slots[i].inside[area]);
        }
    }
    if (counted > (may_count ? 1 : 0)) {
        model_violate("an area does not become free again");
    }
}

static void explore(void);

/* Goes on from the machine's state, and comes back to `from`. */
static void descend(const model_world_t *from, uint32_t move)
{
    if (machine.depth == MODEL_DEPTH) {
        model_violate("the search does not come to its end");
    }
    if (machine.violation != NULL) {
        return;
    }
    machine.path[machine.depth++] = (unsigned char)move;
    machine.deepest = machine.depth > machine.deepest ? machine.depth : machine.deepest;
    if (seen_add()) {
        explore();
    }
    if (machine.violation == NULL) {
        machine.depth--;
        machine.world = *from;
    }
}

/* Takes one step from `from`; an act that begins is this one. */
static void try_step(const model_world_t *from, uint32_t number, uint32_t act)
{
    if (machine.violation != NULL) {
        return;
    }
    if (from->threads[number].log_count == 0) {
        begin_act(number, act);
    }
    take_step(number);
    descend(from, number);
}

static void explore(void)
{
    const model_world_t from = machine.world;
    bool is_end = true;

    for (uint32_t i = 0; i < machine.played->threads; i++) {
        const model_thread_t *thread = &from.threads[i];

        if (!can_step(&from, i)) {
            continue;
        }
        is_end = false;
        if (i > 0) {
            try_step(&from, i, thread->slot == MODEL_SLOTS ? ACT_CLAIM : ACT_VISIT);
        }
        else if (thread->log_count > 0) {
            try_step(&from, i, thread->act);
        }
        else {
            if (thread->done < machine.played->publications) {
                try_step(&from, i, ACT_PUBLICATION);
            }
            if (has_to_release(&from)) {
                try_step(&from, i, ACT_RELEASE);
            }
        }
    }
    if (machine.played->fate != MODEL_RUNS && can_step(&from, 1) && machine.violation == NULL) {
        befall(1);
        descend(&from, 100 + 1);
    }
    if (is_end && machine.violation == NULL) {
        check_end();
    }
}

model_search_t model_explore(const model_case_t *played)
{
    model_search_t search;

    memset(&machine, 0, sizeof(machine));
    machine.played = played;
    for (uint32_t i = 0; i < played->threads; i++) {
        machine.world.threads[i].slot = i > 0 && !played->has_one_process ? MODEL_SLOTS : 0;
        machine.world.threads[i].area = OCORS_EPOCH_AREAS;
    }
    seen_add();
    explore();
    search = (model_search_t){ machine.violation, seen.count, seen.steps, machine.deepest };
    seen_free();
    return search;
}

void model_print_path(void)
{
    fprintf(stderr, "%s; steps of threads (0: the publisher):", machine.violation);
    for (uint32_t i = 0; i < machine.depth; i++) {
        fprintf(stderr, machine.path[i] >= 100 ? " (fate of %u)" : " %u", machine.path[i] % 100);
    }
    fprintf(stderr, "\n");
}
