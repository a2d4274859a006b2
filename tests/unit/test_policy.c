/* SPDX-License-Identifier: Apache-2.0 */
/* Layers of images, read as one document: how many origins they allow (A38).
 */
#include "vectors.h"

#include <stdlib.h>

#include "ocors_image_build.h"
#include "ocors_policy.h"
#include "ocors_settings.h"

#define SEED       UINT64_C(7)

#define LAYERS_MAX 3

/* Documents in layers, and how many origins they allow together. */
static const struct {
    const char *name;
    const char *layers[LAYERS_MAX]; /* each the `clients` of a document */
    uint32_t origins;
} rows[] = {
    { "no layer", { NULL }, 0 },
    { "no client", { "" }, 0 },
    { "a client without origins", { "a:" }, 0 },
    { "one origin", { "a:x" }, 1 },
    { "one origin of two clients", { "a:x b:x" }, 1 },
    { "three origins", { "a:xy b:yz" }, 3 },
    { "a site adds", { "a:x", "b:y" }, 2 },
    { "both layers list the same origin", { "a:x", "b:x" }, 1 },
    { "a site replaces a client", { "a:xy", "a:z" }, 1 },
    { "a site takes the origins of a client away", { "a:xy", "a:" }, 0 },
    { "a site takes them away, another client has one of them", { "a:xy b:y", "a:" }, 1 },
    { "the last of three layers takes all away", { "a:x", "a:y b:z", "a: b:" }, 0 },
    { "the last of three layers gives back", { "a:x", "a:", "a:x" }, 1 },
    { "replaced above, listed by another client there", { "a:x", "a: b:x" }, 1 },
};

/* "a:xy b:" -> the settings of client a with two origins, and of client b with none. */
static ocors_settings_t *settings_make(const char *clients)
{
    ocors_settings_t *settings = ocors_settings_create();
    ocors_report_t report;
    char origin[] = "https://?.example";

    assert_non_null(settings);
    ocors_report_init(&report);
    for (const char *at = clients; *at != '\0'; at++) {
        if (at[0] != ' ' && at[1] == ':') {
            assert_int_equal(
                ocors_settings_begin_client(settings, ocors_span_make(at, 1), &report, NULL),
                OCORS_OK);
            at++;
        }
        else if (*at != ' ') {
            origin[8] = *at;
            assert_int_equal(
                ocors_settings_add_origin(settings, ocors_span_from_string(origin), &report, NULL),
                OCORS_OK);
        }
    }
    assert_int_equal(report.count, 0);
    ocors_report_free(&report);
    return settings;
}

static void check_row(void **state)
{
    const size_t row = (size_t)(uintptr_t)*state;
    void *images[LAYERS_MAX] = { NULL };
    ocors_policy_t policy = { .layer_count = 0 };

    for (size_t i = 0; i < LAYERS_MAX && rows[row].layers[i] != NULL; i++) {
        ocors_settings_t *settings = settings_make(rows[row].layers[i]);
        size_t size;

        assert_int_equal(ocors_image_build(settings, SEED, &images[i], &size), OCORS_OK);
        assert_true(ocors_image_open(images[i], size, &policy.layers[policy.layer_count++]));
        ocors_settings_free(settings);
    }
    assert_int_equal(ocors_policy_count_origins(&policy, UINT32_MAX), rows[row].origins);
    /* Counted no further than is asked for. */
    assert_int_equal(ocors_policy_count_origins(&policy, 1), rows[row].origins > 0 ? 1 : 0);
    assert_int_equal(ocors_policy_count_origins(&policy, 0), 0);
    for (size_t i = 0; i < LAYERS_MAX; i++) {
        free(images[i]);
    }
}

/* A record that lies leads no reader out of the image: there is no such origin. */
static void origins_out_of_range_are_not_read(void **state)
{
    ocors_settings_t *settings = settings_make("a:xyz");
    ocors_image_t image;
    ocors_image_origin_t origin;
    void *bytes;
    size_t size;

    (void)state;
    assert_int_equal(ocors_image_build(settings, SEED, &bytes, &size), OCORS_OK);
    assert_true(ocors_image_open(bytes, size, &image));
    assert_true(ocors_image_read_origin(&image, 2, &origin));
    assert_int_equal(origin.client_count, 1);
    assert_int_equal(origin.text.length, strlen("https://x.example"));
    assert_false(ocors_image_read_origin(&image, 3, &origin));
    image.member_count = 2;
    assert_false(ocors_image_read_origin(&image, 2, &origin));
    ocors_settings_free(settings);
    free(bytes);
}

