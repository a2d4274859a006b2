/* SPDX-License-Identifier: Apache-2.0 */
/* A server's own origins (R10): tests/vectors/own.json. */

#include "ocors_own.h"
#include "vectors.h"

#define NAMES_MAX 8
#define DEFAULT_NAME "example.com"

/* Spans of an array of strings, or of `otherwise` where the row has none; freed by names_free(). */
static size_t names_make(struct json_object *row, const char *member, const char *otherwise,
                         ocors_span_t names[NAMES_MAX])
{
    struct json_object *array = vectors_get(row, member);
    const size_t count = array != NULL ? json_object_array_length(array) : otherwise != NULL ? 1 : 0;

    assert_true(count <= NAMES_MAX);
    for (size_t i = 0; i < count; i++) {
        const char *name = array != NULL
                               ? json_object_get_string(json_object_array_get_idx(array, i))
                               : otherwise;

        names[i] = guarded_copy(name, strlen(name));
    }
    return count;
}

static void names_free(const ocors_span_t *names, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        guarded_free(names[i]);
    }
}

static uint16_t row_port(struct json_object *row, const char *name)
{
    struct json_object *value = vectors_get(row, name);

    return value != NULL ? (uint16_t)json_object_get_int(value) : 0;
}

static bool row_is_pattern(struct json_object *row)
{
    return vectors_get(row, "pattern") != NULL;
}

static bool row_is_origin(struct json_object *row)
{
    return !row_is_pattern(row);
}

static bool row_is_own(struct json_object *row)
{
    assert_true(json_object_is_type(vectors_get(row, "own"), json_type_boolean));
    return json_object_get_boolean(vectors_get(row, "own"));
}

static bool row_is_refused(struct json_object *row)
{
    return !json_object_get_boolean(vectors_get(row, "own"));
}

static void check_origin(struct json_object *row)
{
    ocors_span_t names[NAMES_MAX], patterns[NAMES_MAX], listed[NAMES_MAX];
    const char *scheme = vectors_get(row, "scheme") != NULL ? vectors_string(row, "scheme") : "";
    ocors_own_t own = {
        .names = names,
        .name_count = names_make(row, "names", DEFAULT_NAME, names),
        .patterns = patterns,
        .pattern_count = names_make(row, "patterns", NULL, patterns),
        .listed = listed,
        .listed_count = names_make(row, "listed", NULL, listed),
        .scheme = guarded_copy(scheme, strlen(scheme)),
        .port = row_port(row, "port"),
        .is_tls = json_object_get_boolean(vectors_get(row, "tls")),
        .local_port = row_port(row, "local_port"),
    };
    const ocors_span_t origin = guarded_row(row, "origin");

    assert_int_equal(ocors_own_is_own(&own, origin), row_is_own(row));
    guarded_free(origin);
    guarded_free(own.scheme);
    names_free(names, own.name_count);
    names_free(patterns, own.pattern_count);
    names_free(listed, own.listed_count);
}

static void check_pattern(struct json_object *row)
{
    const ocors_span_t pattern = guarded_row(row, "pattern");

    assert_int_equal(ocors_own_pattern_is_usable(pattern), row_is_own(row));
    guarded_free(pattern);
}

/* What a virtual host has, for the tests below. */
static const ocors_span_t host_names[] = { OCORS_SPAN_INITIALISER("example.com") };
static const ocors_span_t host_patterns[] = { OCORS_SPAN_INITIALISER("*.example.com") };
static const ocors_span_t host_listed[] = { OCORS_SPAN_INITIALISER("https://shop.example") };

static const ocors_own_t host = {
    .names = host_names,
    .name_count = 1,
    .patterns = host_patterns,
    .pattern_count = 1,
    .listed = host_listed,
    .listed_count = 1,
    .local_port = 8080,
};

/* Any single byte of an own origin, changed: what a pattern does not match is not own any more. */
static void every_byte_counts(void **state)
{
    static const char *const origins[] = { "http://example.com", "http://example.com:8080",
                                           "https://shop.example" };

    (void)state;
    for (size_t i = 0; i < sizeof(origins) / sizeof(origins[0]); i++) {
        const size_t length = strlen(origins[i]);

        for (size_t at = 0; at < length; at++) {
            for (int byte = 0; byte < 256; byte++) {
                const ocors_span_t origin = guarded_copy(origins[i], length);

                ((char *)(uintptr_t)origin.bytes)[at] = (char)byte;
                assert_int_equal(ocors_own_is_own(&host, origin), origins[i][at] == (char)byte);
                guarded_free(origin);
            }
        }
    }
}

/* Cut anywhere, and read at the edge of memory. */
static void every_prefix(void **state)
{
    static const char text[] = "http://www.example.com:8080";

    (void)state;
    for (size_t length = 0; length < sizeof(text); length++) {
        const ocors_span_t origin = guarded_copy(text, length);
        const bool is_whole = length == sizeof(text) - 1 || length == sizeof(text) - 6;

        assert_int_equal(ocors_own_is_own(&host, origin), is_whole);
        guarded_free(origin);
    }
}

/* "Linear in names and origin": what is long is looked at, and is not own. */
static void long_origins(void **state)
{
    static char origin[100000];

    (void)state;
    memset(origin, 'a', sizeof(origin));
    memcpy(origin, "http://", 7);
    assert_false(ocors_own_is_own(&host, ocors_span_make(origin, sizeof(origin))));
    memcpy(origin + sizeof(origin) - 12, ".example.com", 12);
    assert_false(ocors_own_is_own(&host, ocors_span_make(origin, sizeof(origin))));
    memcpy(origin + 8, "x.example.com", 13);
    assert_true(ocors_own_is_own(&host, ocors_span_make(origin, 21)));
    memset(origin + 7, '[', sizeof(origin) - 7);
    assert_false(ocors_own_is_own(&host, ocors_span_make(origin, sizeof(origin))));
    memset(origin, ':', sizeof(origin));
    assert_false(ocors_own_is_own(&host, ocors_span_make(origin, sizeof(origin))));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_byte_counts),
        cmocka_unit_test(every_prefix),
        cmocka_unit_test(long_origins),
    };

    return cmocka_run_group_tests(tests, NULL, NULL)
           + vectors_run("own.json", 130, row_is_origin, check_origin)
           + vectors_run("own.json", 12, row_is_pattern, check_pattern)
           + vectors_run_twins("own.json", row_is_refused);
}
