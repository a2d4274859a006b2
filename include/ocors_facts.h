/* SPDX-License-Identifier: Apache-2.0 */
/* A request -> facts -> its decision. */
#ifndef OCORS_FACTS_H
#define OCORS_FACTS_H

#include <httpd.h>

#include "ocors_config.h"
#include "ocors_counting.h"
#include "ocors_decide.h"
#include "ocors_fields.h"

/* The most bytes of a client's text in a log line, a note or a variable. */
#define OCORS_FACTS_TEXT_MAX 256

/* What was decided about a request, and by which section; in the request's pool. */
typedef struct ocors_request_t {
    const ocors_config_t *config;
    const apr_table_t *sent; /* the header fields that were judged */
    ocors_decision_t decision;
    ocors_span_t fault_version; /* of a refusal: `_v` of the fault, or empty */
    /* For what shows a decision, and where the reason was looked for; printable, or NULL: */
    const char *client;       /* the client that the request names */
    const char *site;         /* of the URL or of OcapiCorsSite */
    const char *nearest;      /* the listed origin that is nearest, if it was looked for, or NULL */
    uint64_t word;            /* of the site and the mode (ocors_counting.h) */
    bool is_verbose;          /* the level is debug: this refusal has its line of the log */
    ocors_counted_t counted;  /* no counter: by the reason of the decision; no entry: `refusal` */
    ocors_refusal_t *refusal; /* a refusal that has to be entered, or NULL */
    apr_array_header_t *headers; /* of ocors_header_t: the client's response_headers, or NULL */
    const char *vary; /* Origin, and the fields that name the client (S20, S22); or NULL */
} ocors_request_t;

/*
 * Gathers the facts of a request and decides by the policy of the section. Neither counts nor logs
 * it: an early decision may not be the last one. NULL: the section's documents are a tree and the
 * path is outside /dw/, so that the section does not cover the request (S9). `sent`: its header
 * fields, which r->headers_in may not have any more. `fields`: what ocors_fields_read() reads of
 * them, if that was read already, or NULL.
 */
ocors_request_t *ocors_facts_judge(request_rec *r, const ocors_config_t *config,
                                   const apr_table_t *sent, const ocors_fields_t *fields);

#endif
