/* SPDX-License-Identifier: Apache-2.0 */
/* What comes and goes between two policies, in words. */

#include "ocors_changes.h"

#include <stdlib.h>

#include "ocors_index.h"
#include "ocors_memory.h"
#include "ocors_method_changes.h"

/* A policy by its clients' ids, and by their origins: a client's number is the space of these. */
typedef struct side_t {
    ocors_layers_walk_t *clients; /* where each client in force is */
    uint32_t count;
    ocors_index_t ids, origins;
} side_t;

static void put(ocors_index_t *index, uint32_t space, ocors_span_t key, uint32_t value)
{
    bool is_new;

    if (ocors_index_put(index, space, key, value, &is_new) == NULL) {
        ocors_memory_end();
    }
}

static void side_read(side_t *side, const ocors_layers_t *layers)
{
    ocors_layers_walk_t walk = { .layer = 0 };

    *side = (side_t){ .count = 0 };
    ocors_index_init(&side->ids, ocors_index_seed());
    ocors_index_init(&side->origins, ocors_index_seed());
    while (ocors_layers_next(layers, &walk)) {
        const size_t first = walk.client->first_origin;

        side->clients = ocors_memory_grow(side->clients, side->count, sizeof(*side->clients));
        side->clients[side->count] = walk;
        put(&side->ids, 0, walk.client->id, side->count);
        for (size_t i = 0; i < walk.client->origin_count; i++) {
            put(&side->origins, side->count, walk.settings->origins[first + i], 0);
        }
        side->count++;
    }
}

static void side_free(side_t *side)
{
    ocors_index_free(&side->ids);
    ocors_index_free(&side->origins);
    free(side->clients);
}

/* The other side's client of the same id; NULL: it has none. */
static const ocors_index_entry_t *counterpart(const side_t *other, const ocors_client_t *client)
{
    return ocors_index_find(&other->ids, 0, client->id);
}

/* Says which clients and origins of `side` the other one does not have. */
static void add_missing(ocors_sentences_t *changes, char sign, const side_t *side,
                        const side_t *other)
{
    for (uint32_t i = 0; i < side->count; i++) {
        const ocors_client_t *client = side->clients[i].client;
        const ocors_settings_t *settings = side->clients[i].settings;
        const ocors_index_entry_t *same = counterpart(other, client);

        if (same == NULL) {
            ocors_sentences_add(changes, client->id, "%c client \"%.*s\"", sign,
                                (int)client->id.length, client->id.bytes);
        }
        for (size_t k = 0; k < client->origin_count; k++) {
            const ocors_span_t origin = settings->origins[client->first_origin + k];

            if (same == NULL || ocors_index_find(&other->origins, same->value, origin) == NULL) {
                ocors_sentences_add(changes, client->id, "%c origin %.*s of client \"%.*s\"", sign,
                                    (int)origin.length, origin.bytes, (int)client->id.length,
                                    client->id.bytes);
            }
        }
    }
}

static ocors_client_resources_t resources_of(const ocors_layers_walk_t *at)
{
    return (ocors_client_resources_t){
        .items = at->client->resource_count > 0
                     ? at->settings->resources + at->client->first_resource
                     : NULL,
        .count = at->client->resource_count,
    };
}

static void add_methods(ocors_sentences_t *changes, const side_t *before, const side_t *after)
{
    uint64_t work = OCORS_METHOD_CHANGES_WORK;

    for (uint32_t i = 0; i < before->count; i++) {
        const ocors_index_entry_t *same = counterpart(after, before->clients[i].client);

        if (same != NULL) {
            ocors_method_changes_find(changes, before->clients[i].client->id,
                                      resources_of(&before->clients[i]),
                                      resources_of(&after->clients[same->value]), &work);
        }
    }
}

void ocors_changes_find(ocors_sentences_t *changes, const ocors_layers_t *before,
                        const ocors_layers_t *after)
{
    side_t old, new;

    side_read(&old, before);
    side_read(&new, after);
    add_missing(changes, '-', &old, &new);
    add_missing(changes, '+', &new, &old);
    add_methods(changes, &old, &new);
    side_free(&old);
    side_free(&new);
}
