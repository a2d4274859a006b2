/* SPDX-License-Identifier: Apache-2.0 */
/* Whether every record of an image is what its builder writes: for whoever has not built it. */

#include "ocors_image_verify.h"

#include "ocors_authority.h"
#include "ocors_image_layout.h"
#include "ocors_resource_key.h"

/* Hashes the next origins, so that their slots are there when they are looked for. */
static void announce_origins(const ocors_image_t *image, uint32_t first,
                             uint64_t hashes[OCORS_SLOTS_AHEAD])
{
    for (uint32_t i = 0; i < OCORS_SLOTS_AHEAD && first + i < image->origin_count; i++) {
        ocors_image_origin_t origin = { .client_count = 0 };

        (void)ocors_image_read_origin(image, first + i, &origin);
        hashes[i] = ocors_image_hash(image, origin.text);
        ocors_slots_announce(image->origin_slots, image->origin_slot_count, hashes[i]);
    }
}

/* Every slot names a record that is found by that slot's hash, and every record is found. */
static bool origins_are_sound(const ocors_image_t *image)
{
    uint64_t hashes[OCORS_SLOTS_AHEAD];

    for (uint32_t number = 0; number < image->origin_count; number++) {
        ocors_image_origin_t origin, found;

        if (number % OCORS_SLOTS_AHEAD == 0) {
            announce_origins(image, number, hashes);
        }
        if (!ocors_image_read_origin(image, number, &origin) || origin.text.length == 0
            || !ocors_image_find_origin(image, hashes[number % OCORS_SLOTS_AHEAD], origin.text,
                                        &found)
            || found.clients != origin.clients || found.client_count == 0) {
            return false;
        }
        for (uint32_t i = 0, least = 0; i < found.client_count; i++) {
            const uint32_t client = found.clients[i];

            if (client < least || client >= image->client_count) {
                return false;
            }
            least = client + 1;
        }
        const uint32_t list = ocors_image_origin_list(image, &found);

        if (list >= image->list_count && list != OCORS_IMAGE_LIST_NONE) {
            return false;
        }
    }
    return true;
}

/* Every origin is found by its host. */
static bool hosts_are_sound(const ocors_image_t *image)
{
    uint64_t count = 0;

    for (uint32_t number = 0; number < image->origin_count; number++) {
        ocors_image_origin_t origin;
        ocors_image_host_t host;
        ocors_origin_parts_t parts;

        if (!ocors_image_read_origin(image, number, &origin)
            || !ocors_authority_split(origin.text, &parts)) {
            return false;
        }
        if (!ocors_image_find_host(image, ocors_image_hash(image, parts.authority.host),
                                   parts.authority.host, &host)) {
            return false;
        }
        count += host.numbers[0] == number + 1 ? host.count : 0;
    }
    return count == image->origin_count;
}

static bool clients_are_sound(const ocors_image_t *image)
{
    for (uint32_t number = 0; number < image->client_count; number++) {
        ocors_image_client_t client;
        uint32_t found;

        if (!ocors_image_read_client(image, number, &client) || client.id.length == 0
            || client.hash != ocors_image_hash(image, client.id)
            || !ocors_image_find_client(image, client.hash, client.id, &found) || found != number
            || client.list >= image->list_count || client.first_header > image->header_count
            || client.header_count > image->header_count - client.first_header) {
            return false;
        }
    }
    return image->site_list < image->list_count;
}

/* Every resource of a long list is found by its key. */
static bool list_is_sound(const ocors_image_t *image, const ocors_image_list_t *list)
{
    ocors_resource_t resource;
    uint32_t further = 0, reached = 0;

    for (uint32_t i = 0; i < list->resource_count && list->slot_count > 0; i++) {
        const bool is_first = further == 0;

        if (!ocors_image_read_resource(image, list->first_resource + i, &resource, &further)) {
            return false;
        }
        const uint64_t key = ocors_resource_key(image->seed, resource.pattern);
        ocors_probe_t probe = ocors_slots_probe(list->slots, list->slot_count, key);
        uint32_t found;

        while (is_first && ocors_probe_next(&probe, &found)) {
            reached += found == i ? further + 1 : 0;
        }
    }
    return list->slot_count == 0 || (further == 0 && reached == list->resource_count);
}

static bool lists_are_sound(const ocors_image_t *image)
{
    for (uint32_t number = 0; number < image->list_count; number++) {
        ocors_image_list_t list;

        if (!ocors_image_read_list(image, number, &list) || !list_is_sound(image, &list)) {
            return false;
        }
    }
    return true;
}

static bool texts_are_sound(const ocors_image_t *image)
{
    ocors_resource_t resource;
    ocors_response_header_t header;
    uint32_t further;

    for (uint32_t number = 0; number < image->resource_count; number++) {
        if (!ocors_image_read_resource(image, number, &resource, &further)
            || resource.pattern.length == 0) {
            return false;
        }
    }
    for (uint32_t number = 0; number < image->header_count; number++) {
        if (!ocors_image_read_header(image, number, &header)) {
            return false;
        }
    }
    return true;
}

bool ocors_image_verify(const void *bytes, size_t size)
{
    ocors_image_header_t header;
    ocors_image_t image;

    if (!ocors_image_open(bytes, size, &image)) {
        return false;
    }
    memcpy(&header, bytes, sizeof(header));
    return ocors_image_checksum(bytes, size, header.seed) == header.checksum
           && origins_are_sound(&image) && hosts_are_sound(&image) && clients_are_sound(&image)
           && texts_are_sound(&image) && lists_are_sound(&image);
}
