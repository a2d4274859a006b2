/* SPDX-License-Identifier: Apache-2.0 */
/* What was not allowed: counted, and said in the log. */
#ifndef OCORS_REFUSALS_H
#define OCORS_REFUSALS_H

#include <httpd.h>

#include "ocors_facts.h"

/*
 * Counts a request that was refused or that nothing was granted, and its origin, and logs the
 * request if it is the first of its kind (ocors_counting_is_new()) in this minute and the level is
 * `info`, or at the level `debug` always.
 */
void ocors_refusals_note(request_rec *r, const ocors_request_t *request);

/* Counts a decided request, once, and notes it if it was refused or nothing was granted. */
static inline void ocors_refusals_count(request_rec *r, const ocors_request_t *request)
{
    if (request->counted.counter != NULL) {
        ocors_counters_add(request->counted.counter);
        ocors_counters_add(request->counted.entry);
    }
    else if (request->decision.reason == OCORS_REASON_NONE) {
        ocors_counting_add(r->connection->id, request->word, request->decision.verdict,
                           OCORS_REASON_NONE);
    }
    else {
        ocors_refusals_note(r, request);
    }
}

/* In the parent, now and then: one line for a minute in which something was refused. */
void ocors_refusals_summarise(server_rec *server);

/* In post_config: the last minute of this configuration is summarised when it ends. */
void ocors_refusals_summarise_at_end(apr_pool_t *pconf, server_rec *server);

#endif
