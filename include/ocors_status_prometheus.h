/* SPDX-License-Identifier: Apache-2.0 */
/* The status page in the text format of Prometheus, version 0.0.4. */
#ifndef OCORS_STATUS_PROMETHEUS_H
#define OCORS_STATUS_PROMETHEUS_H

#include "ocors_status_state.h"

/* Writes the body, and sets Content-Type. A refused origin is no label: anybody can invent them. */
void ocors_status_prometheus(request_rec *r, const ocors_status_state_t *state);

#endif
