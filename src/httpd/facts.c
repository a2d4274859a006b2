/* SPDX-License-Identifier: Apache-2.0 */
/* A request -> facts -> its decision. Owns nothing. */

#include "ocors_facts.h"

#include <apr_strings.h>
#include <http_log.h>

#include "messages.h"
#include "ocors_resource.h"
#include "ocors_server.h"
#include "ocors_store.h"

APLOG_USE_MODULE(ocapi_cors);

/* How much of what a client sent a log line repeats. */
#define LOGGED_BYTES_MAX 256

/* What is looked up on the way to a decision. */
typedef struct inquiry_t {
    request_rec *r;
    const ocors_config_t *config;
    ocors_request_t *request;
    ocors_resource_path_t path;
    bool has_visit; /* there is an edition */
    ocors_visit_t visit;
    ocors_policy_t policies[OCORS_DECIDE_POLICIES_MAX]; /* as long as the visit */
    size_t policy_count;
    ocors_own_t own;
    ocors_facts_t facts;
} inquiry_t;

static ocors_span_t header_in(const request_rec *r, const char *name)
{
    return ocors_span_from_string(apr_table_get(r->headers_in, name));
}

/*
 * R11: the method on the wire. For an ErrorDocument httpd has turned r->method into GET by the time
 * that we are asked about the request which failed.
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

/* The URL path as the application takes it: a slash that httpd was told to leave encoded is one. */
static ocors_span_t path_of(const request_rec *r)
{
    const char *encoded = strchr(r->uri, '%');
    char *copy, *to;

    if (encoded == NULL) {
        return ocors_span_from_string(r->uri);
    }
    copy = to = apr_pstrdup(r->pool, r->uri);
    for (const char *from = copy; *from != '\0'; to++) {
        const bool is_slash = from[0] == '%' && from[1] == '2' && (from[2] | 0x20) == 'f';

        *to = is_slash ? '/' : *from;
        from += is_slash ? 3 : 1;
    }
    return ocors_span_make(copy, (size_t)(to - copy));
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
    case OCORS_SECTION_SERVER:
    case OCORS_SECTION_OTHER:
        break;
    }
    return whole;
}

/* C5: the policies that judge the request, and the site they are of. */
static void read_policies(inquiry_t *inquiry)
{
    const ocors_config_t *config = inquiry->config;
    const ocors_span_t site = inquiry->path.site.bytes != NULL
                                  ? inquiry->path.site
                                  : ocors_span_from_string(config->site);

    if (site.length > 0) {
        inquiry->request->site = apr_pstrmemdup(inquiry->r->pool, site.bytes, site.length);
    }
    if (config->documents == NULL || !inquiry->has_visit) {
        return;
    }
    if (config->documents->is_tree) {
        inquiry->policy_count = ocors_store_read_site(&inquiry->visit, config->documents->number,
                                                      site, inquiry->path.api, inquiry->policies);
    }
    else if (ocors_store_read_settings(&inquiry->visit, config->documents->number,
                                       &inquiry->policies[0])) {
        inquiry->policy_count = 1;
    }
}

/* C1: who asks. What is known of it is copied: policies are read, not kept. */
static void identify_client(inquiry_t *inquiry)
{
    request_rec *r = inquiry->r;
    const ocors_sources_t *wanted = ocors_config_sources(inquiry->config);
    ocors_source_t sources[OCORS_SOURCES_MAX];

    for (size_t i = 0; i < wanted->count; i++) {
        sources[i] = wanted->items[i];
        sources[i].value = sources[i].kind == OCORS_SOURCE_BEARER ? header_in(r, "Authorization")
                           : sources[i].kind == OCORS_SOURCE_QUERY
                               ? ocors_span_from_string(r->args)
                               : header_in(r, sources[i].name.bytes);
    }
    inquiry->facts.claim = ocors_client_identify(
        inquiry->policies, inquiry->policy_count, sources, wanted->count,
        apr_palloc(r->pool, ocors_client_room(sources, wanted->count)));
    if (inquiry->facts.claim.kind == OCORS_CLAIM_NAMED) {
        const ocors_span_t id = inquiry->facts.claim.id;
        const size_t shown = id.length < LOGGED_BYTES_MAX ? id.length : LOGGED_BYTES_MAX;
        char *client = apr_pstrmemdup(r->pool, id.bytes, shown);

        for (size_t i = 0; i < shown; i++) {
            if (client[i] == '\0') {
                client[i] = '?'; /* not to be shown as the id before it */
            }
        }
        inquiry->request->client = client;
    }
}

