/* SPDX-License-Identifier: Apache-2.0 */
/* A server's own origins (R10): tests/vectors/own.json. */

#include "ocors_own.h"
#include "vectors.h"

#define NAMES_MAX    8
#define DEFAULT_NAME "example.com"

/* Spans of an array of strings, or of `otherwise` where the row has none; freed by names_free(). */
static size_t names_make(struct json_object *row, const char *member, const char *otherwise,
                         ocors_span_t names[NAMES_MAX])
{
    struct json_object *array = vectors_get(row, member);
    const size_t count = array != NULL       ? json_object_array_length(array)
                         : otherwise != NULL ? 1
                                             : 0;

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

/* A string of a row; where the row has none, `otherwise`, and no bytes at all where that is NULL.
 */
static ocors_span_t row_text(struct json_object *row, const char *member, const char *otherwise)
{
    const char *text = vectors_get(row, member) != NULL ? vectors_string(row, member) : otherwise;

    return text != NULL ? guarded_copy(text, strlen(text)) : ocors_span_make(NULL, 0);
}

static void text_free(ocors_span_t text)
{
    if (text.bytes != NULL) {
        guarded_free(text);
    }
}

static bool row_flag(struct json_object *row, const char *member)
{
    return json_object_get_boolean(vectors_get(row, member));
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

/* As rows have them; the order of ocors_own_miss_t. */
static const char *const misses[] = { "none", "host", "scheme", "port" };

static void check_origin(struct json_object *row)
{
    ocors_span_t names[NAMES_MAX], patterns[NAMES_MAX], listed[NAMES_MAX];
    const ocors_own_names_t configured = {
        .names = names,
        .name_count = names_make(row, "names", DEFAULT_NAME, names),
        .patterns = patterns,
        .pattern_count = names_make(row, "patterns", NULL, patterns),
        .is_https = row_flag(row, "https"),
    };
    const ocors_own_t own = {
        .names = &configured,
        .takes_asked = row_flag(row, "asked"),
        .listed = listed,
        .listed_count = names_make(row, "listed", NULL, listed),
        .asked = row_text(row, "host", DEFAULT_NAME),
        .fetch_site = row_text(row, "fetch_site", NULL),
        .is_tls = row_flag(row, "tls"),
    };
    const ocors_span_t origin = guarded_row(row, "origin");
    const char *miss = vectors_get(row, "miss") != NULL ? vectors_string(row, "miss") : "none";
    const bool is_member = vectors_get(row, "member") != NULL ? row_flag(row, "member")
                                                              : row_is_own(row);

    assert_int_equal(ocors_own_is_own(&own, origin), row_is_own(row));
    assert_int_equal(ocors_own_is_own_member(&own, origin), is_member);
    if (!row_is_own(row)) {
        assert_string_equal(misses[ocors_own_miss(&own, origin)], miss);
    }
    if (row_is_own(row) || strcmp(miss, "none") != 0) {
        assert_true(ocors_own_is_near(&own, origin));
    }
    guarded_free(origin);
    text_free(own.asked);
    text_free(own.fetch_site);
    names_free(names, configured.name_count);
    names_free(patterns, configured.pattern_count);
    names_free(listed, own.listed_count);
}

static void check_pattern(struct json_object *row)
{
    const ocors_span_t pattern = guarded_row(row, "pattern");

    assert_int_equal(ocors_own_pattern_is_usable(pattern), row_is_own(row));
    guarded_free(pattern);
}

/* What a virtual host has, and what it was asked, for the tests below. */
static const ocors_span_t host_names[] = { OCORS_SPAN_INITIALISER("example.com") };
static const ocors_span_t host_patterns[] = { OCORS_SPAN_INITIALISER("*.example.com") };
static const ocors_span_t host_listed[] = { OCORS_SPAN_INITIALISER("https://shop.example") };

static const ocors_own_names_t host_configured = {
    .names = host_names,
    .name_count = 1,
    .patterns = host_patterns,
    .pattern_count = 1,
};

static ocors_own_t host_asked(const char *asked)
{
    return (ocors_own_t){
        .names = &host_configured,
        .listed = host_listed,
        .listed_count = 1,
        .asked = ocors_span_from_string(asked),
    };
}

/* Any single byte of an own origin, changed: it is not own any more. */
static void every_byte_counts(void **state)
{
    static const char *const origins[] = { "http://example.com", "http://example.com:8080",
                                           "https://shop.example" };
    static const char *const asked[] = { "example.com", "example.com:8080", "example.com" };

    (void)state;
    for (size_t i = 0; i < sizeof(origins) / sizeof(origins[0]); i++) {
        const size_t length = strlen(origins[i]);
        const ocors_own_t host = host_asked(asked[i]);

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
    const ocors_own_t host = host_asked("www.example.com:8080");

    (void)state;
    for (size_t length = 0; length < sizeof(text); length++) {
        const ocors_span_t origin = guarded_copy(text, length);

        assert_int_equal(ocors_own_is_own(&host, origin), length == sizeof(text) - 1);
        assert_true(length < sizeof(text) - 1 || ocors_own_is_near(&host, origin));
        guarded_free(origin);
    }
}

/* The same of what was asked: every byte of Host and of Sec-Fetch-Site, and every cut. */
static void every_asked_byte_counts(void **state)
{
    static const char asked[] = "example.com:8080", site[] = "same-origin";
    ocors_own_t own = host_asked(NULL);

    (void)state;
    for (size_t at = 0; at < sizeof(asked) - 1; at++) {
        for (int byte = 0; byte < 256; byte++) {
            const bool is_same = ocors_ascii_lower((char)byte) == asked[at];

            own.asked = guarded_copy(asked, sizeof(asked) - 1);
            ((char *)(uintptr_t)own.asked.bytes)[at] = (char)byte;
            assert_int_equal(ocors_own_is_own(&own, OCORS_SPAN_LITERAL("http://example.com:8080")),
                             is_same);
            guarded_free(own.asked);
        }
        own.asked = guarded_copy(asked, at);
        assert_false(ocors_own_is_own(&own, OCORS_SPAN_LITERAL("http://example.com:8080")));
        guarded_free(own.asked);
    }
    own.asked = OCORS_SPAN_LITERAL("example.com");
    for (size_t at = 0; at < sizeof(site) - 1; at++) {
        for (int byte = 0; byte < 256; byte++) {
            own.fetch_site = guarded_copy(site, sizeof(site) - 1);
            ((char *)(uintptr_t)own.fetch_site.bytes)[at] = (char)byte;
            assert_int_equal(ocors_own_is_own(&own, OCORS_SPAN_LITERAL("null")),
                             (char)byte == site[at]);
            guarded_free(own.fetch_site);
        }
    }
}

/* Long values are read in time linear in their length, and are not own. */
static void long_values(void **state)
{
    static char origin[100000];
    const ocors_span_t whole = ocors_span_make(origin, sizeof(origin));
    ocors_own_t own = host_asked("x.example.com");

    (void)state;
    for (int i = 0; i < 2; i++) {
        memset(origin, 'a', sizeof(origin));
        memcpy(origin, "http://", 7);
        assert_false(ocors_own_is_own(&own, whole));
        memcpy(origin + sizeof(origin) - 12, ".example.com", 12);
        assert_false(ocors_own_is_own(&own, whole));
        memcpy(origin + 7, "x.example.com", 13);
        assert_true(ocors_own_is_own(&own, ocors_span_make(origin, 20)));
        memset(origin + 7, '[', sizeof(origin) - 7);
        assert_false(ocors_own_is_own(&own, whole));
        memset(origin, ':', sizeof(origin));
        assert_false(ocors_own_is_own(&own, whole));
        own.fetch_site = OCORS_SPAN_LITERAL("same-origin");
    }
    memset(origin, 'a', sizeof(origin));
    own.asked = whole;
    assert_false(ocors_own_is_own(&own, OCORS_SPAN_LITERAL("null")));
    own.takes_asked = true;
    assert_false(ocors_own_is_own(&own, OCORS_SPAN_LITERAL("null")));
    own.asked = ocors_span_make(origin, 20);
    assert_true(ocors_own_is_own(&own, OCORS_SPAN_LITERAL("null")));
    own.fetch_site = whole;
    assert_false(ocors_own_is_own(&own, OCORS_SPAN_LITERAL("null")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_byte_counts),
        cmocka_unit_test(every_prefix),
        cmocka_unit_test(every_asked_byte_counts),
        cmocka_unit_test(long_values),
    };

    return cmocka_run_group_tests(tests, NULL, NULL)
           + vectors_run("own.json", 235, row_is_origin, check_origin)
           + vectors_run("own.json", 12, row_is_pattern, check_pattern)
           + vectors_run_twins("own.json", row_is_refused);
}
