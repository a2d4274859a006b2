/* SPDX-License-Identifier: Apache-2.0 */
/* The characters that nobody can see. */
#ifndef OCORS_INVISIBLE_H
#define OCORS_INVISIBLE_H

#include <stddef.h>
#include <stdint.h>

#include "ocors_span.h"

/*
 * What an invisible character beyond ASCII is called (D31): "NO-BREAK SPACE".
 * Blanks, marks of direction, joiners, fillers, tags and C1 control characters are invisible. NULL:
 * the character is visible.
 */
const char *ocors_invisible_name(uint32_t character);

/* The first invisible character of a text, and its name; NULL: there is none. Passes over what is
 * not UTF-8. Linear. */
const char *ocors_invisible_find(ocors_span_t text, uint32_t *character);

#endif
