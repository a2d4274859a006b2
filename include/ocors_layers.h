/* SPDX-License-Identifier: Apache-2.0 */
/* The documents of one policy, read as one document (C4), before they are an image. */
#ifndef OCORS_LAYERS_H
#define OCORS_LAYERS_H

#include <stdbool.h>
#include <stddef.h>

#include "ocors_policy.h"
#include "ocors_reading.h"

/* The first document first; none is owned. Starts as { .count = 0 }. */
typedef struct ocors_layers_t {
    const ocors_reading_t *items[OCORS_POLICY_LAYERS_MAX];
    size_t count;
} ocors_layers_t;

/* Adds a document; NULL: there is none, and nothing to add. False: it cannot be used. */
bool ocors_layers_add(ocors_layers_t *layers, const ocors_reading_t *reading);

/* Whether a later document has a client of this id (C4), and so the client is not in force. */
bool ocors_layers_is_replaced(const ocors_layers_t *layers, size_t layer, ocors_span_t id);

/* A place in the walk over the clients in force: the first document's first. Starts as zeroes. */
typedef struct ocors_layers_walk_t {
    size_t layer, next;
    const ocors_settings_t *settings; /* of the client's document */
    const ocors_client_t *client;
} ocors_layers_walk_t;

/* Moves to the next client in force. False: there is no other. */
bool ocors_layers_next(const ocors_layers_t *layers, ocors_layers_walk_t *walk);

/* Whether a client in force has an origin. */
bool ocors_layers_allow_any(const ocors_layers_t *layers);

#endif
