/* SPDX-License-Identifier: Apache-2.0 */
/* Host names beyond ASCII, in the form that browsers send (RFC 3492). */
#ifndef OCORS_PUNYCODE_H
#define OCORS_PUNYCODE_H

#include <stdbool.h>
#include <stddef.h>

#include "ocors_span.h"

/*
 * Whether the label of a host, which begins with "xn--", is punycode of a label that has a
 * character beyond ASCII (D35). No browser sends one that is not. That the label is
 * allowed by IDNA is not looked at. Quadratic in the label's length, of which 63 bytes are looked
 * at; a longer label is none.
 */
bool ocors_punycode_label_is_valid(ocors_span_t label);

/* The longest host that is written, its NUL included. */
#define OCORS_PUNYCODE_HOST_MAX 254

/*
 * Writes a host name with its labels beyond ASCII in punycode, and a NUL: "shöp.example" becomes
 * "xn--shp-tna.example". Only for letters that a browser takes as they are:
 * digits, small Latin, Greek and Cyrillic letters, kana and ideographs. False: there is another
 * character, text that is not UTF-8, or a label of more than 63 bytes; `host` is unspecified.
 */
bool ocors_punycode_write_host(ocors_span_t name, char host[OCORS_PUNYCODE_HOST_MAX]);

#endif
