/* SPDX-License-Identifier: Apache-2.0 */
/* SHA-256 (FIPS 180-4) and what the module names by it. Its source is glue: APR computes it. */
#ifndef OCORS_DIGEST_H
#define OCORS_DIGEST_H

#include <apr_pools.h>

#include "ocors_key.h"
#include "ocors_span.h"

/* The digest of one text. */
void ocors_digest_make(apr_pool_t *scratch, ocors_span_t bytes,
                       unsigned char result[OCORS_DIGEST_SIZE]);

/* The key of a text: the first 16 bytes of its digest. */
ocors_key_t ocors_digest_key(apr_pool_t *scratch, ocors_span_t text);

/* In hexadecimal, with a NUL (apr_escape_hex()). */
#define OCORS_DIGEST_TEXT_SIZE (2 * OCORS_DIGEST_SIZE + 1)

#endif
