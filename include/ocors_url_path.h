/* SPDX-License-Identifier: Apache-2.0 */
/* The URL path of an OCAPI request, read twice: no spelling loosens a policy (C5, R12). */
#ifndef OCORS_URL_PATH_H
#define OCORS_URL_PATH_H

#include <stdbool.h>
#include <stddef.h>

#include "ocors_resource.h"
#include "ocors_span.h"

/* The APIs that have documents, counted from 0, and what else a path can name. */
typedef enum {
    OCORS_API_SHOP,
    OCORS_API_DATA,
    OCORS_API_OTHER,  /* any other segment after "dw": batch, meta, oauth2, ... */
    OCORS_API_OUTSIDE /* the path names no API */
} ocors_api_t;

#define OCORS_API_COUNT 2

/* What one reading of a path names: [...][/s/{site}]/dw/{api}. */
typedef struct ocors_address_t {
    ocors_span_t site; /* of /s/{site}/ or /s/Sites-{site}-Site/; bytes NULL: none */
    ocors_api_t api;
} ocors_address_t;

typedef struct ocors_url_path_t {
    ocors_address_t plain; /* reading 1: as httpd passes the path on, with case */
    ocors_address_t loose; /* reading 2: as the most lenient application reads it */
    bool is_ambiguous;     /* R12 refuses the path, whatever sites exist */
    ocors_span_t whole;    /* the path */
    size_t behind;         /* reading 1: where the path goes on after the API, if there is one */
} ocors_url_path_t;

/*
 * Reading 1: the version of /v{N}_{M}/ after the API; 0: none. *rest: the path after the version,
 * from its '/' ("/" if it ends there); without a version the whole path.
 */
ocors_version_t ocors_url_path_split(const ocors_url_path_t *path, ocors_span_t *rest);

/*
 * Reads a path once (reading 1), for a section whose policy does not depend on it. Empty and "."
 * segments are skipped; the first "s/{site}/dw/{api}" or "dw/{api}" counts. `loose` is the same as
 * `plain`, and the path is not ambiguous. Spans point into `uri`. Linear.
 */
void ocors_url_path_parse(ocors_span_t uri, ocors_url_path_t *path);

/*
 * Reads a path twice (R12). `uri` is the path as httpd passes it on, `line` the path of the request
 * line. Reading 2 is what ocors_url_loosen() makes of `uri`; ocors_url_name_is() compares its
 * names. The path is ambiguous if
 *
 *   - ocors_url_loosen() says so of `uri` or of `line`
 *   - the readings name different APIs
 *   - reading 2 ends at "dw"
 *   - after the API of reading 2 another "s/{x}/dw", "dw/shop" or "dw/data" follows
 *   - `line` has a ';' before the API that `uri` does not have
 *
 * `buffer` has ocors_url_path_buffer_size() bytes, and `loose` points into it. No allocation;
 * linear in both.
 */
void ocors_url_path_read(ocors_span_t uri, ocors_span_t line, char *buffer, ocors_url_path_t *path);
size_t ocors_url_path_buffer_size(ocors_span_t uri, ocors_span_t line);

/*
 * The same for a plain path that is also the path of the request line, as most are: both readings
 * are one, no application reads it otherwise, and the path is not ambiguous. It needs no buffer,
 * and reads each byte once. False: the path may be read in several ways, and *path is undefined.
 */
bool ocors_url_path_read_plain(const char *uri, ocors_url_path_t *path);

/*
 * The path to match with resources (R12): "%2F" is a slash, as applications decode it. Written into
 * `buffer`, which has path.length bytes; a path without an escape needs none
 * (ocors_url_path_has_escape()).
 */
ocors_span_t ocors_url_path_decode_slashes(ocors_span_t path, char *buffer);

static inline bool ocors_url_path_has_escape(ocors_span_t path)
{
    return path.length > 0 && memchr(path.bytes, '%', path.length) != NULL;
}

/*
 * Whether a path begins with "/s/{site}/dw/" or "/dw/" and an API: reading 1 names one, so that the
 * path is not outside. False: it may have an address all the same.
 */
bool ocors_url_path_begins_inside(const char *uri);

/* Whether neither reading names an API: no policy of a tree covers the path (S9). */
static inline bool ocors_url_path_is_outside(const ocors_url_path_t *path)
{
    return !path->is_ambiguous && path->plain.api == OCORS_API_OUTSIDE;
}

#endif
