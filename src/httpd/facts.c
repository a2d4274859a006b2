/* SPDX-License-Identifier: Apache-2.0 */
/* A request -> facts -> its decision. Owns nothing. */

#include "ocors_facts.h"

#include <apr_strings.h>
#include <http_log.h>

#include "ocors_apart.h"
#include "ocors_counting.h"
#include "ocors_fault.h"
#include "ocors_hash.h"
#include "ocors_request_client.h"
#include "ocors_request_path.h"
#include "ocors_server.h"
#include "ocors_store.h"
#include "ocors_survey.h"

APLOG_USE_MODULE(ocapi_cors);

/* What is looked up for one decision. */
typedef struct inquiry_t {
    request_rec *r;
    const ocors_config_t *config;
    const apr_table_t *sent;
    ocors_request_t *request;
    const ocors_fields_t *fields;
    bool has_path;
    ocors_url_path_t path; /* path_of() reads it */
    uint32_t site;         /* in the snapshot, if the documents are a tree */
    bool has_pin;          /* there is a snapshot */
    ocors_pin_t pin;
    const ocors_policy_t *policies; /* as long as the pin */
    size_t policy_count;
    const char *client_field; /* the header field that names the client, or NULL */
    ocors_own_t own;
    ocors_facts_t facts;
} inquiry_t;

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

/* Only sections that are On or ReportOnly decide. */
_Static_assert(OCORS_MODE_ON == 1 && OCORS_MODE_REPORT_ONLY == 2, "a mode is that of a word");

/* The word of an API of a site of a tree. A site without a row has its number. */
static uint64_t word_of_site(const ocors_snapshot_t *snapshot, uint32_t site, ocors_api_t api)
{
    const uint32_t found = ocors_snapshot_site_row(snapshot, site);
    const uint32_t row = found < OCORS_COUNTERS_ROWS ? found : OCORS_COUNTING_OTHER;

    return OCORS_COUNTING_WORD(row, (row == OCORS_COUNTING_OTHER ? site << 2 : 0) | (uint32_t)api);
}

static bool is_tree(const ocors_config_t *config)
{
    return config->documents != NULL && config->documents->list.is_tree;
}

/* Under one policy, few requests need their path. */
static const ocors_url_path_t *path_of(inquiry_t *inquiry)
{
    if (!inquiry->has_path) {
        ocors_request_path_read(inquiry->r, is_tree(inquiry->config), &inquiry->path);
        inquiry->has_path = true;
    }
    return &inquiry->path;
}

/* C5: the site that the URL or the section names, for logs and notes. */
static void note_site(inquiry_t *inquiry)
{
    const ocors_url_path_t *path = path_of(inquiry);
    const ocors_span_t site = path->plain.site.bytes != NULL ? path->plain.site
                                                             : ocors_config_site(inquiry->config);

    if (site.length > 0) {
        inquiry->request->site = without_controls(inquiry->r->pool, site);
    }
}

/* C1: the client that the request names, for logs and notes. */
static void note_client(inquiry_t *inquiry)
{
    const ocors_named_client_t *named = &inquiry->facts.named;

    if (named->kind == OCORS_CLIENT_NAMED) {
        inquiry->request->client = without_controls(inquiry->r->pool, named->id);
    }
}

/* A policy, if there is one, is the one that judges. */
static void take_policy(inquiry_t *inquiry, const ocors_policy_t *policy)
{
    inquiry->policies = policy;
    inquiry->policy_count = policy != NULL ? 1 : 0;
}

/* The site of a tree, and the policies of its API. */
static void read_site(inquiry_t *inquiry, const ocors_key_t *tree)
{
    const ocors_snapshot_t *snapshot = &inquiry->pin.view->snapshot;
    const ocors_url_path_t *path = path_of(inquiry);

    if (!ocors_view_find_path(inquiry->pin.view, tree, path, ocors_config_site(inquiry->config),
                              &inquiry->site)) {
        inquiry->facts.is_path_ambiguous = true;
        inquiry->site = OCORS_SNAPSHOT_NONE;
    }
    else if (path->plain.api == OCORS_API_OTHER) {
        ocors_policy_t *both = apr_palloc(inquiry->r->pool, OCORS_API_COUNT * sizeof(*both));

        inquiry->policies = both;
        inquiry->policy_count = ocors_snapshot_read_site(snapshot, inquiry->site, OCORS_API_OTHER,
                                                         both);
    }
    else {
        take_policy(inquiry, ocors_view_policy(inquiry->pin.view,
                                               ocors_snapshot_site_policy(snapshot, inquiry->site,
                                                                          path->plain.api)));
    }
    inquiry->request->word = ocors_counting_mode((unsigned)inquiry->config->mode)
                             | word_of_site(snapshot, inquiry->site, path->plain.api);
}

