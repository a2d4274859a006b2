/* SPDX-License-Identifier: Apache-2.0 */
/* The keys by which a path finds the patterns that may match it (rule M2). */
#ifndef OCORS_RESOURCE_KEY_H
#define OCORS_RESOURCE_KEY_H

#include <stdbool.h>
#include <stdint.h>

#include "ocors_resource.h"

/*
 * A pattern without wildcards has a key of all its segments. Another one has a key of the number of
 * its segments (one for all that have "**"), and of its first and its last segment where they have
 * no wildcard. A path has a key for each way in which a pattern can match it.
 */
#define OCORS_RESOURCE_KEYS_MAX 9

typedef struct ocors_resource_keys_t {
    uint64_t items[OCORS_RESOURCE_KEYS_MAX];
    unsigned count;
} ocors_resource_keys_t;

/* In place of a number of segments: any. A pattern of OCORS_RESOURCE_ID_MAX bytes has fewer. */
#define OCORS_RESOURCE_ANY_COUNT UINT32_MAX

/* What the key of a pattern is made of; patterns that differ in none of it have one key. */
typedef struct ocors_resource_shape_t {
    uint64_t ends[2]; /* the hashes of the first and the last segment; 0: it has a wildcard */
    uint64_t whole;   /* is_plain: the hash of all segments */
    uint32_t count;   /* of segments; OCORS_RESOURCE_ANY_COUNT: there is a "**" */
    bool is_plain;    /* no segment has a wildcard */
} ocors_resource_shape_t;

/* The shape of a normalised pattern. */
ocors_resource_shape_t ocors_resource_shape(uint64_t seed, ocors_span_t pattern);

/* The key of a normalised pattern. */
uint64_t ocors_resource_key(uint64_t seed, ocors_span_t pattern);

/* The keys of a path: each pattern that matches it has one of them. */
void ocors_resource_keys_of(uint64_t seed, const ocors_segments_t *path,
                            ocors_resource_keys_t *keys);

#endif
