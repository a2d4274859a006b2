/* SPDX-License-Identifier: Apache-2.0 */
/* Decisions and their headers: tests/vectors/exchanges.json, which the live tests read too. */

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "ocors_image_build.h"
#include "ocors_decide.h"
#include "ocors_headers.h"
#include "ocors_image_layout.h"
#include "ocors_path_methods.h"
#include "ocors_settings_parse.h"
#include "ocors_url_path.h"
#include "vectors.h"

#ifndef TESTS_VECTORS
#define TESTS_VECTORS "tests/vectors"
#endif

#define SEED UINT64_C(42)

static const ocors_header_policy_t defaults = {
    .expose_headers = "location,x-dw-version-status",
    .has_credentials = true,
    .max_age = "86400",
    .fallback_methods = OCORS_METHOD_GET | OCORS_METHOD_HEAD | OCORS_METHOD_POST | OCORS_METHOD_PUT
                        | OCORS_METHOD_PATCH | OCORS_METHOD_DELETE,
    .fallback_extensions = "",
};

/* The document of this name as an image, the caller's to free. */
static void *image_load(const char *name, size_t *size)
{
    const char *folder = getenv("OCORS_VECTORS");
    char path[4096];
    static char text[65536];
    ocors_report_t report;
    ocors_settings_t *settings;
    void *bytes;
    size_t length;
    FILE *file;

    snprintf(path, sizeof(path), "%s/settings/%s", folder != NULL ? folder : TESTS_VECTORS, name);
    file = fopen(path, "rb");
    assert_non_null(file);
    length = fread(text, 1, sizeof(text), file);
    fclose(file);
    ocors_report_init(&report);
    assert_int_equal(ocors_settings_parse(ocors_span_make(text, length), &report, &settings),
                     OCORS_OK);
    assert_int_equal(ocors_image_build(settings, SEED, &bytes, size), OCORS_OK);
    ocors_settings_free(settings);
    ocors_report_free(&report);
    return bytes;
}

typedef struct loaded_policy_t {
    ocors_policy_t policy;
    void *images[OCORS_POLICY_LAYERS_MAX];
} loaded_policy_t;

static void policy_load(struct json_object *row, loaded_policy_t *loaded)
{
    struct json_object *names = vectors_get(row, "settings");

    assert_non_null(names);
    loaded->policy.layer_count = (uint32_t)json_object_array_length(names);
    for (uint32_t i = 0; i < loaded->policy.layer_count; i++) {
        size_t size;

        loaded->images[i] = image_load(json_object_get_string(json_object_array_get_idx(names, i)),
                                       &size);
        assert_true(ocors_image_open(loaded->images[i], size, &loaded->policy.layers[i]));
    }
}

static void policy_free(loaded_policy_t *loaded)
{
    for (uint32_t i = 0; i < loaded->policy.layer_count; i++) {
        free(loaded->images[i]);
    }
}

static ocors_span_t unhex(const char *hex, char *bytes)
{
    size_t length = 0;

    for (; hex[0] != '\0'; hex += 2) {
        const char pair[3] = { hex[0], hex[1], '\0' };

        bytes[length++] = (char)strtoul(pair, NULL, 16);
    }
    return ocors_span_make(bytes, length);
}

/* The origin as the request has it, before a page that cannot be read. */
static ocors_span_t row_origin(struct json_object *row, bool *has_origin)
{
    static char bytes[8192];
    ocors_span_t origin = { NULL, 0 };

    *has_origin = true;
    if (vectors_get(row, "origin_hex") != NULL) {
        origin = unhex(vectors_string(row, "origin_hex"), bytes);
    }
    else if (vectors_get(row, "origin") != NULL) {
        origin = ocors_span_from_string(vectors_string(row, "origin"));
    }
    else {
        *has_origin = false;
    }
    return guarded_copy(origin.bytes != NULL ? origin.bytes : "", origin.length);
}

static ocors_span_t row_span(struct json_object *row, const char *name)
{
    const char *text = vectors_get(row, name) != NULL ? vectors_string(row, name) : "";

    return guarded_copy(text, strlen(text));
}

