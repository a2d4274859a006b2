/* SPDX-License-Identifier: Apache-2.0 */
/* Who asks: tests/vectors/clients.json, which the live tests read too, and what no row can hold. */

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "ocors_base64.h"
#include "ocors_image_build.h"
#include "ocors_client.h"
#include "ocors_settings_parse.h"
#include "vectors.h"

#ifndef TESTS_VECTORS
#define TESTS_VECTORS "tests/vectors"
#endif

#define SEED          UINT64_C(42)
#define SOURCES_MAX   4
#define DEFAULT_ORDER "bearer:iss", "query:client_id", "header:x-dw-client-id"

static ocors_policy_t tenants;
static void *tenants_image;

/* An image of the document, the caller's to free. */
static void *image_make(ocors_span_t text, ocors_image_t *image)
{
    ocors_report_t report;
    ocors_settings_t *settings;
    void *bytes;
    size_t size;

    ocors_report_init(&report);
    if (ocors_settings_parse(text, &report, &settings) != OCORS_OK
        || ocors_image_build(settings, SEED, &bytes, &size) != OCORS_OK
        || !ocors_image_open(bytes, size, image)) {
        exit(99);
    }
    ocors_settings_free(settings);
    ocors_report_free(&report);
    return bytes;
}

static void tenants_load(void)
{
    const char *folder = getenv("OCORS_VECTORS");
    char path[4096];
    char text[65536];
    size_t length;
    FILE *file;

    snprintf(path, sizeof(path), "%s/settings/tenants.json",
             folder != NULL ? folder : TESTS_VECTORS);
    file = fopen(path, "rb");
    if (file == NULL) {
        perror(path);
        exit(99);
    }
    length = fread(text, 1, sizeof(text), file);
    fclose(file);
    tenants_image = image_make(ocors_span_make(text, length), &tenants.layers[0]);
    tenants.layer_count = 1;
}

/* A run of bytes that grows; the test's own, malloc'd. */
typedef struct bytes_t {
    char *at;
    size_t length, room;
} bytes_t;

static void bytes_add(bytes_t *bytes, const char *more, size_t length)
{
    if (bytes->length + length >= bytes->room) {
        bytes->room = 2 * (bytes->length + length) + 64;
        bytes->at = realloc(bytes->at, bytes->room);
        assert_non_null(bytes->at);
    }
    if (length > 0) {
        memcpy(bytes->at + bytes->length, more, length);
    }
    bytes->length += length;
}

static void bytes_add_base64(bytes_t *bytes, ocors_span_t text, const char *encoding)
{
    static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    const char *last = strncmp(encoding, "base64url", 9) == 0 ? "-_" : "+/";
    const bool is_padded = strstr(encoding, "-padded") != NULL;

    for (size_t i = 0; i < text.length; i += 3) {
        const size_t left = text.length - i;
        unsigned group = (unsigned)(unsigned char)text.bytes[i] << 16;
        char four[4];

        group |= left > 1 ? (unsigned)(unsigned char)text.bytes[i + 1] << 8 : 0;
        group |= left > 2 ? (unsigned)(unsigned char)text.bytes[i + 2] : 0;
        for (size_t k = 0; k < 4; k++) {
            const unsigned value = group >> (18 - 6 * k) & 63;

            four[k] = k > left ? '=' : value < 62 ? alphabet[value] : last[value - 62];
        }
        bytes_add(bytes, four, left > 2 || is_padded ? 4 : left + 1);
    }
}

/* The value of Authorization for a payload: PATTERN with its "{payload}" replaced. */
static ocors_span_t authorization_make(const char *pattern, ocors_span_t payload,
                                       const char *encoding)
{
    const char *mark = strstr(pattern, "{payload}");
    bytes_t bytes = { .at = NULL };
    ocors_span_t value;

    bytes_add(&bytes, pattern, mark != NULL ? (size_t)(mark - pattern) : strlen(pattern));
    if (mark != NULL) {
        bytes_add_base64(&bytes, payload, encoding);
        bytes_add(&bytes, mark + 9, strlen(mark + 9));
    }
    value = guarded_copy(bytes.at, bytes.length);
    free(bytes.at);
    return value;
}

