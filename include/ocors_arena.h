/* SPDX-License-Identifier: Apache-2.0 */
/* Text that is kept until all of it goes, and never moves while it grows. */
#ifndef OCORS_ARENA_H
#define OCORS_ARENA_H

#include "ocors_span.h"

/* All zero: empty. */
typedef struct ocors_arena_t {
    struct ocors_arena_chunk_t *chunks; /* the one that is being filled comes first */
} ocors_arena_t;

void ocors_arena_free(ocors_arena_t *arena);

/* So many bytes, for the caller to fill. NULL: out of memory, never otherwise. */
char *ocors_arena_take(ocors_arena_t *arena, size_t length);

/* A copy, in lower case (ASCII) or as it is. bytes == NULL: out of memory, never otherwise. */
ocors_span_t ocors_arena_copy(ocors_arena_t *arena, ocors_span_t text);
ocors_span_t ocors_arena_copy_lower(ocors_arena_t *arena, ocors_span_t text);

#endif
