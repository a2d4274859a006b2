/* SPDX-License-Identifier: Apache-2.0 */
/* One settings document as a flat, relocatable, immutable image that any process may map. */
#ifndef OCORS_IMAGE_H
#define OCORS_IMAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ocors_hash.h"
#include "ocors_resource.h"
#include "ocors_slots.h"
#include "ocors_span.h"

/* A header that a client's response_headers ask for. */
typedef struct ocors_response_header_t {
    ocors_span_t name;
    ocors_span_t value;
} ocors_response_header_t;

/* Where an image begins, its address must be a multiple of this. */
#define OCORS_IMAGE_ALIGNMENT 64

/*
 * An opened image: section addresses and counts, copied out of its header and checked against its
 * size, so that no reader can leave the image whatever its bytes say. It owns nothing; spans that
 * its functions return point into the image and live as long as it.
 */
typedef struct ocors_image_t {
    uint64_t seed;
    const ocors_slot_t *origin_slots;
    const ocors_slot_t *client_slots;
    const struct ocors_image_origin_record_t *origins;
    const uint32_t *members;
    const struct ocors_image_client_record_t *clients;
    const struct ocors_image_resource_record_t *resources;
    const struct ocors_image_header_record_t *headers;
    const struct ocors_image_list_record_t *lists;
    const ocors_slot_t *resource_slots;
    const char *text;
    uint64_t size;
    uint32_t origin_slot_count, client_slot_count; /* powers of two */
    uint32_t origin_count, member_count, client_count, resource_count, header_count;
    uint32_t list_count, resource_slot_count;
    uint32_t text_size;
    uint32_t site_list; /* the resources of all clients */
    /*
     * As a layer of a policy in a snapshot: a bit for each client, set if a later layer has the
     * client too, and how many are set. NULL: it is not known here, and is looked for by the id.
     */
    const uint32_t *replaced;
    uint32_t replaced_count;
    ocors_span_t version;        /* the document's `_v`, or empty */
    const unsigned char *digest; /* SHA-256 of the document's bytes */
} ocors_image_t;

/*
 * Opens an image: checks magic, format and the bounds of every section, in constant time. (Those of
 * the index of hosts are checked when a host is looked for: only a refusal does that.)
 */
bool ocors_image_open(const void *bytes, size_t size, ocors_image_t *image);

/* One hash of the request's bytes, for ocors_image_find_*(); the same for images of one seed. */
static inline uint64_t ocors_image_hash(const ocors_image_t *image, ocors_span_t key)
{
    return ocors_hash(image->seed, key);
}

/* An origin as configured, and the clients that list it, in ascending order. */
typedef struct ocors_image_origin_t {
    ocors_span_t text;
    const uint32_t *clients;
    uint32_t client_count;
} ocors_image_origin_t;

/* Finds an origin byte for byte (R8): one hash, one comparison, whatever the size of the list. */
bool ocors_image_find_origin(const ocors_image_t *image, uint64_t hash, ocors_span_t text,
                             ocors_image_origin_t *origin);

/* Whether an origin of an image has a client there; only a damaged image has one without. */
static inline bool ocors_image_origin_is_whole(const ocors_image_t *image,
                                               const ocors_image_origin_t *origin)
{
    return origin->client_count > 0 && origin->clients[0] < image->client_count;
}

/* Whether a client of the image lists an origin; its configured text. */
bool ocors_image_lists(const ocors_image_t *image, uint64_t hash, ocors_span_t text,
                       ocors_span_t *configured);

/* Reads the origin of an index from 0 on. False: there is none. */
bool ocors_image_read_origin(const ocors_image_t *image, uint32_t index,
                             ocors_image_origin_t *origin);

/* Where a list of resources leads nowhere: an origin has one for each client that lists it. */
#define OCORS_IMAGE_LIST_NONE UINT32_MAX

/* The list of the resources of all clients that list the origin, or OCORS_IMAGE_LIST_NONE. */
uint32_t ocors_image_origin_list(const ocors_image_t *image, const ocors_image_origin_t *origin);

/* Whether a client lists the origin. */
bool ocors_image_origin_has_client(const ocors_image_origin_t *origin, uint32_t client);

/* The origins of one host, ordered by scheme, then by port (the default if they name none). */
typedef struct ocors_image_host_t {
    const uint32_t *numbers; /* for ocors_image_host_origin() */
    uint32_t count;
} ocors_image_host_t;

/* Finds the origins of a host, by one hash, whatever the size of the list. False: none. */
bool ocors_image_find_host(const ocors_image_t *image, uint64_t hash, ocors_span_t host,
                           ocors_image_host_t *found);

/* Reads the origin of a place from 0 on. False: there is none. */
bool ocors_image_host_origin(const ocors_image_t *image, const ocors_image_host_t *host,
                             uint32_t place, ocors_image_origin_t *origin);

typedef struct ocors_image_client_t {
    ocors_span_t id;
    uint64_t hash; /* of the id, as ocors_image_hash() makes it */
    uint32_t list; /* of its resources */
    uint32_t first_header, header_count;
} ocors_image_client_t;

/* Finds a client by its id, with case. */
bool ocors_image_find_client(const ocors_image_t *image, uint64_t hash, ocors_span_t id,
                             uint32_t *client);
bool ocors_image_read_client(const ocors_image_t *image, uint32_t number,
                             ocors_image_client_t *client);

/* A list of resources: each pattern and range once, with the methods of all clients concerned. */
typedef struct ocors_image_list_t {
    uint32_t first_resource, resource_count;
    const ocors_slot_t *slots; /* by ocors_resource_key(): numbers count within the list */
    uint32_t slot_count;       /* 0: a short list has none */
} ocors_image_list_t;

/* Reads the list of a number from 0 on. False: there is none. */
bool ocors_image_read_list(const ocors_image_t *image, uint32_t number, ocors_image_list_t *list);

/*
 * Reads a resource; *further: in a list with slots, how many of the same key follow it; in another
 * one, the low half of its key (ocors_resource_key.h).
 */
bool ocors_image_read_resource(const ocors_image_t *image, uint32_t number,
                               ocors_resource_t *resource, uint32_t *further);
/* Reads a header of a response. False: there is none, or it lacks its name or its value. */
bool ocors_image_read_header(const ocors_image_t *image, uint32_t number,
                             ocors_response_header_t *header);

#endif
