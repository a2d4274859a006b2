/* SPDX-License-Identifier: Apache-2.0 */
/* SHA-256 as FIPS 180-4 has it; names of its section 6.2. */

#include "ocors_sha256.h"

#define BLOCK_SIZE 64

/* Section 4.2.2. */
static const uint32_t K[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
};

static uint32_t rotate(uint32_t word, unsigned by)
{
    return word >> by | word << (32 - by);
}

/* Section 6.2.2. */
static void take_block(uint32_t state[8], const unsigned char block[BLOCK_SIZE])
{
    uint32_t w[64];
    uint32_t a = state[0], b = state[1], c = state[2], d = state[3];
    uint32_t e = state[4], f = state[5], g = state[6], h = state[7];

    for (int t = 0; t < 16; t++) {
        w[t] = (uint32_t)block[4 * t] << 24 | (uint32_t)block[4 * t + 1] << 16
               | (uint32_t)block[4 * t + 2] << 8 | block[4 * t + 3];
    }
    for (int t = 16; t < 64; t++) {
        const uint32_t low = rotate(w[t - 15], 7) ^ rotate(w[t - 15], 18) ^ w[t - 15] >> 3;
        const uint32_t high = rotate(w[t - 2], 17) ^ rotate(w[t - 2], 19) ^ w[t - 2] >> 10;

        w[t] = high + w[t - 7] + low + w[t - 16];
    }
    for (int t = 0; t < 64; t++) {
        const uint32_t one = h + (rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25))
                             + ((e & f) ^ (~e & g)) + K[t] + w[t];
        const uint32_t two = (rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22))
                             + ((a & b) ^ (a & c) ^ (b & c));

        h = g;
        g = f;
        f = e;
        e = d + one;
        d = c;
        c = b;
        b = a;
        a = one + two;
    }
    state[0] += a;
    state[1] += b;
    state[2] += c;
    state[3] += d;
    state[4] += e;
    state[5] += f;
    state[6] += g;
    state[7] += h;
}

void ocors_sha256_init(ocors_sha256_t *sha)
{
    *sha = (ocors_sha256_t){
        .state = { 0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c,
                   0x1f83d9ab, 0x5be0cd19 }, /* section 5.3.3 */
    };
}

void ocors_sha256_add(ocors_sha256_t *sha, ocors_span_t bytes)
{
    while (bytes.length > 0) {
        const size_t filled = sha->length % BLOCK_SIZE;
        const size_t wanted = BLOCK_SIZE - filled;
        const size_t taken = bytes.length < wanted ? bytes.length : wanted;

        if (taken == BLOCK_SIZE) {
            take_block(sha->state, (const unsigned char *)bytes.bytes);
        }
        else {
            memcpy(sha->block + filled, bytes.bytes, taken);
            if (taken == wanted) {
                take_block(sha->state, sha->block);
            }
        }
        sha->length += taken;
        bytes = ocors_span_make(bytes.bytes + taken, bytes.length - taken);
    }
}

void ocors_sha256_end(ocors_sha256_t *sha, unsigned char digest[OCORS_SHA256_SIZE])
{
    static const char padding[BLOCK_SIZE] = { (char)0x80 };
    const uint64_t bits = sha->length * 8;
    const size_t filled = sha->length % BLOCK_SIZE;
    char length[8];

    for (int i = 0; i < 8; i++) {
        length[i] = (char)(bits >> (56 - 8 * i));
    }
    ocors_sha256_add(sha, ocors_span_make(padding, (filled < 56 ? 56 : 120) - filled));
    ocors_sha256_add(sha, ocors_span_make(length, sizeof(length)));
    for (int i = 0; i < OCORS_SHA256_SIZE; i++) {
        digest[i] = (unsigned char)(sha->state[i / 4] >> (24 - 8 * (i % 4)));
    }
}

void ocors_sha256_write(const unsigned char digest[OCORS_SHA256_SIZE],
                        char text[OCORS_SHA256_TEXT_SIZE])
{
    static const char digits[] = "0123456789abcdef";

    for (int i = 0; i < OCORS_SHA256_SIZE; i++) {
        text[2 * i] = digits[digest[i] >> 4];
        text[2 * i + 1] = digits[digest[i] & 15];
    }
    text[2 * OCORS_SHA256_SIZE] = '\0';
}
