/* SPDX-License-Identifier: Apache-2.0 */
/* URL paths, read once and twice (C5, R12): the rows of url_paths.json, and what no row can hold.
 */
#include "vectors.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "ocors_url_loose.h"
#include "ocors_url_name.h"
#include "ocors_url_path.h"
#include "random_numbers.h"

/* A row with `ambiguous` is of reading 1 and 2; the others are of reading 1 alone. */
static bool is_read_twice(struct json_object *row)
{
    return vectors_get(row, "ambiguous") != NULL;
}

static bool is_read_once(struct json_object *row)
{
    return !is_read_twice(row);
}

static bool is_ambiguous(struct json_object *row)
{
    return is_read_twice(row) && json_object_get_boolean(vectors_get(row, "ambiguous"));
}

static void check_part(ocors_span_t part, struct json_object *expected)
{
    if (expected == NULL) {
        assert_null(part.bytes);
        assert_int_equal(part.length, 0);
        return;
    }
    assert_non_null(part.bytes);
    assert_span_equal(part, json_object_get_string(expected));
}

static void check_api(ocors_api_t api, struct json_object *row)
{
    static const char *const names[] = { "shop", "data", "other" };
    struct json_object *expected = vectors_get(row, "api");

    if (expected == NULL) {
        assert_int_equal(api, OCORS_API_OUTSIDE);
        return;
    }
    assert_in_range(api, 0, 2);
    assert_string_equal(names[api], json_object_get_string(expected));
}

static void check_once(struct json_object *row)
{
    ocors_span_t uri = guarded_row(row, "path");
    ocors_version_t version = 0;
    ocors_url_path_t path;
    ocors_span_t rest;

    ocors_url_path_parse(uri, &path);
    check_part(path.plain.site, vectors_get(row, "site"));
    check_api(path.plain.api, row);
    const ocors_version_t found = ocors_url_path_split(&path, &rest);

    assert_span_equal(rest, vectors_string(row, "rest"));
    if (vectors_get(row, "version") != NULL) {
        assert_true(
            ocors_version_parse(ocors_span_from_string(vectors_string(row, "version")), &version));
    }
    assert_int_equal(found, version);
    assert_false(path.is_ambiguous);
    guarded_free(uri);
}

/* Reads a path twice, everything at the edge of memory; the caller frees `buffer`. */
static void read_guarded(ocors_span_t uri, ocors_span_t line, ocors_span_t *buffer,
                         ocors_url_path_t *path)
{
    static char zeros[70000];

    assert_true(ocors_url_path_buffer_size(uri, line) <= sizeof(zeros));
    *buffer = guarded_copy(zeros, ocors_url_path_buffer_size(uri, line));
    ocors_url_path_read(uri, line, (char *)(uintptr_t)buffer->bytes, path);
}

static void check_twice(struct json_object *row)
{
    ocors_span_t uri = guarded_row(row, "path");
    ocors_span_t line = guarded_row(row, vectors_get(row, "line") != NULL ? "line" : "path");
    ocors_span_t buffer;
    ocors_url_path_t path;

    read_guarded(uri, line, &buffer, &path);
    assert_int_equal(path.is_ambiguous, is_ambiguous(row));
    assert_int_equal(ocors_url_path_is_outside(&path),
                     !is_ambiguous(row) && vectors_get(row, "api") == NULL);
    if (!is_ambiguous(row)) {
        check_part(path.plain.site, vectors_get(row, "site"));
        check_part(
            path.loose.site,
            vectors_get(row, vectors_get(row, "loose_site") != NULL ? "loose_site" : "site"));
        check_api(path.plain.api, row);
        check_api(path.loose.api, row);
    }
    guarded_free(buffer);
    guarded_free(line);
    guarded_free(uri);
}

/* Random paths of what matters: no byte is read or written that is not there, nothing is endless.
 */
static void any_bytes_are_read_safely(void **state)
{
    static const char *const parts[] = {
        "/", "s",  "dw",           "shop",  "A", "..", ".",        ";",      "%2f",   "\\",
        "%", "25", "%5c",          "%252e", "x", " ",  "\xc5\xbf", "Sites-", "-Site", "%3b",
        "2", "f",  "\xe2\x84\xaa", "D"
    };
    (void)state;
    random_state = 12;
    for (int i = 0; i < 20000; i++) {
        char text[2][200];
        ocors_span_t spans[2], buffer;
        ocors_url_path_t path;

        for (int k = 0; k < 2; k++) {
            size_t length = 0;

            for (unsigned n = random_below(24); n > 0; n--) {
                const char *part = parts[random_below(sizeof(parts) / sizeof(parts[0]))];

                memcpy(text[k] + length, part, strlen(part));
                length += strlen(part);
            }
            spans[k] = guarded_copy(text[k], length);
        }
        read_guarded(spans[0], spans[1], &buffer, &path);
        if (!path.is_ambiguous) {
            assert_int_equal(path.plain.api, path.loose.api);
        }
        guarded_free(buffer);
        guarded_free(spans[0]);
        guarded_free(spans[1]);
    }
}

