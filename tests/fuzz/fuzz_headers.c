/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lists of header names, of a request and of a backend, against loops over their elements (P5, H3).
 * Fields: Access-Control-Request-Headers, the names that may be granted ("" is any), a backend's
 * Access-Control-Expose-Headers, Vary, Accept.
 */
#include "fuzz.h"
#include "ocors_accept.h"
#include "ocors_headers.h"

/* RFC 9110 section 5.6.2. */
static bool is_token(ocors_span_t text)
{
    static const char others[] = "!#$%&'*+-.^_`|~";

    for (size_t i = 0; i < text.length; i++) {
        const char c = text.bytes[i];

        if (!ocors_ascii_is_alpha(c) && !ocors_ascii_is_digit(c)
            && (c == '\0' || strchr(others, c) == NULL)) {
            return false;
        }
    }
    return text.length > 0;
}

#define GRANTABLE_MAX 8

static bool is_granted(const ocors_header_policy_t *policy, ocors_span_t name)
{
    bool is_in = policy->grantable == NULL;

    for (size_t i = 0; i < policy->grantable_count; i++) {
        is_in = is_in || ocors_span_is_equal_nocase(policy->grantable[i], name);
    }
    return is_in && !ocors_header_is_forbidden(name);
}

/* What is granted: the names as they came. False: no field is sent. */
static bool grant(const ocors_header_policy_t *policy, ocors_span_t request, fuzz_text_t *granted)
{
    ocors_span_t rest = request;

    for (size_t count = 1; rest.bytes != NULL; count++) {
        const ocors_span_t element = fuzz_cut(&rest, OCORS_SPAN_LITERAL(","));
        const ocors_span_t name = ocors_span_trim(element);
        const bool is_spaced = name.bytes != element.bytes;

        if (count > OCORS_REQUEST_HEADERS_NAMES_MAX || (name.length > 0 && !is_token(name))) {
            return false;
        }
        if (name.length > 0 && is_granted(policy, name)) {
            if (granted->length > 0) {
                fuzz_put(granted, ", ", is_spaced ? 2 : 1);
            }
            fuzz_put(granted, name.bytes, name.length);
        }
    }
    return granted->length > 0 && request.length <= OCORS_REQUEST_HEADERS_BYTES_MAX;
}

static const char *find(const ocors_headers_t *headers, const char *name)
{
    for (size_t i = 0; i < headers->count; i++) {
        if (strcmp(headers->items[i].name, name) == 0) {
            return headers->items[i].value;
        }
    }
    return NULL;
}

static void check_preflight(ocors_span_t request, const ocors_header_policy_t *policy)
{
    const ocors_decision_t decision = { .verdict = OCORS_VERDICT_PREFLIGHT_ALLOW,
                                        .allowed_origin = OCORS_SPAN_LITERAL("https://a.example"),
                                        .methods = OCORS_METHOD_GET | OCORS_METHOD_PATCH };
    char *buffer = fuzz_allocate(ocors_headers_buffer_size(&decision, policy, request));
    fuzz_text_t granted = { .bytes = NULL };
    ocors_headers_t headers;

    ocors_headers_make(&decision, policy, request, buffer, &headers);
    const bool is_sent = grant(policy, request, &granted);
    const char *const names = find(&headers, "Access-Control-Allow-Headers");

    FUZZ_CHECK((names != NULL) == is_sent);
    FUZZ_CHECK(!is_sent
               || ocors_span_is_equal(ocors_span_from_string(names), fuzz_text_span(&granted)));
    FUZZ_CHECK(strcmp(find(&headers, "Access-Control-Allow-Origin"), "https://a.example") == 0);
    FUZZ_CHECK(strcmp(headers.allow, "GET, PATCH") == 0);
    for (size_t i = 0; i < headers.count; i++) {
        FUZZ_CHECK(!ocors_span_has_control(ocors_span_from_string(headers.items[i].value)));
        FUZZ_CHECK(ocors_header_is_ours(headers.items[i].name));
    }
    free(granted.bytes);
    fuzz_release(buffer);
}

/* Adds a value twice: the second time adds nothing, as every name is there. */
static void check_list(ocors_span_t value)
{
    char *text = fuzz_allocate(2 * (value.length + 1) + 1);
    ocors_name_list_t list = { .text = text };
    ocors_span_t rest;
    size_t count = 0;

    text[0] = '\0';
    ocors_name_list_add(&list, value);
    FUZZ_CHECK(list.count <= OCORS_NAME_LIST_MAX && list.read <= OCORS_NAME_LIST_READ_MAX);
    FUZZ_CHECK(strlen(text) == list.length && list.length <= value.length);
    rest = ocors_span_make(text, list.length);
    while (list.count > 0 && rest.bytes != NULL) {
        const ocors_span_t name = fuzz_cut(&rest, OCORS_SPAN_LITERAL(","));
        ocors_span_t others = rest;

        FUZZ_CHECK(is_token(name) && !ocors_span_is_equal(name, OCORS_SPAN_LITERAL("*")));
        while (others.bytes != NULL) {
            FUZZ_CHECK(
                !ocors_span_is_equal_nocase(name, fuzz_cut(&others, OCORS_SPAN_LITERAL(","))));
        }
        count++;
    }
    FUZZ_CHECK(count == list.count);
    if (list.read < OCORS_NAME_LIST_READ_MAX && list.count < OCORS_NAME_LIST_MAX) {
        const size_t length = list.length;

        ocors_name_list_add(&list, value);
        FUZZ_CHECK(list.length == length && list.count == count);
    }
    fuzz_release(text);
}

static bool vary_names(ocors_span_t vary, ocors_span_t field)
{
    bool names = false;

    while (vary.bytes != NULL) {
        const ocors_span_t name = ocors_span_trim(fuzz_cut(&vary, OCORS_SPAN_LITERAL(",")));

        names = names || ocors_span_is_equal_nocase(name, field)
                || ocors_span_is_equal(name, OCORS_SPAN_LITERAL("*"));
    }
    return names;
}

void fuzz_headers(ocors_span_t input)
{
    fuzz_fields_t fields = fuzz_split(input, 5);
    ocors_header_policy_t policy = ocors_header_policy_default;
    ocors_span_t grantable[GRANTABLE_MAX];
    ocors_span_t names = fields.items[1];

    check_preflight(fields.items[0], &policy);
    for (size_t i = 0; i < GRANTABLE_MAX && names.length > 0; i++) {
        grantable[i] = fuzz_cut(&names, OCORS_SPAN_LITERAL(" "));
        policy.grantable = grantable;
        policy.grantable_count = i + 1;
    }
    check_preflight(fields.items[0], &policy);
    check_list(fields.items[2]);
    FUZZ_CHECK(ocors_vary_has(fields.items[3], OCORS_SPAN_LITERAL("Origin"))
               == vary_names(fields.items[3], OCORS_SPAN_LITERAL("Origin")));
    FUZZ_CHECK(ocors_accept_weight(fields.items[4], OCORS_SPAN_LITERAL("text/html")) <= 1000);
    fuzz_fields_free(&fields);
}
