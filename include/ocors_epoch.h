/* SPDX-License-Identifier: Apache-2.0 */
/* Which area's snapshot is current, and who reads which area: no lock, and no reader waits. */
#ifndef OCORS_EPOCH_H
#define OCORS_EPOCH_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

/*
 * Each area holds one snapshot. There is one publisher, and any number of readers, in processes
 * that may be stopped or killed at any instruction. A process counts, in a reader of its own, how
 * many of its threads read each area. src/core/epoch.c has the argument.
 *
 * Both structures lie in shared memory and begin as zeros. Only the publisher writes to the head,
 * so that processes that read may map it read-only.
 *
 * Four areas: the current one, the next one, and one each for two readers that are stopped.
 */
#define OCORS_EPOCH_AREAS 4

/* Flags of the current snapshot, readable without a pin. */
#define OCORS_EPOCH_HINT_BITS 28

typedef struct ocors_epoch_head_t {
    _Atomic uint32_t current; /* (hint << 4) | (area + 1); 0: nothing was published yet */
} ocors_epoch_head_t;

/* The counts of a process; a cache line, so that processes do not slow each other down. */
typedef struct ocors_epoch_reader_t {
    _Alignas(64) _Atomic uint64_t owner; /* 0: nobody's */
    _Atomic uint32_t inside[OCORS_EPOCH_AREAS];
} ocors_epoch_reader_t;

/*
 * Takes a reader for a process, once in its life. `owner` is not 0 and not another living process's
 * (a process id will do). If all are taken, it is the last one, which several then share and which
 * is never released: a process that is killed while it reads there keeps its area for ever.
 */
ocors_epoch_reader_t *ocors_epoch_take(ocors_epoch_reader_t *readers, uint32_t count,
                                       uint64_t owner);

/* For the publisher's side: the process is dead, and reads no more. */
void ocors_epoch_release(ocors_epoch_reader_t *readers, uint32_t count, uint64_t owner);

/*
 * From pin to unpin the area's snapshot does not change. Returns the area; OCORS_EPOCH_AREAS:
 * nothing was published, and there is nothing to unpin. Never blocks; begins again only if a
 * publication came between two of its steps.
 */
uint32_t ocors_epoch_pin(const ocors_epoch_head_t *head, ocors_epoch_reader_t *reader);
void ocors_epoch_unpin(ocors_epoch_reader_t *reader, uint32_t area);

/* The flags of the current snapshot, without a pin; 0: there is none. */
static inline uint32_t ocors_epoch_hint(const ocors_epoch_head_t *head)
{
    return atomic_load_explicit(&head->current, memory_order_relaxed) >> 4;
}

/* For the publisher: the current area, or OCORS_EPOCH_AREAS. */
uint32_t ocors_epoch_current(const ocors_epoch_head_t *head);

/* For the publisher: whether the area is neither current nor read, so that it may be written to. */
bool ocors_epoch_is_free(const ocors_epoch_head_t *head, const ocors_epoch_reader_t *readers,
                         uint32_t count, uint32_t area);

/* For the publisher: makes an area current that was free, and whose snapshot is written. */
void ocors_epoch_publish(ocors_epoch_head_t *head, uint32_t area, uint32_t hint);

#endif
