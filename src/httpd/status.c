/* SPDX-License-Identifier: Apache-2.0 */
/* Answers requests for the status page. Owns nothing. */

#include "ocors_status.h"

#include <http_core.h>
#include <http_protocol.h>
#include <http_request.h>
#include <mod_core.h>

#include "ocors_accept.h"
#include "ocors_status_html.h"
#include "ocors_status_json.h"
#include "ocors_status_prometheus.h"

typedef void format_t(request_rec *r, const ocors_status_state_t *state);

static format_t *format_named(ocors_span_t name)
{
    return ocors_span_is_equal(name, OCORS_SPAN_LITERAL("html"))         ? ocors_status_html
           : ocors_span_is_equal(name, OCORS_SPAN_LITERAL("json"))       ? ocors_status_json
           : ocors_span_is_equal(name, OCORS_SPAN_LITERAL("prometheus")) ? ocors_status_prometheus
                                                                         : NULL;
}

/* RFC 9110 section 12.5.1: HTML for those who prefer it, which are browsers. */
static format_t *format_accepted(const request_rec *r)
{
    const ocors_span_t accept = ocors_span_from_string(apr_table_get(r->headers_in, "Accept"));

    return ocors_accept_weight(accept, OCORS_SPAN_LITERAL("text/html"))
                   > ocors_accept_weight(accept, OCORS_SPAN_LITERAL("application/json"))
               ? ocors_status_html
               : ocors_status_json;
}

/* What the query asks for, or else Accept. NULL: the query asks for what there is not. */
static format_t *format_of(const request_rec *r)
{
    static const char key[] = "format=";
    const char *at = r->args;
    format_t *found = NULL;

    while (at != NULL && at[0] != '\0') {
        const size_t length = strcspn(at, "&");

        if (strncmp(at, key, sizeof(key) - 1) == 0) {
            const size_t skipped = sizeof(key) - 1;
            format_t *format = format_named(ocors_span_make(at + skipped, length - skipped));

            if (format == NULL || (found != NULL && found != format)) {
                return NULL;
            }
            found = format;
        }
        at += length + (at[length] == '&');
    }
    return found != NULL ? found : format_accepted(r);
}

int ocors_status_answer(request_rec *r)
{
    ocors_status_state_t state;
    format_t *format;

    if (r->method_number != M_GET) { /* HEAD is one, too */
        ap_allow_standard_methods(r, REPLACE_ALLOW, M_GET, M_OPTIONS, -1);
        return r->method_number == M_OPTIONS ? ap_send_http_options(r) : HTTP_METHOD_NOT_ALLOWED;
    }
    format = format_of(r);
    if (format == NULL) {
        return HTTP_BAD_REQUEST;
    }
    if (!ocors_status_take(r->pool, &state)) {
        return HTTP_SERVICE_UNAVAILABLE;
    }
    apr_table_setn(r->headers_out, "Cache-Control", "no-store");
    apr_table_setn(r->headers_out, "X-Content-Type-Options", "nosniff");
    apr_table_mergen(r->headers_out, "Vary", "Accept");
    format(r, &state);
    return OK;
}

int ocors_status_extend(request_rec *r, bool is_short)
{
    ocors_status_state_t state;

    if (!ocors_status_take_summary(&state)) {
        return DECLINED;
    }
    if (is_short) {
        ap_rprintf(r, "OcapiCorsDigest: %s\nOcapiCorsUnusableDocuments: %" APR_UINT64_T_FMT "\n",
                   state.digest, (apr_uint64_t)state.unusable);
    }
    else {
        ocors_status_html_block(r, &state);
    }
    return OK;
}
