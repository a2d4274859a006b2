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

bool ocors_layers_find(const ocors_layers_t *layers, ocors_span_t id, size_t *layer,
                       const ocors_client_t **client)
{
    for (*layer = layers->count; (*layer)-- > 0;) {
        const ocors_settings_t *settings = layers->items[*layer]->settings;

        if (!has_client(layers, *layer, id)) {
            continue;
        }
        for (size_t i = 0; i < settings->client_count; i++) {
            if (ocors_span_is_equal(settings->clients[i].id, id)) {
                *client = &settings->clients[i];
                return true;
            }
        }
    }
    return false;
}

bool ocors_layers_allow_any(const ocors_layers_t *layers)
{
    for (size_t layer = 0; layer < layers->count; layer++) {
        const ocors_settings_t *settings = layers->items[layer]->settings;

        for (size_t i = 0; i < settings->client_count; i++) {
            if (settings->clients[i].origin_count > 0
                && !ocors_layers_is_replaced(layers, layer, settings->clients[i].id)) {
                return true;
            }
        }
    }
    return false;
}
