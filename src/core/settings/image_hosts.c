/* SPDX-License-Identifier: Apache-2.0 */
/* Plans and writes the index from hosts to origins. */

#include "ocors_image_hosts.h"

#include <stdlib.h>

#include "ocors_authority.h"
#include "ocors_hash.h"
#include "ocors_image_layout.h"
#include "ocors_slots.h"

/* One origin of a group that is sorted. */
typedef struct member_t {
    ocors_span_t scheme;
    uint32_t number;
    uint16_t port;
} member_t;

static void split(const ocors_image_hosts_t *hosts, uint32_t number, ocors_origin_parts_t *parts)
{
    const ocors_image_hosts_origins_t *from = &hosts->origins;

    if (!ocors_authority_split(from->origins[from->firsts[number]], parts)) {
        *parts = (ocors_origin_parts_t){ .authority = { .port = 0 } };
    }
}

static ocors_span_t host_of(const ocors_image_hosts_t *hosts, uint32_t number)
{
    ocors_origin_parts_t parts;

    split(hosts, number, &parts);
    return parts.authority.host;
}

/* Adds an origin to the chain of its host, or makes it the head of a new one. */
static void add(ocors_image_hosts_t *hosts, ocors_slot_t *slots, uint32_t slot_count,
                uint32_t number)
{
    ocors_probe_t probe = ocors_slots_probe(slots, slot_count, hosts->hashes[number]);
    uint32_t head;

    hosts->nexts[number] = UINT32_MAX;
    while (ocors_probe_next(&probe, &head)) {
        if (ocors_span_is_equal(host_of(hosts, head), host_of(hosts, number))) {
            hosts->nexts[number] = hosts->nexts[head];
            hosts->nexts[head] = number;
            hosts->sizes[head]++;
            return;
        }
    }
    hosts->sizes[number] = 1;
    ocors_slots_add(slots, slot_count, hosts->hashes[number], number);
}

ocors_result_t ocors_image_hosts_plan(const ocors_image_hosts_origins_t *origins, uint64_t seed,
                                      ocors_image_hosts_t *hosts)
{
    const uint32_t count = origins->count;
    const uint32_t slot_count = (uint32_t)ocors_slots_count(count);
    ocors_slot_t *slots = calloc(slot_count, sizeof(*slots));
    uint32_t head_count = 0;

    *hosts = (ocors_image_hosts_t){ .origins = *origins };
    hosts->hashes = calloc((size_t)count + 1, sizeof(*hosts->hashes));
    hosts->sizes = calloc((size_t)count + 1, sizeof(*hosts->sizes));
    hosts->nexts = calloc((size_t)count + 1, sizeof(*hosts->nexts));
    if (slots == NULL || hosts->hashes == NULL || hosts->sizes == NULL || hosts->nexts == NULL) {
        free(slots);
        return OCORS_NO_MEMORY;
    }
    for (uint32_t i = 0; i < count; i++) {
        hosts->hashes[i] = ocors_hash(seed, host_of(hosts, i));
    }
    for (uint32_t i = 0; i < count; i++) {
        if (i + OCORS_SLOTS_AHEAD < count) {
            ocors_slots_announce(slots, slot_count, hosts->hashes[i + OCORS_SLOTS_AHEAD]);
        }
        add(hosts, slots, slot_count, i);
    }
    for (uint32_t i = 0; i < count; i++) {
        head_count += hosts->sizes[i] > 0;
        hosts->group_size += hosts->sizes[i] > 1 ? hosts->sizes[i] + 1 : 0;
    }
    hosts->slot_count = (uint32_t)ocors_slots_count(head_count);
    free(slots);
    return OCORS_OK;
}

void ocors_image_hosts_free(ocors_image_hosts_t *hosts)
{
    free(hosts->hashes);
    free(hosts->sizes);
    free(hosts->nexts);
    *hosts = (ocors_image_hosts_t){ .slot_count = 0 };
}

static int member_compare(const void *a, const void *b)
{
    const member_t *left = a, *right = b;
    const int order = ocors_span_compare(left->scheme, right->scheme);

    /* Two origins of a host differ in one of the two. */
    return order != 0 ? order : (left->port > right->port) - (left->port < right->port);
}

/* Writes the group of a chain: its count and its members in order. */
static ocors_result_t write_group(const ocors_image_hosts_t *hosts, uint32_t head, uint32_t *group)
{
    const uint32_t size = hosts->sizes[head];
    member_t *members = calloc(size, sizeof(*members));
    uint32_t number = head;

    if (members == NULL) {
        return OCORS_NO_MEMORY;
    }
    for (uint32_t i = 0; i < size; i++, number = hosts->nexts[number]) {
        ocors_origin_parts_t parts;

        split(hosts, number, &parts);
        members[i] = (member_t){ parts.scheme, number, ocors_authority_port(&parts) };
    }
    qsort(members, size, sizeof(*members), member_compare);
    group[0] = size;
    for (uint32_t i = 0; i < size; i++) {
        group[i + 1] = members[i].number + 1;
    }
    free(members);
    return OCORS_OK;
}

ocors_result_t ocors_image_hosts_write(const ocors_image_hosts_t *hosts, uint32_t *slots,
                                       uint32_t *groups)
{
    const uint32_t mask = hosts->slot_count - 1;
    ocors_result_t result = OCORS_OK;
    uint32_t group = 0;

    for (uint32_t i = 0; i < hosts->origins.count && result == OCORS_OK; i++) {
        uint32_t at = (uint32_t)hosts->hashes[i] & mask;

        if (hosts->sizes[i] == 0) {
            continue;
        }
        while (slots[at] != 0) {
            at = (at + 1) & mask;
        }
        slots[at] = i + 1;
        if (hosts->sizes[i] > 1) {
            slots[at] = OCORS_IMAGE_HOST_GROUP | group;
            result = write_group(hosts, i, groups + group);
            group += hosts->sizes[i] + 1;
        }
    }
    return result;
}
