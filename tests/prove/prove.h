/* SPDX-License-Identifier: Apache-2.0 */
/* What the harnesses of Eva share: bytes that can be anything. */
#ifndef PROVE_H
#define PROVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "__fc_builtin.h"
#include "ocors_span.h"

/* An object of exactly `length` bytes, of which each can be anything. */
static inline char *prove_bytes(size_t length)
{
    char *bytes = malloc(length);

    for (size_t i = 0; i < length; i++) {
        bytes[i] = (char)Frama_C_interval(-128, 127);
    }
    return bytes;
}

static inline ocors_span_t prove_span(size_t length)
{
    return ocors_span_make(prove_bytes(length), length);
}

/* Reads each byte of a span: it lies in one object, and all of it is written. */
static inline unsigned prove_read(ocors_span_t span)
{
    unsigned all = 0;

    for (size_t i = 0; i < span.length; i++) {
        all |= (unsigned char)span.bytes[i];
    }
    return all;
}

/* Any part of a span. */
static inline ocors_span_t prove_part(ocors_span_t span)
{
    int start = Frama_C_interval(0, (int)span.length);
    int end = Frama_C_interval(0, (int)span.length);

    /*@ split start; */
    /*@ split end; */
    return start <= end ? ocors_span_make(span.bytes + start, (size_t)(end - start))
                        : ocors_span_make(NULL, 0);
}

/* An alarm: what a harness asks of a result does not hold. */
static inline void prove_fails(void)
{
    /*@ assert prove_holds: \false; */
}

/* ---- Harnesses --------------------------------------------------------------------------------
 */

/*
 * What a harness has: texts in which each '?' is any byte and each other byte itself, which lead to
 * what lies deeper than BOUND arbitrary bytes do; and what it does with a text.
 */
static const char *const shapes[];
static void prove(ocors_span_t text);

static void prove_shape(const char *shape, size_t length)
{
    char *const bytes = prove_bytes(length);

    for (size_t i = 0; shape != NULL && i < length; i++) {
        if (shape[i] != '?') {
            bytes[i] = shape[i];
        }
    }
    prove(ocors_span_make(bytes, length));
    free(bytes);
}

int main(void)
{
    for (size_t length = 0; length <= BOUND; length++) {
        prove_shape(NULL, length);
    }
    for (size_t i = 0; shapes[i] != NULL; i++) {
        prove_shape(shapes[i], strlen(shapes[i]));
    }
    return 0;
}

#endif
