/* SPDX-License-Identifier: Apache-2.0 */
/* Layers of images, read as one document. */

#include "ocors_policy.h"

uint64_t ocors_policy_hash(const ocors_policy_t *policy, ocors_span_t key)
{
    return policy->layer_count > 0 ? ocors_image_hash(&policy->layers[0], key) : 0;
}

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

bool ocors_policy_is_replaced(const ocors_policy_t *policy, uint32_t layer, uint32_t index)
{
    ocors_image_client_t client;
    uint32_t found;

    if (layer + 1 == policy->layer_count) {
        return false;
    }
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

bool ocors_policy_allows(const ocors_policy_t *policy, uint32_t layer,
                         const ocors_image_origin_t *origin)
{
    for (uint32_t i = 0; i < origin->client_count; i++) {
        const uint32_t client = origin->clients[i];

        if (client >= policy->layers[layer].client_count) {
            return false; /* only a damaged image says so */
        }
        if (!ocors_policy_is_replaced(policy, layer, client)) {
            return true;
        }
    }
    return false;
}

bool ocors_policy_lists(const ocors_policy_t *policy, uint64_t hash, ocors_span_t text,
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
