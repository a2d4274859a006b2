/* SPDX-License-Identifier: Apache-2.0 */
/* A URL path as the loosest application may take it: reading 2 of R12. */
#ifndef OCORS_URL_LOOSE_H
#define OCORS_URL_LOOSE_H

#include <stdbool.h>
#include <stddef.h>

#include "ocors_span.h"

typedef struct ocors_url_loose_t {
    ocors_span_t path;  /* segments, each with a '/' before it; in `room` */
    bool is_ambiguous;  /* applications resolve the path in different ways (below) */
    bool has_parameter; /* a ';' before the API of a path that has a "dw" */
} ocors_url_loose_t;

/*
 * Decodes escapes until none is left (an invalid one stays), drops TAB, LF and CR, takes '\' for
 * '/', cuts segments at their first ';', takes "(S(...))" of ASP.NET's sessions out, and resolves
 * empty, "." and ".." segments. Blanks around a segment do not count for that. A path is ambiguous
 * where
 *
 *   - a segment before the API has, decoded, a ';' with a '/' or '\' behind it (DESIGN R12)
 *   - a ".." takes back a part of an address that was complete, or a "dw" that no API follows yet
 *   - a ".." climbs above the root
 *   - there are a ".." and an encoded '/' or a '\', or a ".." and an escape within an escape
 *   - a ".." is behind a segment that this reading does not have: empty, blank, "." or a parameter
 *     alone, which others have and take back
 *   - two ".." are not spelled alike ("%2e%2e/.."), or one has blanks around it
 *   - a segment that this reading does not have is beside an encoded separator before the API
 *   - a session of ASP.NET stands before the API
 *
 * the last four only in a path with a "dw". `room` has text.length + 1 bytes. No allocation;
 * linear.
 */
ocors_url_loose_t ocors_url_loosen(ocors_span_t text, char *room);

/* Whether ocors_url_loosen() would leave a path as it is, as it does most. */
bool ocors_url_is_loose(ocors_span_t path);

#endif
