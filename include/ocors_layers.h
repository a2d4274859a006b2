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

/* Finds the client of this id that is in force, and its document. False: there is none. */
bool ocors_layers_find(const ocors_layers_t *layers, ocors_span_t id, size_t *layer,
                       const ocors_client_t **client);

/* Whether a client in force has an origin. */
bool ocors_layers_allow_any(const ocors_layers_t *layers);

#endif
