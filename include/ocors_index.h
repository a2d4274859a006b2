/* SPDX-License-Identifier: Apache-2.0 */
/* A table from byte strings to numbers that grows: linear, and safe against prepared keys. */
#ifndef OCORS_INDEX_H
#define OCORS_INDEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ocors_slots.h"
#include "ocors_span.h"

typedef struct ocors_index_entry_t {
    ocors_span_t key; /* the caller's bytes: they must outlive the entry */
    uint32_t space;   /* equal keys of different spaces are different */
    uint32_t value;
    uint64_t hash;
} ocors_index_entry_t;

/* The entries in the order in which they came, and slots that find them; see ocors_slots.h. */
typedef struct ocors_index_t {
    ocors_index_entry_t *entries;
    size_t count;
    ocors_slot_t *slots; /* three quarters full at most, which is what `entries` has room for */
    uint32_t slot_count; /* a power of two, or 0 */
    uint64_t seed;
} ocors_index_t;

/* A seed that an author of documents cannot know: random for each process, no system call. */
uint64_t ocors_index_seed(void);

/* An empty index; allocates nothing. ocors_index_free() gives back its memory, not the keys. */
void ocors_index_init(ocors_index_t *index, uint64_t seed);
void ocors_index_free(ocors_index_t *index);

/*
 * Finds (space, key), or adds it with `value`. Returns the entry, whose value the caller may
 * change and which is valid until the next call; *is_new says which it was. NULL: out of memory.
 * A key of length 0 must still have bytes != NULL.
 */
ocors_index_entry_t *ocors_index_put(ocors_index_t *index, uint32_t space, ocors_span_t key,
                                     uint32_t value, bool *is_new);

/* Finds (space, key); NULL: it is not there. Valid until the next ocors_index_put(). */
const ocors_index_entry_t *ocors_index_find(const ocors_index_t *index, uint32_t space,
                                            ocors_span_t key);

#endif
