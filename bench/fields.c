/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An httpd module that knows the answer to a GET and decides nothing: it writes the fields of an
 * allowed origin where the request's Origin has the number KNOWN (contenders.py), and Vary. What it
 * adds to a request, httpd needs to send these fields.
 */
#include "httpd.h"

#include "apr_general.h"
#include "http_config.h"
#include "http_request.h"

static int write_fields(request_rec *r)
{
    const char *origin = apr_table_get(r->headers_in, "Origin");

    if (origin != NULL && strstr(origin, APR_STRINGIFY(KNOWN)) != NULL) {
        apr_table_addn(r->headers_out, "Access-Control-Allow-Origin", origin);
        apr_table_addn(r->headers_out, "Access-Control-Allow-Credentials", "true");
        apr_table_addn(r->headers_out, "Access-Control-Expose-Headers",
                       "location,x-dw-version-status");
    }
    apr_table_addn(r->headers_out, "Vary", "Origin");
    return DECLINED;
}

static void register_hooks(apr_pool_t *pool)
{
    (void)pool;
    ap_hook_fixups(write_fields, NULL, NULL, APR_HOOK_MIDDLE);
}

AP_DECLARE_MODULE(fields) = { STANDARD20_MODULE_STUFF, NULL, NULL, NULL, NULL, NULL, register_hooks,
                              AP_MODULE_FLAG_NONE };
