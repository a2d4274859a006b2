/* SPDX-License-Identifier: Apache-2.0 */
/* Resource patterns: the rows of resources.json, and what no row can hold. */
#include "vectors.h"

#include <stdlib.h>
#include <string.h>

#include "ocors_resource.h"

static bool is_refused(struct json_object *row)
{
    return vectors_get(row, "pattern") == NULL;
}

/* Holds every path of a list against the pattern, both at the edge of memory. */
static void check_matches(struct json_object *paths, ocors_span_t pattern, bool expected)
{
    for (size_t i = 0; i < json_object_array_length(paths); i++) {
        const char *path = json_object_get_string(json_object_array_get_idx(paths, i));
        ocors_span_t copy = guarded_copy(path, strlen(path));
        ocors_segments_t segments;

        assert_true(ocors_resource_path_split(copy, &segments));
        if (ocors_resource_is_match(pattern, &segments) != expected) {
            fail_msg("\"%.*s\" %s \"%s\"", (int)pattern.length, pattern.bytes,
                     expected ? "does not match" : "matches", path);
        }
        guarded_free(copy);
    }
}

static void check_pattern(struct json_object *row)
{
    ocors_span_t id = guarded_row(row, "resource_id");
    char buffer[OCORS_RESOURCE_ID_MAX + 1];
    char again[OCORS_RESOURCE_ID_MAX + 1];
    size_t length = 0;
    size_t again_length = 0;
    bool is_good = ocors_resource_pattern_normalise(id, buffer, &length);

    assert_int_equal(is_good, !is_refused(row));
    if (is_good) {
        ocors_span_t pattern = guarded_copy(buffer, length);

        assert_span_equal(pattern, vectors_string(row, "pattern"));
        assert_true(ocors_resource_pattern_normalise(pattern, again, &again_length));
        assert_span_equal(ocors_span_make(again, again_length), vectors_string(row, "pattern"));
        check_matches(vectors_get(row, "matches"), pattern, true);
        check_matches(vectors_get(row, "differs"), pattern, false);
        guarded_free(pattern);
    }
    guarded_free(id);
}

/* M2, R13: a path is held against patterns up to its 64th segment and its 2,048th byte, and no
 * further. */
static void a_path_is_split_within_its_limits(void **state)
{
    char path[OCORS_RESOURCE_PATH_MAX + 1];
    ocors_segments_t segments;

    (void)state;
    memset(path, '/', sizeof(path));
    assert_true(
        ocors_resource_path_split(ocors_span_make(path, OCORS_RESOURCE_PATH_MAX), &segments));
    assert_int_equal(segments.count, 0);
    assert_false(ocors_resource_path_split(ocors_span_make(path, sizeof(path)), &segments));
    for (size_t i = 0; i < OCORS_RESOURCE_SEGMENTS_MAX; i++) {
        path[3 * i + 1] = 'x';
    }
    assert_true(
        ocors_resource_path_split(ocors_span_make(path, OCORS_RESOURCE_PATH_MAX), &segments));
    assert_int_equal(segments.count, OCORS_RESOURCE_SEGMENTS_MAX);
    assert_ptr_equal(segments.items[63].bytes, path + 3 * 63 + 1);
    assert_int_equal(segments.items[63].length, 1);
    path[OCORS_RESOURCE_PATH_MAX - 1] = 'x';
    assert_false(
        ocors_resource_path_split(ocors_span_make(path, OCORS_RESOURCE_PATH_MAX), &segments));
}

