/* SPDX-License-Identifier: Apache-2.0 */
/* The index of an image from hosts to origins, while the image is built. */
#ifndef OCORS_IMAGE_HOSTS_H
#define OCORS_IMAGE_HOSTS_H

#include <stdint.h>

#include "ocors_result.h"
#include "ocors_span.h"

/* The distinct origins of a document: the i-th is origins[firsts[i]]. All memory is the caller's.
 */
typedef struct ocors_image_hosts_origins_t {
    const ocors_span_t *origins;
    const uint32_t *firsts;
    uint32_t count;
} ocors_image_hosts_origins_t;

/* A plan: the origins of each host are a chain, and its first origin is the head. */
typedef struct ocors_image_hosts_t {
    ocors_image_hosts_origins_t origins;
    uint64_t *hashes;                /* of each origin's host */
    uint32_t *sizes;                 /* of the chain of each head; 0: not a head */
    uint32_t *nexts;                 /* the next origin of the same host; UINT32_MAX: none */
    uint32_t slot_count, group_size; /* of the image (ocors_image_layout.h) */
} ocors_image_hosts_t;

/* Plans the index; linear. What it makes is given back by ocors_image_hosts_free(), after a failure
 * too. */
ocors_result_t ocors_image_hosts_plan(const ocors_image_hosts_origins_t *origins, uint64_t seed,
                                      ocors_image_hosts_t *hosts);
void ocors_image_hosts_free(ocors_image_hosts_t *hosts);

/*
 * Writes both sections of the image, which began as zeros. Linear but for the groups, each of which
 * is sorted. Groups of more than one origin need memory while they are sorted.
 */
ocors_result_t ocors_image_hosts_write(const ocors_image_hosts_t *hosts, uint32_t *slots,
                                       uint32_t *groups);

#endif
