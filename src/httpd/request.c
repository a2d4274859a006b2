/* SPDX-License-Identifier: Apache-2.0 */
/* The decision about a request. Owns the module's state in r->request_config. */

#include "ocors_request.h"

#include <apr_strings.h>
#include <http_request.h>

#include "ocors_facts.h"
#include "ocors_refusals.h"
#include "ocors_request_path.h"
#include "ocors_server.h"
#include "ocors_survey.h"

extern module AP_MODULE_DECLARE_DATA ocapi_cors_module;

/* The module's state of a request. */
typedef struct state_t {
    bool is_final;                  /* r->per_dir_config is final */
    bool is_settled;                /* decided by a section that is On: nothing changes it (S14) */
    bool passes;                    /* ocors_request_passes() */
    const ocors_request_t *request; /* NULL: not decided, or not covered */
    const apr_table_t *sent;        /* the header fields as sent, if they may be judged later */
    ap_conf_vector_t *sections;     /* of a request that the module answers later; or NULL */
    const ocors_request_t *early;   /* an early decision without an answer of ours; or NULL */
    const char *early_uri;          /* the path of that decision */
} state_t;

/* The state of a request; NULL: it has none yet. */
static inline state_t *state_find(const request_rec *r)
{
    return ap_get_module_config(r->request_config, &ocapi_cors_module);
}

/* Begins the state of a request that has none; so many bytes more follow it. */
static state_t *state_begin(request_rec *r, size_t more)
{
    state_t *state = apr_palloc(r->pool, sizeof(*state) + more);

    *state = (state_t){ .is_final = false };
    ap_set_module_config(r->request_config, &ocapi_cors_module, state);
    return state;
}

static state_t *state_of(request_rec *r)
{
    state_t *state = state_find(r);

    return state != NULL ? state : state_begin(r, 0);
}

/* Sets a note and an environment variable. */
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

/* Whether there is an early decision and still holds: the path and the section are unchanged. */
static inline bool early_holds(const state_t *state, const request_rec *r,
                               const ocors_config_t *config)
{
    return state != NULL && state->early != NULL && strcmp(state->early_uri, r->uri) == 0
           && (state->early->config == config
               || ocors_config_is_equal(state->early->config, config));
}

/*
 * The functions that hooks call leave at once for most requests. What is rarely done is not inlined
 * into them: its frame would cost more than what they do.
 */
#define RARELY __attribute__((noinline))

/* What was kept of the fields, of this request or of one that it replaced; else those it has. */
static RARELY const apr_table_t *sent_before(const request_rec *r)
{
    for (const request_rec *at = r; at != NULL; at = at->prev) {
        const state_t *state = state_find(at);

        if (state != NULL && state->sent != NULL) {
            return state->sent;
        }
    }
    return r->headers_in;
}

/*
 * The header fields as the client sent them. A RequestHeader of mod_headers, and others, may have
 * changed r->headers_in, which an internal redirect takes over.
 */
static inline const apr_table_t *sent_of(const request_rec *r, const state_t *state)
{
    return r->prev != NULL || (state != NULL && state->sent != NULL) ? sent_before(r)
                                                                     : r->headers_in;
}

/* The early decision, if it holds, or a new one. */
static inline const ocors_request_t *judge(request_rec *r, const ocors_config_t *config,
                                           const apr_table_t *sent, const ocors_fields_t *fields)
{
    const state_t *state = state_find(r);

    return early_holds(state, r, config) ? state->early
                                         : ocors_facts_judge(r, config, sent, fields);
}

/* Decides by these sections; NULL: they do not cover the request. */
static const ocors_request_t *judge_by(request_rec *r, const ap_conf_vector_t *sections)
{
    const ocors_config_t *config = ap_get_module_config(sections, &ocapi_cors_module);

    return config->mode == OCORS_MODE_ON || config->mode == OCORS_MODE_REPORT_ONLY
               ? judge(r, config, sent_of(r, state_find(r)), NULL)
               : NULL;
}

/* The same before sections are final and fields change. ReportOnly waits, as it logs once. */
static const ocors_request_t *judge_early(request_rec *r, const ap_conf_vector_t *sections,
                                          const ocors_fields_t *fields)
{
    const ocors_config_t *config = ap_get_module_config(sections, &ocapi_cors_module);

    return config->mode == OCORS_MODE_ON ? judge(r, config, r->headers_in, fields) : NULL;
}

