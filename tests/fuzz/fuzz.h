/* SPDX-License-Identifier: Apache-2.0 */
/* What the fuzz targets share: their list, the fields of an input, and how a target fails. */
#ifndef OCORS_FUZZ_H
#define OCORS_FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ocors_span.h"

/* What httpd reads of a line at most (LimitRequestLine, LimitRequestFieldSize). */
#define FUZZ_WIRE_MAX 8190

/*
 * One row each: the target's name, the most bytes of an input, and the most CPU time that one input
 * may take, in milliseconds (R13). A target is a function fuzz_NAME() in fuzz_NAME.c.
 */
#define FUZZ_TARGETS(X)                                                                            \
    X(client, 4 * FUZZ_WIRE_MAX, 200)                                                              \
    X(decide, FUZZ_WIRE_MAX, 200)                                                                  \
    X(edit, 16384, 500)                                                                            \
    X(escape, FUZZ_WIRE_MAX, 200)                                                                  \
    X(image, 4096, 200)                                                                            \
    X(headers, FUZZ_WIRE_MAX, 200)                                                                 \
    X(origin, FUZZ_WIRE_MAX, 200)                                                                  \
    X(pattern, 4096, 200)                                                                          \
    X(scan, 65536, 500)                                                                            \
    X(settings, 65536, 1000)                                                                       \
    X(snapshot, 4096, 200)                                                                         \
    X(url_path, FUZZ_WIRE_MAX, 200)

typedef void fuzz_target_t(ocors_span_t input);

#define FUZZ_DECLARE(name, most, time) fuzz_target_t fuzz_##name;
FUZZ_TARGETS(FUZZ_DECLARE)
#undef FUZZ_DECLARE

/* Ends the process as a crash does if a property does not hold. */
#define FUZZ_CHECK(condition)                                                                      \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            fprintf(stderr, "%s:%d: this does not hold: %s\n", __FILE__, __LINE__, #condition);    \
            abort();                                                                               \
        }                                                                                          \
    } while (false)

/*
 * Memory, or the end of the process; each byte beyond it is noticed. Under libFuzzer the sanitizer
 * notices (entry.c), in the replay pages that nobody may touch (guard.c). The caller's to give back
 * by fuzz_release(), which takes NULL as well. `alignment` is a power of 2; 1: of any bytes.
 */
void *fuzz_allocate_aligned(size_t size, size_t alignment);
void fuzz_release(void *memory);

static inline void *fuzz_allocate(size_t size)
{
    return fuzz_allocate_aligned(size, 1);
}

/* A copy of its own; bytes == NULL for the empty span. The caller's to free by fuzz_free(). */
static inline ocors_span_t fuzz_copy(ocors_span_t span)
{
    char *bytes = NULL;

    if (span.length > 0) {
        bytes = fuzz_allocate(span.length);
        memcpy(bytes, span.bytes, span.length);
    }
    return ocors_span_make(bytes, span.length);
}

static inline void fuzz_free(ocors_span_t span)
{
    fuzz_release((void *)(uintptr_t)span.bytes);
}

static inline bool fuzz_has(ocors_span_t span, char c)
{
    return span.length > 0 && memchr(span.bytes, c, span.length) != NULL;
}

/* ---- Fields ---------------------------------------------------------------------------------- */

#define FUZZ_FIELDS_MAX 12

/* A line of its own that separates two fields. */
#define FUZZ_SEPARATOR "\n---\n"

/* The fields of an input, each in memory of its own; those that are absent are empty. */
typedef struct fuzz_fields_t {
    ocors_span_t items[FUZZ_FIELDS_MAX];
    size_t count;
} fuzz_fields_t;

/* The next part of *rest before a separator; *rest moves past it, and is NULL after the last. */
static inline ocors_span_t fuzz_cut(ocors_span_t *rest, ocors_span_t separator)
{
    ocors_span_t part = *rest;

    for (size_t at = 0; at + separator.length <= rest->length; at++) {
        if (memcmp(rest->bytes + at, separator.bytes, separator.length) == 0) {
            part.length = at;
            *rest = ocors_span_from(*rest, at + separator.length);
            return part;
        }
    }
    *rest = ocors_span_make(NULL, 0);
    return part;
}

/*
 * Splits an input at its separators. The last field has the others, where there are more than
 * `most`. A line end at the end of the input, as editors write it, is not a part of it.
 */
static inline fuzz_fields_t fuzz_split(ocors_span_t input, size_t most)
{
    fuzz_fields_t fields = { .count = 0 };
    ocors_span_t rest = input;

    FUZZ_CHECK(most <= FUZZ_FIELDS_MAX);
    if (rest.length > 0 && rest.bytes[rest.length - 1] == '\n') {
        rest.length--;
    }
    while (rest.bytes != NULL && fields.count < most) {
        const bool is_last = fields.count + 1 == most;
        const ocors_span_t part = is_last ? rest
                                          : fuzz_cut(&rest, OCORS_SPAN_LITERAL(FUZZ_SEPARATOR));

        fields.items[fields.count++] = fuzz_copy(part);
        if (is_last) {
            break;
        }
    }
    return fields;
}

static inline void fuzz_fields_free(fuzz_fields_t *fields)
{
    for (size_t i = 0; i < fields->count; i++) {
        fuzz_free(fields->items[i]);
    }
}

/* ---- Output ---------------------------------------------------------------------------------- */

/* Text that grows; `put` is an ocors_put_t of it. All zero: empty. */
typedef struct fuzz_text_t {
    char *bytes;
    size_t length, room;
} fuzz_text_t;

static inline void fuzz_put(void *to, const char *bytes, size_t length)
{
    fuzz_text_t *text = to;

    if (text->room - text->length < length) {
        text->room = (text->room + length) * 2;
        text->bytes = realloc(text->bytes, text->room);
        FUZZ_CHECK(text->bytes != NULL);
    }
    if (length > 0) {
        memcpy(text->bytes + text->length, bytes, length);
        text->length += length;
    }
}

static inline ocors_span_t fuzz_text_span(const fuzz_text_t *text)
{
    return ocors_span_make(text->bytes, text->length);
}

#endif
