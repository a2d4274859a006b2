/* SPDX-License-Identifier: Apache-2.0 */
/* The text of a settings document -> its faults, its tree, its settings, and their places. */
#include "ocors_settings_parse.h"

#include "ocors_json_scan.h"
#include "ocors_json_tree.h"
#include "ocors_resource_candidates.h"
#include "ocors_settings_read.h"

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
    result = ocors_json_scan(text, report, &counts);
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
        result = ocors_resource_candidates_judge(*settings, report);
    }
    if (result != OCORS_NO_MEMORY) {
        result = ocors_json_place(text, report, first);
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
