/* SPDX-License-Identifier: Apache-2.0 */
/* Takes what the status page shows. Owns nothing. */

#include "ocors_status_state.h"

#include <stdlib.h>

#include <apr_escape.h>
#include <apr_strings.h>

#include "ocors_counting.h"
#include "ocors_image.h"
#include "ocors_store.h"

static const char *text_of(apr_pool_t *pool, const ocors_snapshot_t *snapshot,
                           ocors_snapshot_text_t text)
{
    const ocors_span_t span = ocors_snapshot_text(snapshot, text);

    return apr_pstrmemdup(pool, span.bytes, span.length);
}

/* ---- Documents and sites --------------------------------------------------------------------- */

static void document_take(apr_pool_t *pool, const ocors_snapshot_t *snapshot, uint32_t index,
                          ocors_status_document_t *document)
{
    const ocors_snapshot_document_t record = snapshot->documents[index];
    ocors_image_t image;
    const void *bytes;
    size_t size;

    *document = (ocors_status_document_t){
        .path = text_of(pool, snapshot, record.path),
        .since = record.since,
        .is_usable = record.image != OCORS_SNAPSHOT_NONE,
        .is_of_before = record.has_no_room != 0,
        .error = text_of(pool, snapshot, record.error),
    };
    bytes = ocors_snapshot_image(snapshot, record.image, &size);
    if (bytes != NULL && ocors_image_open(bytes, size, &image)) {
        apr_escape_hex(document->digest, image.digest, OCORS_DIGEST_SIZE, 0, NULL);
        document->clients = image.client_count;
        document->origins = image.origin_count;
    }
}

/* Those that cannot be used come first: they are what somebody looks for. */
static void documents_take(apr_pool_t *pool, const ocors_snapshot_t *snapshot,
                           ocors_status_state_t *state)
{
    const uint32_t count = snapshot->header.document_count;

    state->documents = apr_array_make(pool, 16, sizeof(ocors_status_document_t));
    for (int usable = 0; usable < 2; usable++) {
        for (uint32_t i = 0; i < count; i++) {
            if ((snapshot->documents[i].image != OCORS_SNAPSHOT_NONE) != usable) {
                continue;
            }
            if (state->documents->nelts < OCORS_STATUS_DOCUMENTS_MAX) {
                document_take(pool, snapshot, i, apr_array_push(state->documents));
            }
        }
    }
    state->documents_left_out = count - (uint32_t)state->documents->nelts;
}

static void sites_take(apr_pool_t *pool, const ocors_snapshot_t *snapshot,
                       ocors_status_state_t *state)
{
    state->sites = apr_array_make(pool, 16, sizeof(ocors_status_site_t));
    for (uint32_t i = 0; i < snapshot->header.site_count; i++) {
        const ocors_snapshot_site_t record = snapshot->sites[i];
        ocors_status_site_t *site;

        if (record.name.length == 0) {
            continue;
        }
        if (state->sites->nelts == OCORS_STATUS_SITES_MAX) {
            state->sites_left_out++;
            continue;
        }
        site = apr_array_push(state->sites);
        site->name = text_of(pool, snapshot, record.name);
        for (unsigned api = 0; api < OCORS_API_COUNT; api++) {
            site->has_api[api] = record.policies[api] != OCORS_SNAPSHOT_NONE;
        }
    }
}

/* ---- What was counted ------------------------------------------------------------------------ */

const char *ocors_status_mode(bool is_report)
{
    return is_report ? "report" : "on";
}

static void requests_take(apr_pool_t *pool, ocors_status_state_t *state)
{
    state->requests = apr_array_make(pool, 16, sizeof(ocors_status_request_t));
    for (uint32_t row = 0; row < ocors_counting_rows(); row++) {
        const char *site = ocors_counting_site(pool, row);

        for (int is_report = 0; is_report < 2; is_report++) {
            for (unsigned verdict = 0; verdict < OCORS_VERDICT_COUNT; verdict++) {
                for (unsigned reason = 0; reason < OCORS_REASON_COUNT; reason++) {
                    const uint64_t count = ocors_counting_sum(
                        row, is_report, (ocors_verdict_t)verdict, (ocors_reason_t)reason);

                    if (count > 0) {
                        APR_ARRAY_PUSH(state->requests,
                                       ocors_status_request_t) = (ocors_status_request_t){
                            .verdict = ocors_verdict_name((ocors_verdict_t)verdict),
                            .reason = ocors_reason_name((ocors_reason_t)reason),
                            .site = site,
                            .is_report = is_report,
                            .count = count,
                        };
                    }
                }
            }
        }
    }
}

