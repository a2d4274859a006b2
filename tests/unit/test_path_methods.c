/* SPDX-License-Identifier: Apache-2.0 */
/* What lists of resources grant to a path (M1, M2), against a look at every resource. */

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "ocors_image_build.h"
#include "ocors_image_verify.h"
#include "ocors_path_methods.h"
#include "ocors_resource_candidates.h"
#include "ocors_settings.h"
#include "random_numbers.h"

#define SEED UINT64_C(0x0123456789abcdef)

static ocors_report_t report;

static void *image_make(ocors_settings_t *settings, ocors_image_t *image)
{
    void *bytes;
    size_t size;

    assert_int_equal(ocors_image_build(settings, SEED, &bytes, &size), OCORS_OK);
    assert_true(ocors_image_open(bytes, size, image));
    assert_true(ocors_image_verify(bytes, size));
    return bytes;
}

static void client_begin(ocors_settings_t *settings, unsigned number)
{
    char id[32];
    const int length = snprintf(id, sizeof(id), "client-%u", number);

    ocors_settings_begin_client(settings, ocors_span_make(id, (size_t)length), &report, NULL);
}

static void resource_add(ocors_settings_t *settings, const char *pattern, ocors_methods_t methods,
                         ocors_version_t from)
{
    ocors_settings_add_resource(settings, ocors_span_from_string(pattern), methods, from,
                                UINT32_MAX, &report, NULL);
}

/* A path of up to four segments, each one of these. */
static const char *path_make(const char *const *segments, size_t count, char path[64])
{
    size_t length = 0;

    for (uint32_t left = random_below(5); left > 0; left--) {
        length += (size_t)snprintf(path + length, 64 - length, "/%s",
                                   segments[random_below((uint32_t)count)]);
    }
    if (length == 0) {
        (void)snprintf(path, 64, "/");
    }
    return path;
}

/* What the clients of a document grant, one resource after the other. */
static ocors_methods_t methods_of(const ocors_settings_t *settings, size_t first, size_t count,
                                  const char *path, ocors_version_t version)
{
    ocors_methods_t methods = 0;
    ocors_segments_t segments;

    assert_true(ocors_resource_path_split(ocors_span_from_string(path), &segments));
    for (size_t client = first; client < first + count; client++) {
        const ocors_client_t *from = &settings->clients[client];

        for (size_t i = 0; i < from->resource_count; i++) {
            const ocors_resource_t *resource = &settings->resources[from->first_resource + i];

            if ((version == 0 || version >= resource->from)
                && ocors_resource_is_match(resource->pattern, &segments)) {
                methods |= ocors_methods_complete(resource->methods);
            }
        }
    }
    return methods;
}

static ocors_methods_t methods_by(const ocors_image_t *image, uint32_t list, const char *path,
                                  ocors_version_t version)
{
    ocors_path_methods_t found;

    ocors_path_methods_begin(&found, ocors_span_from_string(path), version);
    ocors_path_methods_add(&found, image, list);
    assert_false(found.is_too_much);
    return found.methods;
}

static uint32_t list_of_client(const ocors_image_t *image, uint32_t number)
{
    ocors_image_client_t client;

    assert_true(ocors_image_read_client(image, number, &client));
    return client.list;
}

static uint32_t list_of_origin(const ocors_image_t *image, const char *text)
{
    const ocors_span_t span = ocors_span_from_string(text);
    ocors_image_origin_t origin;

    assert_true(ocors_image_find_origin(image, ocors_image_hash(image, span), span, &origin));
    return ocors_image_origin_list(image, &origin);
}

/* Three clients, one of which has few resources; one origin is listed by all, one by two. */
static ocors_settings_t *random_settings(void)
{
    static const char *const parts[] = { "a", "b", "ab", "*", "**", "a*", "?", "*b", "{x}" };
    ocors_settings_t *settings = ocors_settings_create();
    char pattern[64];

    for (unsigned client = 0; client < 3; client++) {
        client_begin(settings, client);
        ocors_settings_add_origin(settings, OCORS_SPAN_LITERAL("https://all.example"), &report,
                                  NULL);
        if (client > 0) {
            ocors_settings_add_origin(settings, OCORS_SPAN_LITERAL("https://two.example"), &report,
                                      NULL);
        }
        for (uint32_t left = client == 0 ? 4 : random_below(40); left > 0; left--) {
            resource_add(settings, path_make(parts, sizeof(parts) / sizeof(parts[0]), pattern),
                         (ocors_methods_t)(1u << random_below(6)), random_below(3));
        }
    }
    return settings;
}

