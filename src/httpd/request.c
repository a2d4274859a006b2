/* SPDX-License-Identifier: Apache-2.0 */
/* A request's decision: made once, found again. Owns the module's slot in a request's
 * configuration. */

#include "ocors_request.h"

#include <apr_strings.h>
#include <http_core.h>
#include <http_request.h>

#include "ocors_facts.h"
#include "ocors_server.h"
#include "ocors_survey.h"

extern module AP_MODULE_DECLARE_DATA ocapi_cors_module;

/* A request's slot. */
typedef struct slot_t {
    bool is_final;                  /* r->per_dir_config is what it will be */
    const ocors_request_t *request; /* NULL: not decided, or not covered */
    ap_conf_vector_t *sections;     /* of a decision that is ours to answer later; or NULL */
    const ocors_request_t *early;   /* an early decision that was not ours to answer; or NULL */
    const char *early_uri;          /* the path that it is of */
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

/* A word for those who look at notes, and for those who look at the environment. */
static void show_word(request_rec *r, const char *note, const char *variable, const char *word)
{
    if (word != NULL) {
        apr_table_setn(r->notes, note, word);
        apr_table_setn(r->subprocess_env, variable, word);
    }
}

static void show(request_rec *r, const ocors_request_t *request)
{
    const ocors_decision_t *decision = &request->decision;

    if (!ocors_survey_shows_decisions()) {
        return;
    }
    show_word(r, "ocapi_cors_verdict", "OCAPI_CORS_VERDICT", ocors_verdict_name(decision->verdict));
    show_word(r, "ocapi_cors_reason", "OCAPI_CORS_REASON",
              decision->reason != OCORS_REASON_NONE ? ocors_reason_name(decision->reason) : NULL);
    show_word(r, "ocapi_cors_client", "OCAPI_CORS_CLIENT", request->client);
    show_word(r, "ocapi_cors_site", "OCAPI_CORS_SITE", request->site);
}

/* Whether an early decision still holds: of the same path, by sections that say the same. */
static bool early_holds(const slot_t *slot, const request_rec *r, const ocors_config_t *config)
{
    return slot != NULL && slot->early != NULL && ocors_config_is_equal(slot->early->config, config)
           && strcmp(slot->early_uri, r->uri) == 0;
}

/* The decision by these sections; NULL: they do not cover the request. */
static const ocors_request_t *judge_by(request_rec *r, const ap_conf_vector_t *sections)
{
    const ocors_config_t *config = ap_get_module_config(sections, &ocapi_cors_module);
    const slot_t *slot = ap_get_module_config(r->request_config, &ocapi_cors_module);

    if (config->mode != OCORS_MODE_ON && config->mode != OCORS_MODE_REPORT_ONLY) {
        return NULL;
    }
    return early_holds(slot, r, config) ? slot->early : ocors_facts_judge(r, config);
}

/* The same before the sections are final. A report alone can wait, and is logged once. */
static const ocors_request_t *judge_early(request_rec *r, const ap_conf_vector_t *sections)
{
    const ocors_config_t *config = ap_get_module_config(sections, &ocapi_cors_module);

    return config->mode == OCORS_MODE_ON ? judge_by(r, sections) : NULL;
}

/* Keeps a decision, if there is one. */
static const ocors_request_t *keep(request_rec *r, const ocors_request_t *request)
{
    if (request != NULL) {
        slot_of(r)->request = request;
        show(r, request);
    }
    return request;
}

/*
 * Keeps a decision that is ours to answer. Any other is remembered: it counts if the final sections
 * say the same of the same path.
 */
static const ocors_request_t *keep_ours(request_rec *r, const ocors_request_t *request)
{
    slot_t *slot;

    if (request == NULL || ocors_request_is_ours(request)) {
        return keep(r, request);
    }
    slot = slot_of(r);
    if (slot->early != request) {
        slot->early = request;
        slot->early_uri = apr_pstrdup(r->pool, r->uri);
    }
    return NULL;
}

/* The <Location> sections of a path. */
static ap_conf_vector_t *sections_of(request_rec *r, char *path)
{
    ap_conf_vector_t *const before = r->per_dir_config;
    char *const uri = r->uri;
    ap_conf_vector_t *sections;

    r->uri = path;
    r->per_dir_config = r->server->lookup_defaults;
    ap_location_walk(r);
    sections = r->per_dir_config;
    r->uri = uri;
    r->per_dir_config = before;
    return sections;
}

/*
 * The <Location> sections of a path that httpd has not normalised yet, or whose sections it has set
 * aside while it mapped the path to a file.
 */
static ap_conf_vector_t *location_sections(request_rec *r)
{
    char *path = apr_pstrdup(r->pool, r->uri);

    ap_unescape_url_keep2f(path, 1);
    ap_normalize_path(path, AP_NORMALIZE_NOT_ABOVE_ROOT | AP_NORMALIZE_MERGE_SLASHES);
    return sections_of(r, path);
}

/*
 * No escape, no parameter (which mapping=servlet takes away), no empty segment, none that begins
 * with a dot: httpd will leave it as it is.
 */
static bool path_is_normal(const char *path)
{
    for (const char *at = path; *at != '\0'; at++) {
        if (*at == '%' || *at == ';' || (at[0] == '/' && (at[1] == '/' || at[1] == '.'))) {
            return false;
        }
    }
    return true;
}

/* Whether a request is such that it may be ours to answer before its configuration is final. */
static bool request_may_be_ours(const request_rec *r)
{
    const char *method;

    if (r->method_number == M_GET || r->method_number == M_TRACE || r->main != NULL
        || r->prev != NULL || r->proxyreq != PROXYREQ_NONE || r->uri == NULL || r->uri[0] != '/'
        || apr_table_get(r->headers_in, "Origin") == NULL) {
        return false;
    }
    method = apr_table_get(r->headers_in, "Access-Control-Request-Method");
    return r->method_number != M_OPTIONS || (method != NULL && method[0] != '\0');
}

const ocors_request_t *ocors_request_decide_early(request_rec *r)
{
    ap_conf_vector_t *const before = r->per_dir_config;
    const ocors_request_t *request;

    if (!request_may_be_ours(r) || ocors_server_of(r->server)->is_late || !path_is_normal(r->uri)
        || ap_location_walk(r) != OK) {
        return NULL;
    }
    request = keep_ours(r, judge_early(r, r->per_dir_config));
    if (request == NULL) {
        r->per_dir_config = before;
    }
    return request;
}

/* Whether httpd is about to refuse this path for an encoded slash: AllowEncodedSlashes is Off. */
static bool path_is_unmappable(request_rec *r)
{
    const core_dir_config *core = ap_get_core_module_config(r->per_dir_config);

    return !core->allow_encoded_slashes && ap_strcasestr(r->uri, "%2f") != NULL;
}

const ocors_request_t *ocors_request_decide_unmappable(request_rec *r)
{
    char *const uri = r->uri;
    char *path;
    ap_conf_vector_t *sections;
    const ocors_request_t *request;

    if (!request_may_be_ours(r) || !path_is_unmappable(r)) {
        return NULL;
    }
    path = apr_pstrdup(r->pool, uri);
    if (ap_unescape_url_keep2f(path, 0) != OK) {
        return NULL; /* an encoded NUL, or no escape at all: httpd answers that */
    }
    sections = location_sections(r);
    r->uri = path;
    request = keep_ours(r, judge_early(r, sections));
    r->uri = uri;
    if (request != NULL) {
        slot_of(r)->sections = sections;
    }
    return request;
}

const ocors_request_t *ocors_request_decide_mapped(request_rec *r)
{
    if (!request_may_be_ours(r)) {
        return NULL;
    }
    if (slot_of(r)->sections != NULL) {
        r->per_dir_config = slot_of(r)->sections;
        return slot_of(r)->request;
    }
    return ocors_server_of(r->server)->is_late ? NULL
                                               : keep_ours(r, judge_early(r, r->per_dir_config));
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

    if (request == NULL) {
        return keep(r, judge_by(r, r->per_dir_config));
    }
    if (r->prev != NULL) {
        show(r, request); /* an internal redirect has renamed the environment */
    }
    return request;
}

const ocors_request_t *ocors_request_decide_anywhere(request_rec *r)
{
    const ocors_request_t *request = decided_before(r);

    if (request != NULL || r->uri == NULL) {
        return request; /* without a path, not even a request line was understood */
    }
    return keep(r, judge_by(r, slot_of(r)->is_final ? r->per_dir_config : location_sections(r)));
}

void ocors_request_show(request_rec *r)
{
    for (; r != NULL && ocors_survey_shows_decisions(); r = r->next) {
        const ocors_request_t *request = ocors_request_find(r);

        if (request != NULL) {
            show(r, request);
        }
    }
}