/* Those of one mode. */
static void origins_add(apr_pool_t *pool, ocors_status_state_t *state, bool is_report)
{
    ocors_sketch_item_t *items = apr_palloc(pool, OCORS_STATUS_ORIGINS_MAX * sizeof(*items));
    const size_t count = ocors_counting_top(is_report, items, OCORS_STATUS_ORIGINS_MAX,
                                            &state->origins_left_out[is_report]);

    for (size_t i = 0; i < count; i++) {
        const ocors_sketch_note_t *note = &items[i].note;

        APR_ARRAY_PUSH(state->origins, ocors_status_origin_t) = (ocors_status_origin_t){
            .origin = apr_pstrmemdup(pool, note->origin_text, note->origin_length),
            .nearest = apr_pstrmemdup(pool, note->nearest_text, note->nearest_length),
            .verdict = ocors_verdict_name((ocors_verdict_t)note->verdict),
            .reason = ocors_reason_name((ocors_reason_t)note->reason),
            .site = ocors_counting_site(pool, note->row),
            .is_report = is_report,
            .count = items[i].count,
            .error = items[i].error,
        };
    }
}

static int compare_origins(const void *a, const void *b)
{
    const ocors_status_origin_t *left = a, *right = b;
    const uint64_t least = left->count - left->error, other = right->count - right->error;

    return (least < other) - (least > other);
}

static void origins_take(apr_pool_t *pool, ocors_status_state_t *state)
{
    state->origins = apr_array_make(pool, 16, sizeof(ocors_status_origin_t));
    origins_add(pool, state, false);
    origins_add(pool, state, true);
    qsort(state->origins->elts, (size_t)state->origins->nelts, sizeof(ocors_status_origin_t),
          compare_origins);
}

/* ---- Figures --------------------------------------------------------------------------------- */

static void figures_take(apr_pool_t *pool, const ocors_snapshot_header_t *header,
                         ocors_status_state_t *state)
{
    const ocors_status_figure_t all[] = {
        { .name = "generation",
          .metric = "generation",
          .help = "Generations published since the server started.",
          .value = header->generation },
        { .name = "document_count",
          .metric = "documents",
          .help = "Settings documents that are asked for.",
          .value = header->document_count },
        { .name = "unusable_documents",
          .metric = "unusable_documents",
          .help = "Documents with errors, for which the last good policy or none is in force.",
          .value = state->unusable },
        { .name = "sites",
          .metric = "sites",
          .help = "Sites of all trees, organisations included.",
          .value = header->site_count },
        { .name = "policies",
          .metric = "policies",
          .help = "Policies.",
          .value = header->policy_count },
        { .name = "clients",
          .metric = "clients",
          .help = "Client applications of all documents.",
          .value = header->client_count },
        { .name = "origins",
          .metric = "origins",
          .help = "Origins, each counted once in a document.",
          .value = header->origin_count },
        { .name = "bytes",
          .metric = "bytes",
          .help = "Shared memory in use by what is in force, in bytes.",
          .value = header->size },
        { .name = "cache_size",
          .metric = "cache_bytes",
          .help = "Shared memory reserved, in bytes.",
          .value = ocors_store_size(ocors_store_in_use()) },
        { .name = "published",
          .metric = "published_timestamp_seconds",
          .help = "When what is in force was published, in seconds since 1970.",
          .value = (uint64_t)apr_time_sec(header->published) },
        { .name = "duration_seconds",
          .metric = "load_duration_seconds",
          .help = "How long loading it took.",
          .value = (uint64_t)header->duration,
          .is_duration = true },
    };

    state->figures = apr_pmemdup(pool, all, sizeof(all));
    state->figure_count = sizeof(all) / sizeof(all[0]);
}

static void summary_take(const ocors_snapshot_t *snapshot, ocors_status_state_t *state)
{
    *state = (ocors_status_state_t){ .now = apr_time_now(),
                                     .published = snapshot->header.published };
    apr_escape_hex(state->digest, snapshot->header.digest, OCORS_DIGEST_SIZE, 0, NULL);
    for (uint32_t i = 0; i < snapshot->header.document_count; i++) {
        const bool is_usable = snapshot->documents[i].image != OCORS_SNAPSHOT_NONE;

        state->unusable += !is_usable;
        state->of_before += is_usable && snapshot->documents[i].has_no_room;
    }
}

bool ocors_status_take_summary(ocors_status_state_t *state)
{
    ocors_pin_t pin;

    if (!ocors_store_pin(&pin)) {
        return false;
    }
    summary_take(&pin.view->snapshot, state);
    ocors_store_unpin(&pin);
    return true;
}

bool ocors_status_take(apr_pool_t *pool, ocors_status_state_t *state)
{
    ocors_snapshot_header_t header;
    ocors_pin_t pin;

    if (!ocors_store_pin(&pin)) {
        return false;
    }
    header = pin.view->snapshot.header;
    summary_take(&pin.view->snapshot, state);
    documents_take(pool, &pin.view->snapshot, state);
    sites_take(pool, &pin.view->snapshot, state);
    ocors_store_unpin(&pin);
    state->is_counted = ocors_counting_rows() > 0;
    figures_take(pool, &header, state);
    requests_take(pool, state);
    origins_take(pool, state);
    return true;
}
