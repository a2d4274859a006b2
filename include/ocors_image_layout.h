/* SPDX-License-Identifier: Apache-2.0 */
/* The bytes of an image: for image.c, which reads them, and image_build.c, which writes them. */
#ifndef OCORS_IMAGE_LAYOUT_H
#define OCORS_IMAGE_LAYOUT_H

#include <stddef.h>
#include <stdint.h>

#include "ocors_hash.h"
#include "ocors_key.h"
#include "ocors_slots.h"
#include "ocors_span.h"

/*
 *   +--------+--------------+--------------+---------+---------+---------+-----------+---------+
 *   | header | origin_slots | client_slots | origins | members | clients | resources | headers |
 *   +--------+--------------+--------------+---------+---------+---------+-----------+---------+
 *   | host_slots | groups | lists | resource_slots | text ... | zeros up to a multiple of
 *   +------------+--------+-------+----------------+----------+ OCORS_IMAGE_ALIGNMENT
 *
 * Numbers are this machine's. Offsets count from the image's first byte, text references from the
 * first byte of the text section, whose beginning is the document's `_v`.
 *
 *   origin_slots --hash of the origin--> origins --> members: the clients that list it, ascending
 *   host_slots ----hash of the host----> origins, or groups: the origins of one host
 *   client_slots --hash of the id------> clients --> a list, and headers: the client's own run
 *   origins, of several clients -------> a list: behind the members
 *   site_list -------------------------> a list: of all clients
 *   lists -----------------------------> resources, each once; equal lists are one
 *   resource_slots --key of a path-----> resources of a long list (ocors_resource_key.h)
 */
#define OCORS_IMAGE_MAGIC  "ocorsimg"
#define OCORS_IMAGE_FORMAT 6

typedef struct ocors_image_header_t {
    char magic[8];
    uint64_t checksum; /* ocors_hash() of all that follows this member */
    uint64_t seed;
    uint64_t size; /* of the image, padding included */
    uint32_t format;
    uint32_t origin_slots, origin_slot_count;
    uint32_t client_slots, client_slot_count;
    uint32_t origins, origin_count;
    uint32_t members, member_count;
    uint32_t clients, client_count;
    uint32_t resources, resource_count;
    uint32_t headers, header_count;
    uint32_t text, text_size;
    uint32_t lists, list_count;
    uint32_t resource_slots, resource_slot_count; /* of all lists */
    uint32_t site_list;
    uint32_t version_length;
    uint32_t host_slots, host_slot_count;    /* a power of two */
    uint32_t groups, group_size;             /* in words */
    unsigned char digest[OCORS_DIGEST_SIZE]; /* of the document's bytes */
} ocors_image_header_t;

/*
 * Where an origin has several members, the number of the list of all of them is behind the last;
 * or OCORS_IMAGE_LIST_NONE: there was no room for one, and each member's own list counts.
 */
typedef struct ocors_image_origin_record_t {
    uint32_t text, length;
    uint32_t first_member, member_count;
} ocors_image_origin_record_t;

/*
 * A slot of host_slots: 0 (free), or the number of the one origin of a host, from 1; or, with this
 * bit, the place of a group: a count, and as many numbers of origins, each from 1. A group is
 * ordered by scheme, then by port (the scheme's default if the origin names none). A slot has no
 * tag: who finds one compares the host, and only a refusal is looked for here.
 */
#define OCORS_IMAGE_HOST_GROUP (UINT32_C(1) << 31)

typedef struct ocors_image_client_record_t {
    uint64_t hash; /* of the id */
    uint32_t id, id_length;
    uint32_t list;
    uint32_t first_header, header_count;
    uint32_t padding;
} ocors_image_client_record_t;

/*
 * A list of so many resources has no slots: a look at each costs no more. Each has half of its key.
 */
#define OCORS_IMAGE_SHORT_LIST 8

typedef struct ocors_image_list_record_t {
    uint32_t first_resource, resource_count;
    uint32_t first_slot, slot_count; /* a power of two, or 0; numbers count within the list */
} ocors_image_list_record_t;

typedef struct ocors_image_resource_record_t {
    uint32_t pattern;
    uint16_t pattern_length;
    uint16_t methods;
    uint32_t from, until;
    uint32_t further; /* in a list with slots: how many of the same key follow; else half a key */
} ocors_image_resource_record_t;

typedef struct ocors_image_header_record_t {
    uint32_t name, name_length;
    uint32_t value, value_length;
} ocors_image_header_record_t;

/* What the checksum says of an image that begins at `bytes`. */
static inline uint64_t ocors_image_checksum(const void *bytes, size_t size, uint64_t seed)
{
    const size_t from = offsetof(ocors_image_header_t, seed);

    return ocors_hash(seed, ocors_span_make((const char *)bytes + from, size - from));
}

#endif
