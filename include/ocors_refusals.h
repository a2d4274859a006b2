/* SPDX-License-Identifier: Apache-2.0 */
/* What was not allowed: counted, and said in the log. */
#ifndef OCORS_REFUSALS_H
#define OCORS_REFUSALS_H

#include <httpd.h>

#include "ocors_facts.h"

/*
 * Counts the origin of a request that was refused or that nothing was granted, and logs the request
 * if it is the first of its kind (ocors_counting_is_new()) in this minute and the level is `info`,
 * or at the level `debug` always.
 */
void ocors_refusals_note(request_rec *r, const ocors_request_t *request);

/* Counts a decided request, once, and notes it if it was refused or nothing was granted. */
static inline void ocors_refusals_count(request_rec *r, const ocors_request_t *request)
{
    const ocors_reason_t reason = request->decision.reason;

    /* Only sections that are On or ReportOnly decide. */
    ocors_counting_add(r->connection->id, request->row,
                       (uint32_t)(request->config->mode - OCORS_MODE_ON), request->decision.verdict,
                       reason);
    if (reason == OCORS_REASON_NONE) {
        return;
    }
    if (request->count != NULL && !request->is_verbose) {
        atomic_fetch_add_explicit(request->count, 1, memory_order_relaxed);
        return;
    }
    ocors_refusals_note(r, request);
}

/* In the parent, now and then: one line for a minute in which something was refused. */
void ocors_refusals_summarise(server_rec *server);

/* In post_config: the last minute of this configuration is summarised when it ends. */
void ocors_refusals_summarise_at_end(apr_pool_t *pconf, server_rec *server);

#endif
