/* SPDX-License-Identifier: Apache-2.0 */
/* mod_ocapi_cors: the front door. The module record, the hooks, and why each is where it is. */

#include <httpd.h>
#include <ap_mpm.h>
#include <http_config.h>
#include <http_core.h>
#include <http_protocol.h>
#include <http_request.h>
#include <mpm_common.h>

#include "ocors_config.h"
#include "ocors_directives.h"
#include "ocors_generation.h"
#include "ocors_lists.h"
#include "ocors_publish.h"
#include "ocors_request.h"
#include "ocors_respond.h"
#include "ocors_server.h"
#include "ocors_status.h"
#include "ocors_store.h"
#include "ocors_watch.h"

/* A new reading of the configuration begins: what the last one collected makes room. */
static int pre_config(apr_pool_t *pconf, apr_pool_t *plog, apr_pool_t *ptemp)
{
    (void)plog;
    (void)ptemp;
    ocors_generation_begin(apr_pool_parent_get(pconf)); /* the process pool: it outlives pconf */
    ocors_config_begin(pconf);
    ocors_lists_begin(pconf);
    return OK;
}

/* At a server's start httpd reads everything twice; the first reading serves nobody. */
static bool is_first_reading(void)
{
    return ap_state_query(AP_SQ_MAIN_STATE) == AP_SQ_MS_CREATE_PRE_CONFIG;
}

/*
 * `apachectl configtest` ends here, so all that can be wrong has been found by now. `httpd -k stop`
 * and the like come by, too: what is wrong with a document must not fail them.
 */
static int check_config(apr_pool_t *pconf, apr_pool_t *plog, apr_pool_t *ptemp, server_rec *server)
{
    const int status = ocors_config_check(pconf, server);
    const int documents = ocors_lists_test(server);

    (void)plog;
    (void)ptemp;
    if (status == OK && ap_state_query(AP_SQ_RUN_MODE) == AP_SQ_RM_CONFIG_TEST) {
        ocors_server_prepare(pconf, server); /* for its warnings: post_config is not coming */
    }
    return status != OK ? status : documents;
}

/*
 * Before core's, which gives the error log what the terminal has had: a start judges its documents
 * now, so that every error is seen by whoever starts it. `httpd -k stop` does not get here.
 */
static int open_logs(apr_pool_t *pconf, apr_pool_t *plog, apr_pool_t *ptemp, server_rec *server)
{
    (void)pconf;
    (void)plog;
    (void)ptemp;
    (void)server;
    if (is_first_reading()) {
        ocors_lists_judge(true);
    }
    return OK;
}

/*
 * The parent is about to fork: what workers shall share is made now, and who looks after it. A
 * start that is refused fails at the first reading: at the second, the MPM has gone into the
 * background, and `httpd -k start` ends with 0 whatever becomes of the server.
 */
static int post_config(apr_pool_t *pconf, apr_pool_t *plog, apr_pool_t *ptemp, server_rec *server)
{
    const ocors_config_server_t *config = ocors_config_server();
    apr_pool_t *process_pool = apr_pool_parent_get(pconf);
    int status;

    (void)plog;
    (void)ptemp;
    if (is_first_reading()) {
        return ocors_lists_judged();
    }
    ocors_server_prepare(pconf, server);
    ocors_lists_read();
    status = ocors_publish_anew(pconf, process_pool, server, config->cache_size);
    if (status == OK && config->reload > 0) {
        ocors_watch_start(pconf, process_pool, server, config->reload);
    }
    return status;
}

/* A process that could not be forked when it was wanted is forked when there is room for it. */
static int monitor(apr_pool_t *pool, server_rec *server)
{
    (void)pool;
    (void)server;
    ocors_watch_maintain();
    return DECLINED;
}

/* A worker begins: from here on a stray write of any module's cannot change everybody's policy. */
static void child_init(apr_pool_t *pchild, server_rec *server)
{
    (void)pchild;
    ocors_store_child_begins(server);
}

/* A worker has ended, perhaps killed while it read: the parent learns it here, and nowhere else. */
static void child_status(server_rec *server, pid_t pid, ap_generation_t generation, int slot,
                         mpm_child_status state)
{
    (void)server;
    (void)generation;
    (void)slot;
    if (state == MPM_CHILD_EXITED) {
        ocors_store_child_ended(pid);
    }
}

/* Answers a request by a decision that came early, if there is one. */
static int answer_early(request_rec *r, const ocors_request_t *request)
{
    return request != NULL ? ocors_respond(r, request, false) : DECLINED;
}

/*
 * Before everything: a preflight or a refusal that the path alone decides costs least here, and no
 * redirect of the translate phase and no cache can answer it first (P4, R5, P8).
 */
static int quick_handler(request_rec *r, int is_lookup)
{
    return is_lookup ? DECLINED : answer_early(r, ocors_request_decide_early(r));
}

/*
 * The last that httpd asks before it refuses a path with an encoded slash, which would be its
 * answer to a preflight. What returns DONE here is mapped as it stands, and is answered at its
 * mapping (P8).
 */
static int pre_translate_name(request_rec *r)
{
    return ocors_request_decide_unmappable(r) != NULL ? DONE : DECLINED;
}

/* The path is what it will be; redirects of mod_alias and rewriting come next (P8). */
static int translate_name(request_rec *r)
{
    return answer_early(r, ocors_request_decide_mapped(r));
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

/* The status page is a handler like any other's, behind whatever guards its section. */
static int status_handler(request_rec *r)
{
    return ocors_status_answer(r);
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

/* The last moment before LogFormat looks at the notes, and the first for httpd's own early errors.
 */
static int log_transaction(request_rec *r)
{
    ocors_request_show(r);
    return DECLINED;
}

static void register_hooks(apr_pool_t *pool)
{
    static const char *const before_core[] = { "core.c", NULL };

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
    ap_hook_handler(handler, NULL, NULL, APR_HOOK_REALLY_FIRST);
    ap_hook_handler(status_handler, NULL, NULL, APR_HOOK_MIDDLE);
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
