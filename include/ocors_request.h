/* SPDX-License-Identifier: Apache-2.0 */
/* A request's decision: made once, found again (rule H4). */
#ifndef OCORS_REQUEST_H
#define OCORS_REQUEST_H

#include <httpd.h>
#include <http_config.h>

#include "ocors_config.h"
#include "ocors_decide.h"

/* What was decided about a request, and by which section; in the request's pool. */
typedef struct ocors_request_t {
    const ocors_config_t *config;
    ocors_decision_t decision;
    ocors_span_t fault_version;  /* of a refusal: `_v` of the fault, or empty */
    const char *client;          /* the client that the request names, printable, or NULL */
    const char *site;            /* of the URL or of OcapiCorsSite, printable, or NULL */
    apr_array_header_t *headers; /* of ocors_header_t: the client's response_headers, or NULL */
} ocors_request_t;

/* Whether the module answers the request itself: it is a preflight, or refused. */
bool ocors_request_is_ours(const ocors_request_t *request);

/*
 * The decision about a request, if there is one: its own, or that of the request which an internal
 * redirect or an ErrorDocument replaced (H4).
 */
const ocors_request_t *ocors_request_find(const request_rec *r);

/*
 * The same, made now if there is none, by the section that r->per_dir_config is: for hooks that run
 * when that is final. NULL: no section covers the request.
 */
const ocors_request_t *ocors_request_decide(request_rec *r);

/*
 * The same where it may not be final: in mod_cache's quick handler, and on errors from before the
 * sections are merged. The <Location> sections of the normalised path decide.
 */
const ocors_request_t *ocors_request_decide_anywhere(request_rec *r);

/*
 * P8, each at its place in httpd's order: the decision about a request that is ours to answer (a
 * preflight, or a refusal), by the <Location> sections of its path; NULL leaves the request
 * undecided, and so does each where a later section or rewriting can change the answer. The
 * sections that decided are then in force for the answer.
 *
 *   _early      before httpd has done anything with the path: one in normal form alone
 *   _unmappable where httpd is about to refuse a path that has an encoded slash; the answer is
 * given by _mapped, as httpd ends no request at this place _mapped     when the path is what it
 * will be, before redirects and rewriting
 */
const ocors_request_t *ocors_request_decide_early(request_rec *r);
const ocors_request_t *ocors_request_decide_unmappable(request_rec *r);
const ocors_request_t *ocors_request_decide_mapped(request_rec *r);

/* Notes that r->per_dir_config is final. */
void ocors_request_note_final(request_rec *r);

/*
 * Sets the notes ocapi_cors_verdict, _reason, _client and _site, and the environment variables of
 * the same names in upper case, on a request that is decided and on those that replaced it, where
 * anything can show them (ocors_survey.h). Called when a request is logged; a decision does it too,
 * at once, and so does each request that an internal redirect makes.
 */
void ocors_request_show(request_rec *r);

#endif
