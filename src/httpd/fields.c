/* SPDX-License-Identifier: Apache-2.0 */
/* Finds the fields and the method that a decision reads. Owns nothing. */

#include "ocors_fields.h"

#include <strings.h>

/* As apr_table_get() does, the first field of a name counts. */
static inline void take(const char **value, const apr_table_entry_t *field, const char *name)
{
    if (*value == NULL && strcasecmp(field->key, name) == 0) {
        *value = field->val;
    }
}

void ocors_fields_read(const apr_table_t *headers, ocors_fields_t *fields)
{
    const apr_array_header_t *array = apr_table_elts(headers);
    const apr_table_entry_t *const first = (const void *)array->elts;

    *fields = (ocors_fields_t){ .origin = NULL };
    for (const apr_table_entry_t *field = first; field < first + array->nelts; field++) {
        switch (field->key[0] | 0x20) {
        case 'a':
            take(&fields->authorization, field, "Authorization");
            take(&fields->request_method, field, "Access-Control-Request-Method");
            break;
        case 'h':
            take(&fields->host, field, "Host");
            break;
        case 'o':
            take(&fields->origin, field, "Origin");
            break;
        case 's':
            take(&fields->fetch_site, field, "Sec-Fetch-Site");
            break;
        case 'x':
            take(&fields->client_id, field, "x-dw-client-id");
            break;
        default:
            break;
        }
    }
}

ocors_span_t ocors_fields_line_method(const request_rec *r)
{
    const char *space;

    if (r->the_request == NULL) {
        return ocors_span_from_string(r->method);
    }
    space = strchr(r->the_request, ' ');
    return ocors_span_make(r->the_request, space != NULL ? (size_t)(space - r->the_request)
                                                         : strlen(r->the_request));
}
