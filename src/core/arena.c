/* SPDX-License-Identifier: Apache-2.0 */
/* Text that is kept until all of it goes, and never moves while it grows. */
#include "ocors_arena.h"

#include <stdint.h>
#include <stdlib.h>

/* Small documents should stay small; large ones should not call malloc for each string. */
#define FIRST_CHUNK ((size_t)4 * 1024)
#define LAST_CHUNK  ((size_t)1024 * 1024)

typedef struct ocors_arena_chunk_t {
    struct ocors_arena_chunk_t *next;
    size_t used;
    size_t room;
    char bytes[];
} chunk_t;

static char *reserve(ocors_arena_t *arena, size_t length)
{
    chunk_t *chunk = arena->chunks;
    size_t room;

    if (chunk != NULL && length <= chunk->room - chunk->used) {
        return chunk->bytes + chunk->used;
    }
    room = chunk == NULL ? FIRST_CHUNK : chunk->room * 2;
    room = room > LAST_CHUNK ? LAST_CHUNK : room;
    room = room < length ? length : room;
    if (room > SIZE_MAX - sizeof(*chunk)) {
        return NULL;
    }
    chunk = malloc(sizeof(*chunk) + room);
    if (chunk == NULL) {
        return NULL;
    }
    *chunk = (chunk_t){ .next = arena->chunks, .room = room };
    arena->chunks = chunk;
    return chunk->bytes;
}

void ocors_arena_free(ocors_arena_t *arena)
{
    while (arena->chunks != NULL) {
        chunk_t *next = arena->chunks->next;

        free(arena->chunks);
        arena->chunks = next;
    }
}

char *ocors_arena_take(ocors_arena_t *arena, size_t length)
{
    char *bytes = reserve(arena, length);

    if (bytes != NULL) {
        arena->chunks->used += length;
    }
    return bytes;
}

ocors_span_t ocors_arena_copy(ocors_arena_t *arena, ocors_span_t text)
{
    char *copy = ocors_arena_take(arena, text.length);

    if (copy != NULL && text.length > 0) {
        memcpy(copy, text.bytes, text.length);
    }
    return ocors_span_make(copy, copy != NULL ? text.length : 0);
}

ocors_span_t ocors_arena_copy_lower(ocors_arena_t *arena, ocors_span_t text)
{
    char *copy = ocors_arena_take(arena, text.length);

    for (size_t i = 0; copy != NULL && i < text.length; i++) {
        copy[i] = ocors_ascii_lower(text.bytes[i]);
    }
    return ocors_span_make(copy, copy != NULL ? text.length : 0);
}
