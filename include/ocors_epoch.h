/* SPDX-License-Identifier: Apache-2.0 */
/* Which edition of the policies is in force, and who reads which: no lock, no reader ever waits. */
#ifndef OCORS_EPOCH_H
#define OCORS_EPOCH_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

/*
 * Editions live in cells, OCORS_EPOCH_CELLS at a time. One publisher; any number of readers, which
 * come in processes that may be stopped or killed at any instruction. A process counts in a slot of
 * its own how many of its threads read each cell. src/core/epoch.c has the argument.
 *
 * Both structures lie in shared memory and begin as zeros. The head is written by the publisher
 * only, so that readers may map it read-only.
 */
#define OCORS_EPOCH_CELLS 8

/* What a reader is told of an edition before it looks at it; any 28 bits. */
#define OCORS_EPOCH_HINT_BITS 28

typedef struct ocors_epoch_head_t {
    _Atomic uint32_t current; /* (hint << 4) | (cell + 1); 0: nothing was published yet */
} ocors_epoch_head_t;

/* The slot of a process; a cache line, so that processes do not slow each other. */
typedef struct ocors_epoch_slot_t {
    _Alignas(64) _Atomic uint64_t owner; /* 0: nobody's */
    _Atomic uint32_t inside[OCORS_EPOCH_CELLS];
} ocors_epoch_slot_t;

/*
 * Claims a slot for a process, once in its life. `owner` is not 0 and no other living process's (a
 * process id will do). Where all are taken: the last one, which is then shared, and nobody's to
 * release: safe, but a reader that is killed in it keeps its cell for good.
 */
ocors_epoch_slot_t *ocors_epoch_claim(ocors_epoch_slot_t *slots, uint32_t count, uint64_t owner);

/* The publisher's side: this process is dead. Whatever it was reading, it reads no more. */
void ocors_epoch_release(ocors_epoch_slot_t *slots, uint32_t count, uint64_t owner);

/*
 * A reader's visit. Between the two, what was published in the cell stays as it is. Returns the
 * cell, or OCORS_EPOCH_CELLS where nothing was published, and then there is nothing to leave.
 * Never blocks; begins again only where a publication came between two of its steps.
 */
uint32_t ocors_epoch_enter(const ocors_epoch_head_t *head, ocors_epoch_slot_t *slot);
void ocors_epoch_leave(ocors_epoch_slot_t *slot, uint32_t cell);

/* The hint of the edition in force, without a visit; 0 where there is none. */
static inline uint32_t ocors_epoch_hint(const ocors_epoch_head_t *head)
{
    return atomic_load_explicit(&head->current, memory_order_relaxed) >> 4;
}

/* The publisher's side: the cell in force, or OCORS_EPOCH_CELLS. */
uint32_t ocors_epoch_current(const ocors_epoch_head_t *head);

/* The publisher's side: whether a cell, and the room of its edition, may be written to. */
bool ocors_epoch_is_free(const ocors_epoch_head_t *head, const ocors_epoch_slot_t *slots,
                         uint32_t count, uint32_t cell);

/*
 * The publisher's side: from now on readers visit this cell. It was free, and all that belongs to
 * its edition has been written since.
 */
void ocors_epoch_publish(ocors_epoch_head_t *head, uint32_t cell, uint32_t hint);

#endif