static const char *row_text(struct json_object *row, const char *name, const char *otherwise)
{
    return vectors_get(row, name) != NULL ? vectors_string(row, name) : otherwise;
}

static bool row_has_payload(struct json_object *row)
{
    return vectors_get(row, "payload") != NULL || vectors_get(row, "payload_text") != NULL
           || vectors_get(row, "payload_hex") != NULL;
}

static size_t unhex(const char *hex, char *bytes)
{
    size_t length = 0;

    for (; hex[0] != '\0'; hex += 2) {
        const char pair[3] = { hex[0], hex[1], '\0' };

        bytes[length++] = (char)strtoul(pair, NULL, 16);
    }
    return length;
}

static ocors_span_t row_authorization(struct json_object *row)
{
    const char *pattern = row_text(
        row, "authorization",
        row_has_payload(row) ? "Bearer eyJhbGciOiJIUzI1NiJ9.{payload}.c2ln" : "");
    const char *text;
    char bytes[4096];
    ocors_span_t payload;

    if (vectors_get(row, "payload_hex") != NULL) {
        payload = ocors_span_make(bytes, unhex(vectors_string(row, "payload_hex"), bytes));
    }
    else {
        text = vectors_get(row, "payload") != NULL ? json_object_to_json_string_ext(
                   vectors_get(row, "payload"), JSON_C_TO_STRING_PLAIN)
                                                   : row_text(row, "payload_text", "");
        payload = ocors_span_from_string(text);
    }
    return authorization_make(pattern, payload, row_text(row, "encoding", "base64url"));
}

static ocors_source_t source_make(const char *text, ocors_span_t authorization, ocors_span_t query,
                                  ocors_span_t header)
{
    const char *colon = strchr(text, ':');
    ocors_source_t source = { .kind = text[0] == 'b'   ? OCORS_SOURCE_BEARER
                                      : text[0] == 'q' ? OCORS_SOURCE_QUERY
                                                       : OCORS_SOURCE_HEADER };

    assert_non_null(colon);
    source.name = ocors_span_from_string(colon + 1);
    source.value = source.kind == OCORS_SOURCE_BEARER  ? authorization
                   : source.kind == OCORS_SOURCE_QUERY ? query
                                                       : header;
    return source;
}

static bool id_is_known(ocors_span_t id)
{
    ocors_policy_client_t client;

    return ocors_policy_find_client(&tenants, id, &client);
}

/*
 * Asks with room for not a byte more than ocors_client_room() says, where a sanitizer or valgrind
 * sees one too many, and gives the claim with its id copied: the caller's to free.
 */
static ocors_named_client_t identify(const ocors_source_t *sources, size_t count)
{
    const size_t size = ocors_client_room(sources, count);
    char *room = malloc(size);
    ocors_named_client_t claim;
    char *copy;

    assert_non_null(room);
    memset(room, 'A', size); /* which is an id that is known */
    claim = ocors_client_identify(&tenants, 1, sources, count, room);
    copy = malloc(claim.id.length + 1);
    assert_non_null(copy);
    if (claim.kind == OCORS_CLIENT_NAMED) {
        assert_true(claim.id.length > 0);
        memcpy(copy, claim.id.bytes, claim.id.length);
    }
    else {
        claim.id.length = 0;
    }
    claim.id.bytes = copy;
    free(room);
    return claim;
}

static void claim_free(ocors_named_client_t claim)
{
    free((void *)(uintptr_t)claim.id.bytes);
}

/* The claim of a bearer token alone, whose payload is this. */
static ocors_named_client_t identify_payload(ocors_span_t payload)
{
    const ocors_span_t value = authorization_make("Bearer h.{payload}.s", payload, "base64url");
    const ocors_source_t source = source_make("bearer:iss", value, value, value);
    const ocors_named_client_t claim = identify(&source, 1);

    guarded_free(value);
    return claim;
}

