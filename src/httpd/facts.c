/* SPDX-License-Identifier: Apache-2.0 */
/* A request -> facts -> its decision. Owns nothing. */

#include "ocors_facts.h"

#include <apr_strings.h>
#include <http_log.h>

#include "ocors_messages.h"
#include "ocors_request_path.h"
#include "ocors_server.h"
#include "ocors_store.h"
#include "ocors_survey.h"

APLOG_USE_MODULE(ocapi_cors);

/* The most bytes of a header or path that a log line repeats. */
#define LOGGED_BYTES_MAX 256

/* What is looked up for one decision. */
typedef struct inquiry_t {
    request_rec *r;
    const ocors_config_t *config;
    ocors_request_t *request;
    ocors_url_path_t path;
    bool has_pin; /* there is a snapshot */
    ocors_pin_t pin;
    ocors_policy_t policies[OCORS_DECIDE_POLICIES_MAX]; /* as long as the pin */
    size_t policy_count;
    ocors_own_t own;
    ocors_facts_t facts;
} inquiry_t;

static ocors_span_t header_in(const request_rec *r, const char *name)
{
    return ocors_span_from_string(apr_table_get(r->headers_in, name));
}

/*
 * R11: the method on the wire. For an ErrorDocument httpd has changed r->method to GET before the
 * failed request is decided.
 */
static ocors_span_t method_of(const request_rec *r)
{
    const char *space;

    if (r->next == NULL || r->the_request == NULL) {
        return ocors_span_from_string(r->method);
    }
    space = strchr(r->the_request, ' ');
    return ocors_span_make(r->the_request, space != NULL ? (size_t)(space - r->the_request)
                                                         : strlen(r->the_request));
}

/*
 * A copy of a client's text for logs, notes and environment variables: cut, with '?' for each
 * control character (one could end a line or a string).
 */
static const char *without_controls(apr_pool_t *pool, ocors_span_t text)
{
    const size_t length = text.length < LOGGED_BYTES_MAX ? text.length : LOGGED_BYTES_MAX;
    char *copy = apr_pstrmemdup(pool, text.bytes, length);

    for (size_t i = 0; i < length; i++) {
        if ((unsigned char)copy[i] < 0x20 || copy[i] == 0x7f) {
            copy[i] = '?';
        }
    }
    return copy;
}

/* C5: the site of the request, and its policies. */
static void read_policies(inquiry_t *inquiry)
{
    const ocors_config_t *config = inquiry->config;
    const ocors_snapshot_t *snapshot = &inquiry->pin.snapshot;
    const ocors_span_t configured = ocors_span_from_string(config->site);
    const ocors_span_t site = inquiry->path.plain.site.bytes != NULL ? inquiry->path.plain.site
                                                                     : configured;
    uint32_t index;

    if (site.length > 0 && ocors_survey_shows_decisions()) {
        inquiry->request->site = without_controls(inquiry->r->pool, site);
    }
    if (config->documents == NULL || !inquiry->has_pin) {
        return;
    }
    if (config->documents->list.is_tree) {
        inquiry->facts.is_path_ambiguous = !ocors_snapshot_read_path(
            snapshot, &config->documents->list.key, &inquiry->path, configured, inquiry->policies,
            &inquiry->policy_count);
    }
    else if (ocors_snapshot_find_policy(snapshot, &config->documents->list.key, &index)
             && ocors_snapshot_read_policy(snapshot, index, &inquiry->policies[0])) {
        inquiry->policy_count = 1;
    }
}

/* C1: the client. Its id is copied: a policy's memory is readable only while it is pinned. */
static void identify_client(inquiry_t *inquiry)
{
    request_rec *r = inquiry->r;
    const ocors_sources_t *wanted = ocors_config_sources(inquiry->config);
    ocors_source_t sources[OCORS_SOURCES_MAX];
    bool says_anything = false;

    for (size_t i = 0; i < wanted->count; i++) {
        sources[i] = wanted->items[i];
        sources[i].value = sources[i].kind == OCORS_SOURCE_BEARER ? header_in(r, "Authorization")
                           : sources[i].kind == OCORS_SOURCE_QUERY
                               ? ocors_span_from_string(r->args)
                               : header_in(r, sources[i].name.bytes);
        says_anything = says_anything || sources[i].value.length > 0;
    }
    if (!says_anything) {
        return; /* nobody is named, as in most requests of browsers */
    }
    inquiry->facts.named = ocors_client_identify(
        inquiry->policies, inquiry->policy_count, sources, wanted->count,
        apr_palloc(r->pool, ocors_client_room(sources, wanted->count)));
    if (inquiry->facts.named.kind == OCORS_CLIENT_NAMED) {
        inquiry->request->client = without_controls(r->pool, inquiry->facts.named.id);
    }
}

