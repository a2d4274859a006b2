/* SPDX-License-Identifier: Apache-2.0 */
/* The header fields of a request that a decision may read, and its method. */
#ifndef OCORS_FIELDS_H
#define OCORS_FIELDS_H

#include <httpd.h>

#include "ocors_span.h"

/* The values as sent, in the request's own memory; NULL: not sent. */
typedef struct ocors_fields_t {
    const char *origin;
    const char *host;
    const char *fetch_site; /* Sec-Fetch-Site */
    const char *authorization;
    const char *client_id;      /* x-dw-client-id */
    const char *request_method; /* Access-Control-Request-Method */
} ocors_fields_t;

/* Reads all of them in one walk: a look-up of each would cost more. */
void ocors_fields_read(const apr_table_t *headers, ocors_fields_t *fields);

/* The method of the request line. */
ocors_span_t ocors_fields_line_method(const request_rec *r);

/*
 * R11: the method on the wire. For an ErrorDocument httpd has changed r->method to GET before the
 * failed request is decided; the request line has the first one.
 */
static inline ocors_span_t ocors_fields_method(const request_rec *r)
{
    return r->next == NULL ? ocors_span_from_string(r->method) : ocors_fields_line_method(r);
}

#endif
