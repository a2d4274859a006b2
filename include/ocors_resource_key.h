/* SPDX-License-Identifier: Apache-2.0 */
/* The keys by which a path finds the patterns that may match it (rule M2). */
#ifndef OCORS_RESOURCE_KEY_H
#define OCORS_RESOURCE_KEY_H

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

/* The key of a normalised pattern. */
uint64_t ocors_resource_key(uint64_t seed, ocors_span_t pattern);

/* The keys of a path: each pattern that matches it has one of them. */
void ocors_resource_keys_of(uint64_t seed, const ocors_segments_t *path,
                            ocors_resource_keys_t *keys);

#endif
