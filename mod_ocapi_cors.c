/* SPDX-License-Identifier: Apache-2.0 */
/* mod_ocapi_cors: the front door. The module record, the hooks, and why each is where it is. */

#include <httpd.h>
#include <ap_mpm.h>
#include <http_config.h>
#include <http_core.h>
#include <http_protocol.h>
#include <http_request.h>
#include <mod_status.h>
#include <mpm_common.h>

#include "ocors_config.h"
#include "ocors_counting.h"
#include "ocors_directives.h"
#include "ocors_quick_cache.h"
#include "ocors_refusals.h"
#include "ocors_reload.h"
#include "ocors_request.h"
#include "ocors_respond.h"
#include "ocors_server.h"
#include "ocors_status.h"
#include "ocors_store.h"
#include "ocors_survey.h"
#include "ocors_watch.h"

/* A build by plain apxs has no configure that asks. The youngest functions used are of 2.4.49. */
#if !AP_MODULE_MAGIC_AT_LEAST(20120211, 121)
#error "httpd 2.4.52 or newer is needed"
#endif

/* A new reading of the configuration begins: directives note what it says. */
static int pre_config(apr_pool_t *pconf, apr_pool_t *plog, apr_pool_t *ptemp)
{
    (void)plog;
    (void)ptemp;
    ocors_config_begin(pconf);
    return OK;
}

/* At a start httpd reads the configuration twice; no request is served by the first reading. */
static bool is_first_reading(void)
{
    return ap_state_query(AP_SQ_MAIN_STATE) == AP_SQ_MS_CREATE_PRE_CONFIG;
}

/*
 * `apachectl configtest` ends here: every fault has been found by now. `httpd -k stop` and the like
 * run this hook, too: a bad document must not make them fail.
 */
static int check_config(apr_pool_t *pconf, apr_pool_t *plog, apr_pool_t *ptemp, server_rec *server)
{
    const int status = ocors_config_check(pconf, server);
    const int documents = ocors_reload_test(apr_pool_parent_get(pconf), ocors_config_lists(),
                                            server);

    (void)plog;
    (void)ptemp;
    if (status == OK && ap_state_query(AP_SQ_RUN_MODE) == AP_SQ_RM_CONFIG_TEST) {
        ocors_server_prepare(pconf, server); /* for its warnings: post_config is not coming */
        ocors_config_warn_of_explanations(server);
    }
    return status != OK ? status : documents;
}

/*
 * Runs before core's hook, which sends messages to the error log instead of the terminal. A start
 * judges its documents here: whoever starts it sees every error. `httpd -k stop` does not run it.
 */
static int open_logs(apr_pool_t *pconf, apr_pool_t *plog, apr_pool_t *ptemp, server_rec *server)
{
    (void)plog;
    (void)ptemp;
    if (is_first_reading()) {
        ocors_counting_begin(apr_pool_parent_get(pconf), server);
        ocors_config_count_sites(); /* before the sites of trees, which may be too many */
        ocors_reload_start(apr_pool_parent_get(pconf), ocors_config_lists(), server);
    }
    return OK;
}

/*
 * The parent forks next: the memory that workers share, and the process that watches documents, are
 * made now. A start is refused at the first reading. At the second, the MPM has gone into the
 * background, and `httpd -k start` ends with 0 whatever happens to the server.
 */
static int post_config(apr_pool_t *pconf, apr_pool_t *plog, apr_pool_t *ptemp, server_rec *server)
{
    (void)plog;
    (void)ptemp;
    if (is_first_reading()) {
        return ocors_reload_started(server);
    }
    ocors_counting_begin(apr_pool_parent_get(pconf), server);
    ocors_config_count_sites();
    ocors_refusals_summarise_at_end(pconf, server);
    ocors_server_prepare(pconf, server);
    ocors_config_warn_of_explanations(server);
    return ocors_reload_go_on(pconf, ocors_config_lists(), server);
}

/*
 * About every ten seconds, in the parent: one line says what a minute refused, and a watching
 * process that could not be forked before is forked when the system allows it.
 */
static int monitor(apr_pool_t *pool, server_rec *server)
{
    (void)pool;
    ocors_refusals_summarise(server);
    ocors_watch_maintain();
    return DECLINED;
}

/* A worker begins: from now on no stray write of a module can change the shared policies. */
static void child_init(apr_pool_t *pchild, server_rec *server)
{
    (void)pchild;
    ocors_store_child_begins(server);
}

/* A worker has ended, perhaps killed while it read. The parent learns of it only here. */
static void child_status(server_rec *server, pid_t pid, ap_generation_t generation, int slot,
                         mpm_child_status state)
{
    (void)server;
    (void)generation;
    (void)slot;
    if (state == MPM_CHILD_EXITED) {
        ocors_store_child_ended(pid);
        ocors_counting_child_ended(pid);
    }
}

/* Answers a request by an early decision, if there is one. */
static int answer_early(request_rec *r, const ocors_request_t *request)
{
    return request != NULL ? ocors_respond(r, request, false) : DECLINED;
}

/* The module answers no GET and no HEAD itself: the hooks of early decisions leave at once. */
static bool is_get(const request_rec *r)
{
    return r->method_number == M_GET;
}

/*
 * The first hook. A preflight or a refusal that the path alone decides costs least here, and no
 * cache and no redirect of the translate phase can answer it first (P4, R5, P8).
 */
static int quick_handler(request_rec *r, int is_lookup)
{
    return is_lookup || is_get(r) ? DECLINED : answer_early(r, ocors_request_decide_early(r));
}