static void check_client(struct json_object *row)
{
    static const char *const default_order[] = { DEFAULT_ORDER };
    static const char *const kinds[] = { "none", "named", "ambiguous" };
    struct json_object *order = vectors_get(row, "order");
    const size_t count = order != NULL ? json_object_array_length(order) : 3;
    const ocors_span_t authorization = row_authorization(row);
    const char *texts[] = { row_text(row, "query", ""), row_text(row, "header", "") };
    const ocors_span_t query = guarded_copy(texts[0], strlen(texts[0]));
    const ocors_span_t header = guarded_copy(texts[1], strlen(texts[1]));
    ocors_source_t sources[SOURCES_MAX];
    ocors_named_client_t claim;

    assert_true(count <= SOURCES_MAX);
    for (size_t i = 0; i < count; i++) {
        sources[i] = source_make(order != NULL
                                     ? json_object_get_string(json_object_array_get_idx(order, i))
                                     : default_order[i],
                                 authorization, query, header);
    }
    claim = identify(sources, count);
    assert_string_equal(kinds[claim.kind], vectors_string(row, "claim"));
    if (vectors_get(row, "id_hex") != NULL) {
        char bytes[256];
        const size_t length = unhex(vectors_string(row, "id_hex"), bytes);

        assert_true(ocors_span_is_equal(claim.id, ocors_span_make(bytes, length)));
    }
    else if (claim.kind == OCORS_CLIENT_NAMED) {
        assert_span_equal(claim.id, vectors_string(row, "id"));
    }
    claim_free(claim);
    guarded_free(authorization);
    guarded_free(query);
    guarded_free(header);
}

/* A row of which a request gets less than from one that names a client. */
static bool row_is_refused(struct json_object *row)
{
    struct json_object *id = vectors_get(row, "id");

    return id == NULL || !id_is_known(ocors_span_from_string(json_object_get_string(id)));
}

static const char token_of_all_kinds[] =
    "{\"_v\":\"1\",\"a\":[1,-2.5e3,true,null,{\"iss\":\"B\"}],\"x\\\"\\u0041\":\"\\\\\\/\\ud83d\","
    "\"iss\":\"slas\\/prod\",\"sub\":\"cc-slas::o::scid:A::usid:1\"}";

/* C1: what is cut anywhere names nobody, or one that is known; it never reads on. */
static void every_prefix_of_a_token(void **state)
{
    const ocors_span_t payload = OCORS_SPAN_LITERAL(token_of_all_kinds);
    const ocors_span_t whole = authorization_make("Bearer h.{payload}.s", payload, "base64url");

    (void)state;
    for (size_t length = 0; length <= whole.length; length++) {
        const ocors_span_t value = guarded_copy(whole.bytes, length);
        const ocors_source_t source = source_make("bearer:iss", value, value, value);
        const ocors_named_client_t claim = identify(&source, 1);

        assert_true(claim.kind == OCORS_CLIENT_NONE || id_is_known(claim.id));
        assert_true(claim.kind == OCORS_CLIENT_NAMED || length + 2 < whole.length);
        claim_free(claim);
        guarded_free(value);
    }
    guarded_free(whole);
}

/* C1: whatever byte stands in a payload, nobody is named who is not known. */
static void every_byte_of_a_payload(void **state)
{
    char payload[sizeof(token_of_all_kinds)];
    size_t named = 0;

    (void)state;
    for (size_t at = 0; at < sizeof(payload) - 1; at++) {
        for (int byte = 0; byte < 256; byte++) {
            memcpy(payload, token_of_all_kinds, sizeof(payload));
            payload[at] = (char)byte;
            const ocors_named_client_t claim = identify_payload(
                ocors_span_make(payload, sizeof(payload) - 1));

            assert_true(claim.kind == OCORS_CLIENT_NONE || id_is_known(claim.id));
            named += claim.kind == OCORS_CLIENT_NAMED;
            claim_free(claim);
        }
    }
    assert_true(named > sizeof(payload));
}

