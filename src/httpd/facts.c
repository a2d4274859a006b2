/* SPDX-License-Identifier: Apache-2.0 */
/* A request -> facts -> its decision. Owns nothing. */

#include "ocors_facts.h"

#include <apr_strings.h>
#include <http_log.h>

#include "ocors_counting.h"
#include "ocors_fault.h"
#include "ocors_hash.h"
#include "ocors_request_path.h"
#include "ocors_server.h"
#include "ocors_store.h"
#include "ocors_survey.h"

APLOG_USE_MODULE(ocapi_cors);

/* What is looked up for one decision. */
typedef struct inquiry_t {
    request_rec *r;
    const ocors_config_t *config;
    ocors_request_t *request;
    ocors_url_path_t path;
    uint32_t site; /* in the snapshot, if the documents are a tree */
    bool has_pin;  /* there is a snapshot */
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
    const size_t length = text.length < OCORS_FACTS_TEXT_MAX ? text.length : OCORS_FACTS_TEXT_MAX;
    char *copy = apr_pstrmemdup(pool, text.bytes, length);

    for (size_t i = 0; i < length; i++) {
        if ((unsigned char)copy[i] < 0x20 || copy[i] == 0x7f) {
            copy[i] = '?';
        }
    }
    return copy;
}

/* The row of the site that the configuration names. */
static uint32_t row_of(const ocors_config_t *config)
{
    return config->site != NULL ? config->site->row : OCORS_COUNTING_NONE;
}

/* The row of a site of a tree. */
static uint32_t row_of_site(const ocors_snapshot_t *snapshot, uint32_t site)
{
    const uint32_t row = ocors_snapshot_site_row(snapshot, site);

    return row < OCORS_COUNTERS_ROWS ? row : OCORS_COUNTING_OTHER;
}

static ocors_span_t configured_site(const ocors_config_t *config)
{
    return ocors_span_from_string(config->site != NULL ? config->site->name : NULL);
}

/* C5: the site that the URL or the section names, for logs and notes. */
static void note_site(inquiry_t *inquiry)
{
    const ocors_span_t site = inquiry->path.plain.site.bytes != NULL
                                  ? inquiry->path.plain.site
                                  : configured_site(inquiry->config);

    if (site.length > 0) {
        inquiry->request->site = without_controls(inquiry->r->pool, site);
    }
}

