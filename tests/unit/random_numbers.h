/* SPDX-License-Identifier: Apache-2.0 */
/* The same random numbers on every machine (xorshift); a test sets random_state, not to 0, first.
 */
#ifndef RANDOM_NUMBERS_H
#define RANDOM_NUMBERS_H

#include <stdint.h>

static uint32_t random_state;

static uint32_t random_below(uint32_t bound)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 17;
    random_state ^= random_state << 5;
    return random_state % bound;
}

#endif