/* C5: the policies of the request. */
static void read_policies(inquiry_t *inquiry)
{
    const ocors_documents_t *documents = inquiry->config->documents;

    if (ocors_survey_shows_decisions()) {
        note_site(inquiry);
    }
    if (documents == NULL || !inquiry->has_pin) {
        return;
    }
    if (documents->list.is_tree) {
        read_site(inquiry, &documents->list.key);
    }
    else {
        take_policy(inquiry, ocors_view_list(inquiry->pin.view, &documents->list.key));
    }
}

/* C1: the client. */
static void identify_client(inquiry_t *inquiry)
{
    request_rec *r = inquiry->r;
    ocors_named_client_t *named = &inquiry->facts.named;

    *named = ocors_request_client_find(r, ocors_config_sources(inquiry->config), inquiry->sent,
                                       inquiry->fields, inquiry->policies, inquiry->policy_count,
                                       &inquiry->client_field);
    if (ocors_survey_shows_decisions()) {
        note_client(inquiry);
    }
    if (named->kind == OCORS_CLIENT_NAMED && ocors_store_has_response_headers()) {
        inquiry->request->headers = ocors_request_client_headers(r->pool, inquiry->policies,
                                                                 inquiry->policy_count, named->id);
    }
}

static bool verdict_is_refusal(ocors_verdict_t verdict)
{
    return verdict == OCORS_VERDICT_REFUSE || verdict == OCORS_VERDICT_WITHHOLD
           || verdict == OCORS_VERDICT_PREFLIGHT_WITHHOLD;
}

/* The hash of the origin: the decision's, or made by the same seed. */
static uint64_t origin_hash(const inquiry_t *inquiry)
{
    const uint64_t made = inquiry->request->decision.origin_hash;

    return made != 0 ? made
                     : ocors_hash(inquiry->has_pin ? inquiry->pin.view->snapshot.header.seed : 0,
                                  inquiry->facts.origin);
}

/*
 * What has an entry of its own: the origin, the site, the mode, and all that the reason depends on,
 * which are the policies, the client that decides, and what R10 says of the origin. No client can
 * invent one. All but the number of a site without a row means the same after a restart.
 */
static inline uint64_t key_of(const inquiry_t *inquiry, const ocors_request_t *request)
{
    const ocors_config_t *config = inquiry->config;

    return ocors_apart_is_usual(&inquiry->facts, &request->decision)
               ? request->decision.origin_hash ^ request->word
                     ^ ocors_key_hash(&config->documents->list.key)
               : origin_hash(inquiry)
                     ^ ocors_apart_word(request->word, config, &inquiry->facts, &request->decision);
}

/* Whether anything beside the counters shows the reason of this refusal. */
static bool reason_is_asked(inquiry_t *inquiry)
{
    ocors_request_t *request = inquiry->request;

    request->is_verbose = ocors_survey_logs_each() && APLOG_R_IS_LEVEL(inquiry->r, APLOG_DEBUG);
    return request->is_verbose || ocors_survey_shows_reasons()
           || ocors_config_explains(inquiry->config);
}

/* Looks for the reason of a refusal, unless the decision has it, and for the nearest origin. */
static void look_for_reason(inquiry_t *inquiry)
{
    ocors_request_t *request = inquiry->request;
    ocors_decision_t *decision = &request->decision;

    note_site(inquiry);
    note_client(inquiry);
    if (decision->reason == OCORS_REASON_NONE) {
        ocors_decide_reason(inquiry->policies, inquiry->policy_count, &inquiry->facts, decision);
    }
    if (decision->nearest.length > 0) { /* in the policy: readable while it is pinned */
        request->nearest = apr_pstrmemdup(inquiry->r->pool, decision->nearest.bytes,
                                          decision->nearest.length);
    }
}

/*
 * The reason of a refusal is that of the decision or of the entry of its origin. It is looked for
 * if something shows it, or if there is no entry: the entry that is made keeps the answer.
 */
static inline void find_reason(inquiry_t *inquiry, request_rec *r, ocors_request_t *request)
{
    const uint64_t key = key_of(inquiry, request);
    const bool has_entry = ocors_counting_find(r->connection->id, key, request->decision.verdict,
                                               &request->counted);

    if (!has_entry) {
        request->refusal = apr_palloc(r->pool, sizeof(*request->refusal));
        ocors_counting_begin_entry(r->connection->id, origin_hash(inquiry), key, request->refusal);
    }
    if ((ocors_survey_explains_each() && reason_is_asked(inquiry)) || !has_entry) {
        look_for_reason(inquiry);
        request->counted.counter = NULL;
    }
}

/* What R10 looks at, where an origin is not listed. */
static const ocors_own_t *ask_own(void *asker)
{
    inquiry_t *inquiry = asker;

    ocors_server_own(inquiry->r, ocors_config_self(inquiry->config), inquiry->fields,
                     &inquiry->own);
    return inquiry->facts.own = &inquiry->own;
}