/* The value of a header; NULL where it is absent; two are a failure. */
static const char *header_find(const ocors_headers_t *headers, const char *name)
{
    const char *value = strcmp(name, "Allow") == 0 ? headers->allow : NULL;

    for (size_t i = 0; i < headers->count; i++) {
        if (strcmp(headers->items[i].name, name) == 0) {
            assert_null(value);
            value = headers->items[i].value;
        }
    }
    return value;
}

static void assert_header(const ocors_headers_t *headers, const char *name, const char *expected)
{
    const char *value = header_find(headers, name);

    if (expected == NULL) {
        assert_null(value);
        return;
    }
    assert_non_null(value);
    assert_string_equal(value, expected);
}

static void check_headers(struct json_object *row, const ocors_decision_t *decision)
{
    const ocors_span_t asked = row_span(row, "request_headers");
    const size_t size = ocors_headers_buffer_size(decision, &defaults, asked);
    char *buffer = malloc(size); /* exactly: a sanitizer sees a byte too many */
    ocors_headers_t headers;
    const bool is_allow = decision->verdict == OCORS_VERDICT_ALLOW;
    const bool is_preflight_allow = decision->verdict == OCORS_VERDICT_PREFLIGHT_ALLOW;
    const bool is_preflight = is_preflight_allow
                              || decision->verdict == OCORS_VERDICT_PREFLIGHT_WITHHOLD;
    const bool is_granting = is_allow || is_preflight_allow;
    const char *methods = is_preflight ? vectors_string(row, "methods") : NULL;
    const char *granted = vectors_get(row, "granted_headers") != NULL
                              ? vectors_string(row, "granted_headers")
                              : NULL;

    assert_non_null(buffer);
    ocors_headers_make(decision, &defaults, asked, buffer, &headers);
    assert_header(&headers, "Access-Control-Allow-Origin",
                  is_granting ? vectors_string(row, "allowed") : NULL);
    assert_header(&headers, "Access-Control-Allow-Credentials", is_granting ? "true" : NULL);
    assert_header(&headers, "Access-Control-Expose-Headers",
                  is_allow ? "location,x-dw-version-status" : NULL);
    assert_header(&headers, "Access-Control-Allow-Methods", is_preflight_allow ? methods : NULL);
    assert_header(&headers, "Access-Control-Max-Age", is_preflight_allow ? "86400" : NULL);
    assert_header(&headers, "Access-Control-Allow-Headers", granted);
    assert_header(&headers, "Allow", methods);
    assert_int_equal(headers.count, (is_granting ? 2 : 0) + (is_allow ? 1 : 0)
                                        + (is_preflight_allow ? 2 : 0) + (granted != NULL ? 1 : 0));
    assert_string_equal(headers.vary, is_preflight ? "Origin, Access-Control-Request-Method, "
                                                     "Access-Control-Request-Headers"
                                                   : "Origin");
    free(buffer);
    guarded_free(asked);
}

static void check_exchange(struct json_object *row)
{
    loaded_policy_t loaded;
    ocors_url_path_t parts;
    ocors_facts_t facts = { .named = { .kind = OCORS_CLIENT_NONE }, .wants_reason = true };
    ocors_decision_t decision;
    const ocors_span_t path = row_span(row, "path");
    char *buffer;

    policy_load(row, &loaded);
    ocors_url_path_parse(path, &parts);
    facts.method = row_span(row, "method");
    facts.origin = row_origin(row, &facts.has_origin);
    facts.request_method = row_span(row, "request_method");
    facts.version = ocors_url_path_split(&parts, &facts.path);
    buffer = malloc(facts.origin.length + 1);
    assert_non_null(buffer);
    ocors_decide(&loaded.policy, 1, &facts, buffer, &decision);
    assert_string_equal(ocors_verdict_name(decision.verdict), vectors_string(row, "verdict"));
    assert_string_equal(ocors_reason_name(decision.reason), vectors_string(row, "reason"));
    if (vectors_get(row, "nearest") != NULL) {
        assert_span_equal(decision.nearest, vectors_string(row, "nearest"));
    }
    check_headers(row, &decision);
    /* Who asks for no reason gets the same verdict. */
    facts.wants_reason = false;
    ocors_decide(&loaded.policy, 1, &facts, buffer, &decision);
    assert_string_equal(ocors_verdict_name(decision.verdict), vectors_string(row, "verdict"));
    assert_true(decision.reason == OCORS_REASON_NONE
                || decision.reason == OCORS_REASON_METHOD_MALFORMED);
    free(buffer);
    guarded_free(facts.method);
    guarded_free(facts.origin);
    guarded_free(facts.request_method);
    guarded_free(path);
    policy_free(&loaded);
}

