/* SPDX-License-Identifier: Apache-2.0 */
/* A request -> what its path says (rules C5, M1, R12). */
#ifndef OCORS_REQUEST_PATH_H
#define OCORS_REQUEST_PATH_H

#include <stdbool.h>

#include <httpd.h>
#include <http_config.h>

#include "ocors_config.h"
#include "ocors_url_path.h"

/*
 * Reads the path. A tree has a policy for each site: the path is read twice (R12), and if rewriting
 * has led out of the tree, the requested path counts. A section with a list of documents has one
 * policy: the path is read once. Spans point into the request and its pool.
 */
void ocors_request_path_read(const request_rec *r, bool is_tree, ocors_url_path_t *path);

/*
 * The part of the path to match with resources (M1): after the version, or, in a path without a
 * version, after the section's own path. An encoded slash that httpd left encoded is decoded.
 * *version: that of the path, or 0.
 */
ocors_span_t ocors_request_path_resource(const request_rec *r, const ocors_documents_t *documents,
                                         const ocors_url_path_t *path, ocors_version_t *version);

/* Whether httpd will refuse a path that it has not decoded yet (AllowEncodedSlashes Off). */
bool ocors_request_path_is_unmappable(const request_rec *r);

/* The <Location> sections of a path that httpd has not decoded yet. */
ap_conf_vector_t *ocors_request_path_sections(request_rec *r);

/*
 * The path, normalised: that of the request, which httpd may have decoded already, and is not
 * decoded twice; that of the request line; and the <Location> sections of such a path.
 */
char *ocors_request_path_normal(const request_rec *r);
char *ocors_request_path_line(const request_rec *r);
ap_conf_vector_t *ocors_request_path_sections_of(request_rec *r, char *path);

/* By byte: 1 for those of a path that httpd may do something about, and for its end. */
extern const unsigned char ocors_request_path_special[256];

/*
 * The length of a path that httpd leaves unchanged: it has no escape, no parameter (mapping=servlet
 * removes those), no empty segment and no segment that begins with a dot. 0: it is another one.
 */
static inline size_t ocors_request_path_normal_length(const char *path)
{
    for (const char *at = path;; at++) {
        while (ocors_request_path_special[(unsigned char)*at] == 0) {
            at++;
        }
        if (*at != '/') {
            return *at == '\0' ? (size_t)(at - path) : 0;
        }
        if (at[1] == '/' || at[1] == '.') {
            return 0;
        }
    }
}

#endif
