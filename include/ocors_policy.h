/* SPDX-License-Identifier: Apache-2.0 */
/* A policy: the images of its documents in layers, read as one document (C4). */
#ifndef OCORS_POLICY_H
#define OCORS_POLICY_H

#include <stdbool.h>
#include <stdint.h>

#include "ocors_image.h"
#include "ocors_span.h"

/* The most documents of one policy. */
#define OCORS_POLICY_LAYERS_MAX 16

/*
 * The global document is the first layer, the site's follows. A client of a later layer replaces
 * the client of the same id in every earlier one, whole. All images have one seed. Without a layer
 * nothing is allowed.
 */
typedef struct ocors_policy_t {
    uint32_t layer_count; /* before the layers: few of them are there */
    ocors_image_t layers[OCORS_POLICY_LAYERS_MAX];
} ocors_policy_t;

/* Whether a client of the policy has response_headers. */
static inline bool ocors_policy_has_headers(const ocors_policy_t *policy)
{
    for (uint32_t i = 0; i < policy->layer_count; i++) {
        if (policy->layers[i].header_count > 0) {
            return true;
        }
    }
    return false;
}

/* The client that an id names, and its layer. */
typedef struct ocors_policy_client_t {
    uint32_t layer;
    uint32_t index; /* within the layer */
} ocors_policy_client_t;

/* The hash of a request's bytes, for the functions below; 0 without a layer. */
static inline uint64_t ocors_policy_hash(const ocors_policy_t *policy, ocors_span_t key)
{
    return policy->layer_count > 0 ? ocors_image_hash(&policy->layers[0], key) : 0;
}

/* Finds the client of this id in the last layer that has one. False: no layer has one. */
bool ocors_policy_find_client(const ocors_policy_t *policy, ocors_span_t id,
                              ocors_policy_client_t *client);

/* One of the client's response_headers, from 0 on. False: there is none of this index. */
bool ocors_policy_read_header(const ocors_policy_t *policy, const ocors_policy_client_t *client,
                              uint32_t index, ocors_response_header_t *header);

/* Whether a later layer has a client of the same id. True if the image is damaged. */
bool ocors_policy_is_replaced(const ocors_policy_t *policy, uint32_t layer, uint32_t index);

/*
 * Whether a later layer has one of these clients of a layer, in ascending order, or, if `clients`
 * is NULL, one of the first `count`. Where the snapshot knows which are replaced, it costs a bit
 * for each client, or a search for each of few replaced ones.
 */
bool ocors_policy_has_replaced(const ocors_policy_t *policy, uint32_t layer,
                               const uint32_t *clients, uint32_t count);

/*
 * The place, `at` or behind it, of a client in force among some of a layer, or, if `clients` is
 * NULL, among its first `count`. `count`: there is none, or the image is damaged.
 */
uint32_t ocors_policy_next_in_force(const ocors_policy_t *policy, uint32_t layer,
                                    const uint32_t *clients, uint32_t at, uint32_t count);

/*
 * Whether a client that no later layer replaces lists an origin of a layer's image. Where the
 * snapshot knows which are replaced, it costs a bit for each client, and nothing if there are more
 * of them than replaced ones.
 */
bool ocors_policy_allows(const ocors_policy_t *policy, uint32_t layer,
                         const ocors_image_origin_t *origin);

/* ocors_policy_lists() of several layers. */
bool ocors_policy_lists_in_layers(const ocors_policy_t *policy, uint64_t hash, ocors_span_t text,
                                  ocors_span_t *configured);

/* Whether a client in force lists the origin (C3); its configured text. */
static inline bool ocors_policy_lists(const ocors_policy_t *policy, uint64_t hash,
                                      ocors_span_t text, ocors_span_t *configured)
{
    return policy->layer_count == 1 ? ocors_image_lists(policy->layers, hash, text, configured)
                                    : ocors_policy_lists_in_layers(policy, hash, text, configured);
}

/* Whether this client lists the origin (C2); its configured text. */
bool ocors_policy_client_lists(const ocors_policy_t *policy, const ocors_policy_client_t *client,
                               uint64_t hash, ocors_span_t text, ocors_span_t *configured);

/*
 * How many origins the policy allows for at least one client (A38), counted up
 * to `enough`; an origin that several layers allow counts once. 0: the policy allows nothing.
 */
uint32_t ocors_policy_count_origins(const ocors_policy_t *policy, uint32_t enough);

#endif
