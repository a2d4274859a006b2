/* SPDX-License-Identifier: Apache-2.0 */
/* An entry of allowed_origins -> an origin, and what there is to say of the entry. */
#include "ocors_origin_entry.h"

#include "ocors_origin_advice.h"
#include "ocors_punycode.h"

/* Whether the scheme is one that browsers and app frameworks send. */
static bool has_usual_scheme(const ocors_origin_t *origin)
{
    static const char *const usual[] = {
        "https",
        "http",
        "capacitor",
        "ionic",
        "app",
        "tauri",
        "ms-appx",
        "ms-appx-web",
        "extension",
        "chrome-extension",
        "moz-extension",
        "safari-extension",
        "edge-extension",
        "safari-web-extension",
        "ms-browser-extension",
        "vscode-webview",
    };
    const ocors_span_t scheme = ocors_span_make(origin->bytes, origin->host_at - 3);

    for (size_t i = 0; i < sizeof(usual) / sizeof(usual[0]); i++) {
        if (ocors_span_is_equal(scheme, ocors_span_from_string(usual[i]))) {
            return true;
        }
    }
    return false;
}

/* Whether a label of the host begins with "xn--" and is not punycode (D35). */
static bool has_bad_label(const ocors_origin_t *origin)
{
    ocors_span_t host = ocors_span_make(origin->bytes + origin->host_at, origin->host_length);

    while (host.length > 0) {
        const char *dot = memchr(host.bytes, '.', host.length);
        const size_t end = dot != NULL ? (size_t)(dot - host.bytes) : host.length;
        const ocors_span_t label = ocors_span_make(host.bytes, end);

        if (ocors_span_has_prefix(label, OCORS_SPAN_LITERAL("xn--"))
            && !ocors_punycode_label_is_valid(label)) {
            return true;
        }
        host = ocors_span_from(host, dot != NULL ? end + 1 : end);
    }
    return false;
}

/* The finding that an entry is which cannot be taken as an origin. */
static ocors_finding_code_t fault_finding(ocors_origin_result_t result)
{
    switch (result) {
    case OCORS_ORIGIN_WILDCARD:
        return OCORS_FINDING_ORIGIN_WILDCARD;
    case OCORS_ORIGIN_NULL:
        return OCORS_FINDING_ORIGIN_NULL;
    case OCORS_ORIGIN_NOT_ASCII:
        return OCORS_FINDING_ORIGIN_NOT_ASCII;
    case OCORS_ORIGIN_PORT:
        return OCORS_FINDING_ORIGIN_PORT;
    default:
        return OCORS_FINDING_ORIGIN_MALFORMED;
    }
}

/* Says why an entry is not an origin. */
static void report_entry(ocors_span_t entry, ocors_origin_result_t result, ocors_report_t *report,
                         const ocors_path_t *path)
{
    ocors_finding_code_t code = OCORS_FINDING_ORIGIN_PLACEHOLDER;
    ocors_advice_t advice;

    ocors_origin_advise(entry, result, &advice);
    if (advice.kind == OCORS_ADVICE_FAULT) {
        code = fault_finding(result);
    }
    else if (advice.kind == OCORS_ADVICE_MISTYPED) {
        code = OCORS_FINDING_ORIGIN_MISTYPED;
    }
    ocors_report_add(report, code, path, "\"%.*s\": %s", OCORS_SHOWN(entry), advice.text);
}

/* What there is to say of an origin that the list did not have. */
static void judge_new(const ocors_origin_t *origin, ocors_report_t *report,
                      const ocors_path_t *path)
{
    if (!has_usual_scheme(origin)) {
        const ocors_span_t scheme = ocors_span_make(origin->bytes, origin->host_at - 3);
        const char *likely = ocors_origin_near_scheme(scheme);

        ocors_report_add(
            report, OCORS_FINDING_ORIGIN_SCHEME, path,
            "\"%s\": \"%.*s\" is not one of the schemes that browsers usually send%s%s%s",
            origin->bytes, OCORS_SHOWN(scheme), likely != NULL ? "; did you mean \"" : "",
            likely != NULL ? likely : "", likely != NULL ? "\"?" : "");
    }
    if (has_bad_label(origin)) {
        ocors_report_add(report, OCORS_FINDING_ORIGIN_PUNYCODE, path,
                         "\"%s\": a label of the host begins with \"xn--\" and is not valid "
                         "punycode; no browser sends this origin",
                         origin->bytes);
    }
    if (ocors_origin_is_insecure(origin)) {
        ocors_report_add(report, OCORS_FINDING_ORIGIN_INSECURE, path,
                         "\"%s\" is not https: anybody on the network path can act in its name",
                         origin->bytes);
    }
}

void ocors_origin_entry_remark(ocors_span_t entry, const ocors_origin_t *origin, bool is_new,
                               ocors_report_t *report, const ocors_path_t *path)
{
    if (origin->changes != 0) {
        ocors_report_add(report, OCORS_FINDING_ORIGIN_NORMALISED, path,
                         "\"%.*s\" is read as \"%s\", the form that browsers send: lower case, no "
                         "default port, no trailing slash",
                         OCORS_SHOWN(entry), origin->bytes);
    }
    if (is_new) {
        judge_new(origin, report, path);
        return;
    }
    ocors_report_add(report, OCORS_FINDING_ORIGIN_DUPLICATE, path,
                     "\"%.*s\" is already in this list; remove one of the two", OCORS_SHOWN(entry));
}

bool ocors_origin_entry_read(ocors_span_t entry, ocors_origin_t *origin, ocors_report_t *report,
                             const ocors_path_t *path)
{
    const ocors_origin_result_t result = ocors_origin_canonicalise(entry, origin);

    if (result != OCORS_ORIGIN_OK) {
        report_entry(entry, result, report, path);
    }
    return result == OCORS_ORIGIN_OK;
}
