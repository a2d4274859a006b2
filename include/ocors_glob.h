/* SPDX-License-Identifier: Apache-2.0 */
/* Wildcards in a ServerAlias (R10), and in a segment of a resource_id (M2). */
#ifndef OCORS_GLOB_H
#define OCORS_GLOB_H

#include <stdbool.h>

#include "ocors_span.h"

/*
 * Whether a text is one that the pattern describes: '*' is any run of characters, '?' is one (as
 * UTF-8 has it; where the bytes are none, each is one), all else itself. No allocation, no
 * recursion. Linear in both lengths but for what stands between two '*': that takes at most its
 * length for each character of the text.
 */
bool ocors_glob_is_match(ocors_span_t pattern, ocors_span_t text);

#endif
