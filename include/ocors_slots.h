/* SPDX-License-Identifier: Apache-2.0 */
/* Slots: the one hash table, from hashes of keys to the numbers of records. */
#ifndef OCORS_SLOTS_H
#define OCORS_SLOTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Open addressing with linear probing, at most three quarters full. Slots know no keys: whoever
 * finds a number compares the record's key, as a rule one, since the tags are the same. Images and
 * snapshots have slots in shared memory; ocors_index.h has slots that grow.
 */
typedef struct ocors_slot_t {
    uint32_t tag;    /* the upper half of the hash */
    uint32_t number; /* of the record, from 1; 0: free */
} ocors_slot_t;

/* How many slots `keys` of them need: a power of two. */
static inline size_t ocors_slots_count(size_t keys)
{
    size_t count = 4;

    while (count / 4 * 3 < keys) {
        count *= 2;
    }
    return count;
}

static inline bool ocors_slots_count_is_sound(uint32_t count)
{
    return count != 0 && (count & (count - 1)) == 0;
}

/* Adds the record of this number, from 0, to slots that began as zeros and are not full. */
static inline void ocors_slots_add(ocors_slot_t *slots, uint32_t count, uint64_t hash,
                                   uint32_t number)
{
    uint32_t at = (uint32_t)hash & (count - 1);

    while (slots[at].number != 0) {
        at = (at + 1) & (count - 1);
    }
    slots[at] = (ocors_slot_t){ .tag = (uint32_t)(hash >> 32), .number = number + 1 };
}

/*
 * Where many keys are added or looked up in a row, a slot that is announced this many keys ahead is
 * not waited for: in a table larger than the caches that would take most of the time.
 */
#define OCORS_SLOTS_AHEAD 16

static inline void ocors_slots_announce(const ocors_slot_t *slots, uint32_t count, uint64_t hash)
{
#ifdef __GNUC__
    __builtin_prefetch(&slots[(uint32_t)hash & (count - 1)]);
#else
    (void)slots, (void)count, (void)hash;
#endif
}

/* A walk over the records that may have a key of this hash. */
typedef struct ocors_probe_t {
    const ocors_slot_t *slots;
    uint32_t mask, tag, first, steps;
} ocors_probe_t;

/* `count` is a power of two. */
static inline ocors_probe_t ocors_slots_probe(const ocors_slot_t *slots, uint32_t count,
                                              uint64_t hash)
{
    return (ocors_probe_t){
        .slots = slots,
        .mask = count - 1,
        .tag = (uint32_t)(hash >> 32),
        .first = (uint32_t)hash,
    };
}

/* The next one's number, from 0. False: there is none. It ends, whatever the bytes say. */
static inline bool ocors_probe_next(ocors_probe_t *probe, uint32_t *number)
{
    while (probe->steps <= probe->mask) {
        /* A copy: it may be in shared memory. */
        const ocors_slot_t slot = probe->slots[(probe->first + probe->steps++) & probe->mask];

        if (slot.number == 0) {
            return false;
        }
        if (slot.tag == probe->tag) {
            *number = slot.number - 1;
            return true;
        }
    }
    return false;
}

#endif
