/* SPDX-License-Identifier: Apache-2.0 */
/* Runs src/core/epoch.c one atomic operation at a time, for several threads, in every order. */
#ifndef OCORS_TEST_EPOCH_MODEL_H
#define OCORS_TEST_EPOCH_MODEL_H

#include <setjmp.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "ocors_epoch.h"

/*
 * A thread's program is a row of acts, functions that run from beginning to end. There are no real
 * threads: for each step the act is called anew, is told the results of the operations that it did
 * before (its log), does one more operation for real, and is left by longjmp() at the next one. So
 * a state of the whole system is a plain value: the shared memory, and a log for each thread. Acts
 * touch what is shared by operations alone, and change their thread's words only where they end;
 * `area` excepted, which comes out the same each time.
 */
enum {
    MODEL_THREADS = 3,
    MODEL_SLOTS = 2,
    MODEL_CELLS = OCORS_EPOCH_AREAS, /* of which the publisher uses `areas` */
    MODEL_LOG = 48,
    MODEL_ORDERS = 16,
    MODEL_DEPTH = 2048
};

/* What a thread is up to. */
typedef enum {
    MODEL_RUNS,
    MODEL_STOPPED, /* for ever, wherever it was */
    MODEL_KILLED,
    MODEL_RELEASED /* killed, and the publisher has heard of it */
} model_fate_t;

typedef struct model_thread_t {
    model_fate_t fate;
    uint32_t act;   /* of its program */
    uint32_t done;  /* acts of the counted kind */
    uint32_t slot;  /* where it counts; MODEL_SLOTS: not claimed yet */
    uint32_t area;  /* that it is allowed to read now, or OCORS_EPOCH_AREAS */
    uint32_t since; /* what was in force when the act began */
    uint32_t next;  /* a publisher's own word */
    bool is_alone;  /* when the act began, nobody else could take a step */
    uint32_t log_count;
    uint32_t log[MODEL_LOG];
} model_thread_t;

typedef struct model_world_t {
    ocors_epoch_head_t head;
    ocors_epoch_reader_t slots[MODEL_SLOTS];
    uint32_t low[MODEL_CELLS], high[MODEL_CELLS]; /* the rooms: a snapshot's number, twice */
    uint32_t published;                           /* the number that is in force */
    model_thread_t threads[MODEL_THREADS];
} model_world_t;

/* What is explored. Thread 0 is the publisher. */
typedef struct model_case_t {
    uint32_t threads, slots, areas, publications, visits;
    bool has_one_process; /* the readers are threads of one process: they share its slot */
    model_fate_t fate;    /* what may befall reader 1, at any step; MODEL_RUNS: nothing */
    void (*visit)(void);
    void (*publication)(void);
    void (*release)(void);
    const char *wanted; /* the only violation that ends the search; NULL: any */
} model_case_t;

/* The one machine that runs all of this. Acts read it; tests of single calls read `orders`. */
typedef struct model_machine_t {
    model_world_t world;
    const model_case_t *played;
    model_thread_t *self; /* whose step it is; NULL: operations are done at once */
    uint32_t at;          /* in its log */
    bool has_stepped;
    jmp_buf out;
    const char *violation;             /* the first one, or NULL */
    memory_order orders[MODEL_ORDERS]; /* of operations that are done at once */
    uint32_t order_count;
    unsigned char path[MODEL_DEPTH]; /* moves so far: thread, 100 + thread: its fate */
    uint32_t depth, deepest;
} model_machine_t;

extern model_machine_t machine;

/* What a search saw. */
typedef struct model_search_t {
    const char *violation; /* static text, or NULL */
    uint32_t states;
    uint64_t steps;
    uint32_t deepest;
} model_search_t;

/* Walks through all states of the case, or to the first violation. It aborts without memory. */
model_search_t model_explore(const model_case_t *played);

/* Prints the moves that led to the last search's violation, for whoever has to understand it. */
void model_print_path(void);

/* Notes a violation (static text), unless there is one, or the case wants another one. */
void model_violate(const char *text);

/* ---- Operations: each is a step of the thread whose act calls it ------------------------------
 */

uint32_t model_load_32(const _Atomic uint32_t *object, memory_order order);
uint64_t model_load_64(const _Atomic uint64_t *object, memory_order order);
void model_store_32(_Atomic uint32_t *object, uint32_t value, memory_order order);
void model_store_64(_Atomic uint64_t *object, uint64_t value, memory_order order);
uint32_t model_add(_Atomic uint32_t *object, uint32_t value, memory_order order);
uint32_t model_subtract(_Atomic uint32_t *object, uint32_t value, memory_order order);

/* As atomic_compare_exchange_strong(). */
bool model_exchange(_Atomic uint64_t *object, uint64_t *expected, uint64_t value);

/* Plain memory is not read and written at once either: a word of a room is a step of its own. */
uint32_t model_read(const uint32_t *word);
void model_write(uint32_t *word, uint32_t value);

/* ---- The functions of ocors_epoch.h, the code under test, made of these operations ------------
 */

ocors_epoch_reader_t *model_take(ocors_epoch_reader_t *readers, uint32_t count, uint64_t owner);
void model_release(ocors_epoch_reader_t *readers, uint32_t count, uint64_t owner);
uint32_t model_pin(const ocors_epoch_head_t *head, ocors_epoch_reader_t *reader);
void model_unpin(ocors_epoch_reader_t *reader, uint32_t area);
uint32_t model_current(const ocors_epoch_head_t *head);
bool model_is_free(const ocors_epoch_head_t *head, const ocors_epoch_reader_t *readers,
                   uint32_t count, uint32_t area);
void model_publish(ocors_epoch_head_t *head, uint32_t area, uint32_t hint);

#endif
