/* SPDX-License-Identifier: Apache-2.0 */
/* The client that a request names, and its response_headers. Owns nothing. */

#include "ocors_request_client.h"

#include <apr_strings.h>

#include "ocors_headers.h"

/* What a request says in the place where a source looks; NULL or empty: nothing. */
static const char *text_of(const request_rec *r, const apr_table_t *sent,
                           const ocors_fields_t *fields, const ocors_source_t *source)
{
    switch (source->kind) {
    case OCORS_SOURCE_BEARER:
        return fields->authorization;
    case OCORS_SOURCE_QUERY:
        return r->args;
    case OCORS_SOURCE_HEADER:
        break;
    }
    return source == &ocors_sources_default[OCORS_SOURCES_DEFAULT_HEADER]
               ? fields->client_id
               : apr_table_get(sent, source->name.bytes);
}

ocors_named_client_t ocors_request_client_find(request_rec *r, const ocors_sources_t *wanted,
                                               const apr_table_t *sent,
                                               const ocors_fields_t *fields,
                                               const ocors_policy_t *policies, size_t policy_count,
                                               const char **field)
{
    ocors_source_t sources[OCORS_SOURCES_MAX];
    ocors_named_client_t named;
    size_t count = 0;

    for (size_t i = 0; i < wanted->count; i++) {
        const char *text = text_of(r, sent, fields, &wanted->items[i]);

        if (text != NULL && text[0] != '\0') {
            sources[count] = wanted->items[i];
            sources[count++].value = ocors_span_from_string(text);
        }
    }
    named = ocors_client_identify(policies, policy_count, sources, count,
                                  apr_palloc(r->pool, ocors_client_room(sources, count)));
    *field = named.source > 0 ? ocors_source_field(&sources[named.source - 1]).bytes : NULL;
    return named;
}

apr_array_header_t *ocors_request_client_headers(apr_pool_t *pool, const ocors_policy_t *policies,
                                                 size_t policy_count, ocors_span_t id)
{
    apr_array_header_t *headers = NULL;

    for (size_t i = 0; i < policy_count; i++) {
        const ocors_policy_t *policy = &policies[i];
        ocors_policy_client_t client;
        ocors_response_header_t header;

        if (!ocors_policy_find_client(policy, id, &client)) {
            continue;
        }
        for (uint32_t k = 0; ocors_policy_read_header(policy, &client, k, &header); k++) {
            if (headers == NULL) {
                headers = apr_array_make(pool, 4, sizeof(ocors_header_t));
            }
            APR_ARRAY_PUSH(headers, ocors_header_t) = (ocors_header_t){
                .name = apr_pstrmemdup(pool, header.name.bytes, header.name.length),
                .value = apr_pstrmemdup(pool, header.value.bytes, header.value.length),
            };
        }
    }
    return headers;
}
