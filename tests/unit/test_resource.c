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

        if (ocors_resource_is_match(pattern, copy) != expected) {
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

/* The longest pattern with the most to go back to, on a long path: the product, and no more. */
static void going_back_is_bounded(void **state)
{
    const size_t path_length = 8192;
    char pattern[OCORS_RESOURCE_ID_MAX];
    char *path = malloc(path_length);

    (void)state;
    assert_non_null(path);
    for (size_t i = 0; i < sizeof(pattern); i++) {
        pattern[i] = "/**/a"[i % 5];
    }
    for (size_t i = 0; i < path_length; i++) {
        path[i] = "/a"[i % 2];
    }
    path[path_length - 1] = 'b';
    for (int i = 0; i < 20; i++) {
        assert_false(ocors_resource_is_match(ocors_span_make(pattern, 1020),
                                             ocors_span_make(path, path_length)));
    }
    memset(pattern, '*', sizeof(pattern));
    memset(path, 'a', path_length);
    for (size_t i = 0; i < sizeof(pattern); i += 2) {
        pattern[i] = 'a';
    }
    pattern[0] = path[0] = '/';
    pattern[sizeof(pattern) - 1] = 'b';
    assert_false(ocors_resource_is_match(ocors_span_make(pattern, sizeof(pattern)),
                                         ocors_span_make(path, path_length)));
    free(path);
}

/*
 * Against a matcher that tries everything, which is easy to believe: all patterns and paths of up
 * to five of these characters.
 */
static bool matches_segment(const char *pattern, size_t length, const char *text, size_t left)
{
    if (length == 0) {
        return left == 0;
    }
    if (*pattern == '*') {
        return matches_segment(pattern + 1, length - 1, text, left)
               || (left > 0 && matches_segment(pattern, length, text + 1, left - 1));
    }
    return left > 0 && (*pattern == '?' || *pattern == *text)
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

static void make_word(char *word, size_t number, const char *characters, size_t count)
{
    size_t length = 0;

    word[length++] = '/';
    for (; number > 0; number /= count + 1) {
        if (number % (count + 1) > 0) {
            word[length++] = characters[number % (count + 1) - 1];
        }
    }
    word[length] = '\0';
}

static void agrees_with_trying_everything(void **state)
{
    char pattern[16];
    char path[16];

    (void)state;
    for (size_t i = 0; i < 5 * 5 * 5 * 5 * 5; i++) {
        make_word(pattern, i, "*/a?", 4);
        for (size_t k = 0; k < 4 * 4 * 4 * 4; k++) {
            make_word(path, k, "/ab", 3);
            if (ocors_resource_is_match(ocors_span_from_string(pattern),
                                        ocors_span_from_string(path))
                != matches(pattern, path)) {
                fail_msg("\"%s\" on \"%s\"", pattern, path);
            }
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(going_back_is_bounded),
        cmocka_unit_test(agrees_with_trying_everything),
    };
    int failed = vectors_run("resources.json", 50, NULL, check_pattern);

    failed += vectors_run_twins("resources.json", is_refused);
    failed += cmocka_run_group_tests_name("resource", tests, NULL, NULL);
    return failed != 0;
}
