/* SPDX-License-Identifier: Apache-2.0 */
/* The module's own answers, and the headers of every answer. Owns the output filter. */

#include "ocors_respond.h"

#include <apr_buckets.h>
#include <apr_strings.h>
#include <http_config.h>
#include <http_core.h>
#include <http_protocol.h>
#include <http_request.h>
#include <util_filter.h>

#include "ocors_fault.h"
#include "ocors_headers.h"
#include "ocors_verdict.h"

/* A body of at most this many bytes is dropped, so that the connection can be used again. */
#define DISCARDED_BODY_MAX 65536

static ap_filter_rec_t *header_filter;

/*
 * H1: removes the fields that only the module may send. H3: returns whether Vary names all fields
 * of `vary` already, or is `*`.
 */
static inline bool table_clean(apr_table_t *table, const char *vary)
{
    const apr_array_header_t *fields = apr_table_elts(table);
    const apr_table_entry_t *const elements = (const void *)fields->elts;
    bool has_vary = false;

    for (int i = 0; i < fields->nelts; i++) {
        const apr_table_entry_t *field = &elements[i];
        const int first = field->key[0] | 0x20;

        if (first == 'a' && ocors_header_is_ours(field->key)) {
            apr_table_unset(table, field->key);
            i = -1; /* the table has moved: restart */
        }
        else if (first == 'v' && ap_cstr_casecmp(field->key, "Vary") == 0) {
            has_vary = has_vary
                       || ocors_vary_has(ocors_span_from_string(field->val),
                                         ocors_span_from_string(vary));
        }
    }
    return has_vary;
}

/* The response_headers of a document replace the fields of the same name. */
static void add_response_headers(request_rec *r, const apr_array_header_t *headers)
{
    for (int i = 0; i < headers->nelts; i++) {
        const ocors_header_t *header = &APR_ARRAY_IDX(headers, i, ocors_header_t);

        if (ap_cstr_casecmp(header->name, "Vary") == 0) {
            apr_table_addn(r->headers_out, header->name, header->value); /* H3 */
            continue;
        }
        apr_table_unset(r->err_headers_out, header->name);
        apr_table_setn(r->headers_out, header->name, header->value);
    }
}

/* A walk over the fields of one name: counts their bytes, or adds their values to a list. */
typedef struct expose_walk_t {
    size_t bytes;
    ocors_name_list_t *list;
} expose_walk_t;

static int expose_visit(void *data, const char *name, const char *value)
{
    expose_walk_t *walk = data;

    (void)name;
    walk->bytes += strlen(value) + 1;
    if (walk->list != NULL) {
        ocors_name_list_add(walk->list, ocors_span_from_string(value));
    }
    return 1;
}

static void expose_each(request_rec *r, expose_walk_t *walk)
{
    apr_table_do(expose_visit, walk, r->headers_out, "Access-Control-Expose-Headers", NULL);
    apr_table_do(expose_visit, walk, r->err_headers_out, "Access-Control-Expose-Headers", NULL);
}

/* `OcapiCorsExposeHeaders ... Backend`: the section's names, then those that the backend adds. */
static const char *exposed_with_backend(request_rec *r, const char *names)
{
    expose_walk_t walk = { .bytes = strlen(names) + 1 };
    ocors_name_list_t list = { .length = 0 };

    expose_each(r, &walk);
    list.text = apr_palloc(r->pool, walk.bytes + 1);
    list.text[0] = '\0';
    ocors_name_list_add(&list, ocors_span_from_string(names));
    walk.list = &list;
    expose_each(r, &walk);
    return list.text;
}

/* The fields of an allowed request that is no preflight. Reads the backend's fields first. */
static void headers_make_allowed(request_rec *r, const ocors_request_t *request,
                                 ocors_headers_t *headers)
{
    const ocors_config_t *config = request->config;
    const char *exposed = ocors_config_exposed(config);

    if (ocors_config_exposes_backend(config)) {
        exposed = exposed_with_backend(r, exposed);
    }
    ocors_headers_make_allowed(headers, request->decision.allowed_origin.bytes,
                               ocors_config_has_credentials(config), exposed);
}

/* The fields of a preflight, in the request's pool. */
static void headers_make_preflight(request_rec *r, const ocors_request_t *request,
                                   ocors_headers_t *headers)
{
    const ocors_header_policy_t policy = ocors_config_header_policy(request->config);
    ocors_span_t asked = { NULL, 0 };

    if (request->decision.verdict == OCORS_VERDICT_PREFLIGHT_ALLOW) {
        asked = ocors_span_from_string(
            apr_table_get(request->sent, "Access-Control-Request-Headers"));
    }
    const size_t size = ocors_headers_buffer_size(&request->decision, &policy, asked);
    ocors_headers_make(&request->decision, &policy, asked,
                       size > 0 ? apr_palloc(r->pool, size) : NULL, headers);
}

static inline void headers_make(request_rec *r, const ocors_request_t *request,
                                ocors_headers_t *headers)
{
    if (request->decision.verdict == OCORS_VERDICT_ALLOW) {
        headers_make_allowed(r, request, headers);
    }
    else if (ocors_verdict_has_fields(request->decision.verdict)) {
        headers_make_preflight(r, request, headers);
    }
    else {
        ocors_headers_make_none(headers);
    }
    if (request->vary != NULL && !ocors_request_is_ours(request)) {
        headers->vary = request->vary;
    }
}

/* OcapiCorsExplain: the verdict and the reason, in place of whatever has this name. */
static void explain(request_rec *r, const ocors_decision_t *decision)
{
    static const char name[] = "OCAPI-CORS-Explain";

    apr_table_unset(r->err_headers_out, name);
    apr_table_setn(r->headers_out, name,
                   apr_pstrcat(r->pool, ocors_verdict_name(decision->verdict),
                               "; reason=", ocors_reason_name(decision->reason), NULL));
}

