/* SPDX-License-Identifier: Apache-2.0 */
/* The methods that lists of resources grant to one path (rules M1, M2). */
#ifndef OCORS_PATH_METHODS_H
#define OCORS_PATH_METHODS_H

#include <stdbool.h>
#include <stdint.h>

#include "ocors_image.h"
#include "ocors_resource_key.h"

/* M2: how many patterns with a key of the path are tried. */
#define OCORS_PATH_METHODS_TRIES 256

/* R13: how many resources of short lists are looked at: those of 1,000 clients and more. */
#define OCORS_PATH_METHODS_LOOKS 8192

/* The methods of a path that have been found so far. */
typedef struct ocors_path_methods_t {
    ocors_segments_t path;
    ocors_resource_keys_t keys; /* count 0: not made yet */
    uint64_t key_bits;          /* the lowest six bits of the keys: bit n, some key has n there */
    ocors_version_t version;    /* in the path; 0: none */
    ocors_methods_t methods;
    uint32_t tries_left;
    uint32_t looks;                  /* at resources of short lists */
    const ocors_image_t *last_image; /* and last_list: of what was added last; or NULL */
    uint32_t last_list;
    bool is_too_much; /* M2: the path has the fallback list, whatever was found */
} ocors_path_methods_t;

/* Begins with a decoded path. M2: a path beyond the limits has the fallback list. */
void ocors_path_methods_begin(ocors_path_methods_t *found, ocors_span_t path,
                              ocors_version_t version);

/*
 * Adds the methods of those resources of a list that match. A list with an index costs the same,
 * however many resources it has; of short lists, however many, those resources count as tried that
 * have a key of the path. All images have one seed.
 */
void ocors_path_methods_add(ocors_path_methods_t *found, const ocors_image_t *image, uint32_t list);

#endif
