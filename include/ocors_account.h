/* SPDX-License-Identifier: Apache-2.0 */
/* Who decided a described request, and why: for people. */
#ifndef OCORS_ACCOUNT_H
#define OCORS_ACCOUNT_H

#include <stdio.h>

#include "ocors_trial.h"

/* What a reason means, in one sentence without its end. */
const char *ocors_account_reason(ocors_reason_t reason);

/*
 * Prints lines "client: ...", "decided: ..." and "nearest: ...": the client that the request names;
 * the clients and documents that allow the origin, or whose lists do not have it; the listed origin
 * that is nearest to a refused one.
 */
void ocors_account_print(FILE *out, const ocors_trial_t *trial);

#endif