/* The longest pattern with the most to go back to, on the longest path: soon done, and right. */
static void check_bounded(const char *again, const char *pattern_tail, const char *path_again,
                          const char *path_tail, bool expected)
{
    char pattern[OCORS_RESOURCE_ID_MAX + 1] = "/";
    char path[OCORS_RESOURCE_PATH_MAX + 1] = "/";
    ocors_segments_t segments;

    while (strlen(pattern) + strlen(again) + strlen(pattern_tail) <= OCORS_RESOURCE_ID_MAX) {
        strcat(pattern, again);
    }
    strcat(pattern, pattern_tail);
    while (strlen(path) + strlen(path_again) + strlen(path_tail) <= OCORS_RESOURCE_PATH_MAX
           && (strchr(path_again, '/') == NULL || strlen(path) < 62 * strlen(path_again))) {
        strcat(path, path_again);
    }
    strcat(path, path_tail);
    assert_true(ocors_resource_path_split(ocors_span_from_string(path), &segments));
    for (int i = 0; i < 200; i++) {
        assert_int_equal(ocors_resource_is_match(ocors_span_from_string(pattern), &segments),
                         expected);
    }
}

static void going_back_is_bounded(void **state)
{
    (void)state;
    check_bounded("**/a/", "b", "a/", "c", false);
    check_bounded("**/a/", "**", "a/", "c", false); /* more of them than the path has segments */
    check_bounded("**/", "b", "a/", "b", true);
    check_bounded("*a", "*b", "a", "c", false);
    check_bounded("*a", "*b", "a", "b", true);
    check_bounded("*?", "*b", "a", "b", true);
    check_bounded("?", "*b", "a", "c", false);
    check_bounded("a", "*b", "a", "c", false);
    check_bounded("a?", "*", "a", "", true);
}

/*
 * Against a matcher that tries everything, which is easy to believe: all patterns and paths of up
 * to so many of these characters. In UTF-8, "*" takes whole characters, and "?" takes one.
 */
static size_t character(const char *text)
{
    return (unsigned char)*text < 0xc0 ? 1 : 2; /* the test's only other one is of two bytes */
}

static bool matches_segment(const char *pattern, size_t length, const char *text, size_t left)
{
    if (length == 0) {
        return left == 0;
    }
    if (*pattern == '*') {
        return matches_segment(pattern + 1, length - 1, text, left)
               || (left > 0
                   && matches_segment(pattern, length, text + character(text),
                                      left - character(text)));
    }
    if (left > 0 && *pattern == '?') {
        return matches_segment(pattern + 1, length - 1, text + character(text),
                               left - character(text));
    }
    return left > 0 && *pattern == *text
           && matches_segment(pattern + 1, length - 1, text + 1, left - 1);
}

static bool matches(const char *pattern, const char *path)
{
    size_t length;
    size_t left;

    pattern += strspn(pattern, "/");
    path += strspn(path, "/");
    length = strcspn(pattern, "/");
    left = strcspn(path, "/");
    if (length == 2 && memcmp(pattern, "**", 2) == 0) {
        return matches(pattern + 2, path) || (left > 0 && matches(pattern, path + left));
    }
    if (length == 0 || left == 0) {
        return length == left;
    }
    return matches_segment(pattern, length, path, left) && matches(pattern + length, path + left);
}

/* The word of this number: '/' and characters, each a string of its own. */
static void make_word(char *word, size_t number, const char *const *characters, size_t count)
{
    strcpy(word, "/");
    for (; number > 0; number /= count + 1) {
        if (number % (count + 1) > 0) {
            strcat(word, characters[number % (count + 1) - 1]);
        }
    }
}

static size_t power(size_t base, size_t exponent)
{
    return exponent == 0 ? 1 : base * power(base, exponent - 1);
}

typedef struct alphabet_t {
    const char *of_pattern[5];
    size_t pattern_characters, pattern_length;
    const char *of_path[4];
    size_t path_characters, path_length;
} alphabet_t;

static const alphabet_t alphabets[] = {
    { { "*", "/", "a", "?" }, 4, 5, { "/", "a", "b" }, 3, 4 },
    /* '*' and '?' among literals, within one segment */
    { { "*", "a", "?" }, 3, 6, { "a", "b" }, 2, 5 },
    /* several "**" */
    { { "/**", "/a", "/*", "/b" }, 4, 5, { "/a", "/b", "/c" }, 3, 4 },
    { { "*", "?", "\xc3\xa9", "/" }, 4, 5, { "\xc3\xa9", "a", "/" }, 3, 4 },
};

