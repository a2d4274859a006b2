/* SPDX-License-Identifier: Apache-2.0 */
/* The fault document of a refused request (F1), written into the caller's buffer. */
#ifndef OCORS_FAULT_H
#define OCORS_FAULT_H

#include <stddef.h>

#include "ocors_span.h"

/* The most bytes of the origin that a fault repeats, before escaping (R9, F6). */
#define OCORS_FAULT_ORIGIN_MAX 256

/* The size of the longest fault with its NUL: each byte of the origin as \u00xx, and the rest. */
#define OCORS_FAULT_MAX (OCORS_FAULT_ORIGIN_MAX * 6 + 320)

/*
 * Writes the fault and a NUL; returns its length. `version` is `_v`, DIGITS.DIGITS of at most 16
 * bytes; any other value becomes "19.1". `origin` may hold any bytes. It is cut at
 * OCORS_FAULT_ORIGIN_MAX, never inside a character; bytes that are not UTF-8 become U+FFFD;
 * characters with a meaning in JSON or HTML are escaped.
 */
size_t ocors_fault_write(ocors_span_t version, ocors_span_t origin, char *buffer);

/* The fixed fields of a response with a fault; NULL ends the list. */
typedef struct ocors_fault_field_t {
    const char *name;
    const char *value;
} ocors_fault_field_t;

extern const ocors_fault_field_t ocors_fault_fields[];
extern const char ocors_fault_content_type[];

#endif