static void a_list_grants_what_its_resources_grant(void **state)
{
    static const char *const parts[] = { "a", "b", "ab", "aab", "c" };
    char path[64];

    (void)state;
    random_state = 1;
    for (unsigned round = 0; round < 300; round++) {
        ocors_settings_t *settings = random_settings();
        ocors_image_t image;
        void *bytes = image_make(settings, &image);

        for (unsigned i = 0; i < 30; i++) {
            const ocors_version_t version = random_below(3);

            path_make(parts, sizeof(parts) / sizeof(parts[0]), path);
            for (uint32_t client = 0; client < 3; client++) {
                assert_int_equal(methods_by(&image, list_of_client(&image, client), path, version),
                                 methods_of(settings, client, 1, path, version));
            }
            assert_int_equal(methods_by(&image, image.site_list, path, version),
                             methods_of(settings, 0, 3, path, version));
            assert_int_equal(
                methods_by(&image, list_of_origin(&image, "https://all.example"), path, version),
                methods_of(settings, 0, 3, path, version));
            assert_int_equal(
                methods_by(&image, list_of_origin(&image, "https://two.example"), path, version),
                methods_of(settings, 1, 2, path, version));
        }
        free(bytes);
        ocors_settings_free(settings);
    }
}

/* Equal lists are one, of clients, of origins and of the document. */
static void equal_lists_are_one(void **state)
{
    ocors_settings_t *settings = ocors_settings_create();
    ocors_image_t image;
    void *bytes;

    (void)state;
    for (unsigned client = 0; client < 1000; client++) {
        client_begin(settings, client);
        ocors_settings_add_origin(settings, OCORS_SPAN_LITERAL("https://all.example"), &report,
                                  NULL);
        for (unsigned i = 0; i < 10; i++) { /* in any order */
            char pattern[32];

            (void)snprintf(pattern, sizeof(pattern), "/r%u/*", (i + client) % 10);
            resource_add(settings, pattern, OCORS_METHOD_GET, 0);
        }
    }
    bytes = image_make(settings, &image);
    assert_int_equal(image.list_count, 1);
    assert_int_equal(image.resource_count, 10);
    assert_int_equal(list_of_origin(&image, "https://all.example"), image.site_list);
    free(bytes);
    ocors_settings_free(settings);
}

/* The list of several clients has their resources, each once, and no other client's. */
static void a_list_has_nothing_else(void **state)
{
    static const char *const patterns[] = { "/other", "/both", "/first", "/both", "/second" };
    static const unsigned clients[] = { 0, 1, 1, 2, 2 };
    ocors_settings_t *settings = ocors_settings_create();
    ocors_image_list_t list;
    ocors_image_t image;
    void *bytes;

    (void)state;
    for (unsigned i = 0; i < sizeof(clients) / sizeof(clients[0]); i++) {
        if (i == 0 || clients[i] != clients[i - 1]) {
            client_begin(settings, clients[i]);
            if (clients[i] > 0) {
                ocors_settings_add_origin(settings, OCORS_SPAN_LITERAL("https://two.example"),
                                          &report, NULL);
            }
        }
        resource_add(settings, patterns[i], OCORS_METHOD_GET, 0);
    }
    bytes = image_make(settings, &image);
    assert_true(
        ocors_image_read_list(&image, list_of_origin(&image, "https://two.example"), &list));
    assert_int_equal(list.resource_count, 3);
    assert_true(ocors_image_read_list(&image, image.site_list, &list));
    assert_int_equal(list.resource_count, 4);
    free(bytes);
    ocors_settings_free(settings);
}

/* An origin whose clients have too much together has no list of its own: each client's counts. */
static void what_would_cost_too_much_has_no_list(void **state)
{
    ocors_settings_t *settings = ocors_settings_create();
    ocors_image_t image;
    uint32_t without = 0;
    void *bytes;

    (void)state;
    for (unsigned client = 0; client < 100; client++) {
        char text[64];

        client_begin(settings, client);
        for (unsigned i = 0; i < 100; i++) { /* each origin is left out by another client */
            const int length = snprintf(text, sizeof(text), "https://%u.example", i);

            if (i != client) {
                ocors_settings_add_origin(settings, ocors_span_make(text, (size_t)length), &report,
                                          NULL);
            }
            (void)snprintf(text, sizeof(text), "/%u/%u", client, i);
            resource_add(settings, text, OCORS_METHOD_GET, 0);
        }
    }
    bytes = image_make(settings, &image);
    for (unsigned i = 0; i < 100; i++) {
        char text[64];

        (void)snprintf(text, sizeof(text), "https://%u.example", i);
        without += list_of_origin(&image, text) == OCORS_IMAGE_LIST_NONE ? 1 : 0;
    }
    assert_in_range(without, 1, 99);
    assert_true(image.resource_count < 10 * 100 * 100 + 65536);
    free(bytes);
    ocors_settings_free(settings);
}

