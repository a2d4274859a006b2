/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An image and its readers. The bytes may be changed meanwhile by a worker that is not ours any
 * more, so that a record is copied before it is checked, and the copy is used.
 */

#include "ocors_image.h"

#include <stdlib.h>

#include "ocors_authority.h"
#include "ocors_image_layout.h"

/* The bytes of a section, or NULL where it does not lie wholly within the image. */
static const void *section_at(const unsigned char *bytes, size_t size, uint32_t offset,
                              uint32_t count, size_t width)
{
    if (offset % 8 != 0 || offset > size || count > (size - offset) / width) {
        return NULL;
    }
    return bytes + offset;
}

static bool text_is_within(const ocors_image_t *image, uint32_t at, uint32_t length)
{
    return at <= image->text_size && length <= image->text_size - at;
}

static bool range_is_within(uint32_t first, uint32_t count, uint32_t total)
{
    return first <= total && count <= total - first;
}

bool ocors_image_open(const void *bytes, size_t size, ocors_image_t *image)
{
    ocors_image_header_t header;

    if ((uintptr_t)bytes % OCORS_IMAGE_ALIGNMENT != 0 || size < sizeof(header)) {
        return false;
    }
    /* Whoever can write to the image must not change what was checked. */
    memcpy(&header, bytes, sizeof(header));
    if (memcmp(header.magic, OCORS_IMAGE_MAGIC, sizeof(header.magic)) != 0
        || header.format != OCORS_IMAGE_FORMAT || header.size != size) {
        return false;
    }
    *image = (ocors_image_t){
        .seed = header.seed,
        .size = size,
        .origin_slots = section_at(bytes, size, header.origin_slots, header.origin_slot_count,
                                   sizeof(ocors_slot_t)),
        .client_slots = section_at(bytes, size, header.client_slots, header.client_slot_count,
                                   sizeof(ocors_slot_t)),
        .origins = section_at(bytes, size, header.origins, header.origin_count,
                              sizeof(ocors_image_origin_record_t)),
        .members = section_at(bytes, size, header.members, header.member_count, sizeof(uint32_t)),
        .clients = section_at(bytes, size, header.clients, header.client_count,
                              sizeof(ocors_image_client_record_t)),
        .resources = section_at(bytes, size, header.resources, header.resource_count,
                                sizeof(ocors_image_resource_record_t)),
        .headers = section_at(bytes, size, header.headers, header.header_count,
                              sizeof(ocors_image_header_record_t)),
        .lists = section_at(bytes, size, header.lists, header.list_count,
                            sizeof(ocors_image_list_record_t)),
        .resource_slots = section_at(bytes, size, header.resource_slots, header.resource_slot_count,
                                     sizeof(ocors_slot_t)),
        .text = section_at(bytes, size, header.text, header.text_size, 1),
        .origin_slot_count = header.origin_slot_count,
        .client_slot_count = header.client_slot_count,
        .origin_count = header.origin_count,
        .member_count = header.member_count,
        .client_count = header.client_count,
        .resource_count = header.resource_count,
        .header_count = header.header_count,
        .list_count = header.list_count,
        .resource_slot_count = header.resource_slot_count,
        .text_size = header.text_size,
        .site_list = header.site_list,
        .digest = ((const ocors_image_header_t *)bytes)->digest,
    };
    if (image->origin_slots == NULL || image->client_slots == NULL || image->origins == NULL
        || image->members == NULL || image->clients == NULL || image->resources == NULL
        || image->headers == NULL || image->lists == NULL || image->resource_slots == NULL
        || image->text == NULL || !ocors_slots_count_is_sound(image->origin_slot_count)
        || !ocors_slots_count_is_sound(image->client_slot_count)
        || !text_is_within(image, 0, header.version_length)) {
        return false;
    }
    image->version = ocors_span_make(image->text, header.version_length);
    return true;
}

/* The span of a text reference; the empty span where it leaves the image. */
static ocors_span_t text_span(const ocors_image_t *image, uint32_t at, uint32_t length)
{
    return text_is_within(image, at, length) ? ocors_span_make(image->text + at, length)
                                             : ocors_span_make(NULL, 0);
}