/* R12: what one pass finds in a plain path is what both readings find, and what one would miss is
 * not plain. */
static void a_plain_path_is_read_alike(void **state)
{
    static const char *const parts[] = { "s",
                                         "dw",
                                         "shop",
                                         "data",
                                         "S",
                                         "DW",
                                         "Shop",
                                         "a",
                                         "dwarf",
                                         "Sites-a-Site",
                                         "sites-a-site",
                                         "Sites-",
                                         "-Site",
                                         "my-site",
                                         "v19_1",
                                         "abc",
                                         "v19_1.",
                                         ".dw",
                                         "dw.",
                                         "a.b",
                                         ".",
                                         "..",
                                         "%64w",
                                         "dw;x",
                                         "",
                                         "Sites--Site",
                                         "v0_0",
                                         "batch",
                                         "d\\w",
                                         "x dw",
                                         "(S(x))",
                                         "s.",
                                         "Sites-a-Site.",
                                         ".Sites-a-Site",
                                         "-",
                                         "v19_100000" };
    unsigned inside = 0, outside = 0;

    (void)state;
    random_state = 1;
    for (unsigned round = 0; round < 200000; round++) {
        char text[160], buffer[256];
        ocors_url_path_t once, twice;
        ocors_span_t once_rest, twice_rest;
        size_t length = 0;

        for (uint32_t left = random_below(7); left > 0; left--) {
            /* Half of them begin as most paths do. */
            const char *const any = parts[random_below(sizeof(parts) / sizeof(parts[0]))];
            const char *part = any;

            if (length == 0 && round % 4 == 0) {
                part = "s/Sites-a-Site/dw/shop";
            }
            else if (length == 0 && round % 4 == 1) {
                length += (size_t)snprintf(text, sizeof(text), "/s/%s", any);
                part = "dw/data";
            }

            length += (size_t)snprintf(text + length, sizeof(text) - length, "/%s", part);
        }
        memcpy(text + length, round % 8 == 3 ? "/" : "", round % 8 == 3 ? 2 : 1);
        const ocors_span_t path = ocors_span_from_string(text);

        ocors_url_path_read(path, path, buffer, &twice);
        if (ocors_url_path_begins_inside(text)) {
            assert_false(ocors_url_path_is_outside(&twice));
        }
        if (!ocors_url_path_read_plain(text, &once)) {
            continue;
        }
        inside += once.plain.api != OCORS_API_OUTSIDE;
        outside += once.plain.api == OCORS_API_OUTSIDE;
        assert_false(once.is_ambiguous || twice.is_ambiguous);
        assert_int_equal(once.plain.api, twice.plain.api);
        assert_int_equal(once.loose.api, twice.loose.api);
        assert_int_equal(once.plain.site.bytes == NULL, twice.plain.site.bytes == NULL);
        assert_int_equal(once.loose.site.bytes == NULL, twice.loose.site.bytes == NULL);
        assert_true(ocors_span_is_equal(once.plain.site, twice.plain.site));
        assert_true(ocors_span_is_equal(once.loose.site, twice.loose.site));
        assert_int_equal(ocors_url_path_split(&once, &once_rest),
                         ocors_url_path_split(&twice, &twice_rest));
        assert_true(ocors_span_is_equal(once_rest, twice_rest));
    }
    assert_in_range(inside, 20000, 180000);
    assert_in_range(outside, 5000, 180000);
}

/* Every byte that is plain, alone and in a name, is what no reading changes. */
static void a_byte_that_some_reading_changes_is_not_plain(void **state)
{
    (void)state;
    for (int byte = 1; byte < 256; byte++) {
        char text[] = "/s/a?b/dw/shop/v19_1/c?d", buffer[64];
        ocors_url_path_t once, twice;

        text[4] = text[22] = (char)byte;
        const ocors_span_t path = ocors_span_from_string(text);

        ocors_url_path_read(path, path, buffer, &twice);
        if (!ocors_url_path_read_plain(text, &once)) {
            continue;
        }
        assert_true(ocors_ascii_is_alpha((char)byte) || ocors_ascii_is_digit((char)byte)
                    || byte == '-' || byte == '_' || byte == '.');
        assert_false(twice.is_ambiguous);
        assert_true(ocors_span_is_equal(twice.loose.site, once.loose.site));
        assert_true(ocors_span_is_equal(twice.plain.site, ocors_span_make(text + 3, 3)));
    }
}

