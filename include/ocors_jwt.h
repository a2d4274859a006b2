/* SPDX-License-Identifier: Apache-2.0 */
/* A bearer token's payload -> what it claims (rule C1). Decoded, not verified. */
#ifndef OCORS_JWT_H
#define OCORS_JWT_H

#include <stdbool.h>
#include <stddef.h>

#include "ocors_span.h"

/*
 * R13: a token with more members of objects and elements of arrays, nested ones included, is passed
 * over.
 */
#define OCORS_JWT_VALUES_MAX 256

/* A token with a value of more objects and arrays within each other is passed over. */
#define OCORS_JWT_DEPTH_MAX 64

/* R13: a claim of more bytes, as it is spelled in the payload, counts as empty. */
#define OCORS_JWT_CLAIM_MAX 1024

typedef struct ocors_jwt_t {
    ocors_span_t claim; /* the one that was asked for; empty: there is none, or it is no string */
    ocors_span_t sub;   /* likewise */
} ocors_jwt_t;

/*
 * Reads the claim of this name, and `sub`, of a token: header.payload[.signature], of which the
 * payload is one JSON object (RFC 8259) in base64url or base64 (RFC 4648), padded or not. Of
 * several members of one name the last counts. `name` is not empty. Ids are ASCII: a string with an
 * escape beyond that, or with a broken one, is empty.
 *
 * Writes at most token.length bytes into `buffer`, into which the claims point. False: the token is
 * none such. No allocation, no recursion; one pass over the payload, whatever it holds.
 */
bool ocors_jwt_read(ocors_span_t token, ocors_span_t name, char *buffer, ocors_jwt_t *jwt);

#endif