/* The response_headers of the client that asks, copied. */
static void copy_response_headers(inquiry_t *inquiry)
{
    apr_pool_t *pool = inquiry->r->pool;

    for (size_t i = 0; i < inquiry->policy_count && inquiry->facts.named.kind == OCORS_CLIENT_NAMED;
         i++) {
        ocors_policy_client_t found;
        ocors_image_client_t client;

        if (!ocors_policy_find_client(&inquiry->policies[i], inquiry->facts.named.id, &found)) {
            continue;
        }
        const ocors_image_t *image = &inquiry->policies[i].layers[found.layer];
        ocors_response_header_t header;

        if (!ocors_image_read_client(image, found.index, &client)) {
            continue;
        }
        for (uint32_t k = 0; k < client.header_count
                             && ocors_image_read_header(image, client.first_header + k, &header);
             k++) {
            if (inquiry->request->headers == NULL) {
                inquiry->request->headers = apr_array_make(pool, 4, sizeof(ocors_header_t));
            }
            APR_ARRAY_PUSH(inquiry->request->headers, ocors_header_t) = (ocors_header_t){
                .name = apr_pstrmemdup(pool, header.name.bytes, header.name.length),
                .value = apr_pstrmemdup(pool, header.value.bytes, header.value.length),
            };
        }
    }
}

/* A copy of a client's text for a quoted part of a log line: cut, with ' for each ". */
static const char *without_quotes(apr_pool_t *pool, const char *text)
{
    char *copy = apr_pstrndup(pool, text, LOGGED_BYTES_MAX);

    for (char *at = copy; *at != '\0'; at++) {
        if (*at == '"') {
            *at = '\'';
        }
    }
    return copy;
}

/* The listed origin that is nearest, as configured. */
static const char *nearest_of(const inquiry_t *inquiry)
{
    const char *nearest = inquiry->request->nearest;

    return nearest != NULL
               ? apr_psprintf(inquiry->r->pool, "; nearest listed origin \"%s\"", nearest)
               : "";
}

/* R10: what an administrator can do about a host that is not configured. */
static const char *advice_of(const request_rec *r, const ocors_decision_t *decision)
{
    const char *host = apr_table_get(r->headers_in, "Host");

    if (decision->reason != OCORS_REASON_OWN_HOST_UNKNOWN) {
        return "";
    }
    return apr_psprintf(r->pool,
                        "; asked host \"%s\": if the page is your own, add a ServerAlias, set "
                        "ProxyPreserveHost On in the proxy in front, or list the origin by "
                        "OcapiCorsSelfOrigin",
                        host != NULL ? without_quotes(r->pool, host) : "");
}

/* The fixed words come first: no text of a client can imitate them. httpd escapes controls. */
static void log_decision(const inquiry_t *inquiry)
{
    request_rec *r = inquiry->r;
    const ocors_decision_t *decision = &inquiry->request->decision;
    const char *client = inquiry->request->client;
    const bool is_report = inquiry->config->mode == OCORS_MODE_REPORT_ONLY;
    const bool is_refusal = decision->verdict == OCORS_VERDICT_REFUSE;

    if (decision->reason == OCORS_REASON_NONE || !APLOG_R_IS_LEVEL(r, APLOG_INFO)) {
        return;
    }
    ap_log_rerror(
        APLOG_MARK, APLOG_INFO, 0, r, "%s%s: %s: origin \"%s\", client \"%s\", %s \"%s\"%s%s",
        is_report    ? OCORS_LOG_WOULD_REFUSE
        : is_refusal ? OCORS_LOG_REFUSED
                     : OCORS_LOG_WITHHELD,
        is_report    ? "report only"
        : is_refusal ? "refused"
                     : "nothing granted",
        ocors_reason_name(decision->reason),
        without_quotes(r->pool, apr_table_get(r->headers_in, "Origin")),
        client != NULL ? without_quotes(r->pool, client) : "", without_quotes(r->pool, r->method),
        without_quotes(r->pool, r->uri), nearest_of(inquiry), advice_of(r, decision));
}