bool ocors_image_read_origin(const ocors_image_t *image, uint32_t index,
                             ocors_image_origin_t *origin)
{
    ocors_image_origin_record_t record;

    if (index >= image->origin_count) {
        return false;
    }
    record = image->origins[index];
    if (!text_is_within(image, record.text, record.length)
        || record.first_member > image->member_count
        || record.member_count > image->member_count - record.first_member) {
        return false;
    }
    *origin = (ocors_image_origin_t){
        .text = ocors_span_make(image->text + record.text, record.length),
        .clients = image->members + record.first_member,
        .client_count = record.member_count,
    };
    return true;
}

/*
 * The body of ocors_image_find_origin(). Always inlined: each member of a list is looked for (R6),
 * and the call would cost a third of it.
 */
static inline __attribute__((always_inline)) bool find_origin(const ocors_image_t *image,
                                                              uint64_t hash, ocors_span_t text,
                                                              ocors_image_origin_t *origin)
{
    ocors_probe_t probe = ocors_slots_probe(image->origin_slots, image->origin_slot_count, hash);
    uint32_t number;

    while (ocors_probe_next(&probe, &number) && number < image->origin_count) {
        const ocors_image_origin_record_t record = image->origins[number];

        if (record.length == text.length && text_is_within(image, record.text, record.length)
            && ocors_bytes_are_equal(image->text + record.text, text.bytes, text.length)) {
            *origin = (ocors_image_origin_t){
                .text = ocors_span_make(image->text + record.text, record.length),
                .clients = image->members + record.first_member,
                .client_count = record.member_count,
            };
            return range_is_within(record.first_member, record.member_count, image->member_count);
        }
    }
    return false;
}

bool ocors_image_find_origin(const ocors_image_t *image, uint64_t hash, ocors_span_t text,
                             ocors_image_origin_t *origin)
{
    return find_origin(image, hash, text, origin);
}

bool ocors_image_lists(const ocors_image_t *image, uint64_t hash, ocors_span_t text,
                       ocors_span_t *configured)
{
    ocors_image_origin_t origin;

    if (!find_origin(image, hash, text, &origin) || !ocors_image_origin_is_whole(image, &origin)) {
        return false;
    }
    *configured = origin.text;
    return true;
}

bool ocors_image_origin_has_client(const ocors_image_origin_t *origin, uint32_t client)
{
    uint32_t low = 0, high = origin->client_count;

    while (low < high) {
        const uint32_t middle = low + (high - low) / 2;
        const uint32_t found = origin->clients[middle];

        if (found == client) {
            return true;
        }
        if (found < client) {
            low = middle + 1;
        }
        else {
            high = middle;
        }
    }
    return false;
}

/* The index of hosts: addresses and counts, copied and checked. */
typedef struct hosts_t {
    const uint32_t *slots, *groups;
    uint32_t slot_count, group_size;
} hosts_t;

/* Opens the index of hosts. False: the image is damaged. */
static bool open_hosts(const ocors_image_t *image, hosts_t *hosts)
{
    const unsigned char *bytes = image->digest - offsetof(ocors_image_header_t, digest);
    ocors_image_header_t header;

    memcpy(&header, bytes, sizeof(header));
    *hosts = (hosts_t){
        .slots = section_at(bytes, image->size, header.host_slots, header.host_slot_count,
                            sizeof(uint32_t)),
        .groups = section_at(bytes, image->size, header.groups, header.group_size,
                             sizeof(uint32_t)),
        .slot_count = header.host_slot_count,
        .group_size = header.group_size,
    };
    return hosts->slots != NULL && hosts->groups != NULL
           && ocors_slots_count_is_sound(hosts->slot_count);
}

/* The numbers that a slot of a host gives. False: the image is damaged. */
static bool read_host_slot(const hosts_t *hosts, const uint32_t *slot, ocors_image_host_t *host)
{
    const uint32_t word = *slot; /* a copy: it may be in shared memory */
    const uint32_t at = word & ~OCORS_IMAGE_HOST_GROUP;

    if ((word & OCORS_IMAGE_HOST_GROUP) == 0) {
        *host = (ocors_image_host_t){ .numbers = slot, .count = 1 };
        return true;
    }
    if (at >= hosts->group_size) {
        return false;
    }
    *host = (ocors_image_host_t){ .numbers = hosts->groups + at + 1, .count = hosts->groups[at] };
    return host->count <= hosts->group_size - at - 1;
}

bool ocors_image_host_origin(const ocors_image_t *image, const ocors_image_host_t *host,
                             uint32_t place, ocors_image_origin_t *origin)
{
    return place < host->count && ocors_image_read_origin(image, host->numbers[place] - 1, origin);
}

