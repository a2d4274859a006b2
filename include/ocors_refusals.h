/* SPDX-License-Identifier: Apache-2.0 */
/* What was not allowed: counted, and said in the log. */
#ifndef OCORS_REFUSALS_H
#define OCORS_REFUSALS_H

#include <httpd.h>

#include "ocors_facts.h"

/*
 * Counts a decided request, once. If it was refused or nothing was granted: counts its origin, and
 * logs it if it is the first of its kind (ocors_counting_is_new()) in this minute and the level is
 * `info`, or at the level `debug` always.
 */
void ocors_refusals_count(request_rec *r, const ocors_request_t *request);

/* In the parent, now and then: one line for a minute in which something was refused. */
void ocors_refusals_summarise(server_rec *server);

/* In post_config: the last minute of this configuration is summarised when it ends. */
void ocors_refusals_summarise_at_end(apr_pool_t *pconf, server_rec *server);

#endif
