/* SPDX-License-Identifier: Apache-2.0 */
/* A URL path as the most lenient application reads it: reading 2 of R12. */
#ifndef OCORS_URL_LOOSE_H
#define OCORS_URL_LOOSE_H

#include <stdbool.h>
#include <stddef.h>

#include "ocors_span.h"

typedef struct ocors_url_loose_t {
    ocors_span_t path;  /* segments, each with a '/' before it; in `buffer` */
    bool is_ambiguous;  /* applications resolve the path in different ways (below) */
    bool has_parameter; /* a ';' before the API of a path that has a "dw" */
} ocors_url_loose_t;

/*
 * Decodes escapes until none is left (an invalid one stays), drops TAB, LF and CR, reads '\' as
 * '/', cuts segments at their first ';', removes "(S(...))" of ASP.NET's sessions, and resolves
 * empty, "." and ".." segments, whatever blanks they have around. A path is ambiguous if
 *
 *   - a segment before the API, decoded, has a '/' or '\' after a ';' (R12)
 *   - a ".." removes a part of a complete address, or a "dw" that no API follows yet
 *   - a ".." climbs above the root
 *   - it has both a ".." and an encoded '/' or a '\', or both a ".." and an escape in an escape
 *   - a ".." follows a segment that this reading drops and others keep (and remove for the ".."):
 *     empty, blank, "." or only a parameter
 *   - two ".." are not spelled alike ("%2e%2e/.."), or one has blanks around it
 *   - before the API, a segment that this reading drops is next to an encoded separator
 *   - a session of ASP.NET precedes the API
 *
 * The last four apply only to a path with a "dw". `buffer` has text.length + 1 bytes. No
 * allocation; linear.
 */
ocors_url_loose_t ocors_url_loosen(ocors_span_t text, char *buffer);

/* Whether ocors_url_loosen() leaves a path unchanged; most paths are so. */
bool ocors_url_is_loose(ocors_span_t path);

#endif
