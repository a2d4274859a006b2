/* SPDX-License-Identifier: Apache-2.0 */
/* An index from byte strings to numbers, for building: linear, and safe against prepared keys. */
#ifndef OCORS_INDEX_H
#define OCORS_INDEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ocors_span.h"

typedef struct ocors_index_entry_t {
    ocors_span_t key; /* the caller's bytes: they must outlive the entry */
    uint32_t space;   /* equal keys of different spaces are different */
    uint32_t value;
    uint64_t hash;
} ocors_index_entry_t;

typedef struct ocors_index_t {
    ocors_index_entry_t *slots; /* key.bytes == NULL: free */
    size_t capacity;            /* a power of two, or 0 */
    size_t count;
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

#endif
