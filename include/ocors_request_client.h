/* SPDX-License-Identifier: Apache-2.0 */
/* A request -> the client that it names (rule C1), and what that client's responses have. */
#ifndef OCORS_REQUEST_CLIENT_H
#define OCORS_REQUEST_CLIENT_H

#include <stdbool.h>
#include <stddef.h>

#include <httpd.h>

#include "ocors_client.h"
#include "ocors_config.h"
#include "ocors_fields.h"
#include "ocors_policy.h"

/* Whether some default source may have a text; true for other sources. Most requests have none. */
static inline bool ocors_request_client_may_be_named(const request_rec *r,
                                                     const ocors_sources_t *wanted,
                                                     const ocors_fields_t *fields)
{
    return wanted->items != ocors_sources_default || fields->authorization != NULL
           || fields->client_id != NULL || r->args != NULL;
}

/*
 * Identifies the client by the sources of a section. The id is in the request or its pool. `sent`:
 * the header fields that are judged. *field: the one that names the client; NULL: none does.
 */
ocors_named_client_t ocors_request_client_find(request_rec *r, const ocors_sources_t *wanted,
                                               const apr_table_t *sent,
                                               const ocors_fields_t *fields,
                                               const ocors_policy_t *policies, size_t policy_count,
                                               const char **field);

/* The response_headers of the client of an id, copied: of ocors_header_t; NULL: it has none. */
apr_array_header_t *ocors_request_client_headers(apr_pool_t *pool, const ocors_policy_t *policies,
                                                 size_t policy_count, ocors_span_t id);

#endif
