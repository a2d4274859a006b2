/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The scan of a JSON text against two readers: a recogniser of RFC 8259, which it must agree with,
 * and json-c with its strict flag, which must read all that the scan accepts. The exceptions are in
 * is_excepted(), each with its reason.
 */
#include <json-c/json.h>

#include "fuzz.h"
#include "fuzz_json.h"
#include "ocors_json_scan.h"
#include "ocors_json_text.h"
#include "ocors_json_tree.h"
#include "ocors_report.h"

/* ---- json-c ---------------------------------------------------------------------------------- */

/* Whether json-c, as strict as it can be, reads the whole text. */
static bool json_c_reads(ocors_span_t text)
{
    struct json_tokener *tokener = json_tokener_new_ex(OCORS_JSON_DEPTH_MAX + 1);
    struct json_object *root;

    FUZZ_CHECK(tokener != NULL);
    json_tokener_set_flags(tokener, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
    root = json_tokener_parse_ex(tokener, text.bytes, (int)text.length);
    enum json_tokener_error error = json_tokener_get_error(tokener);

    if (error == json_tokener_continue) { /* a number has no end of its own */
        root = json_tokener_parse_ex(tokener, "", 1);
        error = json_tokener_get_error(tokener);
    }
    (void)json_object_put(root);
    json_tokener_free(tokener);
    return error == json_tokener_success;
}

/* ---- The scan -------------------------------------------------------------------------------- */

/*
 * Whether a refusal may be of a text that is JSON: it needs more memory than a document may take.
 * Nothing else: depth, surrogates and NULs in keys are in the recogniser.
 */
static bool is_excepted(const ocors_report_t *report)
{
    return report->count > 0 && report->items[0].code == OCORS_FINDING_TOO_LARGE;
}

/* What is an error of a text that is JSON all the same. */
static void check_errors(const ocors_report_t *report)
{
    for (size_t i = 0; i < report->count; i++) {
        const ocors_finding_code_t code = report->items[i].code;

        FUZZ_CHECK(ocors_finding_severity(code) != OCORS_SEVERITY_ERROR
                   || code == OCORS_FINDING_CONTROL_CHARACTER
                   || code == OCORS_FINDING_DUPLICATE_KEY);
    }
}

/* What the scan has accepted json-c makes a tree of, as large as the scan has counted. */
static void check_tree(ocors_span_t text, const ocors_json_counts_t *counts)
{
    ocors_json_t *root;

    FUZZ_CHECK(ocors_json_tree_parse(text, counts, NULL, &root) == OCORS_OK);
    FUZZ_CHECK(counts->repeats < counts->values);
    ocors_json_tree_free(root);
}

void fuzz_scan(ocors_span_t input)
{
    const ocors_span_t text = fuzz_copy(input);
    ocors_json_counts_t counts;
    ocors_report_t report;
    ocors_span_t bare = text;

    if (ocors_span_has_prefix(text, OCORS_SPAN_LITERAL("\xef\xbb\xbf"))) {
        bare = ocors_span_from(text, 3); /* a remark of the scan; json-c refuses it */
    }
    ocors_report_init(&report);
    const ocors_result_t result = ocors_json_scan(text, &report, &counts);

    FUZZ_CHECK(result != OCORS_NO_MEMORY);
    FUZZ_CHECK(result != OCORS_INVALID || ocors_report_has_errors(&report));
    if (result == OCORS_OK) {
        check_errors(&report);
        FUZZ_CHECK(fuzz_is_json(bare));
        FUZZ_CHECK(json_c_reads(bare));
        check_tree(text, &counts);
    }
    else {
        FUZZ_CHECK(!fuzz_is_json(bare) || is_excepted(&report));
    }
    FUZZ_CHECK(ocors_json_scan(text, NULL, &counts) == result);
    ocors_report_free(&report);
    fuzz_free(text);
}
