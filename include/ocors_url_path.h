/* SPDX-License-Identifier: Apache-2.0 */
/* The URL path of an OCAPI request, read twice, so that no spelling loosens a policy (C5, R12). */
#ifndef OCORS_URL_PATH_H
#define OCORS_URL_PATH_H

#include <stdbool.h>
#include <stddef.h>

#include "ocors_resource.h"
#include "ocors_span.h"

/* The APIs that documents speak for, which count from 0, and what else a path can name. */
typedef enum {
    OCORS_API_SHOP,
    OCORS_API_DATA,
    OCORS_API_OTHER,  /* any other segment behind "dw": batch, meta, oauth2, ... */
    OCORS_API_OUTSIDE /* the path names no API */
} ocors_api_t;

#define OCORS_API_COUNT 2

/* What one reading of a path names: [...][/s/{site}]/dw/{api}. */
typedef struct ocors_address_t {
    ocors_span_t site; /* of /s/{site}/ or /s/Sites-{site}-Site/; bytes NULL: none is named */
    ocors_api_t api;
} ocors_address_t;

typedef struct ocors_url_path_t {
    ocors_address_t plain; /* reading 1: as httpd passes the path on, with case */
    ocors_address_t loose; /* reading 2: as the loosest application may take it */
    bool is_ambiguous;          /* R12 refuses it, whatever sites there are */
    ocors_version_t version;    /* reading 1: of /v{N}_{M}/ behind the API; 0: none */
    ocors_span_t rest; /* reading 1: behind the version, with its leading '/' ("/" where nothing is
                          left); the whole path where there is no version */
} ocors_url_path_t;

/*
 * Reading 1 of a path, for a section whose policy does not depend on it: empty and "." segments are
 * passed over; the first "s/{site}/dw/{api}" or "dw/{api}" counts. `loose` is the same, and nothing
 * is ambiguous. Spans point into `uri`. Linear.
 */
void ocors_url_path_parse(ocors_span_t uri, ocors_url_path_t *path);

/*
 * Both readings (R12). `uri` is the path as httpd passes it on, `line` the path of the request line.
 * Reading 2 decodes escapes until none is left, takes '\' for '/', cuts segments at ';', resolves
 * dot segments, and compares names without case and without bytes up to 0x20 and dots around them.
 * Beyond what DESIGN lists, a path is ambiguous in these cases, as applications resolve other segments
 * than reading 2 does:
 *
 *   - it has a ".." and an escape within an escape
 *   - a ".." takes back a "dw" that no API follows yet
 *   - a ".." is behind a segment that reading 2 does not have: empty, blank, "." or a parameter alone
 *   - two ".." are not spelled alike ("%2e%2e/.."), or one has blanks around it
 *   - a segment that reading 2 does not have is beside an encoded separator before the API
 *   - `line` has a ';' before the API, and `uri` has none there (mapping=servlet has taken it)
 *
 * `room` has ocors_url_path_room() bytes, and `loose` points into it. No allocation; linear in both.
 */
void ocors_url_path_read(ocors_span_t uri, ocors_span_t line, char *room, ocors_url_path_t *path);
size_t ocors_url_path_room(ocors_span_t uri, ocors_span_t line);

/* Whether neither reading names an API, so that no policy of a tree covers the path (1.7). */
bool ocors_url_path_is_outside(const ocors_url_path_t *path);

/* A site id that is longer, once it is folded, is none that a tree has: it is a folder's name. */
#define OCORS_SITE_KEY_MAX 255

/*
 * Brings a site id to the form in which ids that R12 does not tell apart are equal: lower case
 * (U+017F is an s, U+212A a k), without bytes up to 0x20 and dots around it. Returns the key's
 * length; 0: the id is empty, or the key is longer than OCORS_SITE_KEY_MAX.
 */
size_t ocors_site_key(ocors_span_t id, char key[OCORS_SITE_KEY_MAX]);

#endif
