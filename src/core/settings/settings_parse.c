/* SPDX-License-Identifier: Apache-2.0 */
/* The text of a settings document -> its faults, its tree, its settings, and their places. */
#include "ocors_settings_parse.h"

#include "ocors_json_place.h"
#include "ocors_json_scan.h"
#include "ocors_json_tree.h"
#include "ocors_settings_read.h"

/* JSON -> settings; the caller frees *settings, whatever is returned. */
static ocors_result_t read_json(ocors_span_t text, const ocors_json_counts_t *counts,
                                ocors_report_t *report, ocors_settings_t **settings)
{
    const size_t first = report->count;
    ocors_json_t *root;
    ocors_result_t result = ocors_json_tree_parse(text, counts, report, &root);

    if (result != OCORS_OK) {
        return result;
    }
    *settings = ocors_settings_create();
    result = *settings != NULL ? ocors_settings_read(*settings, root, report) : OCORS_NO_MEMORY;
    ocors_json_tree_free(root);
    return result == OCORS_OK ? ocors_json_place_findings(text, report, first) : result;
}

ocors_result_t ocors_settings_parse(ocors_span_t text, ocors_report_t *report,
                                    ocors_settings_t **settings)
{
    const size_t errors = report->totals[OCORS_SEVERITY_ERROR];
    ocors_settings_t *read = NULL;
    ocors_json_counts_t counts;
    ocors_result_t result;

    *settings = NULL;
    if (text.length > OCORS_DOCUMENT_MAX) {
        ocors_report_add(report, OCORS_FINDING_TOO_LARGE, NULL,
                         "the document has %zu bytes; at most %zu MiB are read", text.length,
                         OCORS_DOCUMENT_MAX >> 20);
        return report->is_out_of_memory ? OCORS_NO_MEMORY : OCORS_INVALID;
    }
    result = ocors_json_scan(text, report, NULL, &counts);
    if (result == OCORS_OK) {
        result = read_json(text, &counts, report, &read);
    }
    /* A report with a gap in it is not a basis for a verdict. */
    if (report->is_out_of_memory) {
        result = OCORS_NO_MEMORY;
    }
    else if (result == OCORS_OK && report->totals[OCORS_SEVERITY_ERROR] > errors) {
        result = OCORS_INVALID;
    }
    if (result != OCORS_OK) {
        ocors_settings_free(read);
        return result;
    }
    *settings = read;
    return OCORS_OK;
}
