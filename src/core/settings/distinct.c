/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers resources by pattern and range. */

#include "ocors_distinct.h"

void ocors_distinct_init(ocors_distinct_t *distinct, uint64_t seed)
{
    ocors_index_init(&distinct->ranges, seed);
    ocors_index_init(&distinct->patterns, seed);
}

void ocors_distinct_free(ocors_distinct_t *distinct)
{
    ocors_index_free(&distinct->ranges);
    ocors_index_free(&distinct->patterns);
}

ocors_result_t ocors_distinct_number(ocors_distinct_t *distinct, const ocors_resource_t *resource,
                                     uint32_t *number, bool *is_new)
{
    /* `from` and `until` follow each other. */
    const ocors_span_t range = ocors_span_make((const char *)&resource->from,
                                               2 * sizeof(ocors_version_t));
    const ocors_index_entry_t *entry = ocors_index_put(&distinct->ranges, 0, range,
                                                       (uint32_t)distinct->ranges.count, is_new);

    if (entry != NULL) {
        entry = ocors_index_put(&distinct->patterns, entry->value, resource->pattern,
                                (uint32_t)distinct->patterns.count, is_new);
    }
    if (entry == NULL) {
        return OCORS_NO_MEMORY;
    }
    *number = entry->value;
    return OCORS_OK;
}
