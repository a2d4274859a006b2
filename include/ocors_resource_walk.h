/* SPDX-License-Identifier: Apache-2.0 */
/* The resources of a client before and after a change, side by side. */
#ifndef OCORS_RESOURCE_WALK_H
#define OCORS_RESOURCE_WALK_H

#include <stdbool.h>
#include <stddef.h>

#include "ocors_settings.h"
#include "ocors_span.h"

/* The resources of a client. */
typedef struct ocors_client_resources_t {
    const ocors_resource_t *items;
    size_t count;
} ocors_client_resources_t;

/* A copy in order, by malloc(); equal resources become one. */
ocors_client_resources_t ocors_resources_sort(ocors_client_resources_t resources);

/* A walk over two lists in order. It begins with `sides` alone. */
typedef struct ocors_resource_walk_t {
    const ocors_client_resources_t *sides;
    size_t at[2];
    ocors_span_t pattern;
    bool is_shared; /* both sides have this resource */
} ocors_resource_walk_t;

/* Steps to the next resource. False: there is none. */
bool ocors_resource_walk_next(ocors_resource_walk_t *walk);

#endif
