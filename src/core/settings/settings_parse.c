/* SPDX-License-Identifier: Apache-2.0 */
/* The text of a settings document -> its faults, its tree, its settings, and their places. */
#include "ocors_settings_parse.h"

#include <stdlib.h>

#include "ocors_json_scan.h"
#include "ocors_json_text.h"
#include "ocors_json_tree.h"
#include "ocors_settings_read.h"
#include "ocors_slots.h"

/* ---- Places ---------------------------------------------------------------------------------- */

/* The findings that want a place, by the hashes of their paths. */
typedef struct places_t {
    ocors_finding_t *findings;
    ocors_slot_t *slots;
    uint32_t slot_count;
    ocors_json_lines_t lines;
} places_t;

/* Gives a value's place to the findings of its path. */
static void place_value(void *context, uint64_t path_hash, const char *key, const char *value)
{
    places_t *places = context;
    ocors_probe_t probe = ocors_slots_probe(places->slots, places->slot_count, path_hash);
    uint32_t number;

    while (ocors_probe_next(&probe, &number)) {
        ocors_finding_t *finding = &places->findings[number];
        const bool is_about_key = finding->code == OCORS_FINDING_UNKNOWN_KEY
                                  || finding->code == OCORS_FINDING_HEADER_NAME;

        if (finding->path_hash == path_hash) {
            const ocors_json_place_t place = ocors_json_lines_place(&places->lines,
                                                                    is_about_key ? key : value);

            finding->line = place.line;
            finding->column = place.column;
        }
    }
}

/*
 * Gives line and column to the findings of a report from the one at `first` on: those
 * of the value that their path names, or of its key. Of a repeated member that is the last one,
 * which is the one that is judged. One pass over the text, whatever the number of findings.
 */
static ocors_result_t place_findings(ocors_span_t text, ocors_report_t *report, size_t first)
{
    places_t places = { .findings = report->items,
                        .slot_count = (uint32_t)ocors_slots_count(report->count - first),
                        .lines = ocors_json_lines_make(text) };
    const ocors_json_visitor_t visitor = { .visit = place_value, .context = &places };
    ocors_json_counts_t counts;
    ocors_result_t result;

    if (report->count == first) {
        return OCORS_OK;
    }
    places.slots = calloc(places.slot_count, sizeof(*places.slots));
    if (places.slots == NULL) {
        return OCORS_NO_MEMORY;
    }
    for (size_t i = first; i < report->count; i++) {
        ocors_slots_add(places.slots, places.slot_count, report->items[i].path_hash, (uint32_t)i);
    }
    result = ocors_json_scan(text, NULL, &visitor, &counts);
    free(places.slots);
    return result;
}

/* ---- The document ---------------------------------------------------------------------------- */

ocors_result_t ocors_settings_parse(ocors_span_t text, ocors_report_t *report,
                                    ocors_settings_t **settings)
{
    const size_t errors = report->totals[OCORS_SEVERITY_ERROR];
    ocors_json_t *root = NULL;
    ocors_json_counts_t counts;
    ocors_result_t result;
    size_t first;

    *settings = NULL;
    if (text.length > OCORS_DOCUMENT_MAX) {
        ocors_report_add(report, OCORS_FINDING_TOO_LARGE, NULL,
                         "the document has %zu bytes; at most %zu MiB are read", text.length,
                         OCORS_DOCUMENT_MAX >> 20);
        return report->is_out_of_memory ? OCORS_NO_MEMORY : OCORS_INVALID;
    }
    result = ocors_json_scan(text, report, NULL, &counts);
    first = report->count;
    if (result == OCORS_OK) {
        result = ocors_json_tree_parse(text, &counts, report, &root);
    }
    if (result == OCORS_OK) {
        *settings = ocors_settings_create();
        result = *settings != NULL ? ocors_settings_read(*settings, root, report) : OCORS_NO_MEMORY;
    }
    ocors_json_tree_free(root);
    if (result == OCORS_OK) {
        result = place_findings(text, report, first);
    }
    /* A report with a gap in it is not a basis for a verdict. */
    if (report->is_out_of_memory) {
        result = OCORS_NO_MEMORY;
    }
    else if (result == OCORS_OK && report->totals[OCORS_SEVERITY_ERROR] > errors) {
        result = OCORS_INVALID;
    }
    if (result != OCORS_OK) {
        ocors_settings_free(*settings);
        *settings = NULL;
    }
    return result;
}