/* C1: likewise every byte of the header's value, the token's own dots and letters included. */
static void every_byte_of_a_value(void **state)
{
    const ocors_span_t payload = OCORS_SPAN_LITERAL("{\"iss\":\"A\"}");
    const ocors_span_t whole = authorization_make("Bearer h.{payload}.s", payload, "base64url");

    (void)state;
    for (size_t at = 0; at < whole.length; at++) {
        for (int byte = 0; byte < 256; byte++) {
            const ocors_span_t value = guarded_copy(whole.bytes, whole.length);
            ((char *)(uintptr_t)value.bytes)[at] = (char)byte;
            const ocors_source_t source = source_make("bearer:iss", value, value, value);
            const ocors_named_client_t claim = identify(&source, 1);

            assert_true(claim.kind == OCORS_CLIENT_NONE || id_is_known(claim.id));
            claim_free(claim);
            guarded_free(value);
        }
    }
    guarded_free(whole);
}

typedef struct hostile_t {
    const char *name;
    const char *head, *again, *tail; /* the payload: `again` many times between them */
    bool names_a;                    /* however often */
    size_t most; /* so often it names A all the same, and no more often (R13); 0: there is no such
                    limit */
} hostile_t;

static const hostile_t hostile[] = {
    { "deep arrays", "{\"a\":", "[", "", false, 0 },
    { "deep objects", "", "{\"a\":", "", false, 0 },
    { "objects named iss", "", "{\"iss\":", "", false, 0 },
    { "closing brackets", "{\"a\":", "]", "", false, 0 },
    { "closing braces", "{\"a\":1", "}", "", false, 0 },
    { "blanks", "{", " ", "\"iss\":\"A\"}", false, 8129 },
    { "members", "{", "\"iss\":\"B\",", "\"iss\":\"A\"}", false, 127 },
    { "members that escape", "{", "\"\\u0069ss\":\"\\u0042\",", "\"iss\":\"A\"}", false, 50 },
    { "members that are broken off", "{", "\"iss\":\"aaaaaaaaaaaaaaaa\\x\",", "\"iss\":\"A\"}",
      false, 84 },
    { "names of escapes", "{", "\"\\u0061\":1,", "\"iss\":\"A\"}", false, 63 },
    { "names beyond ASCII", "{", "\"\303\251\":1,", "\"iss\":\"A\"}", false, 63 },
    { "subs", "{", "\"sub\":\"::scid:X\",", "\"sub\":\"::scid:A\"}", false, 127 },
    { "elements", "{\"a\":[", "1,", "1],\"iss\":\"A\"}", false, 251 },
    { "elements after a blank", "{\"a\":[", "1, ", "1],\"iss\":\"A\"}", false, 251 },
    { "elements after two blanks", "{\"a\":[", "1,\t ", "1],\"iss\":\"A\"}", false, 125 },
    { "elements beyond ASCII", "{\"a\":[", "\"\303\251\",", "1],\"iss\":\"A\"}", false, 125 },
    { "fractions", "{\"a\":[", "1.5,", "1],\"iss\":\"A\"}", false, 125 },
    { "exponents", "{\"a\":[", "1E5,", "1],\"iss\":\"A\"}", false, 125 },
    { "members of members", "{\"a\":{", "\"b\":[],", "\"c\":{}},\"iss\":\"A\"}", false, 125 },
    { "members of members that escape", "{\"a\":{", "\"\\u0062\":1,", "\"c\":{}},\"iss\":\"A\"}",
      false, 83 },
    { "elements of elements", "{\"iss\":\"A\",\"a\":[", "[1],", "[]]}", false, 125 },
    { "a long name", "{\"", "a", "\":1,\"iss\":\"A\"}", true, 0 },
    { "a long name of escapes", "{\"", "\\u0061", "\":1,\"iss\":\"A\"}", false, 671 },
    { "a long string", "{\"a\":\"", "a", "\",\"iss\":\"A\"}", true, 0 },
    { "a long string of escapes", "{\"a\":\"", "\\\"", "\",\"iss\":\"A\"}", false, 4031 },
    { "a long number", "{\"a\":", "9", ",\"iss\":\"A\"}", true, 0 },
    { "a long iss", "{\"iss\":\"", "A", "\"}", false, 0 },
    { "a long iss of escapes", "{\"iss\":\"", "\\u0041", "\"}", false, 0 },
    { "a long sub", "{\"sub\":\"", "::scid", "::scid:A\"}", false, 169 },
    { "a sub of colons", "{\"sub\":\"", "::", "scid:A\"}", false, 509 },
    { "a string without end", "{\"iss\":\"", "a", "", false, 0 },
    { "backslashes", "{\"iss\":\"", "\\", "", false, 0 },
    { "quotes", "", "\"", "", false, 0 },
    { "colons", "{", ":", "", false, 0 },
};

