/* SPDX-License-Identifier: Apache-2.0 */
/* Writes the status page as JSON. Owns nothing. */

#include "ocors_status_json.h"

#include <http_protocol.h>

#include "ocors_json_write.h"
#include "ocors_status_put.h"
#include "ocors_version.h"

static void write_text(ocors_json_writer_t *writer, const char *key, const char *text)
{
    ocors_json_write_string(writer, key, ocors_span_from_string(text));
}

static void write_figures(ocors_json_writer_t *writer, const ocors_status_state_t *state)
{
    for (size_t i = 0; i < state->figure_count; i++) {
        const ocors_status_figure_t *figure = &state->figures[i];

        if (figure->is_duration) {
            ocors_json_write_seconds(writer, figure->name, figure->value);
        }
        else {
            ocors_json_write_number(writer, figure->name, figure->value);
        }
    }
}

static void write_documents(ocors_json_writer_t *writer, const ocors_status_state_t *state)
{
    ocors_json_write_begin(writer, "documents", '[');
    for (int i = 0; i < state->documents->nelts; i++) {
        const ocors_status_document_t *document = &APR_ARRAY_IDX(state->documents, i,
                                                                 ocors_status_document_t);

        ocors_json_write_begin(writer, NULL, '{');
        write_text(writer, "path", document->path);
        ocors_json_write_boolean(writer, "ok", document->is_usable);
        ocors_json_write_seconds(writer, "since", (uint64_t)document->since);
        if (document->is_usable) {
            write_text(writer, "sha256", document->digest);
            ocors_json_write_number(writer, "clients", document->clients);
            ocors_json_write_number(writer, "origins", document->origins);
        }
        else {
            write_text(writer, "error", document->error);
        }
        ocors_json_write_end(writer, '}');
    }
    ocors_json_write_end(writer, ']');
}

static void write_requests(ocors_json_writer_t *writer, const ocors_status_state_t *state)
{
    ocors_json_write_begin(writer, "requests", '[');
    for (int i = 0; i < state->requests->nelts; i++) {
        const ocors_status_request_t *request = &APR_ARRAY_IDX(state->requests, i,
                                                               ocors_status_request_t);

        ocors_json_write_begin(writer, NULL, '{');
        write_text(writer, "verdict", request->verdict);
        write_text(writer, "reason", request->reason);
        write_text(writer, "site", request->site);
        write_text(writer, "mode", ocors_status_mode(request->is_report));
        ocors_json_write_number(writer, "count", request->count);
        ocors_json_write_end(writer, '}');
    }
    ocors_json_write_end(writer, ']');
}

static void write_origins(ocors_json_writer_t *writer, const ocors_status_state_t *state)
{
    ocors_json_write_begin(writer, "refused_origins", '[');
    for (int i = 0; i < state->origins->nelts; i++) {
        const ocors_status_origin_t *origin = &APR_ARRAY_IDX(state->origins, i,
                                                             ocors_status_origin_t);

        ocors_json_write_begin(writer, NULL, '{');
        write_text(writer, "origin", origin->origin);
        write_text(writer, "verdict", origin->verdict);
        write_text(writer, "reason", origin->reason);
        if (origin->nearest[0] != '\0') {
            write_text(writer, "nearest", origin->nearest);
        }
        else {
            ocors_json_write_null(writer, "nearest");
        }
        write_text(writer, "site", origin->site);
        write_text(writer, "mode", ocors_status_mode(origin->is_report));
        ocors_json_write_number(writer, "count", origin->count);
        ocors_json_write_number(writer, "error", origin->error);
        ocors_json_write_end(writer, '}');
    }
    ocors_json_write_end(writer, ']');
    ocors_json_write_number(writer, "refused_origins_left_out",
                            state->origins_left_out[0] + state->origins_left_out[1]);
}

void ocors_status_json(request_rec *r, const ocors_status_state_t *state)
{
    ocors_json_writer_t writer = { .put = ocors_status_put, .to = r };

    ap_set_content_type(r, "application/json");
    ocors_json_write_begin(&writer, NULL, '{');
    write_text(&writer, "version", OCORS_VERSION);
    write_text(&writer, "server", ap_get_server_description());
    write_text(&writer, "digest", state->digest);
    write_figures(&writer, state);
    write_documents(&writer, state);
    ocors_json_write_boolean(&writer, "counted", state->is_counted);
    write_requests(&writer, state);
    write_origins(&writer, state);
    ocors_json_write_end(&writer, '}');
    ap_rputs("\n", r);
}
