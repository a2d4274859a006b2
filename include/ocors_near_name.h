/* SPDX-License-Identifier: Apache-2.0 */
/* Whether a word is a known name that somebody mistyped. */
#ifndef OCORS_NEAR_NAME_H
#define OCORS_NEAR_NAME_H

#include <stddef.h>
#include <stdint.h>

#include "ocors_span.h"

/* The distance of a word that is not near. */
#define OCORS_NAME_FAR SIZE_MAX

/*
 * How far a word is from a known name (D27): 0 if they differ in case, '_',
 * '-' and blanks alone ("allowedOrigins"), or if the word is a known synonym ("to" for "until");
 * else the number of letters that are missing, added, replaced or swapped with their neighbour. A
 * name of 4 letters may have one such fault, one of 8 may have two; a shorter one none.
 * OCORS_NAME_FAR: more than that. `name` has at most 64 bytes. Cost: bounded, whatever the word's
 * length.
 */
size_t ocors_name_distance(ocors_span_t word, const char *name);

#endif
