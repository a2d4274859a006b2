/* SPDX-License-Identifier: Apache-2.0 */
/* The key of a policy or a tree: its name across processes, restarts and snapshots. */
#ifndef OCORS_KEY_H
#define OCORS_KEY_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

/* The size of a SHA-256 digest in bytes. */
#define OCORS_DIGEST_SIZE 32

/*
 * The first 16 bytes of the SHA-256 of what the configuration names: the paths of a list of
 * documents, or the directory of a tree (ocors_digest.h). Two keys are equal only for equal texts.
 */
typedef struct ocors_key_t {
    unsigned char bytes[16];
} ocors_key_t;

static inline bool ocors_key_is_equal(const ocors_key_t *a, const ocors_key_t *b)
{
    return memcmp(a->bytes, b->bytes, sizeof(a->bytes)) == 0;
}

/* Whether it is all zero, which is the key of nothing. */
static inline bool ocors_key_is_none(const ocors_key_t *key)
{
    static const ocors_key_t none = { .bytes = { 0 } };

    return ocors_key_is_equal(key, &none);
}

/* A hash of the key for a table: its first 8 bytes, which are evenly distributed. */
static inline uint64_t ocors_key_hash(const ocors_key_t *key)
{
    uint64_t hash;

    memcpy(&hash, key->bytes, sizeof(hash));
    return hash;
}

#endif