static void decide_with(const ocors_policy_t *policy, ocors_facts_t *facts, char *buffer,
                        ocors_decision_t *decision)
{
    facts->has_origin = facts->wants_reason = true;
    ocors_decide(policy, 1, facts, buffer, decision);
}

/* A policy that has no documents, because none could be loaded, is not one that has no rules. */
static void test_no_policy_allows_nothing(void **state)
{
    static ocors_policy_t policy = { .layer_count = 0 };
    ocors_facts_t facts = { .method = OCORS_SPAN_LITERAL("POST"),
                            .origin = OCORS_SPAN_LITERAL("http://foo.com") };
    ocors_decision_t decision;
    char buffer[64];

    (void)state;
    decide_with(&policy, &facts, buffer, &decision);
    assert_int_equal(decision.verdict, OCORS_VERDICT_REFUSE);
    assert_int_equal(decision.reason, OCORS_REASON_NO_POLICY);
    facts.method = OCORS_SPAN_LITERAL("GET");
    decide_with(&policy, &facts, buffer, &decision);
    assert_int_equal(decision.verdict, OCORS_VERDICT_WITHHOLD);
    facts.method = OCORS_SPAN_LITERAL("OPTIONS");
    facts.request_method = OCORS_SPAN_LITERAL("POST");
    decide_with(&policy, &facts, buffer, &decision);
    assert_int_equal(decision.verdict, OCORS_VERDICT_PREFLIGHT_WITHHOLD);
    assert_true(decision.has_fallback_methods);
}

/* C5: below a tree, other paths than those of an API are judged by the policies of both; one
 * without documents takes nothing away from the other. */
static void test_either_policy_allows(void **state)
{
    static ocors_policy_t policies[2][2] = { { { .layer_count = 1 }, { .layer_count = 0 } },
                                             { { .layer_count = 0 }, { .layer_count = 1 } } };
    static const char *const origins[] = { "http://foo.com", "http://bar.com" };
    size_t size;
    void *image = image_load("p.json", &size);

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        assert_true(ocors_image_open(image, size, &policies[i][i].layers[0]));
        for (size_t k = 0; k < 2; k++) {
            const ocors_facts_t facts = { .method = OCORS_SPAN_LITERAL("POST"),
                                          .origin = ocors_span_from_string(origins[k]),
                                          .has_origin = true };
            ocors_decision_t decision;
            char buffer[64];

            ocors_decide(policies[i], 2, &facts, buffer, &decision);
            assert_int_equal(decision.verdict, k == 0 ? OCORS_VERDICT_ALLOW : OCORS_VERDICT_REFUSE);
        }
    }
    free(image);
}

/* R12: an ambiguous path allows nothing, whichever policies are at hand. */
static void test_an_ambiguous_path_allows_nothing(void **state)
{
    static ocors_policy_t policy = { .layer_count = 1 };
    static const char *const origins[] = { "http://foo.com",
                                           "http://foo.com https://app.example.com" };
    ocors_decision_t decision;
    char buffer[64];
    size_t size;
    void *image = image_load("p.json", &size);

    (void)state;
    assert_true(ocors_image_open(image, size, &policy.layers[0]));
    for (size_t i = 0; i < sizeof(origins) / sizeof(origins[0]); i++) {
        for (int is_ambiguous = 0; is_ambiguous < 2; is_ambiguous++) {
            ocors_facts_t facts = { .method = OCORS_SPAN_LITERAL("POST"),
                                    .origin = ocors_span_from_string(origins[i]),
                                    .is_path_ambiguous = is_ambiguous };

            decide_with(&policy, &facts, buffer, &decision);
            assert_int_equal(decision.verdict,
                             is_ambiguous ? OCORS_VERDICT_REFUSE : OCORS_VERDICT_ALLOW);
            assert_int_equal(decision.reason,
                             is_ambiguous ? OCORS_REASON_PATH_AMBIGUOUS : OCORS_REASON_NONE);
        }
    }
    free(image);
}