/* M2: of what no key separates, so many are tried; what has a key of its own costs nothing. */
static void so_many_patterns_are_tried(void **state)
{
    ocors_settings_t *settings = ocors_settings_create();
    ocors_path_methods_t found;
    ocors_image_t image;
    char text[64];
    void *bytes;

    (void)state;
    client_begin(settings, 0);
    for (unsigned i = 0; i < 10000; i++) {
        (void)snprintf(text, sizeof(text), "/literal/%u", i);
        resource_add(settings, text, OCORS_METHOD_GET, 0);
        (void)snprintf(text, sizeof(text), "/first%u/*/x", i);
        resource_add(settings, text, OCORS_METHOD_PUT, 0);
        (void)snprintf(text, sizeof(text), "/**/last%u", i);
        resource_add(settings, text, OCORS_METHOD_POST, 0);
    }
    for (unsigned i = 0; i <= OCORS_PATH_METHODS_TRIES; i++) {
        (void)snprintf(text, sizeof(text), "/many/a%u*/z", i);
        resource_add(settings, text, OCORS_METHOD_GET, 0);
        (void)snprintf(text, sizeof(text), "/less/a%u*/z", i);
        if (i < OCORS_PATH_METHODS_TRIES) {
            resource_add(settings, text, OCORS_METHOD_GET, 0);
        }
    }
    bytes = image_make(settings, &image);
    assert_int_equal(methods_by(&image, image.site_list, "/literal/9999", 0),
                     OCORS_METHOD_GET | OCORS_METHOD_HEAD);
    assert_int_equal(methods_by(&image, image.site_list, "/first77/a/x", 0), OCORS_METHOD_PUT);
    assert_int_equal(methods_by(&image, image.site_list, "/a/b/c/last5", 0), OCORS_METHOD_POST);
    assert_int_equal(methods_by(&image, image.site_list, "/a/b/c/last10000", 0), 0);
    assert_int_equal(methods_by(&image, image.site_list, "/less/a255b/z", 0),
                     OCORS_METHOD_GET | OCORS_METHOD_HEAD);
    ocors_path_methods_begin(&found, OCORS_SPAN_LITERAL("/many/a255b/z"), 0);
    ocors_path_methods_add(&found, &image, image.site_list);
    assert_true(found.is_too_much);
    free(bytes);
    ocors_settings_free(settings);
}

/* Adds the list of each client; returns whether it was too much. */
static bool short_lists_try(const ocors_image_t *image, uint32_t clients, const char *path,
                            ocors_path_methods_t *found)
{
    ocors_path_methods_begin(found, ocors_span_from_string(path), 0);
    for (uint32_t client = 0; client < clients; client++) {
        ocors_path_methods_add(found, image, list_of_client(image, client));
    }
    return found->is_too_much;
}

/* M2: of short lists too, that is the number of those that have a key of the path. */
static void short_lists_are_no_shortage(void **state)
{
    ocors_settings_t *settings = ocors_settings_create();
    ocors_path_methods_t found;
    ocors_image_t image;
    char text[64];
    void *bytes;

    (void)state;
    for (unsigned client = 0; client < 300; client++) {
        client_begin(settings, client);
        for (unsigned i = 0; i < 6; i++) {
            (void)snprintf(text, sizeof(text), "/first%u/%u/*", client, i);
            resource_add(settings, text, OCORS_METHOD_GET, 0);
        }
        (void)snprintf(text, sizeof(text), "/many/a%u*/z", client);
        resource_add(settings, text, OCORS_METHOD_PUT, 0);
        (void)snprintf(text, sizeof(text), "/literal/%u", client);
        resource_add(settings, text, OCORS_METHOD_POST, 0);
    }
    bytes = image_make(settings, &image);
    assert_false(short_lists_try(&image, 300, "/first299/5/x", &found));
    assert_int_equal(found.methods, OCORS_METHOD_GET | OCORS_METHOD_HEAD);
    for (unsigned client = 290; client < 300; client++) {
        (void)snprintf(text, sizeof(text), "/literal/%u", client);
        assert_false(short_lists_try(&image, 300, text, &found));
        assert_int_equal(found.methods, OCORS_METHOD_POST);
    }
    assert_true(short_lists_try(&image, 300, "/many/b/z", &found));
    ocors_path_methods_begin(&found, OCORS_SPAN_LITERAL("/none"), 0);
    for (unsigned i = 0; i < OCORS_PATH_METHODS_LOOKS / 8 + 1; i++) { /* R13 */
        assert_false(found.is_too_much);
        ocors_path_methods_add(&found, &image, list_of_client(&image, i % 300));
    }
    assert_true(found.is_too_much);
    free(bytes);
    ocors_settings_free(settings);
}

