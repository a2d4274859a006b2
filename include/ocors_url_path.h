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
    ocors_address_t plain;   /* reading 1: as httpd passes the path on, with case */
    ocors_address_t loose;   /* reading 2: as the loosest application may take it */
    bool is_ambiguous;       /* R12 refuses it, whatever sites there are */
    ocors_version_t version; /* reading 1: of /v{N}_{M}/ behind the API; 0: none */
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
 * Both readings (R12). `uri` is the path as httpd passes it on, `line` the path of the request
 * line. Reading 2 is what ocors_url_loosen() makes of `uri`, its names compared by
 * ocors_url_name_is(). The path is ambiguous where that says so of `uri` or of `line`, where the
 * readings name different APIs, where reading 2 ends at "dw", where behind its API another
 * "s/{x}/dw", "dw/shop" or "dw/data" follows, and where `line` has a ';' before the API that `uri`
 * does not have.
 *
 * `room` has ocors_url_path_room() bytes, and `loose` points into it. No allocation; linear in
 * both.
 */
void ocors_url_path_read(ocors_span_t uri, ocors_span_t line, char *room, ocors_url_path_t *path);
size_t ocors_url_path_room(ocors_span_t uri, ocors_span_t line);

/* Whether neither reading names an API, so that no policy of a tree covers the path (1.7). */
bool ocors_url_path_is_outside(const ocors_url_path_t *path);

#endif
