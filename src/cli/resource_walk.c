/* SPDX-License-Identifier: Apache-2.0 */
/* The resources of a client before and after a change, side by side. */

#include "ocors_resource_walk.h"

#include <stdlib.h>
#include <string.h>

#include "ocors_memory.h"

static int resource_compare(const void *a, const void *b)
{
    const ocors_resource_t *left = a, *right = b;
    const size_t common = left->pattern.length < right->pattern.length ? left->pattern.length
                                                                       : right->pattern.length;
    const int order = memcmp(left->pattern.bytes, right->pattern.bytes, common);

    if (order != 0 || left->pattern.length != right->pattern.length) {
        return order != 0 ? order : left->pattern.length > right->pattern.length ? 1 : -1;
    }
    if (left->from != right->from || left->until != right->until) {
        return left->from > right->from || (left->from == right->from && left->until > right->until)
                   ? 1
                   : -1;
    }
    return (left->methods > right->methods) - (left->methods < right->methods);
}

ocors_client_resources_t ocors_resources_sort(ocors_client_resources_t resources)
{
    ocors_resource_t *items = ocors_memory_get(resources.count, sizeof(*items));
    size_t count = 0;

    if (resources.count == 0) {
        return (ocors_client_resources_t){ .items = items };
    }
    memcpy(items, resources.items, resources.count * sizeof(*items));
    qsort(items, resources.count, sizeof(*items), resource_compare);
    for (size_t i = 0; i < resources.count; i++) {
        if (count == 0 || resource_compare(&items[count - 1], &items[i]) != 0) {
            items[count++] = items[i];
        }
    }
    return (ocors_client_resources_t){ .items = items, .count = count };
}

bool ocors_resource_walk_next(ocors_resource_walk_t *walk)
{
    const ocors_client_resources_t before = walk->sides[0], after = walk->sides[1];
    const size_t i = walk->at[0], k = walk->at[1];
    const int order = i == before.count  ? 1
                      : k == after.count ? -1
                                         : resource_compare(&before.items[i], &after.items[k]);

    if (i == before.count && k == after.count) {
        return false;
    }
    walk->pattern = order <= 0 ? before.items[i].pattern : after.items[k].pattern;
    walk->is_shared = order == 0;
    walk->at[0] += order <= 0;
    walk->at[1] += order >= 0;
    return true;
}