/* Whether a document is warned of; `place`, if it is not NULL, is where. */
static bool is_warned_of(const ocors_settings_t *settings, const char *place)
{
    ocors_report_t found;
    bool is_warned;

    ocors_report_init(&found);
    assert_int_equal(ocors_resource_candidates_judge(settings, &found), OCORS_OK);
    is_warned = found.count > 0;
    assert_int_equal(found.count, found.totals[OCORS_SEVERITY_WARNING]);
    assert_true(found.count <= 1);
    if (is_warned) {
        assert_int_equal(found.items[0].code, OCORS_FINDING_TOO_MANY_CANDIDATES);
        if (place != NULL) {
            assert_string_equal(found.items[0].path, place);
        }
    }
    ocors_report_free(&found);
    return is_warned;
}

/* Adds `count` patterns, in each of which %u is another number. */
static void resources_add(ocors_settings_t *settings, const char *format, unsigned count)
{
    char pattern[256];

    for (unsigned i = 0; i < count; i++) {
        (void)snprintf(pattern, sizeof(pattern), format, i);
        resource_add(settings, pattern, OCORS_METHOD_GET, 0);
    }
}

#define STARS_38 "/*/*/*/*/*/*/*/*/*/*/*/*/*/*/*/*/*/*/*/*/*/*/*/*/*/*/*/*/*/*/*/*/*/*/*/*/*/*"

/* M2: a document is warned of if some path has more candidates than are tried. */
static void too_many_candidates_are_warned_of(void **state)
{
    static const struct {
        struct {
            const char *format;
            unsigned count;
        } patterns[3];
        bool is_warned;
    } rows[] = {
        { { { "/many/a%u*/z", 256 } }, false },
        { { { "/many/a%u*/z", 257 } }, true },
        /* the first and the last segment, and the number of segments, each tell patterns apart */
        { { { "/many/a%u*/z", 256 }, { "/many/a%u*/y", 256 } }, false },
        { { { "/many/a%u*/z", 256 }, { "/more/a%u*/z", 256 } }, false },
        { { { "/many/a%u*/z", 256 }, { "/many/*/a%u*/z", 256 } }, false },
        { { { "/many/%u/*", 5000 }, { "/many/x/%u", 5000 }, { "/x%u/**", 5000 } }, true },
        { { { "/many%u/x/*", 5000 }, { "/many/x/%u", 5000 }, { "/x%u/**", 5000 } }, false },
        { { { "/*/%u", 5000 }, { "/%u/*", 5000 }, { "/**/%u", 5000 } }, false },
        /* a path has patterns of its first segment, of its last one, of both, and of neither */
        { { { "/many/a%u*/*", 128 }, { "/*/b%u*/z", 128 } }, false },
        { { { "/many/a%u*/*", 128 }, { "/*/b%u*/z", 129 } }, true },
        { { { "/many/a%u*/*", 100 }, { "/*/b%u*/z", 100 }, { "/many/c%u*/z", 57 } }, true },
        { { { "/many/a%u*/*", 100 }, { "/*/b%u*/*", 100 }, { "/many/c%u*/z", 57 } }, true },
        { { { "/many/a%u*/*", 100 }, { "/*/b%u*/z", 100 }, { "/more/c%u*/z", 57 } }, false },
        /* and those with any number of segments */
        { { { "/many/a%u*/*", 128 }, { "/**/b%u*/z", 129 } }, true },
        { { { "/many/a%u*/*", 128 }, { "/**/b%u*/z", 128 } }, false },
        { { { "/many/a%u*/**", 200 }, { "/x%u*", 57 } }, true },
        { { { "/many/a%u*/**/z", 200 }, { "/x%u*", 57 } }, false }, /* two segments, or one */
        { { { "/many/a%u*/**/many", 200 }, { "/x%u*", 57 } }, true },
        { { { "/**/a%u*", 256 }, { "/a/b", 1 } }, true },
        { { { "/many/**/a%u*/z", 256 }, { "/many/b/z", 1 } }, true },
        { { { "/many/**/a%u*/z", 256 }, { "/many/b/y", 1 } }, false },
        /* and those of long paths */
        { { { "/many/a%u*/**", 100 }, { "/**/b%u*/z", 100 }, { "/*/c%u*" STARS_38, 57 } }, true },
        { { { "/many/a%u*/**", 100 }, { "/**/b%u*/z", 100 }, { "/*/c%u*" STARS_38, 56 } }, false },
        { { { "/**/a%u*", 256 }, { "/", 1 } }, true },
        { { { "/**/a%u*", 256 }, { "/**/a%u*", 256 } }, false }, /* equal ones are one */
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        ocors_settings_t *settings = ocors_settings_create();

        client_begin(settings, 0);
        for (size_t j = 0; j < 3 && rows[i].patterns[j].format != NULL; j++) {
            resources_add(settings, rows[i].patterns[j].format, rows[i].patterns[j].count);
        }
        if (is_warned_of(settings, NULL) != rows[i].is_warned) {
            fail_msg("row %zu", i);
        }
        ocors_settings_free(settings);
    }
}

