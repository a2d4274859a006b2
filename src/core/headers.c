/* SPDX-License-Identifier: Apache-2.0 */
/* A decision -> the header fields of the response. */

#include "ocors_headers.h"

const ocors_header_policy_t ocors_header_policy_default = {
    .expose_headers = "location,x-dw-version-status",
    .has_credentials = true,
    .max_age = "86400",
    .fallback_methods = OCORS_METHOD_GET | OCORS_METHOD_HEAD | OCORS_METHOD_POST | OCORS_METHOD_PUT
                        | OCORS_METHOD_PATCH | OCORS_METHOD_DELETE,
    .fallback_extensions = "",
};

/* Where values are written. ocors_headers_buffer_size() gave the size. */
typedef struct writer_t {
    char *at;
} writer_t;

/*
 * The forbidden request-headers of the Fetch standard: a script cannot set them. Sorted by length,
 * the shortest first.
 */
static const ocors_span_t forbidden_names[] = {
    OCORS_SPAN_INITIALISER("*"), /* with credentials a name, not a wildcard */
    OCORS_SPAN_INITIALISER("te"),
    OCORS_SPAN_INITIALISER("via"),
    OCORS_SPAN_INITIALISER("dnt"),
    OCORS_SPAN_INITIALISER("host"),
    OCORS_SPAN_INITIALISER("date"),
    OCORS_SPAN_INITIALISER("origin"),
    OCORS_SPAN_INITIALISER("expect"),
    OCORS_SPAN_INITIALISER("cookie"),
    OCORS_SPAN_INITIALISER("upgrade"),
    OCORS_SPAN_INITIALISER("trailer"),
    OCORS_SPAN_INITIALISER("referer"),
    OCORS_SPAN_INITIALISER("cookie2"),
    OCORS_SPAN_INITIALISER("set-cookie"),
    OCORS_SPAN_INITIALISER("keep-alive"),
    OCORS_SPAN_INITIALISER("connection"),
    OCORS_SPAN_INITIALISER("content-length"),
    OCORS_SPAN_INITIALISER("accept-charset"),
    OCORS_SPAN_INITIALISER("accept-encoding"),
    OCORS_SPAN_INITIALISER("transfer-encoding"),
    OCORS_SPAN_INITIALISER("access-control-request-method"),
    OCORS_SPAN_INITIALISER("access-control-request-headers"),
    OCORS_SPAN_INITIALISER("access-control-request-private-network"),
};

static const ocors_span_t forbidden_prefixes[] = {
    OCORS_SPAN_INITIALISER("proxy-"),
    OCORS_SPAN_INITIALISER("sec-"),
};

/*
 * The name is not empty. Only a name with the same first letter costs a comparison; few have it.
 */
static bool name_begins_with(ocors_span_t name, ocors_span_t prefix)
{
    return (name.bytes[0] | 0x20) == (prefix.bytes[0] | 0x20) && name.length >= prefix.length
           && ocors_span_is_equal_nocase(ocors_span_make(name.bytes, prefix.length), prefix);
}

bool ocors_header_is_forbidden(ocors_span_t name)
{
    const size_t count = sizeof(forbidden_names) / sizeof(forbidden_names[0]);

    for (size_t i = 0; i < sizeof(forbidden_prefixes) / sizeof(forbidden_prefixes[0]); i++) {
        if (name_begins_with(name, forbidden_prefixes[i])) {
            return true;
        }
    }
    if (name.length > forbidden_names[count - 1].length) {
        return false;
    }
    for (size_t i = 0; i < count && forbidden_names[i].length <= name.length; i++) {
        if (forbidden_names[i].length == name.length
            && name_begins_with(name, forbidden_names[i])) {
            return true;
        }
    }
    return false;
}

static bool name_is_grantable(const ocors_header_policy_t *policy, ocors_span_t name)
{
    if (ocors_header_is_forbidden(name)) {
        return false;
    }
    if (policy->grantable == NULL) {
        return true;
    }
    for (size_t i = 0; i < policy->grantable_count; i++) {
        if (ocors_span_is_equal_nocase(policy->grantable[i], name)) {
            return true;
        }
    }
    return false;
}

/* RFC 9110 section 5.6.1: the next element of a comma-separated list, without its white space. */
static inline bool element_next(ocors_span_t *rest, ocors_span_t *element, bool *is_spaced)
{
    const char *comma;

    if (rest->bytes == NULL) {
        return false;
    }
    *element = *rest;
    comma = rest->length > 0 ? memchr(rest->bytes, ',', rest->length) : NULL;
    if (comma == NULL) {
        *rest = ocors_span_make(NULL, 0);
    }
    else {
        element->length = (size_t)(comma - rest->bytes);
        rest->bytes = comma + 1;
        rest->length -= element->length + 1;
    }
    const char *const start = element->bytes;

    *element = ocors_span_trim(*element);
    *is_spaced = element->bytes != start;
    return true;
}

static void write_bytes(writer_t *writer, const char *bytes, size_t length)
{
    if (length > 0) {
        memcpy(writer->at, bytes, length);
        writer->at += length;
    }
}

/*
 * P5: the granted names as requested, in their case, order and spacing. NULL: no name is granted,
 * an element is not a header name, or there are too many elements, empty ones included.
 */
