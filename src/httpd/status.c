/* SPDX-License-Identifier: Apache-2.0 */
/* Writes the status page. Owns nothing. */

#include "ocors_status.h"

#include <apr_strings.h>
#include <http_core.h>
#include <http_protocol.h>
#include <http_request.h>
#include <mod_core.h>

#include "ocors_digest.h"
#include "ocors_status_counts.h"
#include "ocors_store.h"

/* What the page shows, taken in one pin. */
typedef struct state_t {
    ocors_snapshot_header_t header;
    char digest[OCORS_DIGEST_TEXT_SIZE];
    uint64_t unusable; /* documents that cannot be used */
    uint64_t size;     /* of all areas */
} state_t;

/* A figure of the page: its name in JSON, its name and meaning for Prometheus. */
typedef struct figure_t {
    const char *name, *metric, *help;
    uint64_t value;
} figure_t;

#define FIGURES_MAX 12

static bool state_take(state_t *state)
{
    ocors_pin_t pin;

    if (!ocors_store_pin(&pin)) {
        return false;
    }
    state->header = pin.snapshot.header;
    state->size = ocors_store_size(ocors_store_in_use());
    state->unusable = 0;
    for (uint32_t i = 0; i < state->header.document_count; i++) {
        state->unusable += pin.snapshot.documents[i].image == OCORS_SNAPSHOT_NONE;
    }
    ocors_store_unpin(&pin);
    ocors_digest_write(state->header.digest, state->digest);
    return true;
}

/* Everything that is a number; returns how many. */
static size_t figures_make(const state_t *state, figure_t figures[FIGURES_MAX])
{
    const ocors_snapshot_header_t *header = &state->header;
    const figure_t all[] = {
        { "generation", "generation", "Generations published since the server started.",
          header->generation },
        { "documents", "documents", "Settings documents that are asked for.",
          header->document_count },
        { "unusable_documents", "unusable_documents",
          "Documents with errors, for which the last good policy or none is in force.",
          state->unusable },
        { "sites", "sites", "Sites of all trees, organisations included.", header->site_count },
        { "policies", "policies", "Policies.", header->policy_count },
        { "clients", "clients", "Client applications of all documents.", header->client_count },
        { "origins", "origins", "Origins, each counted once in a document.", header->origin_count },
        { "bytes", "bytes", "Shared memory in use by what is in force.", header->size },
        { "cache_size", "cache_bytes", "Shared memory reserved.", state->size },
        { "published", "published_timestamp_seconds",
          "When what is in force was published, in seconds since 1970.",
          (uint64_t)apr_time_sec(header->published) },
        { "duration_ms", "load_duration_milliseconds", "How long loading it took.",
          (uint64_t)header->duration / 1000 },
    };
    const size_t count = sizeof(all) / sizeof(all[0]);

    _Static_assert(sizeof(all) / sizeof(all[0]) <= FIGURES_MAX, "all figures have room");
    memcpy(figures, all, sizeof(all));
    return count;
}

static void write_json(request_rec *r, const state_t *state, const figure_t *figures, size_t count)
{
    ap_set_content_type(r, "application/json");
    ap_rprintf(r, "{\n  \"digest\": \"%s\"", state->digest);
    for (size_t i = 0; i < count; i++) {
        ap_rprintf(r, ",\n  \"%s\": %" APR_UINT64_T_FMT, figures[i].name, figures[i].value);
    }
    ocors_status_counts_json(r);
    ap_rputs("\n}\n", r);
}

static void write_prometheus(request_rec *r, const state_t *state, const figure_t *figures,
                             size_t count)
{
    ap_set_content_type(r, "text/plain; version=0.0.4");
    ap_rprintf(r,
               "# HELP ocapi_cors_info SHA-256 of what is in force.\n"
               "# TYPE ocapi_cors_info gauge\nocapi_cors_info{digest=\"%s\"} 1\n",
               state->digest);
    for (size_t i = 0; i < count; i++) {
        ap_rprintf(r,
                   "# HELP ocapi_cors_%s %s\n# TYPE ocapi_cors_%s gauge\n"
                   "ocapi_cors_%s %" APR_UINT64_T_FMT "\n",
                   figures[i].metric, figures[i].help, figures[i].metric, figures[i].metric,
                   figures[i].value);
    }
    ocors_status_counts_prometheus(r);
}

int ocors_status_answer(request_rec *r)
{
    figure_t figures[FIGURES_MAX];
    state_t state;
    size_t count;

    if (r->handler == NULL || strcmp(r->handler, OCORS_STATUS_HANDLER) != 0) {
        return DECLINED;
    }
    if (r->method_number != M_GET) { /* HEAD is one, too */
        ap_allow_standard_methods(r, REPLACE_ALLOW, M_GET, M_OPTIONS, -1);
        return r->method_number == M_OPTIONS ? ap_send_http_options(r) : HTTP_METHOD_NOT_ALLOWED;
    }
    if (!state_take(&state)) {
        return HTTP_SERVICE_UNAVAILABLE;
    }
    count = figures_make(&state, figures);
    apr_table_setn(r->headers_out, "Cache-Control", "no-store");
    if (r->args != NULL && strcmp(r->args, "format=prometheus") == 0) {
        write_prometheus(r, &state, figures, count);
    }
    else {
        write_json(r, &state, figures, count);
    }
    return OK;
}