/* Whether a token with so many of them names A; it names nobody else. */
static bool hostile_names_a(const hostile_t *row, size_t times)
{
    bytes_t bytes = { .at = NULL };
    ocors_named_client_t claim;

    bytes_add(&bytes, row->head, strlen(row->head));
    for (size_t i = 0; i < times; i++) {
        bytes_add(&bytes, row->again, strlen(row->again));
    }
    bytes_add(&bytes, row->tail, strlen(row->tail));
    claim = identify_payload(ocors_span_make(bytes.at, bytes.length));
    if (claim.kind == OCORS_CLIENT_NAMED) {
        assert_span_equal(claim.id, "A");
    }
    claim_free(claim);
    free(bytes.at);
    return claim.kind == OCORS_CLIENT_NAMED;
}

/* C1: "any size up to httpd's limits, any JSON; bounded work, no recursion without a limit"; R13 */
static void hostile_payloads(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(hostile) / sizeof(hostile[0]); i++) {
        const hostile_t *row = &hostile[i];

        /* far beyond any header; a recursion would not come back */
        if (hostile_names_a(row, 200000) != row->names_a) {
            fail_msg("%s: 200000 of them", row->name);
        }
        if (row->most > 0 && !hostile_names_a(row, row->most)) {
            fail_msg("%s: as many as are read", row->name);
        }
        if (row->most > 0 && hostile_names_a(row, row->most + 1)) {
            fail_msg("%s: more than are read", row->name);
        }
    }
}

/* C1, C2: a query of nothing but separators, and one of many parameters. */
static void long_queries(void **state)
{
    static const hostile_t queries[] = {
        { "separators", "", "&", "client_id=A", true, 0 },
        { "the same", "client_id=A", "&client%5Fid=%41", "", true, 0 },
        { "empty ones", "client_id=A", "&client_id=", "", true, 0 },
        { "percent signs", "x=", "%", "&client_id=A", true, 0 },
        { "another at the end", "client_id=A", "&client_id=A", "&client_id=B", false, 0 },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(queries) / sizeof(queries[0]); i++) {
        bytes_t bytes = { .at = NULL };

        bytes_add(&bytes, queries[i].head, strlen(queries[i].head));
        for (size_t k = 0; k < 20000; k++) {
            bytes_add(&bytes, queries[i].again, strlen(queries[i].again));
        }
        bytes_add(&bytes, queries[i].tail, strlen(queries[i].tail));
        const ocors_span_t value = guarded_copy(bytes.at, bytes.length);
        const ocors_source_t source = source_make("query:client_id", value, value, value);
        const ocors_named_client_t claim = identify(&source, 1);

        assert_int_equal(claim.kind,
                         queries[i].names_a ? OCORS_CLIENT_NAMED : OCORS_CLIENT_AMBIGUOUS);
        if (queries[i].names_a) {
            assert_span_equal(claim.id, "A");
        }
        claim_free(claim);
        guarded_free(value);
        free(bytes.at);
    }
}

