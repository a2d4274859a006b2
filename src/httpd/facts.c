/* SPDX-License-Identifier: Apache-2.0 */
/* A request -> facts -> its decision. Owns the module's slot in a request's configuration. */

#include "ocors_facts.h"

#include <apr_strings.h>
#include <http_config.h>
#include <http_log.h>

#include "messages.h"
#include "ocors_resource.h"
#include "ocors_store.h"

APLOG_USE_MODULE(ocapi_cors);

/* How much of an origin a log line repeats. */
#define LOGGED_ORIGIN_MAX 256

static ocors_span_t header_in(const request_rec *r, const char *name)
{
    return ocors_span_from_string(apr_table_get(r->headers_in, name));
}

/* The URL path of what lies in a directory: as much of its end as the file's path has beyond it. */
static ocors_span_t path_below_directory(const request_rec *r, const char *directory)
{
    const ocors_span_t whole = ocors_span_from_string(r->uri);
    const char *file = apr_pstrcat(r->pool, r->filename, r->path_info, NULL);
    size_t prefix = strlen(directory);

    if (prefix > 0 && directory[prefix - 1] == '/') {
        prefix--;
    }
    if (strncmp(file, directory, prefix) != 0 || file[prefix] != '/') {
        return whole;
    }
    const ocors_span_t below = ocors_span_from_string(file + prefix);
    return below.length <= whole.length
                   && memcmp(whole.bytes + whole.length - below.length, below.bytes, below.length)
                          == 0
               ? below
               : whole;
}

/* M1: the path that resources are held against where the URL has no version. */
static ocors_span_t path_below_section(const request_rec *r, const ocors_documents_t *documents)
{
    const ocors_span_t whole = ocors_span_from_string(r->uri);
    size_t prefix = strlen(documents->path);

    switch (documents->kind) {
    case OCORS_SECTION_LOCATION:
        if (prefix > 0 && documents->path[prefix - 1] == '/') {
            prefix--;
        }
        return strncmp(r->uri, documents->path, prefix) == 0
                   ? ocors_span_make(whole.bytes + prefix, whole.length - prefix)
                   : whole;
    case OCORS_SECTION_DIRECTORY:
        return r->filename != NULL ? path_below_directory(r, documents->path) : whole;
    case OCORS_SECTION_OTHER:
        break;
    }
    return whole;
}

/* What a preflight's list of methods takes; nothing else looks at the path. */
static void facts_add_path(request_rec *r, const ocors_config_t *config, ocors_facts_t *facts)
{
    ocors_resource_path_t parts;

    ocors_resource_path_parse(ocors_span_from_string(r->uri), &parts);
    facts->version = parts.version;
    facts->path = parts.version != 0 || config->documents == NULL
                      ? parts.rest
                      : path_below_section(r, config->documents);
}

static void log_decision(request_rec *r, const ocors_config_t *config, const ocors_facts_t *facts,
                         const ocors_decision_t *decision)
{
    const bool is_refusal = decision->verdict == OCORS_VERDICT_REFUSE;
    const size_t shown = facts->origin.length < LOGGED_ORIGIN_MAX ? facts->origin.length
                                                                  : LOGGED_ORIGIN_MAX;

    if (decision->reason == OCORS_REASON_NONE || !APLOG_R_IS_LEVEL(r, APLOG_INFO)) {
        return;
    }
    const char *origin = ap_escape_logitem(r->pool, apr_pstrmemdup(r->pool, facts->origin.bytes,
                                                                   shown));
    ap_log_rerror(APLOG_MARK, APLOG_INFO, 0, r, "%s%s: %s %s, origin \"%s\"%s: %s",
                  config->mode == OCORS_MODE_REPORT_ONLY ? OCORS_LOG_WOULD_REFUSE
                  : is_refusal                           ? OCORS_LOG_REFUSED
                                                         : OCORS_LOG_WITHHELD,
                  config->mode == OCORS_MODE_REPORT_ONLY ? "report only"
                  : is_refusal                           ? "refused"
                                                         : "nothing granted",
                  r->method, r->uri, origin, shown < facts->origin.length ? "..." : "",
                  ocors_reason_name(decision->reason));
}

static const ocors_request_t *request_create(request_rec *r, const ocors_config_t *config)
{
    ocors_request_t *request = apr_pcalloc(r->pool, sizeof(*request));
    const char *origin = apr_table_get(r->headers_in, "Origin");
    ocors_facts_t facts = { .has_origin = origin != NULL };
    ocors_policy_t policy;

    request->config = config;
    ap_set_module_config(r->request_config, &ocapi_cors_module, request);
    if (origin == NULL) {
        return request; /* R1, without a look at the policy */
    }
    if (config->documents == NULL || !ocors_store_read(config->documents->policy, &policy)) {
        ap_log_rerror(APLOG_MARK, APLOG_ERR, 0, r, OCORS_LOG_NO_POLICY
                      "OcapiCors is on for %s, but no policy can be read: nothing is allowed", r->uri);
        policy.layer_count = 0;
    }
    facts.method = ocors_span_from_string(r->method);
    facts.origin = ocors_span_from_string(origin);
    if (r->method_number == M_OPTIONS) {
        facts.request_method = header_in(r, "Access-Control-Request-Method");
        if (facts.request_method.length > 0) {
            facts_add_path(r, config, &facts);
        }
    }
    ocors_decide(&policy, &facts, apr_palloc(r->pool, facts.origin.length + 1), &request->decision);
    if (request->decision.verdict == OCORS_VERDICT_REFUSE && policy.layer_count > 0) {
        const ocors_span_t version = policy.layers[policy.layer_count - 1].version;

        request->document_version = ocors_span_make(apr_pstrmemdup(r->pool, version.bytes,
                                                                   version.length),
                                                    version.length);
    }
    log_decision(r, config, &facts, &request->decision);
    return request;
}

const ocors_request_t *ocors_request_find(const request_rec *r)
{
    for (; r != NULL; r = r->prev) {
        const ocors_request_t *request = ap_get_module_config(r->request_config,
                                                              &ocapi_cors_module);

        if (request != NULL) {
            return request;
        }
    }
    return NULL;
}

const ocors_request_t *ocors_request_decide(request_rec *r)
{
    const ocors_request_t *request = ocors_request_find(r);
    const ocors_config_t *config;

    if (request == NULL && r->prev != NULL) {
        /* What came before may have ended before any hook of ours; it counts all the same. */
        request = ocors_request_decide(r->prev);
    }
    if (request != NULL) {
        return request;
    }
    config = ap_get_module_config(r->per_dir_config, &ocapi_cors_module);
    return config->mode == OCORS_MODE_ON || config->mode == OCORS_MODE_REPORT_ONLY
               ? request_create(r, config)
               : NULL;
}

ocors_span_t ocors_request_version(request_rec *r, const ocors_request_t *request)
{
    ocors_resource_path_t parts;

    ocors_resource_path_parse(ocors_span_from_string(r->uri), &parts);
    if (parts.version == 0) {
        return request->document_version;
    }
    return ocors_span_from_string(apr_psprintf(r->pool, "%u.%u", parts.version >> 16,
                                               parts.version & 0xffff));
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
            apr_table_setn(r->notes, "ocapi_cors_reason",
                           ocors_reason_name(request->decision.reason));
        }
    }
}