/*
 * Remembers a decision, if there is one, and counts it: once for a request (H4). `state` is that of
 * the request, or NULL.
 */
static inline const ocors_request_t *keep(request_rec *r, state_t *state,
                                          const ocors_request_t *request)
{
    if (request != NULL) {
        if (state == NULL) {
            state = state_begin(r, 0);
        }
        state->request = request;
        state->is_settled = request->config->mode == OCORS_MODE_ON;
        state->passes = state->is_settled && r->prev == NULL && !ocors_request_is_ours(request);
        ocors_refusals_count(r, request);
        show(r, request);
    }
    return request;
}

/*
 * Remembers an early decision about a path of `length` bytes. If the module answers the request,
 * the decision is final. Otherwise it counts if path and section are the same when the sections are
 * final.
 */
static const ocors_request_t *keep_ours(request_rec *r, size_t length,
                                        const ocors_request_t *request)
{
    state_t *state = state_find(r);
    char *uri;

    if (request == NULL || ocors_request_is_ours(request)) {
        return keep(r, state, request);
    }
    if (state == NULL) {
        state = state_begin(r, length + 1);
        uri = (char *)(state + 1);
    }
    else {
        uri = apr_palloc(r->pool, length + 1);
    }
    memcpy(uri, r->uri, length + 1);
    state->early = request;
    state->early_uri = uri;
    return NULL;
}

/* Whether the module may answer a request before its configuration is final; reads its fields. */
static inline bool request_may_be_ours(const request_rec *r, ocors_fields_t *fields)
{
    if (r->method_number == M_GET || r->method_number == M_TRACE || r->main != NULL
        || r->prev != NULL || r->proxyreq != PROXYREQ_NONE || r->uri == NULL || r->uri[0] != '/') {
        return false;
    }
    ocors_fields_read(r->headers_in, fields);
    return fields->origin != NULL
           && (r->method_number != M_OPTIONS
               || (fields->request_method != NULL && fields->request_method[0] != '\0'));
}

const ocors_request_t *ocors_request_decide_early(request_rec *r)
{
    ap_conf_vector_t *const before = r->per_dir_config;
    const ocors_request_t *request;
    ocors_fields_t fields;
    size_t length;

    if (!request_may_be_ours(r, &fields) || ocors_server_of(r->server)->is_late
        || (length = ocors_request_path_normal_length(r->uri)) == 0 || ap_location_walk(r) != OK) {
        return NULL;
    }
    request = keep_ours(r, length, judge_early(r, r->per_dir_config, &fields));
    if (request == NULL) {
        r->per_dir_config = before;
    }
    return request;
}

static RARELY const ocors_request_t *decide_escaped(request_rec *r)
{
    char *const uri = r->uri;
    char *path;
    ap_conf_vector_t *sections;
    const ocors_request_t *request;
    ocors_fields_t fields;

    if (!request_may_be_ours(r, &fields) || !ocors_request_path_is_unmappable(r)) {
        return NULL;
    }
    path = apr_pstrdup(r->pool, uri);
    if (ap_unescape_url_keep2f(path, 0) != OK) {
        return NULL; /* an encoded NUL, or no escape: httpd answers */
    }
    sections = ocors_request_path_sections(r);
    r->uri = path;
    request = keep_ours(r, strlen(path), judge_early(r, sections, &fields));
    r->uri = uri;
    if (request != NULL) {
        state_of(r)->sections = sections;
    }
    return request;
}

const ocors_request_t *ocors_request_decide_unmappable(request_rec *r)
{
    /* The path of an early decision is in normal form: nothing is encoded. */
    return r->uri != NULL && strchr(r->uri, '%') != NULL ? decide_escaped(r) : NULL;
}

static RARELY const ocors_request_t *decide_mapped(request_rec *r, const state_t *state)
{
    ocors_fields_t fields;

    if (!request_may_be_ours(r, &fields)) {
        return NULL;
    }
    if (state != NULL && state->sections != NULL) {
        r->per_dir_config = state->sections;
        return state->request;
    }
    return ocors_server_of(r->server)->is_late
               ? NULL
               : keep_ours(r, strlen(r->uri), judge_early(r, r->per_dir_config, &fields));
}