static void check_alphabet(const alphabet_t *alphabet)
{
    const size_t patterns = power(alphabet->pattern_characters + 1, alphabet->pattern_length);
    const size_t paths = power(alphabet->path_characters + 1, alphabet->path_length);
    size_t found = 0;

    for (size_t k = 0; k < paths; k++) {
        char path[32];
        ocors_segments_t segments;

        make_word(path, k, alphabet->of_path, alphabet->path_characters);
        assert_true(ocors_resource_path_split(ocors_span_from_string(path), &segments));
        for (size_t i = 0; i < patterns; i++) {
            char pattern[32];
            const bool expected = (make_word(pattern, i, alphabet->of_pattern,
                                             alphabet->pattern_characters),
                                   matches(pattern, path));

            if (ocors_resource_is_match(ocors_span_from_string(pattern), &segments) != expected) {
                fail_msg("\"%s\" on \"%s\"", pattern, path);
            }
            found += expected;
        }
    }
    assert_true(found > paths && found < patterns * paths / 2);
}

static void agrees_with_trying_everything(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(alphabets) / sizeof(alphabets[0]); i++) {
        check_alphabet(&alphabets[i]);
    }
}

/*
 * '?' is one character of UTF-8; a byte that is none of it is one by itself; '*' never ends within
 * one.
 */
static void characters_are_whole(void **state)
{
    static const struct {
        const char *pattern, *path;
        bool is_match;
    } rows[] = {
        { "/?", "/\xe2\x82\xac", true },
        { "/*?", "/\xe2\x82\xac", true },
        { "/*??", "/\xe2\x82\xac", false },
        { "/*??", "/a\xe2\x82\xac", true },
        { "/*??*", "/\xe2\x82\xac", false },
        { "/*??*",
          "/\xe2\x82\xac"
          "a",
          true },
        { "/?*?", "/\xe2\x82\xac", false },
        { "/?*?", "/a\xe2\x82\xac", true },
        { "/?", "/\xf0\x9f\x98\x80", true },
        { "/*?\xc3\xa9", "/\xc3\xa9\xc3\xa9", true },
        { "/*\xc3\xa9?", "/\xc3\xa9", false },
        { "/?", "/\x80\x80", false },
        { "/??", "/\x80\x80", true },
        { "/?", "/\xbf\x80", false },
        { "/??", "/\xbf\x80", true },
        { "/*??", "/\x80\x80", true },
        { "/*???", "/\x80\x80", false },
        { "/??", "/\xf0\x80\x80\x80\x80", true },
        { "/*??", "/\xf0\x80\x80\x80\x80", true },
        { "/*???", "/\xf0\x80\x80\x80\x80", false },
        { "/*b?", "/b\xf0\x80\x80\x80", true },
        { "/*b?", "/b\xf0\x80\x80\x80\x80", false }, /* four bytes at most */
        { "/*b?", "/bx\x80", false },
        { "/\xc3*??", "/\xc3\xa9", false }, /* no byte is taken twice */
        { "/?", "/\xc3", true },
        { "/*?b",
          "/\xc3"
          "b",
          true },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const ocors_span_t pattern = guarded_copy(rows[i].pattern, strlen(rows[i].pattern));
        const ocors_span_t path = guarded_copy(rows[i].path, strlen(rows[i].path));
        ocors_segments_t segments;

        assert_true(ocors_resource_path_split(path, &segments));
        if (ocors_resource_is_match(pattern, &segments) != rows[i].is_match) {
            fail_msg("row %zu", i);
        }
        guarded_free(pattern);
        guarded_free(path);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_path_is_split_within_its_limits),
        cmocka_unit_test(going_back_is_bounded),
        cmocka_unit_test(characters_are_whole),
        cmocka_unit_test(agrees_with_trying_everything),
    };
    int failed = vectors_run("resources.json", 50, NULL, check_pattern);

    failed += vectors_run_twins("resources.json", is_refused);
    failed += cmocka_run_group_tests_name("resource", tests, NULL, NULL);
    return failed != 0;
}