/*
 * The last hook before httpd refuses a path with an encoded slash, even of a preflight. DONE keeps
 * the path as it is; translate_name() then answers the request (P8).
 */
static int pre_translate_name(request_rec *r)
{
    return !is_get(r) && ocors_request_decide_unmappable(r) != NULL ? DONE : DECLINED;
}

/* The path is final; redirects of mod_alias and rewriting come next (P8). */
static int translate_name(request_rec *r)
{
    return is_get(r) ? DECLINED : answer_early(r, ocors_request_decide_mapped(r));
}

/*
 * The first hook with a final configuration of the section, and the last before access control. A
 * preflight carries no credentials, and a refused request must run nothing (P4, R5).
 */
static int header_parser(request_rec *r)
{
    const ocors_request_t *request = ocors_request_decide_final(r);

    return request != NULL && ocors_request_is_ours(request) ? ocors_respond(r, request, false)
                                                             : DECLINED;
}

/* The place of a policy in httpd's order: a request that is still undecided is decided. */
static int fixups(request_rec *r)
{
    return r->main == NULL && !ocors_request_passes(r) ? header_parser(r) : DECLINED;
}

/*
 * After the hooks above, mod_dir and mod_negotiation may give a request another file, and so other
 * sections. No handler runs on a request that the sections in force refuse (H4), and mod_cache's
 * quick handler stores nothing, also of a subrequest, that a hit would judge by other ones (S21).
 */
static int handler(request_rec *r)
{
    const ocors_request_t *request;

    if (is_get(r) && ocors_survey_has_cache) {
        ocors_quick_cache_guard(r);
    }
    if (r->main != NULL || ocors_request_passes(r)) {
        return DECLINED;
    }
    request = ocors_request_decide(r);
    return request != NULL && ocors_request_is_ours(request) ? ocors_respond(r, request, true)
                                                             : DECLINED;
}

/* The status page is an ordinary handler: the access control of its section protects it. */
static int status_handler(request_rec *r)
{
    return ocors_status_is_asked(r) ? ocors_status_answer(r) : DECLINED;
}

/* The page of mod_status, if it is loaded, has a block of ours. */
static int status_extend(request_rec *r, int flags)
{
    return ocors_status_extend(r, (flags & AP_STATUS_SHORT) != 0);
}

/*
 * Every response of a handler passes our filter, and so does one of mod_cache's quick handler,
 * which runs before there is a decision ...
 */
static void insert_filter(request_rec *r)
{
    if (r->main == NULL) {
        ocors_respond_add_filter(r, ocors_request_decide_anywhere(r));
    }
}

/* ... and every error of httpd, even one from before the decision. */
static void insert_error_filter(request_rec *r)
{
    insert_filter(r);
}

/* The last hook before LogFormat reads the notes, and the first for httpd's own early errors. */
static int log_transaction(request_rec *r)
{
    if (ocors_survey_shows_decisions()) {
        ocors_request_show(r);
    }
    return DECLINED;
}

static void register_hooks(apr_pool_t *pool)
{
    static const char *const before_core[] = { "core.c", NULL };
    static const char *const before_cache[] = { "mod_cache.c", NULL };

    ocors_respond_register_filter(pool);
    ap_hook_pre_config(pre_config, NULL, NULL, APR_HOOK_MIDDLE);
    ap_hook_check_config(check_config, NULL, NULL, APR_HOOK_MIDDLE);
    ap_hook_open_logs(open_logs, NULL, before_core, APR_HOOK_REALLY_FIRST);
    ap_hook_post_config(post_config, NULL, NULL, APR_HOOK_MIDDLE);
    ap_hook_monitor(monitor, NULL, NULL, APR_HOOK_MIDDLE);
    ap_hook_child_init(child_init, NULL, NULL, APR_HOOK_REALLY_FIRST);
    ap_hook_child_status(child_status, NULL, NULL, APR_HOOK_MIDDLE);
    ap_hook_quick_handler(quick_handler, NULL, NULL, APR_HOOK_REALLY_FIRST);
    ap_hook_pre_translate_name(pre_translate_name, NULL, NULL, APR_HOOK_REALLY_LAST);
    ap_hook_translate_name(translate_name, NULL, NULL, APR_HOOK_REALLY_FIRST);
    ap_hook_header_parser(header_parser, NULL, NULL, APR_HOOK_REALLY_FIRST);
    ap_hook_fixups(fixups, NULL, NULL, APR_HOOK_REALLY_FIRST);
    ap_hook_handler(handler, NULL, before_cache, APR_HOOK_REALLY_FIRST);
    ap_hook_handler(status_handler, NULL, NULL, APR_HOOK_MIDDLE);
    APR_OPTIONAL_HOOK(ap, status_hook, status_extend, NULL, NULL, APR_HOOK_MIDDLE);
    ap_hook_insert_filter(insert_filter, NULL, NULL, APR_HOOK_LAST);
    ap_hook_insert_error_filter(insert_error_filter, NULL, NULL, APR_HOOK_LAST);
    ap_hook_log_transaction(log_transaction, NULL, NULL, APR_HOOK_REALLY_FIRST);
}

AP_DECLARE_MODULE(ocapi_cors) = {
    STANDARD20_MODULE_STUFF,
    ocors_config_create, /* per-directory configuration: create, */
    ocors_config_merge,  /* merge */
    NULL,                /* per-server configuration: ocors_server_prepare() makes it, */
    NULL,                /* and nothing is inherited */
    ocors_directives,    /* directives */
    register_hooks,      /* hooks */
    AP_MODULE_FLAG_NONE,
};
