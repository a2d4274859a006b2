/* SPDX-License-Identifier: Apache-2.0 */
/* Real threads on src/core/epoch.c, for ThreadSanitizer: test_races.py runs this. */

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ocors_epoch.h"

/*
 * The publisher fills a free area and publishes it. A process is a reader with some threads. Now
 * and then one is "killed": each of its threads ends in the midst of a visit, they are joined as a
 * parent waits for its child, the reader is released, and another process begins. With
 * BREAK_PROTOCOL threads do not pin what they read: this has to be noticed.
 */
enum {
    PROCESSES = 3,
    THREADS = 2, /* of each process */
    SLOTS = 4,   /* the last one is nobody's own */
    PUBLICATIONS = 20000,
    KILLS_EVERY = 1000,
    WORDS_MOST = 24 /* of a snapshot */
};

typedef struct snapshot_t {
    uint64_t number, count, checksum; /* count: of words */
    uint64_t words[WORDS_MOST];
} snapshot_t;

static ocors_epoch_head_t head;
static ocors_epoch_reader_t slots[SLOTS];
static snapshot_t areas[OCORS_EPOCH_AREAS];

typedef struct process_t {
    uint64_t owner;
    ocors_epoch_reader_t *slot;
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

/* The words of a snapshot are told by its number. */
static uint64_t word_of(uint64_t number, uint64_t at)
{
    return (number << 16 | at) * UINT64_C(0x9e3779b97f4a7c15);
}

static void check_snapshot(const snapshot_t *snapshot, uint64_t least)
{
    const uint64_t number = snapshot->number;
    uint64_t sum = 0;

    if (number < least) {
        fail("a snapshot that was past before: number", number);
    }
    if (snapshot->count != 1 + number % WORDS_MOST) {
        fail("a snapshot of a wrong size: number", number);
    }
    for (uint64_t i = 0; i < snapshot->count; i++) {
        if (snapshot->words[i] != word_of(number, i)) {
            fail("words of two snapshots: number", number);
        }
        sum += snapshot->words[i];
    }
    if (sum != snapshot->checksum || number != snapshot->number) {
        fail("a checksum is wrong: number", number);
    }
}

static uint32_t enter(ocors_epoch_reader_t *slot)
{
#ifdef BREAK_PROTOCOL
    (void)slot;
    return ocors_epoch_current(&head);
#else
    return ocors_epoch_pin(&head, slot);
#endif
}

static void leave(ocors_epoch_reader_t *slot, uint32_t area)
{
#ifdef BREAK_PROTOCOL
    (void)slot;
    (void)area;
#else
    ocors_epoch_unpin(slot, area);
#endif
}

static void *read_snapshots(void *data)
{
    process_t *process = data;
    uint64_t seen = 0;

    while (!atomic_load_explicit(&is_over, memory_order_relaxed)) {
        const uint32_t area = enter(process->slot);
        const snapshot_t *snapshot;

        if (area == OCORS_EPOCH_AREAS) {
            continue;
        }
        snapshot = &areas[area];
        check_snapshot(snapshot, seen);
        seen = snapshot->number;
        atomic_fetch_add_explicit(&visits, 1, memory_order_relaxed);
        if (atomic_load_explicit(&process->is_killed, memory_order_relaxed)) {
            return NULL; /* in the midst of its visit */
        }
        leave(process->slot, area);
    }
    return NULL;
}

static void begin_process(process_t *process, uint64_t owner)
{
    process->owner = owner;
    process->slot = ocors_epoch_take(slots, SLOTS, owner);
    atomic_store(&process->is_killed, false);
    for (int i = 0; i < THREADS; i++) {
        if (pthread_create(&process->threads[i], NULL, read_snapshots, process) != 0) {
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

static bool is_free(uint32_t area)
{
    return ocors_epoch_is_free(&head, slots, SLOTS, area);
}

static void write_snapshot(snapshot_t *snapshot, uint64_t number)
{
    snapshot->number = number;
    snapshot->count = 1 + number % WORDS_MOST;
    snapshot->checksum = 0;
    for (uint64_t i = 0; i < snapshot->count; i++) {
        snapshot->words[i] = word_of(number, i);
        snapshot->checksum += snapshot->words[i];
    }
}

/* False: readers have all areas that are not current. */
static bool publish(uint64_t number)
{
    for (uint32_t area = 0; area < OCORS_EPOCH_AREAS; area++) {
        if (is_free(area)) {
            write_snapshot(&areas[area], number);
            ocors_epoch_publish(&head, area, 0);
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
    for (uint32_t area = 0; area < OCORS_EPOCH_AREAS; area++) {
        if (!is_free(area) && ocors_epoch_current(&head) != area) {
            fail("nobody reads any more, and an area is not free: area", area);
        }
    }
    printf("%d publications, %llu visits, %llu processes, %llu waits\n", PUBLICATIONS,
           (unsigned long long)atomic_load(&visits), (unsigned long long)owners,
           (unsigned long long)waits);
    return 0;
}
