/* SPDX-License-Identifier: Apache-2.0 */
/* Real threads on src/core/epoch.c and rooms.c, for ThreadSanitizer: test_races.py runs this. */

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ocors_epoch.h"
#include "ocors_rooms.h"

/*
 * The publisher takes room, fills it, publishes it, and writes over what has become free. A process
 * is a slot with some threads. Now and then one is "killed": each of its threads ends in the midst
 * of a visit, they are joined as a parent waits for its child, the slot is released, and another
 * process begins. With BREAK_PROTOCOL readers do not announce themselves: this has to be noticed.
 */
enum {
    PROCESSES = 3,
    THREADS = 2,      /* of each process */
    SLOTS = 4,        /* the last one is nobody's own */
    PUBLICATIONS = 20000,
    KILLS_EVERY = 1000,
    WORDS_MOST = 24,  /* of an edition */
    BEGIN = OCORS_ROOM_ALIGNMENT,
    SIZE = 1536       /* room for some eight editions: it is soon used again */
};

typedef struct edition_t {
    uint64_t number, count, checksum; /* count: of words */
    uint64_t words[];
} edition_t;

static ocors_epoch_head_t head;
static ocors_epoch_slot_t slots[SLOTS];
static uint64_t places[OCORS_EPOCH_CELLS]; /* 0: nothing is there */
static _Alignas(64) unsigned char segment[SIZE];

typedef struct process_t {
    uint64_t owner;
    ocors_epoch_slot_t *slot;
    _Atomic bool is_killed;
    pthread_t threads[THREADS];
} process_t;

static _Atomic bool is_over;
static _Atomic uint64_t visits;

static void fail(const char *message, uint64_t number)
{
    fprintf(stderr, "%s (%llu)\n", message, (unsigned long long)number);
    exit(1);
}

/* The words of an edition are told by its number. */
static uint64_t word_of(uint64_t number, uint64_t at)
{
    return (number << 16 | at) * UINT64_C(0x9e3779b97f4a7c15);
}

static void check_edition(const edition_t *edition, uint64_t least)
{
    const uint64_t number = edition->number;
    uint64_t sum = 0;

    if (number < least) {
        fail("an edition that was past before: number", number);
    }
    if (edition->count != 1 + number % WORDS_MOST) {
        fail("an edition of a wrong size: number", number);
    }
    for (uint64_t i = 0; i < edition->count; i++) {
        if (edition->words[i] != word_of(number, i)) {
            fail("words of two editions: number", number);
        }
        sum += edition->words[i];
    }
    if (sum != edition->checksum || number != edition->number) {
        fail("a checksum is wrong: number", number);
    }
}

static uint32_t enter(ocors_epoch_slot_t *slot)
{
#ifdef BREAK_PROTOCOL
    (void)slot;
    return ocors_epoch_current(&head);
#else
    return ocors_epoch_enter(&head, slot);
#endif
}

static void leave(ocors_epoch_slot_t *slot, uint32_t cell)
{
#ifdef BREAK_PROTOCOL
    (void)slot;
    (void)cell;
#else
    ocors_epoch_leave(slot, cell);
#endif
}

static void *read_editions(void *data)
{
    process_t *process = data;
    uint64_t seen = 0;

    while (!atomic_load_explicit(&is_over, memory_order_relaxed)) {
        const uint32_t cell = enter(process->slot);
        const edition_t *edition;

        if (cell == OCORS_EPOCH_CELLS) {
            continue;
        }
        edition = (const void *)(segment + places[cell]);
        check_edition(edition, seen);
        seen = edition->number;
        atomic_fetch_add_explicit(&visits, 1, memory_order_relaxed);
        if (atomic_load_explicit(&process->is_killed, memory_order_relaxed)) {
            return NULL; /* in the midst of its visit */
        }
        leave(process->slot, cell);
    }
    return NULL;
}

