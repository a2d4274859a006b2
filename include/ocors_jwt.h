/* SPDX-License-Identifier: Apache-2.0 */
/* A bearer token's payload -> what it claims (rule C1). Decoded, not verified. */
#ifndef OCORS_JWT_H
#define OCORS_JWT_H

#include <stdbool.h>
#include <stddef.h>

#include "ocors_json_text.h"
#include "ocors_span.h"

/*
 * R13: a token with more names and values is passed over. Nested ones count, and what is slow to
 * read counts more: see ocors_json_text.h. A name at the top level with an escape or a character
 * beyond ASCII counts one more for each OCORS_JSON_SLOW bytes that it begins, as it is compared.
 */
#define OCORS_JWT_VALUES_MAX 256

/* R13: a claim of more bytes, as it is spelled in the payload, counts as empty. */
#define OCORS_JWT_CLAIM_MAX 1024

typedef struct ocors_jwt_t {
    ocors_span_t
        claim;        /* the one that was asked for; empty: there is none, or it is not a string */
    ocors_span_t sub; /* likewise */
} ocors_jwt_t;

/*
 * Reads the claim of this name, and `sub`, of a token: header.payload[.signature], of which the
 * payload is one JSON object (RFC 8259) in base64url or base64 (RFC 4648), padded or not. Of
 * several members of one name the last counts. `name` is not empty. Names and values are decoded
 * (RFC 8259 section 7: \u00e9 in an `iss` is a letter); one with a broken escape, or with half of
 * a surrogate pair, is empty.
 *
 * `buffer`, into which the claims point, has room for token.length + OCORS_JSON_PADDING bytes.
 * False: the token is not such a one, it has more than OCORS_JWT_VALUES_MAX, or an object or
 * array in it is nested deeper than OCORS_JSON_DEPTH_MAX. No allocation, no recursion; one pass
 * over the payload, whatever it holds.
 */
bool ocors_jwt_read(ocors_span_t token, ocors_span_t name, char *buffer, ocors_jwt_t *jwt);

#endif
