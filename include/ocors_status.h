/* SPDX-License-Identifier: Apache-2.0 */
/* The status page: what is in force, for people and for monitoring. */
#ifndef OCORS_STATUS_H
#define OCORS_STATUS_H

#include <stdbool.h>
#include <string.h>

#include <httpd.h>

/* What SetHandler names. */
#define OCORS_STATUS_HANDLER "ocapi-cors-status"

/* Whether a request is for the status page. The first letter tells it from most handlers. */
static inline bool ocors_status_is_asked(const request_rec *r)
{
    return r->handler != NULL && r->handler[0] == OCORS_STATUS_HANDLER[0]
           && strcmp(r->handler, OCORS_STATUS_HANDLER) == 0;
}

/*
 * Answers GET and HEAD with what this worker's next decision goes by, and with what all workers
 * have counted. The format is that of `?format=html|json|prometheus`, else HTML for a client that
 * prefers text/html, else JSON. OK, HTTP_METHOD_NOT_ALLOWED, HTTP_BAD_REQUEST for another format,
 * or HTTP_SERVICE_UNAVAILABLE where nothing is in force.
 */
int ocors_status_answer(request_rec *r);

/* Adds to the page of mod_status; `is_short`: to its form for programs. OK or DECLINED. */
int ocors_status_extend(request_rec *r, bool is_short);

#endif
