/* SPDX-License-Identifier: Apache-2.0 */
/* Facts of a request -> the client application that it names (rules C1 to C3). */
#ifndef OCORS_CLIENT_H
#define OCORS_CLIENT_H

#include <stddef.h>
#include <stdint.h>

#include "ocors_policy.h"
#include "ocors_span.h"

/* What became of the sources that may name a client (C1, C2). */
typedef enum {
    OCORS_CLIENT_NONE,     /* nobody is named: the union of all clients (C3) */
    OCORS_CLIENT_NAMED,    /* `id` is named; a client that no document has allows nothing (C2) */
    OCORS_CLIENT_AMBIGUOUS /* two different ones are named: nothing is allowed (C2) */
} ocors_naming_t;

/* Who asks, as far as a request says so. */
typedef struct ocors_named_client_t {
    ocors_naming_t kind;
    uint32_t source; /* which of the sources names it, from 1; 0: none */
    ocors_span_t id;
} ocors_named_client_t;

typedef enum {
    OCORS_SOURCE_BEARER, /* a claim of the JWT in Authorization: Bearer (RFC 6750, RFC 7519) */
    OCORS_SOURCE_QUERY,  /* a parameter of the query */
    OCORS_SOURCE_HEADER  /* a request header */
} ocors_source_kind_t;

/* Where a client may be named, and the value there. */
typedef struct ocors_source_t {
    ocors_source_kind_t kind;
    ocors_span_t name;  /* of the claim, or of the parameter, decoded */
    ocors_span_t value; /* of Authorization, of the whole query, of the header; any bytes */
} ocors_source_t;

/* The header field where a source looks; empty: it looks elsewhere. */
static inline ocors_span_t ocors_source_field(const ocors_source_t *source)
{
    return source->kind == OCORS_SOURCE_BEARER   ? OCORS_SPAN_LITERAL("Authorization")
           : source->kind == OCORS_SOURCE_HEADER ? source->name
                                                 : ocors_span_make(NULL, 0);
}

/* The sources that are asked by default, in their order, with empty values (C1). */
#define OCORS_SOURCES_DEFAULT_COUNT  3
#define OCORS_SOURCES_DEFAULT_HEADER 2 /* the place of x-dw-client-id */
extern const ocors_source_t ocors_sources_default[OCORS_SOURCES_DEFAULT_COUNT];

/* Bytes of room that a source takes: every decoding is shorter than what it decodes. */
size_t ocors_client_room(const ocors_source_t *sources, size_t count);

/*
 * Asks the sources in their order (C1). A bearer token names a client only if it is a JWT, or the
 * like of one, that ocors_jwt_read() reads, and whose claim, or whose `scid` within `sub` as SLAS
 * writes it, is an id that one of the policies knows; every other token is passed over. It is
 * decoded, not verified: it selects a list and grants nothing. A parameter or a header that is not
 * empty names one, known or not (C2); a parameter that is given twice with different values is
 * ambiguous.
 *
 * The id points into a source or into `room_bytes`. No allocation, no recursion; linear in what
 * the sources hold.
 */
ocors_named_client_t ocors_client_identify(const ocors_policy_t *policies, size_t policy_count,
                                           const ocors_source_t *sources, size_t count,
                                           char *room_bytes);

#endif
