/* SPDX-License-Identifier: Apache-2.0 */
/* mod_ocapi_cors: the front door. The module record, the hooks, and why each is where it is. */

#include <httpd.h>
#include <http_config.h>
#include <http_core.h>
#include <http_protocol.h>
#include <http_request.h>

#include "ocors_config.h"
#include "ocors_directives.h"
#include "ocors_load.h"
#include "ocors_request.h"
#include "ocors_respond.h"
#include "ocors_server.h"
#include "ocors_store.h"

/* A new reading of the configuration begins: what the last one collected makes room. */
static int pre_config(apr_pool_t *pconf, apr_pool_t *plog, apr_pool_t *ptemp)
{
    (void)plog;
    (void)ptemp;
    ocors_load_begin(apr_pool_parent_get(pconf)); /* the process pool: it outlives pconf */
    ocors_config_begin(pconf);
    return OK;
}

/* `apachectl configtest` ends here, so all that can be wrong has been found by now. */
static int check_config(apr_pool_t *pconf, apr_pool_t *plog, apr_pool_t *ptemp, server_rec *server)
{
    (void)pconf;
    (void)plog;
    (void)ptemp;
    return ocors_config_check(server);
}

/*
 * The parent is about to fork: what workers shall share is made now. At a server's start httpd reads
 * everything twice; the first reading serves nobody.
 */
static int post_config(apr_pool_t *pconf, apr_pool_t *plog, apr_pool_t *ptemp, server_rec *server)
{
    (void)plog;
    (void)ptemp;
    if (ap_state_query(AP_SQ_MAIN_STATE) == AP_SQ_MS_CREATE_PRE_CONFIG) {
        return OK;
    }
    ocors_server_prepare(pconf, server);
    return ocors_store_publish(server);
}

/*
 * Before everything: a preflight or a refusal that the path alone decides costs least here, and no
 * redirect of the translate phase and no cache can answer it first (P4, R5).
 */
static int quick_handler(request_rec *r, int is_lookup)
{
    const ocors_request_t *request = is_lookup ? NULL : ocors_request_decide_early(r);

    return request != NULL ? ocors_respond(r, request, false) : DECLINED;
}

/*
 * The first hook at which a section's configuration is final, and the last before access control:
 * a preflight carries no credentials, and a refused request must run nothing (P4, R5).
 */
static int header_parser(request_rec *r)
{
    const ocors_request_t *request;

    ocors_request_note_final(r);
    request = ocors_request_decide(r);
    return request != NULL && ocors_request_is_ours(request) ? ocors_respond(r, request, false)
                                                            : DECLINED;
}

/* The policy's place in httpd's order of things: whatever comes here undecided is decided here. */
static int fixups(request_rec *r)
{
    return r->main == NULL ? header_parser(r) : DECLINED;
}

/*
 * mod_dir and mod_negotiation put another file, and so other sections, in a request's place after
 * all of the above: no handler runs on a request that the sections in force would refuse (H4).
 */
static int handler(request_rec *r)
{
    const ocors_request_t *request = r->main == NULL ? ocors_request_decide(r) : NULL;

    return request != NULL && ocors_request_is_ours(request) ? ocors_respond(r, request, true)
                                                            : DECLINED;
}

/*
 * Every response of a handler goes through our filter, and so does one of mod_cache's quick
 * handler, which comes before there is a decision ...
 */
static void insert_filter(request_rec *r)
{
    if (r->main == NULL) {
        ocors_respond_add_filter(r, ocors_request_decide_anywhere(r));
    }
}

/* ... and every error of httpd's, be it from before there was one. */
static void insert_error_filter(request_rec *r)
{
    insert_filter(r);
}

/* The last moment before LogFormat looks at the notes. */
static int log_transaction(request_rec *r)
{
    ocors_request_note(r);
    return DECLINED;
}

static void register_hooks(apr_pool_t *pool)
{
    ocors_respond_register_filter(pool);
    ap_hook_pre_config(pre_config, NULL, NULL, APR_HOOK_MIDDLE);
    ap_hook_check_config(check_config, NULL, NULL, APR_HOOK_MIDDLE);
    ap_hook_post_config(post_config, NULL, NULL, APR_HOOK_MIDDLE);
    ap_hook_quick_handler(quick_handler, NULL, NULL, APR_HOOK_REALLY_FIRST);
    ap_hook_header_parser(header_parser, NULL, NULL, APR_HOOK_REALLY_FIRST);
    ap_hook_fixups(fixups, NULL, NULL, APR_HOOK_REALLY_FIRST);
    ap_hook_handler(handler, NULL, NULL, APR_HOOK_REALLY_FIRST);
    ap_hook_insert_filter(insert_filter, NULL, NULL, APR_HOOK_LAST);
    ap_hook_insert_error_filter(insert_error_filter, NULL, NULL, APR_HOOK_LAST);
    ap_hook_log_transaction(log_transaction, NULL, NULL, APR_HOOK_REALLY_FIRST);
}

AP_DECLARE_MODULE(ocapi_cors) = {
    STANDARD20_MODULE_STUFF,
    ocors_config_create,     /* per-directory configuration: create, */
    ocors_config_merge,      /* merge */
    NULL,                    /* per-server configuration: ocors_server_prepare() makes it, */
    NULL,                    /* and nothing is inherited */
    ocors_directives,        /* directives */
    register_hooks,          /* hooks */
    AP_MODULE_FLAG_NONE,
};
