/* SPDX-License-Identifier: Apache-2.0 */
/* The documents of one policy, read as one document (C4), before they are an image. */

#include "ocors_layers.h"

bool ocors_layers_add(ocors_layers_t *layers, const ocors_reading_t *reading)
{
    if (reading == NULL) {
        return true;
    }
    if (reading->settings == NULL || layers->count == OCORS_POLICY_LAYERS_MAX) {
        return false;
    }
    layers->items[layers->count++] = reading;
    return true;
}

static bool has_client(const ocors_layers_t *layers, size_t layer, ocors_span_t id)
{
    uint32_t element;

    return ocors_settings_find_client(layers->items[layer]->settings, id, &element);
}

bool ocors_layers_is_replaced(const ocors_layers_t *layers, size_t layer, ocors_span_t id)
{
    while (++layer < layers->count) {
        if (has_client(layers, layer, id)) {
            return true;
        }
    }
    return false;
}

bool ocors_layers_next(const ocors_layers_t *layers, ocors_layers_walk_t *walk)
{
    while (walk->layer < layers->count) {
        const ocors_settings_t *settings = layers->items[walk->layer]->settings;

        if (walk->next == settings->client_count) {
            walk->layer++;
            walk->next = 0;
            continue;
        }
        walk->settings = settings;
        walk->client = &settings->clients[walk->next++];
        if (!ocors_layers_is_replaced(layers, walk->layer, walk->client->id)) {
            return true;
        }
    }
    return false;
}

bool ocors_layers_allow_any(const ocors_layers_t *layers)
{
    ocors_layers_walk_t walk = { .layer = 0 };

    while (ocors_layers_next(layers, &walk)) {
        if (walk.client->origin_count > 0) {
            return true;
        }
    }
    return false;
}
