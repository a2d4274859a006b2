/* SPDX-License-Identifier: Apache-2.0 */
/* Well-formed UTF-8 (RFC 3629 section 4). */
#ifndef OCORS_UTF8_H
#define OCORS_UTF8_H

#include <stddef.h>

#include "ocors_span.h"

/*
 * The length in bytes of the character at the front of a text that is not empty: 1 for ASCII; 0 if
 * what is there is no character (overlong, a surrogate, beyond U+10FFFF, cut off).
 */
size_t ocors_utf8_length(ocors_span_t text);

#endif
