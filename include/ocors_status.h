/* SPDX-License-Identifier: Apache-2.0 */
/* The status page: what is in force, for people and for monitoring. */
#ifndef OCORS_STATUS_H
#define OCORS_STATUS_H

#include <httpd.h>

/* What SetHandler names. */
#define OCORS_STATUS_HANDLER "ocapi-cors-status"

/*
 * Answers GET and HEAD with what this worker's next decision goes by: JSON, or, with
 * `?format=prometheus`, Prometheus' text format. OK, DECLINED for a request that is not for it,
 * HTTP_METHOD_NOT_ALLOWED, or HTTP_SERVICE_UNAVAILABLE where nothing is in force.
 */
int ocors_status_answer(request_rec *r);

#endif
