/* SPDX-License-Identifier: Apache-2.0 */
/* A request -> what its path says (rules C5, M1, R12). */
#ifndef OCORS_REQUEST_PATH_H
#define OCORS_REQUEST_PATH_H

#include <stdbool.h>

#include <httpd.h>

#include "ocors_config.h"
#include "ocors_url_path.h"

/*
 * Reads the path. A tree has a policy for each site, so that a path must not be taken for another
 * one: it is read twice, and where rewriting has led out of the tree, what was asked for counts. A
 * section with a list of documents has one policy for all, and its path is read once. Spans point
 * into the request and its pool.
 */
void ocors_request_path_read(const request_rec *r, bool is_tree, ocors_url_path_t *path);

/*
 * The part of the path that resources are matched with (M1): behind the version, or, where there is
 * none, behind the section's own path. A slash that httpd was told to leave encoded is one.
 */
ocors_span_t ocors_request_path_resource(const request_rec *r, const ocors_documents_t *documents,
                                         const ocors_url_path_t *path);

#endif