/* The response_headers of the client that asks, copied. */
static void copy_response_headers(inquiry_t *inquiry)
{
    apr_pool_t *pool = inquiry->r->pool;

    for (size_t i = 0; i < inquiry->policy_count
                       && inquiry->facts.claim.kind == OCORS_CLAIM_NAMED; i++) {
        ocors_policy_client_t found;
        ocors_image_client_t client;

        if (!ocors_policy_find_client(&inquiry->policies[i], inquiry->facts.claim.id, &found)) {
            continue;
        }
        const ocors_image_t *image = &inquiry->policies[i].layers[found.layer];
        ocors_response_header_t header;

        if (!ocors_image_read_client(image, found.number, &client)) {
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

/* What a client sent, for a log line: cut, and without the quote that ends it there. */
static const char *quotable(apr_pool_t *pool, const char *text)
{
    char *copy = apr_pstrndup(pool, text, LOGGED_BYTES_MAX);

    for (char *at = copy; *at != '\0'; at++) {
        if (*at == '"') {
            *at = '\'';
        }
    }
    return copy;
}

/* httpd escapes control characters. The closed words come first, so that nothing can pose as one. */
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
    ap_log_rerror(APLOG_MARK, APLOG_INFO, 0, r,
                  "%s%s: %s: origin \"%s\", client \"%s\", %s \"%s\"",
                  is_report    ? OCORS_LOG_WOULD_REFUSE
                  : is_refusal ? OCORS_LOG_REFUSED
                               : OCORS_LOG_WITHHELD,
                  is_report    ? "report only"
                  : is_refusal ? "refused"
                               : "nothing granted",
                  ocors_reason_name(decision->reason),
                  quotable(r->pool, apr_table_get(r->headers_in, "Origin")),
                  client != NULL ? quotable(r->pool, client) : "", quotable(r->pool, r->method),
                  quotable(r->pool, r->uri));
}

/* Judges a request that has an Origin. */
static void judge(inquiry_t *inquiry)
{
    request_rec *r = inquiry->r;
    ocors_request_t *request = inquiry->request;
    const ocors_self_t *self = ocors_config_self(inquiry->config);

    if (!self->is_off) {
        inquiry->own = ocors_server_own(r);
        inquiry->own.listed = self->listed;
        inquiry->own.listed_count = self->listed_count;
        inquiry->facts.own = &inquiry->own;
    }
    inquiry->facts.wants_reason = ocors_config_shows_reason() || APLOG_R_IS_LEVEL(r, APLOG_INFO);
    inquiry->facts.method = method_of(r);
    if (ocors_span_is_equal(inquiry->facts.method, OCORS_SPAN_LITERAL("OPTIONS"))) {
        inquiry->facts.request_method = header_in(r, "Access-Control-Request-Method");
        inquiry->facts.version = inquiry->path.version;
        inquiry->facts.path = inquiry->path.version != 0 || inquiry->config->documents == NULL
                                  ? inquiry->path.rest
                                  : path_below_section(r, inquiry->config->documents);
    }
    ocors_decide(inquiry->policies, inquiry->policy_count, &inquiry->facts,
                 apr_palloc(r->pool, inquiry->facts.origin.length + 1), &request->decision);
    for (size_t i = 0; i < inquiry->policy_count
                       && request->decision.verdict == OCORS_VERDICT_REFUSE; i++) {
        const ocors_policy_t *policy = &inquiry->policies[i];

        if (policy->layer_count > 0) {
            const ocors_span_t version = policy->layers[policy->layer_count - 1].version;

            request->document_version = ocors_span_make(
                apr_pstrmemdup(r->pool, version.bytes, version.length), version.length);
        }
    }
}

ocors_request_t *ocors_facts_judge(request_rec *r, const ocors_config_t *config)
{
    const char *origin = apr_table_get(r->headers_in, "Origin");
    const bool is_tree = config->documents != NULL && config->documents->is_tree;
    inquiry_t inquiry;

    inquiry.r = r;
    inquiry.config = config;
    inquiry.policy_count = 0;
    inquiry.facts = (ocors_facts_t){ .has_origin = origin != NULL,
                                     .origin = ocors_span_from_string(origin) };
    inquiry.path = (ocors_resource_path_t){ .version = 0 };
    if (is_tree || origin != NULL) {
        ocors_resource_path_parse(path_of(r), &inquiry.path);
    }
    if (is_tree && inquiry.path.api.bytes == NULL) {
        return NULL;
    }
    inquiry.request = apr_pcalloc(r->pool, sizeof(*inquiry.request));
    inquiry.request->config = config;
    if (origin == NULL && !ocors_store_has_response_headers()) {
        return inquiry.request; /* R1, without a look at the policy */
    }
    inquiry.has_visit = ocors_store_enter(&inquiry.visit);
    read_policies(&inquiry);
    identify_client(&inquiry);
    copy_response_headers(&inquiry);
    if (origin != NULL) {
        judge(&inquiry);
    }
    if (inquiry.has_visit) {
        ocors_store_leave(&inquiry.visit);
    }
    if (origin != NULL) {
        log_decision(&inquiry);
    }
    else {
        /* Logs shall not depend on whether some document has response_headers. */
        inquiry.request->client = inquiry.request->site = NULL;
    }
    return inquiry.request;
}

ocors_span_t ocors_facts_version(request_rec *r, const ocors_request_t *request)
{
    ocors_resource_path_t parts;

    ocors_resource_path_parse(path_of(r), &parts);
    if (parts.version == 0) {
        return request->document_version;
    }
    return ocors_span_from_string(apr_psprintf(r->pool, "%u.%u", parts.version >> 16,
                                               parts.version & 0xffff));
}