const ocors_request_t *ocors_request_decide_mapped(request_rec *r)
{
    const state_t *state = state_find(r);

    /* An early decision that holds is not the module's to answer: that would have been done. */
    return early_holds(state, r, ap_get_module_config(r->per_dir_config, &ocapi_cors_module))
               ? NULL
               : decide_mapped(r, state);
}

bool ocors_request_passes(const request_rec *r)
{
    const state_t *state = state_find(r);

    return state != NULL && state->passes;
}

/*
 * What was decided about a request, or about one that it replaced (H4), even if that ended before
 * any hook of ours. NULL: nothing.
 */
static inline const ocors_request_t *decided(const request_rec *r, const state_t *state)
{
    return state != NULL && state->request != NULL ? state->request
           : r->prev != NULL                       ? ocors_request_decide_anywhere(r->prev)
                                                   : NULL;
}

/*
 * Decides by these sections, unless it was decided before. A decision of ReportOnly touches
 * nothing, and gives way to sections that are On (S14).
 */
static inline const ocors_request_t *decide_by(request_rec *r, const ap_conf_vector_t *sections,
                                               const ocors_request_t *before)
{
    const ocors_config_t *config = ap_get_module_config(sections, &ocapi_cors_module);
    const ocors_request_t *request;

    if (before != NULL
        && (before->config->mode == OCORS_MODE_ON || config->mode != OCORS_MODE_ON)) {
        return before;
    }
    request = keep(r, state_find(r), judge_by(r, sections));
    return request != NULL ? request : before;
}

/* The decision by the final sections. */
static inline const ocors_request_t *decide(request_rec *r, state_t *state)
{
    const ocors_request_t *before = decided(r, state);
    const ocors_request_t *request;

    if (before == NULL) {
        return keep(r, state, judge_by(r, r->per_dir_config));
    }
    request = decide_by(r, r->per_dir_config, before);
    if (request == before && r->prev != NULL) {
        show(r, request); /* an internal redirect has renamed the environment */
    }
    return request;
}

const ocors_request_t *ocors_request_decide(request_rec *r)
{
    return decide(r, state_find(r));
}

/* Keeps the header fields as they are before any module changes them. */
static RARELY void keep_sent(request_rec *r, state_t *state)
{
    const apr_table_t *sent = sent_of(r, state);

    state->sent = sent != r->headers_in ? sent : apr_table_copy(r->pool, r->headers_in);
}

const ocors_request_t *ocors_request_decide_final(request_rec *r)
{
    state_t *state = state_of(r);
    const ocors_request_t *request;

    state->is_final = true;
    request = decide(r, state);
    if (request == NULL
            ? ocors_server_of(r->server)->is_judged
            : request->config->mode != OCORS_MODE_ON && ocors_server_of(r->server)->is_enforced) {
        keep_sent(r, state); /* mod_dir or an internal redirect may lead to sections that judge */
    }
    return request;
}

static RARELY const ocors_request_t *decide_anywhere(request_rec *r, const state_t *state)
{
    char *const uri = r->uri;
    const ocors_request_t *before = decided(r, state), *request;

    if ((before != NULL && before->config->mode == OCORS_MODE_ON) || r->uri == NULL) {
        return before; /* without a path: httpd has not understood the request line */
    }
    if (state != NULL && state->is_final) {
        return decide_by(r, r->per_dir_config, before);
    }
    r->uri = ocors_request_path_normal(r); /* a hit of mod_cache's quick handler has it as sent */
    request = decide_by(r, ocors_request_path_sections_of(r, r->uri), before);
    r->uri = uri;
    return request;
}

const ocors_request_t *ocors_request_decide_anywhere(request_rec *r)
{
    const state_t *state = state_find(r);

    return state != NULL && state->is_settled ? state->request : decide_anywhere(r, state);
}

void ocors_request_show(request_rec *r)
{
    const ocors_request_t *request = NULL; /* of the request, or of one that it replaced */

    for (; r != NULL; r = r->next) {
        const state_t *state = state_find(r);

        if (state != NULL && state->request != NULL) {
            request = state->request;
        }
        if (request != NULL) {
            show(r, request);
        }
    }
}
