/* SPDX-License-Identifier: Apache-2.0 */
/* An index from byte strings to numbers: open addressing, linear probing, at most 3/4 full. */
#include "ocors_index.h"

#include <stdlib.h>
#ifdef __linux__
#include <sys/auxv.h>
#endif

#include "ocors_hash.h"

/* Most objects of a document have fewer keys than would fill this. */
#define FIRST_CAPACITY 16

uint64_t ocors_index_seed(void)
{
    uint64_t random[2] = { 0, 0 };
    /* Where the stack is placed is random as well, should there be nothing better. */
    uint64_t place = (uint64_t)(uintptr_t)&random;

#ifdef __linux__
    /* 16 random bytes that the kernel gives to every program it starts. */
    const void *bytes = (const void *)(uintptr_t)getauxval(AT_RANDOM);

    if (bytes != NULL) {
        memcpy(random, bytes, sizeof(random));
    }
#endif
    return random[0] ^ ocors_hash(place, ocors_span_make((const char *)random, sizeof(random)));
}

void ocors_index_init(ocors_index_t *index, uint64_t seed)
{
    *index = (ocors_index_t){ .seed = seed };
}

void ocors_index_free(ocors_index_t *index)
{
    free(index->slots);
    ocors_index_init(index, index->seed);
}

/* The slot that holds the key, or the free one where it would be. There always is a free one. */
static ocors_index_entry_t *find_slot(const ocors_index_t *index, uint32_t space, ocors_span_t key,
                                      uint64_t hash)
{
    size_t mask = index->capacity - 1;
    size_t at = (size_t)hash & mask;

    for (;;) {
        ocors_index_entry_t *slot = &index->slots[at];

        if (slot->key.bytes == NULL
            || (slot->hash == hash && slot->space == space
                && ocors_span_is_equal(slot->key, key))) {
            return slot;
        }
        at = (at + 1) & mask;
    }
}

static bool grow(ocors_index_t *index)
{
    ocors_index_t grown = { .count = index->count, .seed = index->seed };

    grown.capacity = index->capacity > 0 ? index->capacity * 2 : FIRST_CAPACITY;
    if (grown.capacity > SIZE_MAX / 2 / sizeof(*grown.slots)) {
        return false;
    }
    grown.slots = calloc(grown.capacity, sizeof(*grown.slots));
    if (grown.slots == NULL) {
        return false;
    }
    for (size_t i = 0; i < index->capacity; i++) {
        const ocors_index_entry_t *old = &index->slots[i];

        if (old->key.bytes != NULL) {
            /* All keys differ, so the first free slot is the right one. */
            size_t at = (size_t)old->hash & (grown.capacity - 1);

            while (grown.slots[at].key.bytes != NULL) {
                at = (at + 1) & (grown.capacity - 1);
            }
            grown.slots[at] = *old;
        }
    }
    free(index->slots);
    *index = grown;
    return true;
}

ocors_index_entry_t *ocors_index_put(ocors_index_t *index, uint32_t space, ocors_span_t key,
                                     uint32_t value, bool *is_new)
{
    uint64_t hash = ocors_hash(index->seed ^ ((uint64_t)space << 32 | space), key);
    ocors_index_entry_t *slot;

    if (index->count >= index->capacity / 4 * 3 && !grow(index)) {
        return NULL;
    }
    slot = find_slot(index, space, key, hash);
    *is_new = slot->key.bytes == NULL;
    if (*is_new) {
        *slot = (ocors_index_entry_t){ .key = key, .space = space, .value = value, .hash = hash };
        index->count++;
    }
    return slot;
}
