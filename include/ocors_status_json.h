/* SPDX-License-Identifier: Apache-2.0 */
/* The status page as JSON. */
#ifndef OCORS_STATUS_JSON_H
#define OCORS_STATUS_JSON_H

#include "ocors_status_state.h"

/* Writes the body, and sets Content-Type. */
void ocors_status_json(request_rec *r, const ocors_status_state_t *state);

#endif
