/* SPDX-License-Identifier: Apache-2.0 */
/* A request -> facts -> its decision, found once and remembered (rule H4). */
#ifndef OCORS_FACTS_H
#define OCORS_FACTS_H

#include <httpd.h>
#include <http_config.h>

#include "ocors_config.h"
#include "ocors_decide.h"

/* What was decided about a request, and by which section; in the request's pool. */
typedef struct ocors_request_t {
    const ocors_config_t *config;
    ocors_decision_t decision;
    ocors_span_t document_version; /* `_v` of the policy's last document, for the fault */
} ocors_request_t;

/*
 * The decision about a request, if there is one: its own, or that of the request which an internal
 * redirect or an ErrorDocument replaced (H4).
 */
const ocors_request_t *ocors_request_find(const request_rec *r);

/* The same, made now if there is none. NULL: no section covers the request. */
const ocors_request_t *ocors_request_decide(request_rec *r);

/*
 * Sets the notes that LogFormat can show, ocapi_cors_verdict and ocapi_cors_reason, on a request
 * and on those that replaced it.
 */
void ocors_request_note(request_rec *r);

/* The `_v` of a fault: the version in the URL, else the document's. In the request's pool. */
ocors_span_t ocors_request_version(request_rec *r, const ocors_request_t *request);

#endif
