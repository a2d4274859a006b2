/* SPDX-License-Identifier: Apache-2.0 */
/* The policies of a generation in shared memory: one copy for all workers, read without a lock. */
#ifndef OCORS_STORE_H
#define OCORS_STORE_H

#include <stdbool.h>
#include <stdint.h>

#include <httpd.h>

#include "ocors_policy.h"
#include "ocors_tree.h"

/*
 * Writes the policies that were loaded into one anonymous segment, verifies it, and makes it the
 * generation in force; called by the parent before it forks. OK, or an HTTP status when there is
 * no memory.
 */
int ocors_store_publish(server_rec *server);

/*
 * Opens the policy of this number for reading. False: there is none. The policy's views point
 * into shared memory; what a request keeps of them, it copies.
 */
bool ocors_store_read(uint32_t number, ocors_policy_t *policy);

/*
 * Opens the policies that judge an API of a site in a tree (C5): one for shop and for data, both
 * for whatever else there is below /dw/. A site that the tree has not, "" and "-" are the
 * organisation's. Returns how many; 0: no document speaks for it, and nothing is allowed.
 */
size_t ocors_store_read_site(uint32_t tree, ocors_span_t site, ocors_span_t api,
                             ocors_policy_t policies[OCORS_API_COUNT]);

/* Whether any client of any policy has response_headers. */
bool ocors_store_has_response_headers(void);

#endif
