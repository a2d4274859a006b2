/* SPDX-License-Identifier: Apache-2.0 */
/* Responses: the module's own answers, and the headers of every answer. */
#ifndef OCORS_RESPOND_H
#define OCORS_RESPOND_H

#include <stdbool.h>

#include <httpd.h>

#include "ocors_request.h"

/*
 * Answers a preflight or a refused request (R5, P1, P2, F1). The response passes the filters of
 * the section; the client is not asked for the request body. `has_filters`: httpd has inserted the
 * filters already, as it has when it calls a handler. Returns DONE, for the hook to return.
 */
int ocors_respond(request_rec *r, const ocors_request_t *request, bool has_filters);

/* Registers the filter that writes the headers of a response, and adds it to a request (H1, H3). */
void ocors_respond_register_filter(apr_pool_t *pool);
void ocors_respond_add_filter(request_rec *r, const ocors_request_t *request);

#endif
