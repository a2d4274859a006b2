/* SPDX-License-Identifier: Apache-2.0 */
/* A request -> facts -> its decision. Owns nothing. */

#include "ocors_facts.h"

#include <apr_strings.h>
#include <http_log.h>

#include "ocors_apart.h"
#include "ocors_counting.h"
#include "ocors_fault.h"
#include "ocors_fields.h"
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
    ocors_fields_t fields;
    bool has_path;
    ocors_url_path_t path; /* path_of() reads it */
    uint32_t site;         /* in the snapshot, if the documents are a tree */
    bool has_pin;          /* there is a snapshot */
    ocors_pin_t pin;
    const ocors_policy_t *policies; /* as long as the pin */
    size_t policy_count;
    ocors_policy_t both[OCORS_API_COUNT]; /* where both of a site judge */
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

/* The policy of an index, if there is one, is the one that judges. */
static void take_policy(inquiry_t *inquiry, uint32_t index)
{
    inquiry->policies = ocors_view_policy(inquiry->pin.view, index);
    inquiry->policy_count = inquiry->policies != NULL ? 1 : 0;
}

/* The site of a tree, and the policies of its API. */
static void read_site(inquiry_t *inquiry, const ocors_key_t *tree)
{
    const ocors_snapshot_t *snapshot = &inquiry->pin.view->snapshot;
    const ocors_url_path_t *path = path_of(inquiry);

    if (!ocors_snapshot_find_path(snapshot, tree, path, ocors_config_site(inquiry->config),
                                  &inquiry->site)) {
        inquiry->facts.is_path_ambiguous = true;
        inquiry->site = OCORS_SNAPSHOT_NONE;
    }
    else if (path->plain.api == OCORS_API_OTHER) {
        inquiry->policies = inquiry->both;
        inquiry->policy_count = ocors_snapshot_read_site(snapshot, inquiry->site, OCORS_API_OTHER,
                                                         inquiry->both);
    }
    else {
        take_policy(inquiry, ocors_snapshot_site_policy(snapshot, inquiry->site, path->plain.api));
    }
    inquiry->request->word = ocors_counting_mode((unsigned)inquiry->config->mode)
                             | word_of_site(snapshot, inquiry->site, path->plain.api);
}

/* C5: the policies of the request. */
static void read_policies(inquiry_t *inquiry)
{
    const ocors_documents_t *documents = inquiry->config->documents;
    uint32_t index;

    if (ocors_survey_shows_decisions()) {
        note_site(inquiry);
    }
    if (documents == NULL || !inquiry->has_pin) {
        return;
    }
    if (documents->list.is_tree) {
        read_site(inquiry, &documents->list.key);
    }
    else if (ocors_snapshot_find_policy(&inquiry->pin.view->snapshot, &documents->list.key,
                                        &index)) {
        take_policy(inquiry, index);
    }
}

/* What a request says in the place where a source looks; NULL or empty: nothing. */
static const char *text_of(const inquiry_t *inquiry, const ocors_source_t *source)
{
    switch (source->kind) {
    case OCORS_SOURCE_BEARER:
        return inquiry->fields.authorization;
    case OCORS_SOURCE_QUERY:
        return inquiry->r->args;
    case OCORS_SOURCE_HEADER:
        break;
    }
    return source == &ocors_sources_default[OCORS_SOURCES_DEFAULT_HEADER]
               ? inquiry->fields.client_id
               : apr_table_get(inquiry->r->headers_in, source->name.bytes);
}

/* Whether some default source may have a text; true for other sources. */
static bool says_anything(const inquiry_t *inquiry, const ocors_sources_t *wanted)
{
    return wanted->items != ocors_sources_default || inquiry->fields.authorization != NULL
           || inquiry->fields.client_id != NULL || inquiry->r->args != NULL;
}

/* C1: the client. Its id is copied: a policy's memory is readable only while it is pinned. */
static void identify_client(inquiry_t *inquiry)
{
    request_rec *r = inquiry->r;
    const ocors_sources_t *wanted = ocors_config_sources(inquiry->config);
    ocors_source_t sources[OCORS_SOURCES_MAX];
    size_t count = 0;

    if (!says_anything(inquiry, wanted)) {
        return; /* nobody is named, as in most requests of browsers */
    }
    for (size_t i = 0; i < wanted->count; i++) {
        const char *text = text_of(inquiry, &wanted->items[i]);

        if (text != NULL && text[0] != '\0') {
            sources[count] = wanted->items[i];
            sources[count++].value = ocors_span_from_string(text);
        }
    }
    inquiry->facts.named = ocors_client_identify(
        inquiry->policies, inquiry->policy_count, sources, count,
        apr_palloc(r->pool, ocors_client_room(sources, count)));
    if (inquiry->facts.named.kind == OCORS_CLIENT_NAMED) {
        inquiry->request->client = without_controls(r->pool, inquiry->facts.named.id);
    }
}

/* The response_headers of the client that asks, copied. */
static void copy_response_headers(inquiry_t *inquiry)
{
    apr_pool_t *pool = inquiry->r->pool;

    for (size_t i = 0; i < inquiry->policy_count; i++) {
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

    ocors_server_own(inquiry->r, ocors_config_self(inquiry->config), &inquiry->fields,
                     &inquiry->own);
    return inquiry->facts.own = &inquiry->own;
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
        facts->request_method = ocors_span_from_string(inquiry->fields.request_method);
        facts->version = path_of(inquiry)->version;
        facts->path = ocors_request_path_resource(r, inquiry->config->documents, path_of(inquiry));
    }
    ocors_decide(inquiry->policies, inquiry->policy_count, facts,
                 apr_palloc(r->pool, facts->origin.length + 1), &request->decision);
    if (verdict_is_refusal(request->decision.verdict)) {
        find_reason(inquiry, r, request);
    }
    if (request->decision.verdict == OCORS_VERDICT_REFUSE) {
        request->fault_version = ocors_fault_version(path_of(inquiry)->version, inquiry->policies,
                                                     inquiry->policy_count,
                                                     apr_palloc(r->pool, OCORS_FAULT_VERSION_MAX));
    }
}

/* What path_of() needs; the rest is set when it is known what the request asks for. */
static void begin(inquiry_t *inquiry, request_rec *r, const ocors_config_t *config)
{
    inquiry->r = r;
    inquiry->config = config;
    inquiry->has_path = false;
}

ocors_request_t *ocors_facts_judge(request_rec *r, const ocors_config_t *config)
{
    inquiry_t inquiry;

    begin(&inquiry, r, config);
    if (is_tree(config) && ocors_url_path_is_outside(path_of(&inquiry))) {
        return NULL;
    }
    ocors_fields_read(r, &inquiry.fields);
    const char *const origin = inquiry.fields.origin;
    inquiry.request = apr_pcalloc(r->pool, sizeof(*inquiry.request));
    inquiry.request->config = config;
    inquiry.request->word = ocors_counting_mode((unsigned)config->mode) | config->site->word;
    if (origin == NULL && !ocors_store_has_response_headers()) {
        return inquiry.request; /* R1: the policy is not read */
    }
    inquiry.facts = (ocors_facts_t){ .has_origin = origin != NULL,
                                     .origin = ocors_span_from_string(origin) };
    inquiry.policies = NULL;
    inquiry.policy_count = 0;
    inquiry.has_pin = ocors_store_pin(&inquiry.pin);
    read_policies(&inquiry);
    identify_client(&inquiry);
    if (inquiry.facts.named.kind == OCORS_CLIENT_NAMED && ocors_store_has_response_headers()) {
        copy_response_headers(&inquiry);
    }
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