bool ocors_image_find_host(const ocors_image_t *image, uint64_t hash, ocors_span_t host,
                           ocors_image_host_t *found)
{
    hosts_t hosts;
    ocors_image_origin_t origin;
    ocors_origin_parts_t parts;

    if (!open_hosts(image, &hosts)) {
        return false;
    }
    const uint32_t mask = hosts.slot_count - 1;
    uint32_t at = (uint32_t)hash & mask;

    for (uint32_t steps = 0; steps <= mask && hosts.slots[at] != 0; steps++) {
        if (!read_host_slot(&hosts, &hosts.slots[at], found)
            || !ocors_image_host_origin(image, found, 0, &origin)
            || !ocors_authority_split(origin.text, &parts)) {
            return false; /* only a damaged image says so */
        }
        if (ocors_span_is_equal(parts.authority.host, host)) {
            return true;
        }
        at = (at + 1) & mask;
    }
    return false;
}

bool ocors_image_find_client(const ocors_image_t *image, uint64_t hash, ocors_span_t id,
                             uint32_t *client)
{
    ocors_probe_t probe = ocors_slots_probe(image->client_slots, image->client_slot_count, hash);
    uint32_t number;

    while (ocors_probe_next(&probe, &number) && number < image->client_count) {
        const ocors_image_client_record_t record = image->clients[number];

        if (ocors_span_is_equal(text_span(image, record.id, record.id_length), id)) {
            *client = number;
            return true;
        }
    }
    return false;
}

bool ocors_image_read_client(const ocors_image_t *image, uint32_t number,
                             ocors_image_client_t *client)
{
    if (number >= image->client_count) {
        return false;
    }
    const ocors_image_client_record_t record = image->clients[number];
    *client = (ocors_image_client_t){
        .id = text_span(image, record.id, record.id_length),
        .hash = record.hash,
        .list = record.list,
        .first_header = record.first_header,
        .header_count = record.header_count,
    };
    return true;
}

bool ocors_image_read_list(const ocors_image_t *image, uint32_t number, ocors_image_list_t *list)
{
    if (number >= image->list_count) {
        return false;
    }
    const ocors_image_list_record_t record = image->lists[number];
    if (!range_is_within(record.first_resource, record.resource_count, image->resource_count)
        || !range_is_within(record.first_slot, record.slot_count, image->resource_slot_count)
        || (record.slot_count == 0 ? record.resource_count > OCORS_IMAGE_SHORT_LIST
                                   : !ocors_slots_count_is_sound(record.slot_count))) {
        return false;
    }
    *list = (ocors_image_list_t){
        .first_resource = record.first_resource,
        .resource_count = record.resource_count,
        .slots = image->resource_slots + record.first_slot,
        .slot_count = record.slot_count,
    };
    return true;
}

uint32_t ocors_image_origin_list(const ocors_image_t *image, const ocors_image_origin_t *origin)
{
    ocors_image_client_t client;

    if (origin->client_count != 1) {
        const size_t place = (size_t)(origin->clients - image->members) + origin->client_count;

        return place < image->member_count ? image->members[place] : OCORS_IMAGE_LIST_NONE;
    }
    return ocors_image_read_client(image, origin->clients[0], &client) ? client.list
                                                                       : OCORS_IMAGE_LIST_NONE;
}

bool ocors_image_read_resource(const ocors_image_t *image, uint32_t number,
                               ocors_resource_t *resource, uint32_t *further)
{
    if (number >= image->resource_count) {
        return false;
    }
    const ocors_image_resource_record_t record = image->resources[number];
    *resource = (ocors_resource_t){
        .pattern = text_span(image, record.pattern, record.pattern_length),
        .methods = record.methods,
        .from = record.from,
        .until = record.until,
    };
    *further = record.further;
    return true;
}

bool ocors_image_read_header(const ocors_image_t *image, uint32_t number,
                             ocors_response_header_t *header)
{
    if (number >= image->header_count) {
        return false;
    }
    const ocors_image_header_record_t record = image->headers[number];
    *header = (ocors_response_header_t){
        .name = text_span(image, record.name, record.name_length),
        .value = text_span(image, record.value, record.value_length),
    };
    /* Only a damaged image has less. */
    return header->name.length > 0 && header->value.bytes != NULL;
}
