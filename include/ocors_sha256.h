/* SPDX-License-Identifier: Apache-2.0 */
/* SHA-256 (FIPS 180-4), to tell what was loaded; neither APR-util nor json-c has it. */
#ifndef OCORS_SHA256_H
#define OCORS_SHA256_H

#include <stdint.h>

#include "ocors_span.h"

#define OCORS_SHA256_SIZE 32

/* Its text: 64 hexadecimal digits in lower case and a NUL. */
#define OCORS_SHA256_TEXT_SIZE 65

typedef struct ocors_sha256_t {
    uint32_t state[8];
    uint64_t length; /* bytes so far */
    unsigned char block[64];
} ocors_sha256_t;

void ocors_sha256_init(ocors_sha256_t *sha);
void ocors_sha256_add(ocors_sha256_t *sha, ocors_span_t bytes);

/* Ends it; `sha` is used up. */
void ocors_sha256_end(ocors_sha256_t *sha, unsigned char digest[OCORS_SHA256_SIZE]);

void ocors_sha256_write(const unsigned char digest[OCORS_SHA256_SIZE],
                        char text[OCORS_SHA256_TEXT_SIZE]);

#endif
