/* SPDX-License-Identifier: Apache-2.0 */
/* The distinct resources of a document: each pattern and range once. */
#ifndef OCORS_DISTINCT_H
#define OCORS_DISTINCT_H

#include <stdbool.h>
#include <stdint.h>

#include "ocors_index.h"
#include "ocors_resource.h"
#include "ocors_result.h"

typedef struct ocors_distinct_t {
    ocors_index_t ranges;   /* a range -> its number */
    ocors_index_t patterns; /* a pattern, in the space of its range's number -> the resource's */
} ocors_distinct_t;

/* ocors_distinct_free() gives back the memory, and not the resources. */
void ocors_distinct_init(ocors_distinct_t *distinct, uint64_t seed);
void ocors_distinct_free(ocors_distinct_t *distinct);

/*
 * Numbers a resource from 0: it has the number of an earlier one of the same pattern and range, or
 * the next number, and *is_new says which. The resource must outlive `distinct`.
 */
ocors_result_t ocors_distinct_number(ocors_distinct_t *distinct, const ocors_resource_t *resource,
                                     uint32_t *number, bool *is_new);

#endif
