/* SPDX-License-Identifier: Apache-2.0 */
/* The lists of resources of an image, while the image is built. */
#ifndef OCORS_IMAGE_LISTS_H
#define OCORS_IMAGE_LISTS_H

#include <stdint.h>

#include "ocors_image_layout.h"
#include "ocors_result.h"
#include "ocors_settings.h"

/* A resource of a list: which of the distinct resources, and the methods of all who have it. */
typedef struct ocors_image_entry_t {
    uint32_t number;
    uint32_t methods;
} ocors_image_entry_t;

/* A list: its entries by their number, each once. */
typedef struct ocors_image_entries_t {
    ocors_image_entry_t *items;
    uint32_t count;
} ocors_image_entries_t;

/*
 * A plan. Each client has a list, and so have all clients of the document, and all that list an
 * origin; equal lists are one. `distinct` has each pattern and range once.
 */
typedef struct ocors_image_lists_t {
    ocors_resource_t *distinct;
    uint32_t distinct_count;
    ocors_image_entries_t *lists;
    uint32_t list_count;
    uint32_t *of_clients;                /* the list of each client */
    uint32_t *of_origins;                /* of each distinct origin, or OCORS_IMAGE_LIST_NONE */
    uint32_t site;                       /* of all clients */
    uint64_t resource_count, slot_count; /* of all lists, in the image */
} ocors_image_lists_t;

/*
 * Plans the lists. `numbers`: which of `origin_count` distinct origins each of the settings'
 * origins is. Linear: what would be more gets no list of its own. What it makes is given back by
 * ocors_image_lists_free(), after a failure too.
 */
ocors_result_t ocors_image_lists_plan(const ocors_settings_t *settings, const uint32_t *numbers,
                                      uint32_t origin_count, uint64_t seed,
                                      ocors_image_lists_t *plan);
void ocors_image_lists_free(ocors_image_lists_t *plan);

/*
 * Writes three sections of the image, which began as zeros. `texts`: where the pattern of each
 * distinct resource is in the image's text.
 */
ocors_result_t ocors_image_lists_write(const ocors_image_lists_t *plan, uint64_t seed,
                                       const uint32_t *texts, ocors_image_list_record_t *lists,
                                       ocors_image_resource_record_t *resources,
                                       ocors_slot_t *slots);

#endif
