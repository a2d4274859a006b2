/* SPDX-License-Identifier: Apache-2.0 */
/* Text of anybody, as part of a text with a syntax. */
#ifndef OCORS_ESCAPE_H
#define OCORS_ESCAPE_H

#include "ocors_span.h"

/* Where the bytes go. */
typedef void ocors_put_t(void *to, const char *bytes, size_t length);

/*
 * Each gives a text of any bytes to `put`, in pieces: as UTF-8, in which no control character and
 * no invisible one is left. Linear. What is not UTF-8 is U+FFFD, but in a label, where it is the
 * byte in hexadecimal digits, "<FF>": two series must not have one label. For the same reason "<"
 * is "<U+003C>" there: different texts have different labels. A text for people has "\xff".
 *
 *   json    within a string of JSON (RFC 8259 section 7): "\u202e"
 *   html    between tags, or within a quoted attribute: "&lt;U+202E&gt;"
 *   label   within a quoted label of Prometheus' text format: "<U+202E>"
 *   text    for people, on one line: "<U+202E>", and a control character as "\x1b"
 */
void ocors_escape_json(ocors_put_t *put, void *to, ocors_span_t text);
void ocors_escape_html(ocors_put_t *put, void *to, ocors_span_t text);
void ocors_escape_label(ocors_put_t *put, void *to, ocors_span_t text);
void ocors_escape_text(ocors_put_t *put, void *to, ocors_span_t text);

#endif
