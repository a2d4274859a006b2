/* SPDX-License-Identifier: Apache-2.0 */
/* The hash of the core: seeded, for tables that only the author of a document can fill. */
#ifndef OCORS_HASH_H
#define OCORS_HASH_H

#include <stdint.h>
#include <string.h>

#include "ocors_span.h"

/*
 * The folded product of 64 by 64 bits: each bit of both factors changes each bit of the result. A
 * product that is cut at 64 bits is not enough: a flip of the input's highest bit flips the same
 * bits under every seed, and an attacker can prepare keys that always collide.
 */
static inline uint64_t ocors_hash_mix(uint64_t a, uint64_t b)
{
#ifdef __SIZEOF_INT128__
    __extension__ typedef unsigned __int128 product_t;
    product_t product = (product_t)a * b;

    return (uint64_t)product ^ (uint64_t)(product >> 64);
#else
    uint64_t a_low = a & UINT32_MAX, a_high = a >> 32;
    uint64_t b_low = b & UINT32_MAX, b_high = b >> 32;
    uint64_t low = a_low * b_low;
    uint64_t middle = a_high * b_low + (low >> 32);
    uint64_t other = a_low * b_high + (middle & UINT32_MAX);

    return (a_high * b_high + (middle >> 32) + (other >> 32)) ^ (other << 32 | (low & UINT32_MAX));
#endif
}

/*
 * Each process that builds tables has a random seed: nobody can prepare a document whose keys all
 * collide. Requests only look up; they cannot make a chain longer.
 */
static inline uint64_t ocors_hash(uint64_t seed, ocors_span_t key)
{
    /* Only this process knows the multiplier. A seed of 0 (in a test) works, too. */
    const uint64_t secret = (seed ^ UINT64_C(0x94d049bb133111eb)) | 1;
    uint64_t state = ocors_hash_mix(seed ^ key.length, UINT64_C(0x9e3779b97f4a7c15));
    const char *at = key.bytes;
    size_t left = key.length;
    uint64_t word;

    while (left >= sizeof(word)) {
        memcpy(&word, at, sizeof(word));
        state = ocors_hash_mix(state ^ word, secret);
        at += sizeof(word);
        left -= sizeof(word);
    }
    if (left > 0) {
        word = 0;
        if (key.length > sizeof(word)) {
            memcpy(&word, at + left - sizeof(word), sizeof(word)); /* some bytes a second time */
        }
        else {
            memcpy(&word, at, left);
        }
        state = ocors_hash_mix(state ^ word, secret);
    }
    return ocors_hash_mix(state ^ seed, UINT64_C(0xbf58476d1ce4e5b9));
}

#endif
