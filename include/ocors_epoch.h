/* SPDX-License-Identifier: Apache-2.0 */
/* Which snapshot of the policies is in force, and who reads which: no lock, no reader ever waits.
 */
#ifndef OCORS_EPOCH_H
#define OCORS_EPOCH_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

/*
 * Snapshots live in areas, OCORS_EPOCH_AREAS at a time. One publisher; any number of readers, which
 * come in processes that may be stopped or killed at any instruction. A process counts in a reader
 * of its own how many of its threads read each area. src/core/epoch.c has the argument.
 *
 * Both structures lie in shared memory and begin as zeros. The head is written by the publisher
 * only, so that readers may map it read-only.
 */
#define OCORS_EPOCH_AREAS 8

/* What a reader is told of a snapshot before it looks at it; any 28 bits. */
#define OCORS_EPOCH_HINT_BITS 28

typedef struct ocors_epoch_head_t {
    _Atomic uint32_t current; /* (hint << 4) | (area + 1); 0: nothing was published yet */
} ocors_epoch_head_t;

/* The reader of a process; a cache line, so that processes do not slow each other. */
typedef struct ocors_epoch_reader_t {
    _Alignas(64) _Atomic uint64_t owner; /* 0: nobody's */
    _Atomic uint32_t inside[OCORS_EPOCH_AREAS];
} ocors_epoch_reader_t;

/*
 * Claims a reader for a process, once in its life. `owner` is not 0 and no other living process's
 * (a process id will do). Where all are taken: the last one, which is then shared, and nobody's to
 * release: safe, but a reader that is killed in it keeps its area for good.
 */
ocors_epoch_reader_t *ocors_epoch_take(ocors_epoch_reader_t *readers, uint32_t count,
                                       uint64_t owner);

/* The publisher's side: this process is dead. Whatever it was reading, it reads no more. */
void ocors_epoch_release(ocors_epoch_reader_t *readers, uint32_t count, uint64_t owner);

/*
 * A reader's pin. Between the two, what was published in the area stays as it is. Returns the
 * area, or OCORS_EPOCH_AREAS where nothing was published, and then there is nothing to leave.
 * Never blocks; begins again only where a publication came between two of its steps.
 */
uint32_t ocors_epoch_pin(const ocors_epoch_head_t *head, ocors_epoch_reader_t *reader);
void ocors_epoch_unpin(ocors_epoch_reader_t *reader, uint32_t area);

/* The hint of the snapshot in force, without a pin; 0 where there is none. */
static inline uint32_t ocors_epoch_hint(const ocors_epoch_head_t *head)
{
    return atomic_load_explicit(&head->current, memory_order_relaxed) >> 4;
}

/* The publisher's side: the area in force, or OCORS_EPOCH_AREAS. */
uint32_t ocors_epoch_current(const ocors_epoch_head_t *head);

/* The publisher's side: whether an area, and the room of its snapshot, may be written to. */
bool ocors_epoch_is_free(const ocors_epoch_head_t *head, const ocors_epoch_reader_t *readers,
                         uint32_t count, uint32_t area);

/*
 * The publisher's side: from now on readers pin this area. It was free, and all that belongs to
 * its snapshot has been written since.
 */
void ocors_epoch_publish(ocors_epoch_head_t *head, uint32_t area, uint32_t hint);

#endif
