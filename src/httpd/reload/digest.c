/* SPDX-License-Identifier: Apache-2.0 */
/* SHA-256 as APR computes it. Owns nothing. */

#include "ocors_digest.h"

#include <apr_random.h>

void ocors_digest_make(apr_pool_t *scratch, ocors_span_t bytes,
                       unsigned char result[OCORS_DIGEST_SIZE])
{
    apr_crypto_hash_t *hash = apr_crypto_sha256_new(scratch);

    hash->init(hash);
    hash->add(hash, bytes.bytes, bytes.length);
    hash->finish(hash, result);
}

ocors_key_t ocors_digest_key(apr_pool_t *scratch, ocors_span_t text)
{
    unsigned char result[OCORS_DIGEST_SIZE];
    ocors_key_t key;

    ocors_digest_make(scratch, text, result);
    memcpy(key.bytes, result, sizeof(key.bytes));
    return key;
}
