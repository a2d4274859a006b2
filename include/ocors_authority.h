/* SPDX-License-Identifier: Apache-2.0 */
/* Host and port of a Host field, and the parts of a serialised origin. */
#ifndef OCORS_AUTHORITY_H
#define OCORS_AUTHORITY_H

#include <stdbool.h>
#include <stdint.h>

#include "ocors_span.h"

/* A host and its port; the port is 0 if the text names none. */
typedef struct ocors_authority_t {
    ocors_span_t host; /* empty: the text has no host, or is malformed */
    uint16_t port;
} ocors_authority_t;

/* Parses "shop.example", "shop.example:8443", "[::1]:8080"; any other text has no host. */
ocors_authority_t ocors_authority_parse(ocors_span_t text);

/* The parts of a serialised origin (R8); they point into its text. */
typedef struct ocors_origin_parts_t {
    ocors_span_t scheme;
    ocors_authority_t authority;
} ocors_origin_parts_t;

/* False: the text is not SCHEME://HOST[:PORT]. */
bool ocors_authority_split(ocors_span_t origin, ocors_origin_parts_t *parts);

/* The port that an origin names, else the default of its scheme; 0: the scheme has none. */
uint16_t ocors_authority_port(const ocors_origin_parts_t *parts);

#endif