/* C5: below /dw/batch a client counts as known that either of the policies has. */
static void any_of_several_policies_knows(void **state)
{
    static const char *const documents[] = {
        "{\"clients\":[{\"client_id\":\"shop\"}]}",
        "{\"clients\":[{\"client_id\":\"data\"}]}",
    };
    static const struct {
        const char *payload;
        size_t policies;
        const char *id;
    } rows[] = {
        { "{\"iss\":\"shop\"}", 2, "shop" },   { "{\"iss\":\"data\"}", 2, "data" },
        { "{\"iss\":\"other\"}", 2, "query" }, { "{\"iss\":\"shop\"}", 1, "shop" },
        { "{\"iss\":\"data\"}", 1, "query" },  { "{\"iss\":\"shop\"}", 0, "query" },
    };
    static ocors_policy_t policies[2];
    void *images[2];

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        images[i] = image_make(ocors_span_from_string(documents[i]), &policies[i].layers[0]);
        policies[i].layer_count = 1;
    }
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const ocors_span_t value = authorization_make(
            "Bearer h.{payload}.s", ocors_span_from_string(rows[i].payload), "base64url");
        const ocors_span_t query = OCORS_SPAN_LITERAL("client_id=query");
        const ocors_source_t sources[] = { source_make("bearer:iss", value, query, query),
                                           source_make("query:client_id", value, query, query) };
        char *room = malloc(ocors_client_room(sources, 2));
        const ocors_named_client_t claim = ocors_client_identify(policies, rows[i].policies,
                                                                 sources, 2, room);

        assert_int_equal(claim.kind, OCORS_CLIENT_NAMED);
        assert_span_equal(claim.id, rows[i].id);
        free(room);
        guarded_free(value);
    }
    free(images[0]);
    free(images[1]);
}

/* C3: no sources at all, and sources that are absent. */
static void nobody_is_asked(void **state)
{
    const ocors_span_t absent = { NULL, 0 };
    const ocors_source_t sources[] = { source_make("bearer:iss", absent, absent, absent),
                                       source_make("query:client_id", absent, absent, absent),
                                       source_make("header:x-dw-client-id", absent, absent,
                                                   absent) };
    ocors_named_client_t claim;

    (void)state;
    for (size_t count = 0; count <= 3; count++) {
        claim = identify(sources, count);
        assert_int_equal(claim.kind, OCORS_CLIENT_NONE);
        claim_free(claim);
    }
}

/* S7: padding is as long as it has to be, or left out, and takes no byte of the text with it. */
static void padding(void **state)
{
    static const struct {
        const char *text, *decoded;
    } rows[] = {
        { "QUJD", "ABC" }, { "QUI=", "AB" }, { "QQ==", "A" }, { "QUI", "AB" }, { "QQ", "A" }
    };
    static const char *const refused[] = { "QQ=", "QUI==", "QQ===", "Q", "=" };
    char buffer[16];
    ocors_span_t decoded;

    (void)state;
    for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
        assert_false(ocors_base64_decode(ocors_span_from_string(refused[i]), buffer, &decoded));
    }
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        memset(buffer, 'x', sizeof(buffer));
        assert_true(ocors_base64_decode(ocors_span_from_string(rows[i].text), buffer, &decoded));
        assert_span_equal(decoded, rows[i].decoded);
        for (size_t at = decoded.length + 1; at < sizeof(buffer); at++) { /* one byte at most */
            assert_int_equal(buffer[at], 'x');
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(padding),
        cmocka_unit_test(every_prefix_of_a_token),
        cmocka_unit_test(every_byte_of_a_payload),
        cmocka_unit_test(every_byte_of_a_value),
        cmocka_unit_test(hostile_payloads),
        cmocka_unit_test(long_queries),
        cmocka_unit_test(any_of_several_policies_knows),
        cmocka_unit_test(nobody_is_asked),
    };
    int failed;

    alarm(300); /* work without end is a failure, not a hang */
    tenants_load();
    failed = cmocka_run_group_tests(tests, NULL, NULL)
             + vectors_run("clients.json", 250, NULL, check_client)
             + vectors_run_twins("clients.json", row_is_refused);
    free(tenants_image);
    return failed;
}
