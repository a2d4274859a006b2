/* SPDX-License-Identifier: Apache-2.0 */
/* Names in a URL path, compared as the most lenient application does (R12). */
#ifndef OCORS_URL_NAME_H
#define OCORS_URL_NAME_H

#include <stdbool.h>
#include <stddef.h>

#include "ocors_span.h"

/*
 * Two names are equal if they are equal in lower case (U+017F is an s, U+212A a k, U+0130 and
 * U+0131 an i) and without the blanks and dots around them. Blanks are bytes up to 0x20 and the
 * white space of Unicode. Callers give words in lower case. No allocation; linear.
 */

/* The name without the blanks around it; `with_dots`: without the dots, too. */
ocors_span_t ocors_url_name_trim(ocors_span_t name, bool with_dots);

/* Whether a name is this word. False for a span without bytes. */
bool ocors_url_name_is(ocors_span_t name, ocors_span_t word);

/* How many bytes at the name's start are this word in any case; 0: the name starts otherwise. */
size_t ocors_url_name_prefix(ocors_span_t name, ocors_span_t word);

/* A tree has no longer site id: it is the name of a folder. */
#define OCORS_SITE_KEY_MAX 255

/*
 * Writes the key of a site id: ids that R12 does not tell apart have the same key. Returns the
 * key's length; 0: the key is empty, or longer than OCORS_SITE_KEY_MAX.
 */
size_t ocors_site_key(ocors_span_t id, char key[OCORS_SITE_KEY_MAX]);

#endif