/* R9: what is allowed comes from the policy, not from the request. */
static void test_the_allowed_origin_is_the_configured_one(void **state)
{
    static ocors_policy_t policy = { .layer_count = 1 };
    char origin[] = "http://foo.com https://app.example.com";
    ocors_facts_t facts = { .method = OCORS_SPAN_LITERAL("GET"),
                            .origin = ocors_span_from_string(origin) };
    ocors_decision_t decision;
    char buffer[64];
    size_t size;
    void *image = image_load("p.json", &size);

    (void)state;
    assert_true(ocors_image_open(image, size, &policy.layers[0]));
    decide_with(&policy, &facts, buffer, &decision);
    assert_int_equal(decision.verdict, OCORS_VERDICT_ALLOW);
    memset(origin, 'x', sizeof(origin) - 1);
    assert_span_equal(decision.allowed_origin, "http://foo.com https://app.example.com");
    free(image);
}

/*
 * R13: a damaged image says how many records it likes; what is not there ends the loop over them.
 */
static void test_a_damaged_count_is_no_work(void **state)
{
    static ocors_policy_t policy = { .layer_count = 1 };
    ocors_facts_t facts = { .method = OCORS_SPAN_LITERAL("OPTIONS"),
                            .request_method = OCORS_SPAN_LITERAL("GET"),
                            .path = OCORS_SPAN_LITERAL("/baskets") };
    char buffer[64];
    size_t size;
    void *image = image_load("p.json", &size);
    ocors_image_header_t *header = image;
    void *lists_at = (char *)image + header->lists;
    ocors_image_list_record_t *lists = lists_at;

    (void)state;
    for (uint32_t i = 0; i < header->list_count; i++) {
        lists[i].first_resource = header->resource_count;
        lists[i].resource_count = UINT32_MAX;
    }
    assert_true(ocors_image_open(image, size, &policy.layers[0]));
    alarm(60); /* that many records once take seconds */
    for (int i = 0; i < 100; i++) {
        ocors_decision_t decision;

        facts.origin = i % 2 == 0 ? OCORS_SPAN_LITERAL("https://app.example.com")
                                  : OCORS_SPAN_LITERAL("http://bar.com");
        decide_with(&policy, &facts, buffer, &decision);
        assert_int_equal(decision.verdict, i % 2 == 0 ? OCORS_VERDICT_PREFLIGHT_ALLOW
                                                      : OCORS_VERDICT_PREFLIGHT_WITHHOLD);
        assert_int_equal(decision.methods, 0);
        assert_true(decision.has_fallback_methods);
    }
    alarm(0);
    free(image);
}

/* A document of clients that all list one origin: so many resources of their own, and a common one.
 */
static void *layer_make(unsigned first, unsigned count, unsigned resources, ocors_methods_t common,
                        ocors_image_t *image)
{
    ocors_settings_t *settings = ocors_settings_create();
    ocors_report_t report;
    void *bytes;
    size_t size;

    ocors_report_init(&report);
    for (unsigned client = first; client < first + count; client++) {
        char text[64];
        int length = snprintf(text, sizeof(text), "client-%u", client);

        ocors_settings_begin_client(settings, ocors_span_make(text, (size_t)length), &report, NULL);
        ocors_settings_add_origin(settings, OCORS_SPAN_LITERAL("https://all.example"), &report,
                                  NULL);
        for (unsigned i = 0; i < resources; i++) {
            length = snprintf(text, sizeof(text), "/own/%u/%u", client, i);
            ocors_settings_add_resource(settings, ocors_span_make(text, (size_t)length),
                                        OCORS_METHOD_DELETE, 0, UINT32_MAX, &report, NULL);
        }
        ocors_settings_add_resource(settings, OCORS_SPAN_LITERAL("/common/*"),
                                    client == first ? common : OCORS_METHOD_POST, 0, UINT32_MAX,
                                    &report, NULL);
    }
    assert_int_equal(ocors_image_build(settings, SEED, &bytes, &size), OCORS_OK);
    ocors_settings_free(settings);
    ocors_report_free(&report);
    assert_true(ocors_image_open(bytes, size, image));
    return bytes;
}