/* C5: the policies of the request. */
static void read_policies(inquiry_t *inquiry)
{
    const ocors_config_t *config = inquiry->config;
    const ocors_snapshot_t *snapshot = &inquiry->pin.snapshot;
    uint32_t index;

    if (ocors_survey_shows_decisions()) {
        note_site(inquiry);
    }
    if (config->documents == NULL || !inquiry->has_pin) {
        return;
    }
    if (config->documents->list.is_tree) {
        inquiry->facts.is_path_ambiguous = !ocors_snapshot_read_path(
            snapshot, &config->documents->list.key, &inquiry->path, configured_site(config),
            inquiry->policies, &inquiry->policy_count, &inquiry->site);
        inquiry->request->row = row_of_site(snapshot, inquiry->site);
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
        const ocors_policy_t *policy = &inquiry->policies[i];
        ocors_policy_client_t client;
        ocors_response_header_t header;

        if (!ocors_policy_find_client(policy, inquiry->facts.named.id, &client)) {
            continue;
        }
        for (uint32_t k = 0; ocors_policy_read_header(policy, &client, k, &header); k++) {
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

static bool verdict_is_refusal(ocors_verdict_t verdict)
{
    return verdict == OCORS_VERDICT_REFUSE || verdict == OCORS_VERDICT_WITHHOLD
           || verdict == OCORS_VERDICT_PREFLIGHT_WITHHOLD;
}

/* Adds a part to what is told apart. */
static uint64_t word_add(uint64_t word, uint64_t part)
{
    return ocors_hash_mix(word ^ part, UINT64_C(0x9e3779b97f4a7c15));
}

/* The policies of a request: those of its list; or of its API and its site in a tree. */
static uint64_t policies_word(const inquiry_t *inquiry)
{
    const ocors_config_t *config = inquiry->config;
    const bool has_own_row = inquiry->request->row != OCORS_COUNTING_OTHER;
    uint64_t word = config->documents != NULL ? ocors_key_hash(&config->documents->list.key) : 0;

    if (inquiry->has_pin && config->documents != NULL && config->documents->list.is_tree) {
        word = word_add(word, inquiry->path.plain.api);
        return has_own_row ? word : word_add(word, inquiry->site);
    }
    return has_own_row ? word : word_add(word, ocors_hash(0, configured_site(config)));
}

/*
 * What has entries of its own, beside the origin: the site, the mode, and all that the reason
 * depends on, which are the policies, the client that decides, and what R10 says of the origin. No
 * client can invent one. All but the number of a site without a row means the same after a restart.
 */
static uint64_t word_of(const inquiry_t *inquiry)
{
    const ocors_request_t *request = inquiry->request;
    const ocors_facts_t *facts = &inquiry->facts;
    const bool is_known = request->decision.is_client_known;
    const unsigned miss = facts->own != NULL ? (unsigned)ocors_own_miss(facts->own, facts->origin)
                                             : 0;
    const uint64_t word = (uint64_t)request->row << 32 | (uint64_t)request->decision.reason << 16
                          | (uint64_t)miss << 8 | (uint64_t)facts->is_path_ambiguous << 4
                          | (uint64_t)is_known << 3 | (uint64_t)facts->named.kind << 1
                          | (inquiry->config->mode == OCORS_MODE_REPORT_ONLY);

    return word_add(word_add(word, policies_word(inquiry)),
                    is_known ? ocors_hash(0, facts->named.id) : 0);
}

/*
 * The reason of a refusal: what the decision or the entry of its origin says. Without an entry it
 * is looked for: the entry that is made keeps the answer.
 */
static void find_reason(inquiry_t *inquiry)
{
    ocors_request_t *request = inquiry->request;
    ocors_decision_t *decision = &request->decision;
    const ocors_reason_t kept = ocors_counting_find(&request->refusal, inquiry->r->connection->id,
                                                    inquiry->facts.origin, word_of(inquiry));
    bool is_asked = false;

    if (ocors_survey_explains_each()) {
        request->is_verbose = ocors_survey_logs_each() && APLOG_R_IS_LEVEL(inquiry->r, APLOG_DEBUG);
        is_asked = request->is_verbose || ocors_survey_shows_reasons();
    }
    is_asked = is_asked || ocors_config_explains(inquiry->config);
    if (request->refusal.count != NULL && !is_asked) {
        if (decision->reason == OCORS_REASON_NONE) {
            decision->reason = kept;
        }
        return;
    }
    note_site(inquiry);
    if (decision->reason == OCORS_REASON_NONE) {
        ocors_decide_reason(inquiry->policies, inquiry->policy_count, &inquiry->facts, decision);
    }
    if (decision->nearest.length > 0) { /* in the policy: readable while it is pinned */
        request->nearest = apr_pstrmemdup(inquiry->r->pool, decision->nearest.bytes,
                                          decision->nearest.length);
    }
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
    inquiry->facts.method = method_of(r);
    if (ocors_span_is_equal(inquiry->facts.method, OCORS_SPAN_LITERAL("OPTIONS"))) {
        inquiry->facts.request_method = header_in(r, "Access-Control-Request-Method");
        inquiry->facts.version = inquiry->path.version;
        inquiry->facts.path = ocors_request_path_resource(r, inquiry->config->documents,
                                                          &inquiry->path);
    }
    ocors_decide(inquiry->policies, inquiry->policy_count, &inquiry->facts,
                 apr_palloc(r->pool, inquiry->facts.origin.length + 1), &request->decision);
    if (verdict_is_refusal(request->decision.verdict)) {
        find_reason(inquiry);
    }
    if (request->decision.verdict == OCORS_VERDICT_REFUSE) {
        request->fault_version = ocors_fault_version(inquiry->path.version, inquiry->policies,
                                                     inquiry->policy_count,
                                                     apr_palloc(r->pool, OCORS_FAULT_VERSION_MAX));
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
    inquiry.request->row = row_of(config);
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
    if (origin == NULL) {
        /* Logs do not depend on response_headers in some document. */
        inquiry.request->client = inquiry.request->site = NULL;
    }
    return inquiry.request;
}
