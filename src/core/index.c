/* SPDX-License-Identifier: Apache-2.0 */
/* A table from byte strings to numbers that grows; the slots are those of ocors_slots.h. */
#include "ocors_index.h"

#include <stdlib.h>
#ifdef __linux__
#include <sys/auxv.h>
#endif

#include "ocors_hash.h"

/* Most objects of a document have fewer keys than would fill this. */
#define FIRST_SLOTS 16

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
    free(index->entries);
    free(index->slots);
    ocors_index_init(index, index->seed);
}

static uint64_t key_hash(const ocors_index_t *index, uint32_t space, ocors_span_t key)
{
    return ocors_hash(index->seed ^ ((uint64_t)space << 32 | space), key);
}

static ocors_index_entry_t *find(const ocors_index_t *index, uint32_t space, ocors_span_t key,
                                 uint64_t hash)
{
    if (index->count == 0) {
        return NULL;
    }
    ocors_probe_t probe = ocors_slots_probe(index->slots, index->slot_count, hash);
    uint32_t number;

    while (ocors_probe_next(&probe, &number)) {
        ocors_index_entry_t *entry = &index->entries[number];

        if (entry->space == space && ocors_span_is_equal(entry->key, key)) {
            return entry;
        }
    }
    return NULL;
}

const ocors_index_entry_t *ocors_index_find(const ocors_index_t *index, uint32_t space,
                                            ocors_span_t key)
{
    return find(index, space, key, key_hash(index, space, key));
}

/* How many entries so many slots hold: a quarter stays empty, so that a search ends early. */
static size_t entries_for(uint32_t slot_count)
{
    return (size_t)slot_count / 4 * 3;
}

/* Makes room for one entry more in slots that are too few for it. */
static bool grow(ocors_index_t *index)
{
    const uint32_t slot_count = index->slot_count > 0 ? index->slot_count * 2 : FIRST_SLOTS;
    ocors_index_entry_t *entries;
    ocors_slot_t *slots;

    if (slot_count < FIRST_SLOTS) {
        return false; /* there are 2^31 already */
    }
    entries = realloc(index->entries, entries_for(slot_count) * sizeof(*entries));
    if (entries == NULL) {
        return false;
    }
    index->entries = entries;
    slots = calloc(slot_count, sizeof(*slots));
    if (slots == NULL) {
        return false;
    }
    free(index->slots);
    for (uint32_t i = 0; i < index->count; i++) {
        ocors_slots_add(slots, slot_count, entries[i].hash, i);
    }
    index->slots = slots;
    index->slot_count = slot_count;
    return true;
}

ocors_index_entry_t *ocors_index_put(ocors_index_t *index, uint32_t space, ocors_span_t key,
                                     uint32_t value, bool *is_new)
{
    const uint64_t hash = key_hash(index, space, key);
    ocors_index_entry_t *entry = find(index, space, key, hash);

    *is_new = entry == NULL;
    if (!*is_new) {
        return entry;
    }
    if (index->count >= entries_for(index->slot_count) && !grow(index)) {
        return NULL;
    }
    ocors_slots_add(index->slots, index->slot_count, hash, (uint32_t)index->count);
    entry = &index->entries[index->count++];
    *entry = (ocors_index_entry_t){ .key = key, .space = space, .value = value, .hash = hash };
    return entry;
}
