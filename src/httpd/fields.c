/* SPDX-License-Identifier: Apache-2.0 */
/* Finds the fields that a decision may read. Owns nothing. */

#include "ocors_fields.h"

#include <stdbool.h>

/*
 * Whether a field has this name, in lower case; most differ in one of their first bytes. A name has
 * letters and '-' only, and httpd lets no control character into a key: one bit is the case.
 */
static inline bool is_named(const char *key, const char *name)
{
    while (*name != '\0' && (*key | 0x20) == *name) {
        key++;
        name++;
    }
    return *name == *key;
}

/* As apr_table_get() does, the first field of a name counts. */
static inline void take(const char **value, const apr_table_entry_t *field, const char *name)
{
    if (*value == NULL && is_named(field->key, name)) {
        *value = field->val;
    }
}

void ocors_fields_read(const request_rec *r, ocors_fields_t *fields)
{
    const apr_array_header_t *array = apr_table_elts(r->headers_in);
    const apr_table_entry_t *const first = (const void *)array->elts;

    *fields = (ocors_fields_t){ .origin = NULL };
    for (const apr_table_entry_t *field = first; field < first + array->nelts; field++) {
        switch (field->key[0] | 0x20) {
        case 'a':
            take(&fields->authorization, field, "authorization");
            take(&fields->request_method, field, "access-control-request-method");
            break;
        case 'h':
            take(&fields->host, field, "host");
            break;
        case 'o':
            take(&fields->origin, field, "origin");
            break;
        case 's':
            take(&fields->fetch_site, field, "sec-fetch-site");
            break;
        case 'x':
            take(&fields->client_id, field, "x-dw-client-id");
            break;
        default:
            break;
        }
    }
}
