/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A module in the place of ours, whose handler has the fault that the query names: the guard of
 * tests/attack must notice each.
 */
#include <httpd.h>
#include <http_config.h>
#include <http_protocol.h>
#include <stdlib.h>

static int fault(request_rec *r)
{
    if (r->handler == NULL || strcmp(r->handler, "guilty") != 0) {
        return DECLINED;
    }
    if (r->args != NULL && strcmp(r->args, "heap") == 0) {
        volatile char *text = calloc(1, 8 + (size_t)r->header_only);

        ap_rprintf(r, "%d\n", text[8 + r->header_only]);
        free((void *)text);
    }
    if (r->args != NULL && strcmp(r->args, "overflow") == 0) {
        volatile int number = 0x7fffffff;

        ap_rprintf(r, "%d\n", number + 1 - r->header_only);
    }
    if (r->args != NULL && strcmp(r->args, "end") == 0) {
        _exit(0);
    }
    return OK;
}

static void register_hooks(apr_pool_t *pool)
{
    (void)pool;
    ap_hook_handler(fault, NULL, NULL, APR_HOOK_FIRST);
}

AP_DECLARE_MODULE(ocapi_cors) = {
    STANDARD20_MODULE_STUFF, NULL, NULL, NULL, NULL, NULL, register_hooks, AP_MODULE_FLAG_NONE,
};
