/* SPDX-License-Identifier: Apache-2.0 */
/* Writes the status page for Prometheus. Owns nothing. */

#include "ocors_status_prometheus.h"

#include <http_protocol.h>

#include "ocors_escape.h"
#include "ocors_status_put.h"
#include "ocors_version.h"

#define PREFIX "ocapi_cors_"

static void write_about(request_rec *r, const char *metric, const char *type, const char *help)
{
    ap_rprintf(r, "# HELP " PREFIX "%s %s\n# TYPE " PREFIX "%s %s\n", metric, help, metric, type);
}

/* A label, with what comes before it: "{" or ",". */
static void write_label(request_rec *r, char before, const char *name, const char *value)
{
    ap_rprintf(r, "%c%s=\"", before, name);
    ocors_escape_label(ocors_status_put, r, ocors_span_from_string(value));
    ap_rputs("\"", r);
}

/* Microseconds as seconds. */
static void write_seconds(request_rec *r, uint64_t microseconds)
{
    ap_rprintf(r, "%" APR_UINT64_T_FMT ".%06" APR_UINT64_T_FMT "\n",
               (apr_uint64_t)(microseconds / 1000000), (apr_uint64_t)(microseconds % 1000000));
}

static void write_information(request_rec *r, const ocors_status_state_t *state)
{
    write_about(r, "info", "gauge", "SHA-256 of what is in force.");
    ap_rprintf(r, PREFIX "info{digest=\"%s\"} 1\n", state->digest);
    write_about(r, "build_info", "gauge", "The version of the module, and the server it runs in.");
    ap_rputs(PREFIX "build_info", r);
    write_label(r, '{', "version", OCORS_VERSION);
    write_label(r, ',', "server", ap_get_server_description());
    ap_rputs("} 1\n", r);
}

static void write_figures(request_rec *r, const ocors_status_state_t *state)
{
    for (size_t i = 0; i < state->figure_count; i++) {
        const ocors_status_figure_t *figure = &state->figures[i];

        write_about(r, figure->metric, "gauge", figure->help);
        ap_rprintf(r, PREFIX "%s ", figure->metric);
        if (figure->is_duration) {
            write_seconds(r, figure->value);
        }
        else {
            ap_rprintf(r, "%" APR_UINT64_T_FMT "\n", (apr_uint64_t)figure->value);
        }
    }
}

static void write_documents(request_rec *r, const ocors_status_state_t *state)
{
    write_about(r, "document_ok", "gauge", "Whether a document can be used: 1, or 0.");
    for (int i = 0; i < state->documents->nelts; i++) {
        const ocors_status_document_t *document = &APR_ARRAY_IDX(state->documents, i,
                                                                 ocors_status_document_t);

        ap_rputs(PREFIX "document_ok", r);
        write_label(r, '{', "path", document->path);
        ap_rprintf(r, "} %d\n", document->is_usable);
    }
    write_about(r, "document_since_seconds", "gauge",
                "When this file of a document, or its error, came: in seconds since 1970.");
    for (int i = 0; i < state->documents->nelts; i++) {
        const ocors_status_document_t *document = &APR_ARRAY_IDX(state->documents, i,
                                                                 ocors_status_document_t);

        ap_rputs(PREFIX "document_since_seconds", r);
        write_label(r, '{', "path", document->path);
        ap_rputs("} ", r);
        write_seconds(r, (uint64_t)document->since);
    }
}

static void write_requests(request_rec *r, const ocors_status_state_t *state)
{
    write_about(r, "requests_total", "counter", "Requests that were judged.");
    for (int i = 0; i < state->requests->nelts; i++) {
        const ocors_status_request_t *request = &APR_ARRAY_IDX(state->requests, i,
                                                               ocors_status_request_t);

        ap_rputs(PREFIX "requests_total", r);
        write_label(r, '{', "verdict", request->verdict);
        write_label(r, ',', "reason", request->reason);
        write_label(r, ',', "site", request->site);
        write_label(r, ',', "mode", ocors_status_mode(request->is_report));
        ap_rprintf(r, "} %" APR_UINT64_T_FMT "\n", (apr_uint64_t)request->count);
    }
}

void ocors_status_prometheus(request_rec *r, const ocors_status_state_t *state)
{
    ap_set_content_type(r, "text/plain; version=0.0.4; charset=utf-8");
    write_information(r, state);
    write_figures(r, state);
    write_documents(r, state);
    if (state->is_counted) {
        write_requests(r, state);
    }
}