/* 1.5: the version in the URL, or of the policy's last document; in the request's pool. */
static ocors_span_t fault_version(const inquiry_t *inquiry)
{
    apr_pool_t *pool = inquiry->r->pool;
    const ocors_version_t version = inquiry->path.version;
    ocors_span_t found = { NULL, 0 };

    if (version != 0) {
        return ocors_span_from_string(apr_psprintf(pool, "%u.%u", version >> 16, version & 0xffff));
    }
    for (size_t i = 0; i < inquiry->policy_count; i++) {
        const ocors_policy_t *policy = &inquiry->policies[i];

        if (policy->layer_count > 0) {
            found = policy->layers[policy->layer_count - 1].version;
        }
    }
    return found.length > 0
               ? ocors_span_make(apr_pstrmemdup(pool, found.bytes, found.length), found.length)
               : found;
}

/* Decides a request that has an Origin. */
static void judge(inquiry_t *inquiry)
{
    request_rec *r = inquiry->r;
    ocors_request_t *request = inquiry->request;
    const ocors_self_t *self = ocors_config_self(inquiry->config);

    if (!self->is_off) {
        inquiry->own = ocors_server_own(r, self);
        inquiry->facts.own = &inquiry->own;
    }
    inquiry->facts.wants_reason = ocors_survey_shows_reasons() || APLOG_R_IS_LEVEL(r, APLOG_INFO);
    inquiry->facts.method = method_of(r);
    if (ocors_span_is_equal(inquiry->facts.method, OCORS_SPAN_LITERAL("OPTIONS"))) {
        inquiry->facts.request_method = header_in(r, "Access-Control-Request-Method");
        inquiry->facts.version = inquiry->path.version;
        inquiry->facts.path = ocors_request_path_resource(r, inquiry->config->documents,
                                                          &inquiry->path);
    }
    ocors_decide(inquiry->policies, inquiry->policy_count, &inquiry->facts,
                 apr_palloc(r->pool, inquiry->facts.origin.length + 1), &request->decision);
    if (request->decision.nearest.length > 0) { /* in the policy: readable while it is pinned */
        request->nearest = apr_pstrmemdup(r->pool, request->decision.nearest.bytes,
                                          request->decision.nearest.length);
    }
    if (request->decision.verdict == OCORS_VERDICT_REFUSE) {
        request->fault_version = fault_version(inquiry);
    }
}

ocors_request_t *ocors_facts_judge(request_rec *r, const ocors_config_t *config)
{
    const char *origin = apr_table_get(r->headers_in, "Origin");
    const bool is_tree = config->documents != NULL && config->documents->list.is_tree;
    inquiry_t inquiry;

    inquiry.r = r;
    inquiry.config = config;
    inquiry.policy_count = 0;
    inquiry.facts = (ocors_facts_t){ .has_origin = origin != NULL,
                                     .origin = ocors_span_from_string(origin) };
    inquiry.path = (ocors_url_path_t){ .version = 0 };
    /* A GET under one policy needs its path only if the site is shown. */
    if (is_tree
        || (origin != NULL && (r->method_number != M_GET || ocors_survey_shows_decisions()))) {
        ocors_request_path_read(r, is_tree, &inquiry.path);
    }
    if (is_tree && ocors_url_path_is_outside(&inquiry.path)) {
        return NULL;
    }
    inquiry.request = apr_pcalloc(r->pool, sizeof(*inquiry.request));
    inquiry.request->config = config;
    if (origin == NULL && !ocors_store_has_response_headers()) {
        return inquiry.request; /* R1: the policy is not read */
    }
    inquiry.has_pin = ocors_store_pin(&inquiry.pin);
    read_policies(&inquiry);
    identify_client(&inquiry);
    copy_response_headers(&inquiry);
    if (origin != NULL) {
        judge(&inquiry);
    }
    if (inquiry.has_pin) {
        ocors_store_unpin(&inquiry.pin);
    }
    if (origin != NULL) {
        log_decision(&inquiry);
    }
    else {
        /* Logs do not depend on response_headers in some document. */
        inquiry.request->client = inquiry.request->site = NULL;
    }
    return inquiry.request;
}
