/* SPDX-License-Identifier: Apache-2.0 */
/* Header fields beyond the defaults, which exchanges.json covers: what a section can say (P5, M3,
 * H1, H3). */

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "ocors_headers.h"

static char allowed[] = "http://foo.com";

static const ocors_decision_t preflight = {
    .verdict = OCORS_VERDICT_PREFLIGHT_ALLOW,
    .allowed_origin = { allowed, sizeof(allowed) - 1 },
    .methods = OCORS_METHOD_PUT,
};

static const ocors_header_policy_t plain = {
    .expose_headers = "etag",
    .max_age = "0",
    .fallback_extensions = "",
};

/* The value of one field; the buffer is as large as is promised to be enough. */
static void assert_field(const ocors_decision_t *decision, const ocors_header_policy_t *policy,
                         const char *asked, const char *name, const char *expected)
{
    const ocors_span_t span = ocors_span_from_string(asked);
    char *buffer = malloc(ocors_headers_buffer_size(decision, policy, span));
    ocors_headers_t headers;
    const char *value;

    assert_non_null(buffer);
    ocors_headers_make(decision, policy, span, buffer, &headers);
    value = strcmp(name, "Allow") == 0 ? headers.allow : NULL;
    for (size_t i = 0; i < headers.count; i++) {
        if (strcmp(headers.items[i].name, name) == 0) {
            value = headers.items[i].value;
        }
    }
    if (expected == NULL) {
        assert_null(value);
    }
    else {
        assert_non_null(value);
        assert_string_equal(value, expected);
    }
    free(buffer);
}

static void test_credentials_and_max_age(void **state)
{
    ocors_header_policy_t policy = plain;
    ocors_decision_t allow = preflight;

    (void)state;
    allow.verdict = OCORS_VERDICT_ALLOW;
    assert_field(&allow, &policy, "", "Access-Control-Allow-Credentials", NULL);
    assert_field(&preflight, &policy, "", "Access-Control-Allow-Credentials", NULL);
    assert_field(&allow, &policy, "", "Access-Control-Allow-Origin", "http://foo.com");
    assert_field(&allow, &policy, "", "Access-Control-Expose-Headers", "etag");
    assert_field(&allow, &policy, "", "Access-Control-Max-Age", NULL);
    assert_field(&preflight, &policy, "", "Access-Control-Max-Age", "0");
    policy.has_credentials = true;
    policy.expose_headers = "";
    assert_field(&allow, &policy, "", "Access-Control-Allow-Credentials", "true");
    assert_field(&allow, &policy, "", "Access-Control-Expose-Headers", NULL);
}

static void test_the_names_that_may_be_granted(void **state)
{
    static const ocors_span_t names[] = {
        OCORS_SPAN_INITIALISER("Content-Type"),
        OCORS_SPAN_INITIALISER("x-a"),
        OCORS_SPAN_INITIALISER("Cookie"),
    };
    static const struct {
        const char *asked, *granted;
    } rows[] = {
        { "content-type", "content-type" },
        { "CONTENT-TYPE,x-A", "CONTENT-TYPE,x-A" },
        { "x-b, x-a , x-c", "x-a" },
        { "x-b", NULL },
        { "cookie", NULL }, /* no list can grant a forbidden name */
        { "x-a,x b", NULL },
        { "", NULL },
    };
    ocors_header_policy_t policy = plain;

    (void)state;
    policy.grantable = names;
    policy.grantable_count = sizeof(names) / sizeof(names[0]);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        assert_field(&preflight, &policy, rows[i].asked, "Access-Control-Allow-Headers",
                     rows[i].granted);
    }
}

/*
 * P5: each of Fetch's forbidden request-headers, in either case; and what is nearly one is granted.
 */
static void test_every_forbidden_name(void **state)
{
    static const char *const forbidden[] = {
        "accept-charset",
        "accept-encoding",
        "access-control-request-headers",
        "access-control-request-method",
        "access-control-request-private-network",
        "connection",
        "content-length",
        "cookie",
        "cookie2",
        "date",
        "dnt",
        "expect",
        "host",
        "keep-alive",
        "origin",
        "referer",
        "set-cookie",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
        "via",
        "proxy-",
        "sec-",
        "proxy-authorization",
        "sec-fetch-site",
        "*",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(forbidden) / sizeof(forbidden[0]); i++) {
        const bool is_prefix = strncmp(forbidden[i], "proxy-", 6) == 0
                               || strncmp(forbidden[i], "sec-", 4) == 0;
        char name[64];

        assert_field(&preflight, &plain, forbidden[i], "Access-Control-Allow-Headers", NULL);
        for (size_t k = 0; k <= strlen(forbidden[i]); k++) {
            name[k] = ocors_ascii_upper(forbidden[i][k]);
        }
        assert_field(&preflight, &plain, name, "Access-Control-Allow-Headers", NULL);
        snprintf(name, sizeof(name), "x%s", forbidden[i]);
        assert_field(&preflight, &plain, name, "Access-Control-Allow-Headers", name);
        snprintf(name, sizeof(name), "%sx", forbidden[i]);
        assert_field(&preflight, &plain, name, "Access-Control-Allow-Headers",
                     is_prefix ? NULL : name);
    }
}

