/* SPDX-License-Identifier: Apache-2.0 */
/* Layers of images, read as one document. */

#include "ocors_policy.h"

/* So many replaced clients are looked for one by one among those of an origin. */
#define FEW_REPLACED 16

bool ocors_policy_find_client(const ocors_policy_t *policy, ocors_span_t id,
                              ocors_policy_client_t *client)
{
    const uint64_t hash = ocors_policy_hash(policy, id);

    for (uint32_t layer = policy->layer_count; layer-- > 0;) {
        if (ocors_image_find_client(&policy->layers[layer], hash, id, &client->index)) {
            client->layer = layer;
            return true;
        }
    }
    return false;
}

bool ocors_policy_read_header(const ocors_policy_t *policy, const ocors_policy_client_t *client,
                              uint32_t index, ocors_response_header_t *header)
{
    const ocors_image_t *image = &policy->layers[client->layer];
    ocors_image_client_t record;

    return ocors_image_read_client(image, client->index, &record) && index < record.header_count
           && ocors_image_read_header(image, record.first_header + index, header);
}

/* Whether a later layer has a client, by its id. */
static bool is_found_later(const ocors_policy_t *policy, uint32_t layer, uint32_t index)
{
    ocors_image_client_t client;
    uint32_t found;

    if (!ocors_image_read_client(&policy->layers[layer], index, &client)) {
        return true;
    }
    for (uint32_t later = policy->layer_count; --later > layer;) {
        if (ocors_image_find_client(&policy->layers[later], client.hash, client.id, &found)) {
            return true;
        }
    }
    return false;
}

/* The client is one of the image. */
static inline bool is_marked(const ocors_image_t *image, uint32_t index)
{
    return (image->replaced[index / 32] >> index % 32 & 1) != 0;
}

bool ocors_policy_is_replaced(const ocors_policy_t *policy, uint32_t layer, uint32_t index)
{
    const ocors_image_t *image = &policy->layers[layer];

    if (layer + 1 == policy->layer_count) {
        return false;
    }
    return image->replaced == NULL       ? is_found_later(policy, layer, index)
           : index < image->client_count ? is_marked(image, index)
                                         : true;
}

/* Whether it is known that no client of a layer is replaced, or that all are. */
static inline bool has_none_replaced(const ocors_policy_t *policy, uint32_t layer)
{
    const ocors_image_t *image = &policy->layers[layer];

    return layer + 1 == policy->layer_count
           || (image->replaced != NULL && image->replaced_count == 0);
}

static inline bool has_all_replaced(const ocors_image_t *image)
{
    return image->replaced != NULL && image->replaced_count >= image->client_count;
}

/* Whether one of few replaced clients is among those of an origin. */
static bool has_few_replaced(const ocors_image_t *image, const ocors_image_origin_t *origin)
{
    for (uint32_t client = 0; client < image->client_count; client++) {
        if (image->replaced[client / 32] == 0) {
            client |= 31; /* none of these */
        }
        else if (is_marked(image, client) && ocors_image_origin_has_client(origin, client)) {
            return true;
        }
    }
    return false;
}

bool ocors_policy_has_replaced(const ocors_policy_t *policy, uint32_t layer,
                               const uint32_t *clients, uint32_t count)
{
    const ocors_image_t *image = &policy->layers[layer];

    if (has_none_replaced(policy, layer)) {
        return false;
    }
    if (image->replaced != NULL && (clients == NULL || has_all_replaced(image))) {
        return count > 0;
    }
    if (image->replaced != NULL && image->replaced_count <= FEW_REPLACED) {
        return has_few_replaced(
            image, &(ocors_image_origin_t){ .clients = clients, .client_count = count });
    }
    for (uint32_t i = 0; i < count; i++) {
        if (ocors_policy_is_replaced(policy, layer, clients != NULL ? clients[i] : i)) {
            return true;
        }
    }
    return false;
}

uint32_t ocors_policy_next_in_force(const ocors_policy_t *policy, uint32_t layer,
                                    const uint32_t *clients, uint32_t at, uint32_t count)
{
    const ocors_image_t *image = &policy->layers[layer];

    if (has_all_replaced(image)) {
        return count;
    }
    for (; at < count; at++) {
        const uint32_t client = clients != NULL ? clients[at] : at;

        if (client >= image->client_count) {
            return count; /* only a damaged image says so */
        }
        if (!ocors_policy_is_replaced(policy, layer, client)) {
            return at;
        }
    }
    return count;
}

bool ocors_policy_allows(const ocors_policy_t *policy, uint32_t layer,
                         const ocors_image_origin_t *origin)
{
    const ocors_image_t *image = &policy->layers[layer];
    const uint32_t count = origin->client_count;

    if (has_none_replaced(policy, layer)
        || (image->replaced != NULL && count > image->replaced_count)) {
        return ocors_image_origin_is_whole(image, origin);
    }
    return ocors_policy_next_in_force(policy, layer, origin->clients, 0, count) < count;
}

bool ocors_policy_lists_in_layers(const ocors_policy_t *policy, uint64_t hash, ocors_span_t text,
                                  ocors_span_t *configured)
{
    for (uint32_t layer = policy->layer_count; layer-- > 0;) {
        ocors_image_origin_t origin;

        if (!ocors_image_find_origin(&policy->layers[layer], hash, text, &origin)) {
            continue;
        }
        if (ocors_policy_allows(policy, layer, &origin)) {
            *configured = origin.text;
            return true;
        }
    }
    return false;
}

bool ocors_policy_client_lists(const ocors_policy_t *policy, const ocors_policy_client_t *client,
                               uint64_t hash, ocors_span_t text, ocors_span_t *configured)
{
    ocors_image_origin_t origin;

    if (!ocors_image_find_origin(&policy->layers[client->layer], hash, text, &origin)
        || !ocors_image_origin_has_client(&origin, client->index)) {
        return false;
    }
    *configured = origin.text;
    return true;
}

/* Whether a layer above allows the same origin. */
static bool is_allowed_above(const ocors_policy_t *policy, uint32_t layer, ocors_span_t text)
{
    const uint64_t hash = ocors_policy_hash(policy, text);

    while (++layer < policy->layer_count) {
        ocors_image_origin_t origin;

        if (ocors_image_find_origin(&policy->layers[layer], hash, text, &origin)
            && ocors_policy_allows(policy, layer, &origin)) {
            return true;
        }
    }
    return false;
}

uint32_t ocors_policy_count_origins(const ocors_policy_t *policy, uint32_t enough)
{
    uint32_t count = 0;

    for (uint32_t layer = policy->layer_count; layer-- > 0;) {
        ocors_image_origin_t origin;

        for (uint32_t i = 0;
             count < enough && ocors_image_read_origin(&policy->layers[layer], i, &origin); i++) {
            if (ocors_policy_allows(policy, layer, &origin)
                && !is_allowed_above(policy, layer, origin.text)) {
                count++;
            }
        }
    }
    return count;
}
