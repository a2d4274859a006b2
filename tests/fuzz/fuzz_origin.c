/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The value of an Origin field, or an entry of a list, to its serialised form (R7, R8), and whether
 * it is the server's own (R10). Fields: the value, Host, Sec-Fetch-Site.
 */
#include "fuzz.h"
#include "ocors_authority.h"
#include "ocors_origin.h"
#include "ocors_origin_entry.h"
#include "ocors_own.h"
#include "ocors_report.h"

/* Whether a text has the form SCHEME://HOST[:PORT] in lower case, by its characters alone. */
static bool looks_serialised(ocors_span_t text)
{
    static const char scheme_characters[] = "abcdefghijklmnopqrstuvwxyz0123456789+-.";
    static const char host_characters[] = "abcdefghijklmnopqrstuvwxyz0123456789-._[]:";
    size_t at = 0;

    while (at < text.length && text.bytes[at] != '\0'
           && strchr(scheme_characters, text.bytes[at]) != NULL) {
        at++;
    }
    if (at == 0 || text.bytes[0] < 'a' || text.length < at + 4
        || memcmp(text.bytes + at, "://", 3) != 0) {
        return false;
    }
    for (at += 3; at < text.length; at++) {
        if (text.bytes[at] == '\0' || strchr(host_characters, text.bytes[at]) == NULL) {
            return false;
        }
    }
    return true;
}

/* The serialised form is the form of itself, and its parts are where it says. */
static void check_serialised(ocors_span_t text, const ocors_origin_t *origin)
{
    const ocors_span_t form = ocors_span_make(origin->bytes, origin->length);
    ocors_origin_parts_t parts;
    ocors_origin_t again;

    FUZZ_CHECK(origin->length <= OCORS_ORIGIN_MAX && origin->bytes[origin->length] == '\0');
    FUZZ_CHECK(looks_serialised(form));
    FUZZ_CHECK((origin->changes == 0) == ocors_span_is_equal(text, form));
    FUZZ_CHECK(ocors_origin_canonicalise(form, &again) == OCORS_ORIGIN_OK);
    FUZZ_CHECK(again.changes == 0
               && ocors_span_is_equal(ocors_span_make(again.bytes, again.length), form));
    FUZZ_CHECK(origin->host_length > 0 && origin->host_at + origin->host_length == origin->port_at
               && origin->port_at <= origin->length);
    FUZZ_CHECK(ocors_authority_split(form, &parts));
    FUZZ_CHECK(
        ocors_span_is_equal(parts.authority.host,
                            ocors_span_make(origin->bytes + origin->host_at, origin->host_length)));
    FUZZ_CHECK((parts.authority.port != 0) == (origin->port_at < origin->length));
    FUZZ_CHECK(parts.authority.port == 0
               || parts.authority.port != ocors_origin_default_port(parts.scheme));
    FUZZ_CHECK(origin->port_at == origin->length
               || strtoul(origin->bytes + origin->port_at + 1, NULL, 10) == parts.authority.port);
    FUZZ_CHECK(!ocors_origin_is_insecure(origin)
               || ocors_span_has_prefix(form, OCORS_SPAN_LITERAL("http://")));
}

/* What a document says of the entry. */
static void check_entry(ocors_span_t text, bool is_origin)
{
    ocors_origin_t origin;
    ocors_report_t report;
    char line[2048];

    ocors_report_init(&report);
    FUZZ_CHECK(ocors_origin_entry_read(text, &origin, &report, NULL) == is_origin);
    FUZZ_CHECK(is_origin == (report.count == 0));
    if (is_origin) {
        ocors_origin_entry_remark(text, &origin, true, &report, NULL);
        ocors_origin_entry_remark(text, &origin, false, &report, NULL);
        FUZZ_CHECK(!ocors_report_has_errors(&report));
    }
    for (size_t i = 0; i < report.count; i++) {
        FUZZ_CHECK(ocors_finding_format(&report.items[i], "f", line, sizeof(line)) > 0);
        FUZZ_CHECK(!ocors_span_has_control(ocors_span_from_string(line)));
    }
    ocors_report_free(&report);
}

/* What is own is serialised (R9) or null, and some server has its host. */
static void check_own(const fuzz_fields_t *fields, bool is_serialised)
{
    static const ocors_span_t names[] = { OCORS_SPAN_INITIALISER("shop.example"),
                                          OCORS_SPAN_INITIALISER("[::1]") };
    static const ocors_span_t patterns[] = { OCORS_SPAN_INITIALISER("*.shop.example") };
    static const ocors_span_t listed[] = { OCORS_SPAN_INITIALISER("https://listed.example") };
    const ocors_own_names_t configured = {
        .names = names, .name_count = 2, .patterns = patterns, .pattern_count = 1
    };
    const ocors_own_names_t nothing = { .names = NULL };
    const ocors_span_t text = fields->items[0];
    ocors_own_t own = { .listed = listed, .listed_count = 1, .asked = fields->items[1] };
    const bool is_listed = ocors_span_is_equal(text, listed[0]);

    own.fetch_site = fields->count > 2 ? fields->items[2] : ocors_span_make(NULL, 0);
    for (unsigned i = 0; i < 8; i++) {
        own.names = (i & 1) != 0 ? &configured : &nothing;
        own.takes_asked = (i & 2) != 0;
        own.is_tls = (i & 4) != 0;
        const bool is_own = ocors_own_is_own(&own, text);
        const bool is_own_member = ocors_own_is_own_member(&own, text);
        const ocors_own_miss_t miss = ocors_own_miss(&own, text);

        FUZZ_CHECK(!is_own || is_serialised
                   || ocors_span_is_equal(text, OCORS_SPAN_LITERAL("null")));
        FUZZ_CHECK(!is_own_member || is_serialised);
        FUZZ_CHECK(!is_own_member || is_own); /* R10 a) only adds */
        FUZZ_CHECK(!is_listed || (is_own && is_own_member));
        FUZZ_CHECK(is_listed || (i & 3) != 0 || !is_own); /* no name, nothing is own */
        FUZZ_CHECK(miss <= OCORS_OWN_MISS_PORT);
        FUZZ_CHECK(ocors_own_is_near(&own, text)
                   || (!is_own && !is_own_member && miss == OCORS_OWN_MISS_NONE));
    }
}

void fuzz_origin(ocors_span_t input)
{
    fuzz_fields_t fields = fuzz_split(input, 3);
    const ocors_span_t text = fields.items[0];
    ocors_origin_t origin;
    const ocors_origin_result_t result = ocors_origin_canonicalise(text, &origin);

    FUZZ_CHECK(result <= OCORS_ORIGIN_PORT);
    if (result == OCORS_ORIGIN_OK) {
        check_serialised(text, &origin);
    }
    check_entry(text, result == OCORS_ORIGIN_OK);
    check_own(&fields, result == OCORS_ORIGIN_OK && origin.changes == 0);
    fuzz_fields_free(&fields);
}