static void begin_process(process_t *process, uint64_t owner)
{
    process->owner = owner;
    process->slot = ocors_epoch_claim(slots, SLOTS, owner);
    atomic_store(&process->is_killed, false);
    for (int i = 0; i < THREADS; i++) {
        if (pthread_create(&process->threads[i], NULL, read_editions, process) != 0) {
            fail("no thread", owner);
        }
    }
}

static void join_process(process_t *process)
{
    for (int i = 0; i < THREADS; i++) {
        pthread_join(process->threads[i], NULL);
    }
}

static void kill_process(process_t *process)
{
    atomic_store(&process->is_killed, true);
    join_process(process);
    ocors_epoch_release(slots, SLOTS, process->owner);
}

static bool is_free(uint32_t cell)
{
    return ocors_epoch_is_free(&head, slots, SLOTS, cell);
}

/* What is in use, as src/httpd/store.c collects it. */
static size_t collect_used(ocors_room_t used[OCORS_EPOCH_CELLS])
{
    size_t count = 0;

    for (uint32_t cell = 0; cell < OCORS_EPOCH_CELLS; cell++) {
        if (places[cell] == 0) {
            continue;
        }
        if (is_free(cell)) {
            places[cell] = 0;
        }
        else {
            const edition_t *edition = (const void *)(segment + places[cell]);

            used[count++] = (ocors_room_t){
                .offset = places[cell],
                .size = sizeof(*edition) + edition->count * sizeof(edition->words[0]),
            };
        }
    }
    return count;
}

static void write_edition(edition_t *edition, uint64_t number)
{
    edition->number = number;
    edition->count = 1 + number % WORDS_MOST;
    edition->checksum = 0;
    for (uint64_t i = 0; i < edition->count; i++) {
        edition->words[i] = word_of(number, i);
        edition->checksum += edition->words[i];
    }
}

/* False: there is no room, or no cell, as long as readers have them. */
static bool publish(uint64_t number)
{
    ocors_room_t used[OCORS_EPOCH_CELLS];
    ocors_rooms_t rooms;
    uint64_t place;
    bool fits;

    if (ocors_rooms_init(&rooms, used, collect_used(used), BEGIN, SIZE) != OCORS_OK) {
        fail("no memory", number);
    }
    fits = ocors_rooms_take(
        &rooms, sizeof(edition_t) + (1 + number % WORDS_MOST) * sizeof(uint64_t), &place);
    ocors_rooms_free(&rooms);
    for (uint32_t cell = 0; cell < OCORS_EPOCH_CELLS && fits; cell++) {
        if (is_free(cell)) {
            write_edition((void *)(segment + place), number);
            places[cell] = place;
            ocors_epoch_publish(&head, cell, 0);
            return true;
        }
    }
    return false;
}

int main(void)
{
    static process_t processes[PROCESSES];
    uint64_t owners = 0, waits = 0;

    for (int i = 0; i < PROCESSES; i++) {
        begin_process(&processes[i], ++owners);
    }
    for (uint64_t number = 1; number <= PUBLICATIONS;) {
        if (!publish(number)) {
            waits++;
            continue;
        }
        if (number % KILLS_EVERY == 0) {
            process_t *process = &processes[owners % PROCESSES];

            kill_process(process);
            begin_process(process, ++owners);
        }
        number++;
    }
    atomic_store(&is_over, true);
    for (int i = 0; i < PROCESSES; i++) {
        join_process(&processes[i]);
        ocors_epoch_release(slots, SLOTS, processes[i].owner);
    }
    for (uint32_t cell = 0; cell < OCORS_EPOCH_CELLS; cell++) {
        if (!is_free(cell) && ocors_epoch_current(&head) != cell) {
            fail("nobody reads any more, and a cell is not free: cell", cell);
        }
    }
    printf("%d publications, %llu visits, %llu processes, %llu waits\n", PUBLICATIONS,
           (unsigned long long)atomic_load(&visits), (unsigned long long)owners,
           (unsigned long long)waits);
    return 0;
}
