/* SPDX-License-Identifier: Apache-2.0 */
/* Wildcards in a ServerAlias (R10), and in a segment of a resource_id (M2). */
#ifndef OCORS_GLOB_H
#define OCORS_GLOB_H

#include <stdbool.h>

#include "ocors_span.h"

/*
 * Whether the pattern matches a text: '*' matches any run of characters, '?' one character, any
 * other byte itself. A character is one of UTF-8; a byte that is not part of one is a character.
 * No allocation, no recursion. Linear in both lengths; a part between two '*' costs at most its
 * length for each character of the text.
 */
bool ocors_glob_is_match(ocors_span_t pattern, ocors_span_t text);

#endif