/*
 * The module writes headers only here: in the last content filter, after mod_cache has stored the
 * response and mod_headers has set its fields, before httpd sends them.
 */
static apr_status_t header_filter_run(ap_filter_t *filter, apr_bucket_brigade *brigade)
{
    request_rec *r = filter->r;
    const ocors_request_t *request = filter->ctx;
    ocors_headers_t headers;
    bool has_vary;

    if (ocors_config_explains(request->config)) {
        explain(r, &request->decision);
    }
    if (request->config->mode != OCORS_MODE_ON) {
        ap_remove_output_filter(filter);
        return ap_pass_brigade(filter->next, brigade);
    }
    headers_make(r, request, &headers);
    has_vary = table_clean(r->headers_out, headers.vary);
    has_vary = table_clean(r->err_headers_out, headers.vary) || has_vary;
    if (request->headers != NULL && !ocors_request_is_ours(request)) {
        add_response_headers(r, request->headers);
    }
    for (size_t i = 0; i < headers.count; i++) {
        apr_table_addn(r->headers_out, headers.items[i].name, headers.items[i].value);
    }
    if (headers.allow != NULL) {
        apr_table_unset(r->err_headers_out, "Allow");
        apr_table_setn(r->headers_out, "Allow", headers.allow);
    }
    if (!has_vary) {
        apr_table_addn(r->headers_out, "Vary", headers.vary); /* httpd merges them into one field */
    }
    ap_remove_output_filter(filter);
    return ap_pass_brigade(filter->next, brigade);
}

void ocors_respond_register_filter(apr_pool_t *pool)
{
    (void)pool;
    header_filter = ap_register_output_filter("OCAPI_CORS", header_filter_run, NULL,
                                              AP_FTYPE_PROTOCOL - 1);
}

void ocors_respond_add_filter(request_rec *r, const ocors_request_t *request)
{
    if (request != NULL
        && (request->config->mode == OCORS_MODE_ON || ocors_config_explains(request->config))) {
        ap_add_output_filter_handle(header_filter, (void *)(uintptr_t)request, r, r->connection);
    }
}

/* Reads and drops what has arrived of the body; returns whether that is all of it. */
static bool body_is_here(request_rec *r)
{
    apr_bucket_brigade *brigade = apr_brigade_create(r->pool, r->connection->bucket_alloc);
    bool is_whole = false;

    while (!is_whole
           && ap_get_brigade(r->proto_input_filters, brigade, AP_MODE_READBYTES, APR_NONBLOCK_READ,
                             DISCARDED_BODY_MAX)
                  == APR_SUCCESS
           && !APR_BRIGADE_EMPTY(brigade)) {
        is_whole = APR_BUCKET_IS_EOS(APR_BRIGADE_LAST(brigade));
        apr_brigade_cleanup(brigade);
    }
    return is_whole;
}

/*
 * F5: a body that nobody reads is dropped if it is short and has arrived. Otherwise the connection
 * ends after the answer, as a worker that waits for the rest serves nobody. What httpd would answer
 * to by itself is not read: a transfer coding, a client that expects 100 Continue, more than
 * LimitRequestBody.
 */
static void body_drop(request_rec *r)
{
    const char *text = apr_table_get(r->headers_in, "Content-Length");
    const bool is_coded = apr_table_get(r->headers_in, "Transfer-Encoding") != NULL;
    apr_off_t length = 0, limit;
    char *end = NULL;

    if (text == NULL && !is_coded) {
        return;
    }
    limit = ap_get_limit_req_body(r);
    if (limit <= 0 || limit > DISCARDED_BODY_MAX) {
        limit = DISCARDED_BODY_MAX;
    }
    if (is_coded || r->expecting_100 || apr_strtoff(&length, text, &end, 10) != APR_SUCCESS
        || end == text || *end != '\0' || length < 0 || length > limit
        || (length > 0 && !body_is_here(r))) {
        r->connection->keepalive = AP_CONN_CLOSE;
    }
}

/* The fault document (F1). */
static apr_bucket *fault_make(request_rec *r, const ocors_request_t *request)
{
    const ocors_span_t origin = ocors_span_from_string(apr_table_get(request->sent, "Origin"));
    char *fault = apr_palloc(r->pool, OCORS_FAULT_MAX);
    const size_t length = ocors_fault_write(request->fault_version, origin, fault);

    for (const ocors_fault_field_t *field = ocors_fault_fields; field->name != NULL; field++) {
        apr_table_setn(r->err_headers_out, field->name, field->value);
    }
    ap_set_content_type(r, ocors_fault_content_type);
    ap_set_content_length(r, (apr_off_t)length);
    return apr_bucket_pool_create(fault, length, r->pool, r->connection->bucket_alloc);
}

int ocors_respond(request_rec *r, const ocors_request_t *request, bool has_filters)
{
    apr_bucket_alloc_t *allocator = r->connection->bucket_alloc;
    apr_bucket_brigade *brigade = apr_brigade_create(r->pool, allocator);

    body_drop(r);
    r->status = HTTP_NO_CONTENT;
    if (request->decision.verdict == OCORS_VERDICT_REFUSE) {
        r->status = HTTP_UNAUTHORIZED;
        APR_BRIGADE_INSERT_TAIL(brigade, fault_make(r, request));
    }
    APR_BRIGADE_INSERT_TAIL(brigade, apr_bucket_eos_create(allocator));
    if (!has_filters) {
        ap_run_insert_filter(r);
    }
    ap_pass_brigade(r->output_filters, brigade);
    return DONE;
}