/* The record of a request, and behind it the buffer of a decision about its origin. */
static ocors_request_t *request_make(const inquiry_t *inquiry, ocors_span_t origin)
{
    ocors_request_t *request = apr_palloc(inquiry->r->pool, sizeof(*request) + origin.length + 1);

    memset(request, 0, sizeof(*request));
    request->config = inquiry->config;
    request->sent = inquiry->sent;
    return request;
}

/* Decides a request that has an Origin. */
static void judge(inquiry_t *inquiry)
{
    request_rec *r = inquiry->r;
    ocors_request_t *request = inquiry->request;
    ocors_facts_t *facts = &inquiry->facts;

    facts->asker = inquiry;
    facts->ask_own = ocors_config_self(inquiry->config)->is_off ? NULL : ask_own;
    facts->method = ocors_fields_method(r);
    if (ocors_span_is_equal(facts->method, OCORS_SPAN_LITERAL("OPTIONS"))) {
        facts->request_method = ocors_span_from_string(inquiry->fields->request_method);
        facts->path = ocors_request_path_resource(r, inquiry->config->documents, path_of(inquiry),
                                                  &facts->version);
    }
    ocors_decide(inquiry->policies, inquiry->policy_count, facts, (char *)(request + 1),
                 &request->decision);
    if (verdict_is_refusal(request->decision.verdict)) {
        find_reason(inquiry, r, request);
    }
    if (request->decision.verdict == OCORS_VERDICT_WITHHOLD && inquiry->client_field != NULL) {
        request->vary = apr_pstrcat(r->pool, "Origin, ", inquiry->client_field, NULL); /* S20 */
    }
    if (request->decision.verdict == OCORS_VERDICT_REFUSE) {
        ocors_span_t rest;

        request->fault_version = ocors_fault_version(ocors_url_path_split(path_of(inquiry), &rest),
                                                     inquiry->policies, inquiry->policy_count,
                                                     apr_palloc(r->pool, OCORS_FAULT_VERSION_MAX));
    }
}

/* S22: what the response has depends on each field that may name a client. */
static void vary_by_clients(inquiry_t *inquiry)
{
    const ocors_sources_t *sources = ocors_config_sources(inquiry->config);
    const char *vary = "Origin";
    bool has_headers = false;

    for (size_t i = 0; i < inquiry->policy_count; i++) {
        has_headers = has_headers || ocors_policy_has_headers(&inquiry->policies[i]);
    }
    for (size_t i = 0; i < sources->count && has_headers; i++) {
        const ocors_span_t field = ocors_source_field(&sources->items[i]);

        if (field.bytes != NULL) {
            vary = apr_pstrcat(inquiry->r->pool, vary, ", ", field.bytes, NULL);
            inquiry->request->vary = vary;
        }
    }
}

/* What path_of() needs; the rest is set when it is known what the request asks for. */
static void begin(inquiry_t *inquiry, request_rec *r, const ocors_config_t *config,
                  const apr_table_t *sent, const ocors_fields_t *fields)
{
    inquiry->r = r;
    inquiry->config = config;
    inquiry->sent = sent;
    inquiry->fields = fields;
    inquiry->has_path = false;
}

ocors_request_t *ocors_facts_judge(request_rec *r, const ocors_config_t *config,
                                   const apr_table_t *sent, const ocors_fields_t *fields)
{
    inquiry_t inquiry;
    ocors_fields_t read;

    if (fields == NULL) {
        ocors_fields_read(sent, &read);
        fields = &read;
    }
    const ocors_span_t origin = ocors_span_from_string(fields->origin);
    const bool has_origin = fields->origin != NULL;

    begin(&inquiry, r, config, sent, fields);
    if (is_tree(config) && (has_origin || !ocors_url_path_begins_inside(r->uri))
        && ocors_url_path_is_outside(path_of(&inquiry))) {
        return NULL;
    }
    inquiry.request = request_make(&inquiry, origin);
    inquiry.request->word = ocors_counting_mode((unsigned)config->mode) | config->site->word;
    if (!has_origin && !ocors_store_has_response_headers()) {
        return inquiry.request; /* R1: the policy is not read */
    }
    inquiry.facts = (ocors_facts_t){ .has_origin = has_origin, .origin = origin };
    inquiry.policies = NULL;
    inquiry.policy_count = 0;
    inquiry.client_field = NULL;
    inquiry.has_pin = ocors_store_pin(&inquiry.pin);
    read_policies(&inquiry);
    if (ocors_request_client_may_be_named(r, ocors_config_sources(config), fields)) {
        identify_client(&inquiry);
    }
    if (has_origin) {
        judge(&inquiry);
    }
    if (inquiry.has_pin) {
        if (inquiry.pin.view->snapshot.header.has_response_headers) {
            vary_by_clients(&inquiry);
        }
        ocors_store_unpin(&inquiry.pin);
    }
    if (!has_origin) {
        /* Logs do not depend on response_headers in some document. */
        inquiry.request->client = inquiry.request->site = NULL;
    }
    return inquiry.request;
}
