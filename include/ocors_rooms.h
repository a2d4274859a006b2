/* SPDX-License-Identifier: Apache-2.0 */
/* Room in a segment: what lies between the rooms that are in use. */
#ifndef OCORS_ROOMS_H
#define OCORS_ROOMS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ocors_report.h"

/* Bytes of a segment, counted from its first. */
typedef struct ocors_room_t {
    uint64_t offset, size;
} ocors_room_t;

/*
 * The gaps of a segment, in ascending order. Nothing is recorded of what is in use: the owner of
 * the segment says it each time, so that a writer that is killed half way leaves nothing behind.
 */
typedef struct ocors_rooms_t {
    ocors_room_t *gaps;
    size_t count;
} ocors_rooms_t;

#define OCORS_ROOM_ALIGNMENT 64

/* The least multiple of `unit` that is not below `size`; 0 where there is none in 64 bits. */
static inline uint64_t ocors_round_up(uint64_t size, uint64_t unit)
{
    return (size + unit - 1) / unit * unit;
}

/*
 * Finds the gaps from `begin` to `end`, both multiples of OCORS_ROOM_ALIGNMENT, between the `count`
 * rooms in use, which may overlap, come in any order (they are sorted here), and are taken as if
 * their ends were aligned. OCORS_OK: free with ocors_rooms_free(). Else OCORS_NO_MEMORY.
 */
ocors_result_t ocors_rooms_init(ocors_rooms_t *rooms, ocors_room_t *used, size_t count,
                                uint64_t begin, uint64_t end);

/* Takes `size` bytes, at an aligned offset, from the first gap that has them. */
bool ocors_rooms_take(ocors_rooms_t *rooms, uint64_t size, uint64_t *offset);

void ocors_rooms_free(ocors_rooms_t *rooms);

#endif