static const char *write_granted(writer_t *writer, const ocors_header_policy_t *policy,
                                 ocors_span_t request_headers)
{
    char *const value = writer->at;
    ocors_span_t rest = request_headers;
    ocors_span_t name;
    bool is_spaced;

    if (request_headers.length > OCORS_REQUEST_HEADERS_BYTES_MAX) {
        return NULL;
    }
    for (size_t elements = 1; element_next(&rest, &name, &is_spaced); elements++) {
        if (elements > OCORS_REQUEST_HEADERS_NAMES_MAX
            || (name.length > 0 && !ocors_token_is_valid(name))) {
            return NULL;
        }
        if (name.length == 0 || !name_is_grantable(policy, name)) {
            continue;
        }
        if (writer->at != value) {
            write_bytes(writer, ", ", is_spaced ? 2 : 1);
        }
        write_bytes(writer, name.bytes, name.length);
    }
    if (writer->at == value) {
        return NULL;
    }
    *writer->at++ = '\0';
    return value;
}

/* M1, M3: the list of methods; "": none. */
static const char *write_methods(writer_t *writer, const ocors_decision_t *decision,
                                 const ocors_header_policy_t *policy)
{
    char *const value = writer->at;
    ocors_methods_t methods = decision->methods;

    if (decision->has_fallback_methods) {
        methods |= policy->fallback_methods;
    }
    writer->at += ocors_methods_format(methods, writer->at);
    if (decision->has_fallback_methods && policy->fallback_extensions[0] != '\0') {
        const char *extensions = policy->fallback_extensions + (writer->at == value ? 2 : 0);

        write_bytes(writer, extensions, strlen(extensions));
    }
    *writer->at++ = '\0';
    return value;
}

size_t ocors_headers_buffer_size(const ocors_decision_t *decision,
                                 const ocors_header_policy_t *policy, ocors_span_t request_headers)
{
    return decision->verdict == OCORS_VERDICT_ALLOW
               ? 0
               : OCORS_METHODS_TEXT_MAX + strlen(policy->fallback_extensions)
                     + (request_headers.length > OCORS_REQUEST_HEADERS_BYTES_MAX
                            ? 0
                            : request_headers.length)
                     + 1;
}

void ocors_headers_make(const ocors_decision_t *decision, const ocors_header_policy_t *policy,
                        ocors_span_t request_headers, char *buffer, ocors_headers_t *headers)
{
    writer_t writer = { .at = buffer };
    const char *granted;

    ocors_headers_make_none(headers);
    switch (decision->verdict) {
    case OCORS_VERDICT_ALLOW:
        ocors_headers_make_allowed(headers, decision->allowed_origin.bytes, policy->has_credentials,
                                   policy->expose_headers);
        break;
    case OCORS_VERDICT_PREFLIGHT_ALLOW:
        headers->vary = "Origin, Access-Control-Request-Method, Access-Control-Request-Headers";
        headers->allow = write_methods(&writer, decision, policy);
        ocors_headers_add(headers, "Access-Control-Allow-Methods", headers->allow);
        ocors_headers_add(headers, "Access-Control-Max-Age", policy->max_age);
        ocors_headers_add_origin(headers, decision->allowed_origin.bytes, policy->has_credentials);
        granted = write_granted(&writer, policy, request_headers);
        if (granted != NULL) {
            ocors_headers_add(headers, "Access-Control-Allow-Headers", granted);
        }
        break;
    case OCORS_VERDICT_PREFLIGHT_WITHHOLD:
        headers->vary = "Origin, Access-Control-Request-Method, Access-Control-Request-Headers";
        headers->allow = write_methods(&writer, decision, policy);
        break;
    case OCORS_VERDICT_NONE:
    case OCORS_VERDICT_WITHHOLD:
    case OCORS_VERDICT_REFUSE:
    case OCORS_VERDICT_COUNT:
        break;
    }
}

static bool list_has(ocors_span_t list, ocors_span_t name)
{
    ocors_span_t element;
    bool is_spaced;

    while (element_next(&list, &element, &is_spaced)) {
        if (ocors_span_is_equal_nocase(element, name)) {
            return true;
        }
    }
    return false;
}

void ocors_name_list_add(ocors_name_list_t *list, ocors_span_t value)
{
    ocors_span_t name;
    bool is_spaced;

    while (list->count < OCORS_NAME_LIST_MAX && list->read < OCORS_NAME_LIST_READ_MAX
           && element_next(&value, &name, &is_spaced)) {
        list->read++;
        if (!ocors_token_is_valid(name) || ocors_span_is_equal(name, OCORS_SPAN_LITERAL("*"))
            || list_has(ocors_span_make(list->text, list->length), name)) {
            continue;
        }
        if (list->length > 0) {
            list->text[list->length++] = ',';
        }
        memcpy(list->text + list->length, name.bytes, name.length);
        list->length += name.length;
        list->text[list->length] = '\0';
        list->count++;
    }
}

bool ocors_vary_has(ocors_span_t vary, ocors_span_t field)
{
    return list_has(vary, field) || list_has(vary, OCORS_SPAN_LITERAL("*"));
}