/*
 * R13: what is long is read once through, whatever it is: 10 reads take some 20 ms of the
 * processor, and would take many seconds if each segment were sought from the start.
 */
static void long_paths_are_linear(void **state)
{
    static const struct {
        size_t letters; /* of one segment, before the part is repeated */
        const char *part;
    } rows[] = {
        { 0, "/" },       { 0, "/s" }, { 0, "/dw" },       { 0, "/.." },
        { 0, "%25" },     { 0, "\\" }, { 0, ";" },         { 0, "/s/dw" },
        { 0, "%" },       { 0, "." },  { 30000, "/a/.." }, { 30000, "/%2e%2e/a" },
        { 30000, "/.;" },
    };
    static char text[60000];

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const size_t length = strlen(rows[i].part);
        const clock_t start = clock();
        size_t at;

        memset(text, 'x', sizeof(text));
        text[0] = '/';
        for (at = rows[i].letters; at + length <= sizeof(text); at += length) {
            memcpy(text + at, rows[i].part, length);
        }
        for (int times = 0; times < 10; times++) {
            ocors_span_t uri = guarded_copy(text, at), buffer;
            ocors_url_path_t path;

            read_guarded(uri, ocors_span_make(text, 1), &buffer, &path);
            guarded_free(buffer);
            guarded_free(uri);
        }
        assert_true(clock() - start < 2 * CLOCKS_PER_SEC);
    }
}

static void keys_of_sites(void **state)
{
    static const struct {
        const char *id, *key;
    } rows[] = {
        { "SiteGenesis", "sitegenesis" },
        { " .A. ", "a" },
        { "\x01"
          "a\x1f",
          "a" },
        { "", "" },
        { " . ", "" },
        { "a b", "a b" },
        { "\xc5\xbf\xe2\x84\xaa", "sk" },
        { "\xc5", "\xc5" },
        { "S\xc4\xb1te", "site" },
        { "s\xc4\xb0TE", "site" },
        { "\xc4\xb2", "\xc4\xb2" },
        { "\xc3\x84", "\xc3\x84" },
        { "\xef\xbb\xbf"
          "a\xe3\x80\x80",
          "a" },
        { "\xf0\xbb\xbf", "\xf0\xbb\xbf" },
        { "\xc2\x85\xc2\xa0\xe1\x9a\x80\xe2\x80\x80\xe2\x80\x8f"
          "a\xe2\x80\xa8\xe2\x80\xa9\xe2\x80\xaf\xe2\x81\x9f\xe3\x80\x80",
          "a" },
        { "\xe2\x80\x90", "\xe2\x80\x90" },
        { "a\xe3\x80\x80\xc5", "a\xe3\x80\x80\xc5" },
        { "\xe2\x80\xaa", "\xe2\x80\xaa" },
        /* A byte beside each that is a blank. */
        { "\xc2\x84", "\xc2\x84" },
        { "\xc3\xa0", "\xc3\xa0" },
        { "\xe1\x9a\x81", "\xe1\x9a\x81" },
        { "\xe1\x9b\x80", "\xe1\x9b\x80" },
        { "\xe2\x80z", "\xe2\x80z" },
        { "\xe2\x80\x7f", "\xe2\x80\x7f" },
        { "\xe2\x80\xa7", "\xe2\x80\xa7" },
        { "\xe2\x81\x9e", "\xe2\x81\x9e" },
        { "\xe2\x82\x9f", "\xe2\x82\x9f" },
        { "\xe3\x80\x81", "\xe3\x80\x81" },
        { "\xe3\x81\x80", "\xe3\x81\x80" },
        { "\xef\xba\xbf", "\xef\xba\xbf" },
        { "\xef\xbb\xbe", "\xef\xbb\xbe" },
    };
    char key[OCORS_SITE_KEY_MAX], id[OCORS_SITE_KEY_MAX + 1];

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const size_t length = ocors_site_key(ocors_span_from_string(rows[i].id), key);

        assert_span_equal(ocors_span_make(key, length), rows[i].key);
    }
    memset(id, 'A', sizeof(id));
    assert_int_equal(ocors_site_key(ocors_span_make(id, sizeof(id)), key), 0);
    assert_int_equal(ocors_site_key(ocors_span_make(id, sizeof(id) - 1), key), OCORS_SITE_KEY_MAX);
}

