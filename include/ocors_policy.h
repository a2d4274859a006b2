/* SPDX-License-Identifier: Apache-2.0 */
/* A policy: the images of its documents in layers, read as if they were one document (C4). */
#ifndef OCORS_POLICY_H
#define OCORS_POLICY_H

#include <stdbool.h>
#include <stdint.h>

#include "ocors_image.h"
#include "ocors_span.h"

/* Documents that can be layered in one policy. */
#define OCORS_POLICY_LAYERS_MAX 16

/*
 * Global first, site after: a client of a later layer replaces the client of the same id in every
 * earlier one, whole. All images have one seed. No layers: nothing is allowed.
 */
typedef struct ocors_policy_t {
    ocors_image_t layers[OCORS_POLICY_LAYERS_MAX];
    uint32_t layer_count;
} ocors_policy_t;

/* A client that stands, and where. */
typedef struct ocors_policy_client_t {
    uint32_t layer;
    uint32_t number; /* within the layer */
} ocors_policy_client_t;

/* One hash of a request's bytes, for the functions below; 0 where there are no layers. */
uint64_t ocors_policy_hash(const ocors_policy_t *policy, ocors_span_t key);

/* The client of this id: that of the last layer that has one. */
bool ocors_policy_find_client(const ocors_policy_t *policy, ocors_span_t id,
                              ocors_policy_client_t *client);

/* Whether a client of a layer is replaced by one of the same id in a later layer. */
bool ocors_policy_is_replaced(const ocors_policy_t *policy, uint32_t layer, uint32_t number);

/* Whether a client that stands lists the origin (C3); its text as it is configured. */
bool ocors_policy_lists(const ocors_policy_t *policy, uint64_t hash, ocors_span_t text,
                        ocors_span_t *configured);

/* Whether this client lists the origin (C2); its text as it is configured. */
bool ocors_policy_client_lists(const ocors_policy_t *policy, const ocors_policy_client_t *client,
                               uint64_t hash, ocors_span_t text, ocors_span_t *configured);

#endif
