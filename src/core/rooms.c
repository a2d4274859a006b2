/* SPDX-License-Identifier: Apache-2.0 */
/* First fit between the rooms in use. */

#include "ocors_rooms.h"

#include <stdlib.h>

static int compare_offsets(const void *a, const void *b)
{
    const ocors_room_t *left = a, *right = b;

    return (left->offset > right->offset) - (left->offset < right->offset);
}

ocors_result_t ocors_rooms_init(ocors_rooms_t *rooms, ocors_room_t *used, size_t count,
                                uint64_t begin, uint64_t end)
{
    uint64_t at = begin;

    rooms->count = 0;
    rooms->gaps = malloc((count + 1) * sizeof(*rooms->gaps));
    if (rooms->gaps == NULL) {
        return OCORS_NO_MEMORY;
    }
    if (count > 0) {
        qsort(used, count, sizeof(*used), compare_offsets);
    }
    for (size_t i = 0; i < count && at < end; i++) {
        const uint64_t from = used[i].offset < end ? used[i].offset : end;
        /* What would reach beyond the end, or the last number there is, reaches the end. */
        const uint64_t after = used[i].size < end - from
                                   ? ocors_round_up(from + used[i].size, OCORS_ROOM_ALIGNMENT)
                                   : end;

        if (from > at) {
            rooms->gaps[rooms->count++] = (ocors_room_t){ at, from - at };
        }
        at = after > at ? after : at;
    }
    if (end > at) {
        rooms->gaps[rooms->count++] = (ocors_room_t){ at, end - at };
    }
    return OCORS_OK;
}

bool ocors_rooms_take(ocors_rooms_t *rooms, uint64_t size, uint64_t *offset)
{
    const uint64_t wanted = ocors_round_up(size, OCORS_ROOM_ALIGNMENT);

    for (size_t i = 0; i < rooms->count && wanted >= size; i++) {
        if (rooms->gaps[i].size >= wanted) {
            *offset = rooms->gaps[i].offset;
            rooms->gaps[i].offset += wanted;
            rooms->gaps[i].size -= wanted;
            return true;
        }
    }
    return false;
}

void ocors_rooms_free(ocors_rooms_t *rooms)
{
    free(rooms->gaps);
    rooms->gaps = NULL;
    rooms->count = 0;
}