static void test_methods_of_the_section(void **state)
{
    ocors_header_policy_t policy = plain;
    ocors_decision_t decision = preflight;

    (void)state;
    policy.fallback_methods = OCORS_METHOD_GET;
    policy.fallback_extensions = ", PROPFIND, MKCOL";
    assert_field(&decision, &policy, "", "Allow", "PUT");
    decision.has_fallback_methods = true;
    assert_field(&decision, &policy, "", "Allow", "GET, PUT, PROPFIND, MKCOL");
    assert_field(&decision, &policy, "", "Access-Control-Allow-Methods",
                 "GET, PUT, PROPFIND, MKCOL");
    decision.methods = 0;
    policy.fallback_methods = 0;
    assert_field(&decision, &policy, "", "Allow", "PROPFIND, MKCOL");
    decision.has_fallback_methods = false;
    assert_field(&decision, &policy, "", "Allow", "");
}

static void test_what_is_ours(void **state)
{
    static const char *const ours[] = { "Access-Control-Allow-Origin", "access-control-",
                                        "ACCESS-CONTROL-X" };
    static const char *const others[] = { "",
                                          "A",
                                          "Access-Control",
                                          "Accept",
                                          "X-Access-Control-Allow-Origin",
                                          "Access_Control-Allow-Origin",
                                          "Access-Contro1-Allow" };

    (void)state;
    for (size_t i = 0; i < sizeof(ours) / sizeof(ours[0]); i++) {
        assert_true(ocors_header_is_ours(ours[i]));
    }
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        assert_false(ocors_header_is_ours(others[i]));
    }
}

static void test_vary(void **state)
{
    static const struct {
        const char *vary;
        bool has_origin;
    } rows[] = {
        { "", false },           { "Origin", true },         { "origin", true },
        { "Accept", false },     { "Accept, Origin", true }, { "Accept ,\tORIGIN ", true },
        { "*", true },           { "Accept, *", true },      { "X-Origin", false },
        { "Originally", false }, { "Accept,,Origin", true }, { "**", false },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        assert_int_equal(
            ocors_vary_has(ocors_span_from_string(rows[i].vary), OCORS_SPAN_LITERAL("Origin")),
            rows[i].has_origin);
    }
}

/* Section 3, `Backend`: names once, without case, tokens alone, no '*', and not without end. */
static void test_lists_of_names(void **state)
{
    static const struct {
        const char *before, *value, *after;
    } rows[] = {
        { "", "", "" },
        { "", "etag", "etag" },
        { "etag", "ETag, X-Total ,\tlink", "etag,X-Total,link" },
        { "etag", "*", "etag" },
        { "etag", "a b,c\x01,,d", "etag,d" },
        { "a,b", "B,A,a", "a,b" },
    };
    char text[2000], value[1000];
    ocors_name_list_t list;
    size_t length = 0;

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        list = (ocors_name_list_t){ .text = text };
        text[0] = '\0';
        ocors_name_list_add(&list, ocors_span_from_string(rows[i].before));
        ocors_name_list_add(&list, ocors_span_from_string(rows[i].value));
        assert_string_equal(text, rows[i].after);
        assert_int_equal(list.length, strlen(rows[i].after));
    }
    for (int i = 0; i < 100; i++) {
        length += (size_t)snprintf(value + length, sizeof(value) - length, "%sn%d",
                                   i > 0 ? "," : "", i);
    }
    list = (ocors_name_list_t){ .text = text };
    ocors_name_list_add(&list, ocors_span_make(value, length));
    ocors_name_list_add(&list, OCORS_SPAN_LITERAL("more"));
    assert_int_equal(list.count, OCORS_NAME_LIST_MAX);
    assert_string_equal(strrchr(text, ','), ",n63");
}

/* M3: a section that says nothing has these. */
static void test_the_default_methods(void **state)
{
    char methods[OCORS_METHODS_TEXT_MAX];

    (void)state;
    (void)ocors_methods_format(ocors_header_policy_default.fallback_methods, methods);
    assert_string_equal(methods, "GET, HEAD, POST, PUT, PATCH, DELETE");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_credentials_and_max_age),
        cmocka_unit_test(test_the_names_that_may_be_granted),
        cmocka_unit_test(test_every_forbidden_name),
        cmocka_unit_test(test_methods_of_the_section),
        cmocka_unit_test(test_the_default_methods),
        cmocka_unit_test(test_what_is_ours),
        cmocka_unit_test(test_vary),
        cmocka_unit_test(test_lists_of_names),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
