/* SPDX-License-Identifier: Apache-2.0 */
/* A request -> facts -> its decision. */
#ifndef OCORS_FACTS_H
#define OCORS_FACTS_H

#include <httpd.h>

#include "ocors_config.h"
#include "ocors_request.h"

/*
 * Gathers what a request says, asks the policy of the section, and logs what is refused or
 * withheld. What it returns is in the request's pool. NULL: the section has nothing to say of it,
 * as it is a path outside /dw/ and the section's documents are a tree (1.7).
 */
ocors_request_t *ocors_facts_judge(request_rec *r, const ocors_config_t *config);

#endif