/* C4, M1, M2: the methods of the clients in force of a layer with many, and of no other one. */
static void test_many_clients_below_another_layer(void **state)
{
    static const struct {
        unsigned clients, resources, replaces;
        ocors_methods_t methods;
    } rows[] = {
        { 300, 10, 1000, OCORS_METHOD_POST | OCORS_METHOD_PUT | OCORS_METHOD_PATCH },
        { 200, 7, 1000, OCORS_METHOD_POST | OCORS_METHOD_PUT | OCORS_METHOD_PATCH },
        { 400, 7, 0, OCORS_METHOD_POST | OCORS_METHOD_PATCH },
        { 3, 2, 1, OCORS_METHOD_POST | OCORS_METHOD_PUT | OCORS_METHOD_PATCH },
    };
    static ocors_policy_t policy = { .layer_count = 2 };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        void *below = layer_make(0, rows[i].clients, rows[i].resources, OCORS_METHOD_PUT,
                                 &policy.layers[0]);
        void *above = layer_make(rows[i].replaces, 1, 0, OCORS_METHOD_PATCH, &policy.layers[1]);

        for (int is_listed = 0; is_listed < 2; is_listed++) {
            ocors_facts_t facts = { .method = OCORS_SPAN_LITERAL("OPTIONS"),
                                    .request_method = OCORS_SPAN_LITERAL("GET"),
                                    .path = OCORS_SPAN_LITERAL("/common/x"),
                                    .origin = is_listed ? OCORS_SPAN_LITERAL("https://all.example")
                                                        : OCORS_SPAN_LITERAL("https://x.example") };
            ocors_decision_t decision;
            char buffer[64];

            decide_with(&policy, &facts, buffer, &decision);
            assert_int_equal(decision.methods, rows[i].methods);
            assert_false(decision.has_fallback_methods);
        }
        free(below);
        free(above);
    }
}

/* C2: why a request that names a client is refused; of several reasons the first one counts. */
static void test_reasons_of_a_named_client(void **state)
{
    static const struct {
        ocors_naming_t kind;
        const char *id, *origin;
        ocors_reason_t reason;
    } rows[] = {
        { OCORS_CLIENT_NAMED, "A", "https://a.example", OCORS_REASON_NONE },
        { OCORS_CLIENT_NAMED, "A", "https://b.example", OCORS_REASON_OTHER_CLIENT },
        { OCORS_CLIENT_NAMED, "A", "https://nobody.example", OCORS_REASON_NOT_LISTED },
        { OCORS_CLIENT_NAMED, "A", "http://a.example", OCORS_REASON_SCHEME_DIFFERS },
        { OCORS_CLIENT_NAMED, "A", "https://a.example https://b.example",
          OCORS_REASON_LIST_MEMBER },
        { OCORS_CLIENT_NAMED, "X", "https://a.example", OCORS_REASON_UNKNOWN_CLIENT },
        { OCORS_CLIENT_NAMED, "X", "https://a.example https://b.example",
          OCORS_REASON_UNKNOWN_CLIENT },
        { OCORS_CLIENT_AMBIGUOUS, "", "https://a.example", OCORS_REASON_AMBIGUOUS_CLIENT },
        { OCORS_CLIENT_AMBIGUOUS, "", "null", OCORS_REASON_NULL_ORIGIN },
        { OCORS_CLIENT_NONE, "", "https://a.example", OCORS_REASON_NONE },
        { OCORS_CLIENT_NONE, "", "https://nobody.example", OCORS_REASON_NOT_LISTED },
    };
    static ocors_policy_t policy = { .layer_count = 1 };
    size_t size;
    void *image = image_load("tenants.json", &size);

    (void)state;
    assert_true(ocors_image_open(image, size, &policy.layers[0]));
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        ocors_facts_t facts = { .method = OCORS_SPAN_LITERAL("POST"),
                                .origin = ocors_span_from_string(rows[i].origin),
                                .named = { .kind = rows[i].kind,
                                           .id = ocors_span_from_string(rows[i].id) } };
        ocors_decision_t decision;
        char buffer[64];

        decide_with(&policy, &facts, buffer, &decision);
        assert_string_equal(ocors_reason_name(decision.reason), ocors_reason_name(rows[i].reason));
    }
    free(image);
}

