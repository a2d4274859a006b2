/* SPDX-License-Identifier: Apache-2.0 */
/* The path that httpd makes of the path of a request line. */
#ifndef OCORS_URI_H
#define OCORS_URI_H

#include <stdbool.h>

#include "ocors_span.h"

/*
 * Writes what httpd 2.4 passes on to modules, with its defaults: escapes are decoded once, but
 * "%2F"; empty and "." segments are removed, and ".." with the segment before it. `uri` has
 * line.length + 1 bytes and gets a NUL. False: httpd answers 400 or 404 itself, as the path does
 * not begin with '/', climbs above the root, has an incomplete escape, or an escaped NUL.
 */
bool ocors_uri_make(ocors_span_t line, char *uri);

#endif
