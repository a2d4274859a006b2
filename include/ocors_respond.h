/* SPDX-License-Identifier: Apache-2.0 */
/* What is said to the client: our own answers, and the headers of everybody's. */
#ifndef OCORS_RESPOND_H
#define OCORS_RESPOND_H

#include <stdbool.h>

#include <httpd.h>

#include "ocors_request.h"

/*
 * Answers a request that is ours to answer (R5, P1, P2, 1.5): the whole response goes through the
 * filters of the section, and nothing of the request body is asked for. `has_filters` says whether
 * httpd has inserted them already, as it has when it asks for a handler. DONE, for the hook to
 * return.
 */
int ocors_respond(request_rec *r, const ocors_request_t *request, bool has_filters);

/* Registers the filter that gives a response its headers, and adds it to a request (H1, H3). */
void ocors_respond_register_filter(apr_pool_t *pool);
void ocors_respond_add_filter(request_rec *r, const ocors_request_t *request);

#endif