/* M2, R6: the patterns of two clients are as many as are tried for one path. A third client's are
 * too many; an origin that a list has twice adds nothing. */
static void test_a_repeated_member_tries_nothing_again(void **state)
{
    static const struct {
        const char *origin;
        bool has_methods;
    } rows[] = {
        { "https://a.example https://b.example", true },
        { "https://a.example https://b.example https://a.example", true },
        { "https://a.example https://b.example https://c.example", false },
    };
    ocors_settings_t *settings = ocors_settings_create();
    ocors_policy_t *policy = calloc(1, sizeof(*policy));
    ocors_report_t report;
    void *bytes;
    size_t size;

    (void)state;
    ocors_report_init(&report);
    for (char client = 'a'; client <= 'c'; client++) {
        char text[64];
        int length = snprintf(text, sizeof(text), "https://%c.example", client);

        ocors_settings_begin_client(settings, ocors_span_make(&client, 1), &report, NULL);
        ocors_settings_add_origin(settings, ocors_span_make(text, (size_t)length), &report, NULL);
        for (unsigned i = 0; i < OCORS_PATH_METHODS_TRIES / 2; i++) {
            length = snprintf(text, sizeof(text), "/many/%c%u*/z", client, i);
            ocors_settings_add_resource(settings, ocors_span_make(text, (size_t)length),
                                        OCORS_METHOD_DELETE, 0, UINT32_MAX, &report, NULL);
        }
    }
    assert_int_equal(ocors_image_build(settings, SEED, &bytes, &size), OCORS_OK);
    policy->layer_count = 1;
    assert_true(ocors_image_open(bytes, size, &policy->layers[0]));
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        ocors_facts_t facts = { .method = OCORS_SPAN_LITERAL("OPTIONS"),
                                .request_method = OCORS_SPAN_LITERAL("GET"),
                                .path = OCORS_SPAN_LITERAL("/many/a7x/z"),
                                .origin = ocors_span_from_string(rows[i].origin) };
        ocors_decision_t decision;
        char buffer[128];

        decide_with(policy, &facts, buffer, &decision);
        assert_int_equal(decision.verdict, OCORS_VERDICT_PREFLIGHT_ALLOW);
        assert_int_equal(decision.methods, rows[i].has_methods ? OCORS_METHOD_DELETE : 0);
        assert_int_equal(decision.has_fallback_methods, !rows[i].has_methods);
    }
    ocors_settings_free(settings);
    ocors_report_free(&report);
    free(policy);
    free(bytes);
}

static void test_every_verdict_and_reason_has_a_name(void **state)
{
    (void)state;
    for (int i = 0; i < OCORS_VERDICT_COUNT; i++) {
        assert_true(ocors_verdict_name((ocors_verdict_t)i)[0] != '\0');
    }
    for (int i = 0; i < OCORS_REASON_COUNT; i++) {
        assert_true(ocors_reason_name((ocors_reason_t)i)[0] != '\0');
    }
    assert_string_equal(ocors_verdict_name(OCORS_VERDICT_COUNT), "");
    assert_string_equal(ocors_reason_name(OCORS_REASON_COUNT), "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_no_policy_allows_nothing),
        cmocka_unit_test(test_either_policy_allows),
        cmocka_unit_test(test_an_ambiguous_path_allows_nothing),
        cmocka_unit_test(test_the_allowed_origin_is_the_configured_one),
        cmocka_unit_test(test_a_damaged_count_is_no_work),
        cmocka_unit_test(test_many_clients_below_another_layer),
        cmocka_unit_test(test_reasons_of_a_named_client),
        cmocka_unit_test(test_a_repeated_member_tries_nothing_again),
        cmocka_unit_test(test_every_verdict_and_reason_has_a_name),
    };

    return cmocka_run_group_tests(tests, NULL, NULL)
           + vectors_run("exchanges.json", 250, NULL, check_exchange);
}
