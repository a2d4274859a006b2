/* SPDX-License-Identifier: Apache-2.0 */
/* The fault document of a refused request (DESIGN 1.5), written into the caller's buffer. */
#ifndef OCORS_FAULT_H
#define OCORS_FAULT_H

#include <stddef.h>

#include "ocors_span.h"

/* How much of the origin a fault repeats, in bytes before escaping (R9, 1.7). */
#define OCORS_FAULT_ORIGIN_MAX 256

/* The longest fault, its NUL included: every byte of the origin as \u00xx, and what is around. */
#define OCORS_FAULT_MAX (OCORS_FAULT_ORIGIN_MAX * 6 + 320)

/*
 * Writes the fault and a NUL; returns its length. `version` is `_v`, DIGITS.DIGITS of at most 16
 * bytes; anything else becomes "19.1". `origin` may hold any bytes: it is cut at
 * OCORS_FAULT_ORIGIN_MAX, never inside a character, bytes that are not UTF-8 become U+FFFD, and
 * what JSON or HTML could take for syntax is escaped.
 */
size_t ocors_fault_write(ocors_span_t version, ocors_span_t origin, char *buffer);

/* The fixed fields of the response that carries it; NULL ends the list. */
typedef struct ocors_fault_field_t {
    const char *name;
    const char *value;
} ocors_fault_field_t;

extern const ocors_fault_field_t ocors_fault_fields[];
extern const char ocors_fault_content_type[];

#endif