/* R12: an escaped slash is one, in either case; nothing else is decoded. */
static void slashes_are_decoded(void **state)
{
    static const struct {
        const char *path, *decoded;
    } rows[] = {
        { "/a%2Fb", "/a/b" },
        { "%2f%2F", "//" },
        { "/a%2fb%2f", "/a/b/" },
        { "/ax2Fb", "/ax2Fb" },
        { "/a%3Fb", "/a%3Fb" },
        { "/a%2Eb", "/a%2Eb" },
        { "/a%252F", "/a%252F" },
        { "/a%2", "/a%2" },
        { "/a%", "/a%" },
        { "/a%1F%2", "/a%1F%2" },
        { "", "" },
    };
    char buffer[16];

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        assert_span_equal(
            ocors_url_path_decode_slashes(ocors_span_from_string(rows[i].path), buffer),
            rows[i].decoded);
    }
}

/* R12: what reading 2 changes is not the same in both readings. */
static void a_path_with_such_a_byte_is_read_twice(void **state)
{
    static const struct {
        const char *path;
        bool is_loose;
    } rows[] = {
        { "/dw/shop/a.b(c", true },
        { "/a b", false },
        { "/a\x1f", false },
        { "/a!", true },
        { "/a\x7f", true },
        { "/a\x80", false },
        { "/a%", false },
        { "/a;", false },
        { "/a\\", false },
        { "/a/.b", false },
        { "/a/(b", false },
        { ".a", true },
        { "(a", true },
        { "", true },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        assert_int_equal(ocors_url_is_loose(ocors_span_from_string(rows[i].path)),
                         rows[i].is_loose);
    }
}

/* M1: the resource is behind the version, which has two numbers and 16 bytes at most. */
static void versions_of_paths(void **state)
{
    static const struct {
        const char *path;
        ocors_version_t version;
    } rows[] = {
        { "/dw/shop/v1_0/x", 1 << 16 },
        { "/dw/shop/v000000000001_02/x", 1 << 16 | 2 },
        { "/dw/shop/v0000000000001_02/x", 0 },
        { "/dw/shop/v1_/x", 0 },
        { "/dw/shop/w1_0/x", 0 },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        ocors_url_path_t path;
        ocors_span_t rest;

        ocors_url_path_parse(ocors_span_from_string(rows[i].path), &path);
        assert_int_equal(ocors_url_path_split(&path, &rest), rows[i].version);
        if (rows[i].version != 0) {
            assert_span_equal(rest, "/x");
        }
    }
}

/* R12: what is at the front of a path that begins with an address. */
static void beginnings_of_paths(void **state)
{
    static const char *const inside[] = { "/dw/x", "/s/a/dw/x", "/s/-/dw/x", "/dw/shop/" },
                             *const outside[] = { "",          "/",        "/dw/",  "/dw//x",
                                                  "/dw/./x",   "/d/x",     "/s/a",  "/s/a/x",
                                                  "/t/a/dw/x", "/sx/dw/x", "xdw/x", "/dw",
                                                  "/s/a/dw/" };

    (void)state;
    for (size_t i = 0; i < sizeof(inside) / sizeof(inside[0]); i++) {
        assert_true(ocors_url_path_begins_inside(inside[i]));
    }
    for (size_t i = 0; i < sizeof(outside) / sizeof(outside[0]); i++) {
        assert_false(ocors_url_path_begins_inside(outside[i]));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_bytes_are_read_safely),
        cmocka_unit_test(a_plain_path_is_read_alike),
        cmocka_unit_test(a_byte_that_some_reading_changes_is_not_plain),
        cmocka_unit_test(long_paths_are_linear),
        cmocka_unit_test(keys_of_sites),
        cmocka_unit_test(slashes_are_decoded),
        cmocka_unit_test(versions_of_paths),
        cmocka_unit_test(beginnings_of_paths),
        cmocka_unit_test(a_path_with_such_a_byte_is_read_twice),
    };
    int failed = vectors_run("url_paths.json", 30, is_read_once, check_once);

    failed += vectors_run("url_paths.json", 70, is_read_twice, check_twice);
    failed += vectors_run_twins("url_paths.json", is_ambiguous);
    failed += cmocka_run_group_tests_name("path", tests, NULL, NULL);
    return failed != 0;
}
