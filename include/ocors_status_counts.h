/* SPDX-License-Identifier: Apache-2.0 */
/* The status page's figures of requests: counters, and the origins that are refused most. */
#ifndef OCORS_STATUS_COUNTS_H
#define OCORS_STATUS_COUNTS_H

#include <httpd.h>

/* Writes the members "requests" and "refused_origins" of the page's object; a member came before.
 */
void ocors_status_counts_json(request_rec *r);

/* Writes ocapi_cors_requests_total: a sample for each count that is not 0. */
void ocors_status_counts_prometheus(request_rec *r);

#endif
