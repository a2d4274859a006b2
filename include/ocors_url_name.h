/* SPDX-License-Identifier: Apache-2.0 */
/* Names in a URL path, compared as the loosest application does it (R12). */
#ifndef OCORS_URL_NAME_H
#define OCORS_URL_NAME_H

#include <stdbool.h>
#include <stddef.h>

#include "ocors_span.h"

/*
 * Two names are equal here if they are so in lower case (U+017F is an s, U+212A a k, U+0130 and
 * U+0131 an i), without blanks and dots around them. Blanks are bytes up to 0x20 and the white
 * space of Unicode. Words to compare with are given in lower case. Nothing allocates; all is
 * linear.
 */

/* Without blanks around it, and without dots too if `with_dots`. */
ocors_span_t ocors_url_name_trim(ocors_span_t name, bool with_dots);

/* Whether a name is this word. A span without bytes is none. */
bool ocors_url_name_is(ocors_span_t name, ocors_span_t word);

/* How many bytes at the name's beginning are this word in any case; 0: it begins otherwise. */
size_t ocors_url_name_prefix(ocors_span_t name, ocors_span_t word);

/* A site id that is longer, once it is folded, is none that a tree has: it is a folder's name. */
#define OCORS_SITE_KEY_MAX 255

/*
 * Brings a site id to the form in which ids that R12 does not tell apart are equal. Returns the
 * key's length; 0: nothing is left of the id, or the key is longer than OCORS_SITE_KEY_MAX.
 */
size_t ocors_site_key(ocors_span_t id, char key[OCORS_SITE_KEY_MAX]);

#endif
