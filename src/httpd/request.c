/* SPDX-License-Identifier: Apache-2.0 */
/* A request's decision: made once, found again. Owns the module's slot in a request's configuration. */

#include "ocors_request.h"

#include <apr_strings.h>
#include <http_core.h>
#include <http_request.h>

#include "ocors_facts.h"

extern module AP_MODULE_DECLARE_DATA ocapi_cors_module;

/* A request's slot. */
typedef struct slot_t {
    bool is_final;                  /* r->per_dir_config is what it will be */
    const ocors_request_t *request; /* NULL: not decided, or not covered */
} slot_t;

static slot_t *slot_of(request_rec *r)
{
    slot_t *slot = ap_get_module_config(r->request_config, &ocapi_cors_module);

    if (slot == NULL) {
        slot = apr_pcalloc(r->pool, sizeof(*slot));
        ap_set_module_config(r->request_config, &ocapi_cors_module, slot);
    }
    return slot;
}

const ocors_request_t *ocors_request_find(const request_rec *r)
{
    for (; r != NULL; r = r->prev) {
        const slot_t *slot = ap_get_module_config(r->request_config, &ocapi_cors_module);

        if (slot != NULL && slot->request != NULL) {
            return slot->request;
        }
    }
    return NULL;
}

static const ocors_request_t *decide_by(request_rec *r, const ap_conf_vector_t *sections)
{
    const ocors_config_t *config = ap_get_module_config(sections, &ocapi_cors_module);

    if (config->mode != OCORS_MODE_ON && config->mode != OCORS_MODE_REPORT_ONLY) {
        return NULL;
    }
    slot_of(r)->request = ocors_facts_judge(r, config);
    return slot_of(r)->request;
}

/*
 * The <Location> sections of a path that httpd has not normalised yet, or whose sections it has set
 * aside while it mapped the path to a file.
 */
static ap_conf_vector_t *location_sections(request_rec *r)
{
    ap_conf_vector_t *const before = r->per_dir_config;
    char *const raw = r->uri;
    char *path = apr_pstrdup(r->pool, r->uri);
    ap_conf_vector_t *sections;

    ap_unescape_url_keep2f(path, 1);
    ap_normalize_path(path, AP_NORMALIZE_NOT_ABOVE_ROOT | AP_NORMALIZE_MERGE_SLASHES);
    r->uri = path;
    r->per_dir_config = r->server->lookup_defaults;
    ap_location_walk(r);
    sections = r->per_dir_config;
    r->uri = raw;
    r->per_dir_config = before;
    return sections;
}

/* No escape, no empty segment, none that begins with a dot: httpd will leave it as it is. */
static bool path_is_normal(const char *path)
{
    if (path == NULL || path[0] != '/') {
        return false;
    }
    for (const char *at = path; *at != '\0'; at++) {
        if (*at == '%' || (at[0] == '/' && (at[1] == '/' || at[1] == '.'))) {
            return false;
        }
    }
    return true;
}

/* Whether a request is such that it may be ours to answer. */
static bool request_may_be_ours(const request_rec *r)
{
    const char *method;

    if (r->method_number == M_GET || apr_table_get(r->headers_in, "Origin") == NULL) {
        return false;
    }
    method = apr_table_get(r->headers_in, "Access-Control-Request-Method");
    return r->method_number != M_OPTIONS || (method != NULL && method[0] != '\0');
}

const ocors_request_t *ocors_request_decide_early(request_rec *r)
{
    ap_conf_vector_t *const before = r->per_dir_config;
    const ocors_config_t *config;
    ocors_request_t *request;

    if (!request_may_be_ours(r) || r->prev != NULL || r->proxyreq != PROXYREQ_NONE
        || ocors_config_has_late_sections() || !path_is_normal(r->uri) || ap_location_walk(r) != OK) {
        return NULL;
    }
    config = ap_get_module_config(r->per_dir_config, &ocapi_cors_module);
    request = config->mode == OCORS_MODE_ON ? ocors_facts_judge(r, config) : NULL;
    if (request == NULL || !ocors_request_is_ours(request)) {
        r->per_dir_config = before; /* rewritten, it may come to stricter sections */
        return NULL;
    }
    slot_of(r)->request = request;
    return request;
}

bool ocors_request_is_ours(const ocors_request_t *request)
{
    return request->config->mode == OCORS_MODE_ON
           && (request->decision.verdict == OCORS_VERDICT_REFUSE
               || request->decision.verdict == OCORS_VERDICT_PREFLIGHT_ALLOW
               || request->decision.verdict == OCORS_VERDICT_PREFLIGHT_WITHHOLD);
}

void ocors_request_note_final(request_rec *r)
{
    slot_of(r)->is_final = true;
}

/* What came before may have ended before any hook of ours; it counts all the same (H4). */
static const ocors_request_t *decided_before(request_rec *r)
{
    const ocors_request_t *request = ocors_request_find(r);

    return request == NULL && r->prev != NULL ? ocors_request_decide_anywhere(r->prev) : request;
}

const ocors_request_t *ocors_request_decide(request_rec *r)
{
    const ocors_request_t *request = decided_before(r);

    return request != NULL ? request : decide_by(r, r->per_dir_config);
}

const ocors_request_t *ocors_request_decide_anywhere(request_rec *r)
{
    const ocors_request_t *request = decided_before(r);

    if (request != NULL || r->uri == NULL) {
        return request; /* without a path, not even a request line was understood */
    }
    return decide_by(r, slot_of(r)->is_final ? r->per_dir_config : location_sections(r));
}

void ocors_request_note(request_rec *r)
{
    for (; r != NULL; r = r->next) {
        const ocors_request_t *request = ocors_request_find(r);

        if (request == NULL) {
            continue;
        }
        apr_table_setn(r->notes, "ocapi_cors_verdict",
                       ocors_verdict_name(request->decision.verdict));
        if (request->decision.reason != OCORS_REASON_NONE) {
            apr_table_setn(r->notes, OCORS_NOTE_REASON,
                           ocors_reason_name(request->decision.reason));
        }
        if (request->client != NULL) {
            apr_table_setn(r->notes, "ocapi_cors_client", request->client);
        }
        if (request->site != NULL) {
            apr_table_setn(r->notes, "ocapi_cors_site", request->site);
        }
    }
}