/* All clients count together: a preflight names none. The place is the client of the 257th. */
static void candidates_of_all_clients_count(void **state)
{
    ocors_settings_t *settings = ocors_settings_create();

    (void)state;
    for (unsigned client = 0; client < 4; client++) { /* the last two are alike */
        ocors_settings_begin_client(settings, ocors_span_make(&"abcd"[client], 1), &report,
                                    &(ocors_path_t){ .index = 10 + client });
        resources_add(settings, client < 2 ? "/many/a%u*/z" : "/many/b%u*/z", 128);
    }
    assert_false(is_warned_of(settings, NULL));
    ocors_settings_begin_client(settings, OCORS_SPAN_LITERAL("e"), &report,
                                &(ocors_path_t){ .index = 14 });
    resources_add(settings, "/many/c%u*/z", 1);
    assert_true(is_warned_of(settings, "clients[14].resources"));
    resources_add(settings, "/many/d%u*/z", 300);
    assert_true(is_warned_of(settings, "clients[14].resources"));
    ocors_settings_free(settings);
}

/* Whether the paths of up to five of three segments have one that is too much for a document. */
static bool has_crowded_path(const ocors_image_t *image)
{
    bool is_found = false;

    for (unsigned i = 0; i < 1024; i++) { /* each digit is a segment, and 0 ends the path */
        ocors_path_methods_t found;
        char path[16] = "/";
        size_t length = 0;

        for (unsigned left = i; (left & 3) != 0; left >>= 2) {
            length += (size_t)snprintf(path + length, sizeof(path) - length, "/%c",
                                       (char)('`' + (left & 3)));
        }
        ocors_path_methods_begin(&found, ocors_span_from_string(path), 1);
        ocors_path_methods_add(&found, image, image->site_list);
        is_found = is_found || found.is_too_much;
    }
    return is_found;
}

/* M2: the warning and the requests agree. No pattern has the segment c, nor five of them. */
static void who_is_warned_has_such_a_path(void **state)
{
    static const char *const parts[] = { "a", "b", "*", "**", "a*" };
    unsigned warned = 0;
    char pattern[64];

    (void)state;
    random_state = 2;
    for (unsigned round = 0; round < 400; round++) {
        ocors_settings_t *settings = ocors_settings_create();
        ocors_image_t image;
        void *bytes;

        client_begin(settings, 0);
        for (uint32_t left = 3 + random_below(10); left > 0; left--) {
            path_make(parts, sizeof(parts) / sizeof(parts[0]), pattern);
            for (uint32_t i = 10 + random_below(90); i > 0; i--) { /* each range is one more */
                resource_add(settings, pattern, OCORS_METHOD_GET, 1 + random_below(500));
            }
        }
        bytes = image_make(settings, &image);
        warned += is_warned_of(settings, NULL) ? 1 : 0;
        assert_int_equal(is_warned_of(settings, NULL), has_crowded_path(&image));
        free(bytes);
        ocors_settings_free(settings);
    }
    assert_in_range(warned, 100, 300);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_list_grants_what_its_resources_grant),
        cmocka_unit_test(equal_lists_are_one),
        cmocka_unit_test(a_list_has_nothing_else),
        cmocka_unit_test(what_would_cost_too_much_has_no_list),
        cmocka_unit_test(so_many_patterns_are_tried),
        cmocka_unit_test(short_lists_are_no_shortage),
        cmocka_unit_test(too_many_candidates_are_warned_of),
        cmocka_unit_test(candidates_of_all_clients_count),
        cmocka_unit_test(who_is_warned_has_such_a_path),
    };

    return cmocka_run_group_tests_name("path methods", tests, NULL, NULL) != 0;
}