/* Only a damaged image lists an origin for a client that it does not have: nobody is allowed. */
static void a_client_that_is_not_there_allows_nothing(void **state)
{
    ocors_image_t image = { .client_count = 1 };
    ocors_policy_t policy = { .layer_count = 1 };

    (void)state;
    policy.layers[0] = image;
    for (uint32_t client = 0; client < 3; client++) {
        const ocors_image_origin_t listed = { .clients = &client, .client_count = 1 },
                                   nobodys = { .clients = &client, .client_count = 0 };

        assert_int_equal(ocors_policy_allows(&policy, 0, &listed), client == 0);
        assert_false(ocors_policy_allows(&policy, 0, &nobodys));
    }
}

/* The marks of replaced clients are read up to the last client, after which nothing can be read. */
static void marks_end_with_the_clients(void **state)
{
    static ocors_policy_t policy = { .layer_count = 2 };

    (void)state;
    for (uint32_t count = 32; count <= 64; count += 32) {
        const uint32_t words[2] = { 2, 0 }; /* client 1 is replaced */
        const uint32_t others[] = { 0, count - 1 }, replaced[] = { 1, count - 1 };
        const ocors_span_t marks = guarded_copy(words, count / 8);

        policy.layers[0] = (ocors_image_t){ .client_count = count,
                                            .replaced = (const uint32_t *)(const void *)marks.bytes,
                                            .replaced_count = 1 };
        assert_false(ocors_policy_has_replaced(&policy, 0, others, 2));
        assert_true(ocors_policy_has_replaced(&policy, 0, replaced, 2));
        guarded_free(marks);
    }
}

/* D26: a client has the headers of the layer that it is found in, each in its place, and no others.
 */
static void headers_of_a_client(void **state)
{
    static const char *const names[] = { "x-a", "x-b", "x-c", "x-d" };
    ocors_settings_t *settings = ocors_settings_create();
    ocors_policy_t policy = { .layer_count = 1 };
    ocors_policy_client_t client;
    ocors_response_header_t header;
    ocors_report_t report;
    void *bytes;
    size_t size;

    (void)state;
    ocors_report_init(&report);
    for (size_t i = 0; i < 4; i++) { /* two of each client */
        if (i % 2 == 0) {
            assert_int_equal(ocors_settings_begin_client(settings, ocors_span_make(names[i] + 2, 1),
                                                         &report, NULL),
                             OCORS_OK);
        }
        assert_int_equal(ocors_settings_add_header(settings, ocors_span_from_string(names[i]),
                                                   OCORS_SPAN_LITERAL("yes"), &report, NULL),
                         OCORS_OK);
    }
    assert_int_equal(ocors_image_build(settings, SEED, &bytes, &size), OCORS_OK);
    assert_true(ocors_image_open(bytes, size, &policy.layers[0]));
    for (size_t i = 0; i < 4; i++) {
        assert_true(
            ocors_policy_find_client(&policy, ocors_span_make(names[i / 2 * 2] + 2, 1), &client));
        assert_true(ocors_policy_read_header(&policy, &client, i % 2, &header));
        assert_span_equal(header.name, names[i]);
        assert_false(ocors_policy_read_header(&policy, &client, 2, &header));
    }
    ocors_settings_free(settings);
    ocors_report_free(&report);
    free(bytes);
}

int main(void)
{
    const size_t count = sizeof(rows) / sizeof(rows[0]);
    struct CMUnitTest tests[sizeof(rows) / sizeof(rows[0]) + 4] = { 0 };

    for (size_t i = 0; i < count; i++) {
        tests[i] = (struct CMUnitTest){
            .name = rows[i].name,
            .test_func = check_row,
            .initial_state = (void *)(uintptr_t)i,
        };
    }
    tests[count] = (struct CMUnitTest)cmocka_unit_test(origins_out_of_range_are_not_read);
    tests[count + 1] = (struct CMUnitTest)cmocka_unit_test(
        a_client_that_is_not_there_allows_nothing);
    tests[count + 2] = (struct CMUnitTest)cmocka_unit_test(headers_of_a_client);
    tests[count + 3] = (struct CMUnitTest)cmocka_unit_test(marks_end_with_the_clients);
    return cmocka_run_group_tests_name("policy", tests, NULL, NULL) != 0;
}
