/* SPDX-License-Identifier: Apache-2.0 */
/* The nearest listed origin (A22): of the client that is named, of layers, of a host with many
 * ports. More rows: exchanges.json, member "nearest". */
#include "vectors.h"

#include <stdlib.h>

#include "ocors_image_build.h"
#include "ocors_image_verify.h"
#include "ocors_near_miss.h"
#include "ocors_settings.h"

#define SEED       UINT64_C(11)

#define LAYERS_MAX 3

static const struct {
    const char *name;
    const char *layers[LAYERS_MAX]; /* "CLIENT ORIGIN ORIGIN; CLIENT ORIGIN" */
    const char *client;             /* that is named; NULL: none */
    const char *origin;
    ocors_reason_t reason;
    const char *nearest;
} rows[] = {
    { "the union has another client's",
      { "a https://x.example:1; b https://x.example:7" },
      NULL,
      "https://x.example:6",
      OCORS_REASON_PORT_DIFFERS,
      "https://x.example:7" },
    { "a client has its own list alone (C2)",
      { "a https://x.example:1; b https://x.example:7" },
      "a",
      "https://x.example:6",
      OCORS_REASON_PORT_DIFFERS,
      "https://x.example:1" },
    { "a client has its own list alone, two ports below",
      { "a https://x.example:1; b https://x.example:5" },
      "a",
      "https://x.example:6",
      OCORS_REASON_PORT_DIFFERS,
      "https://x.example:1" },
    { "a client has its own list alone, two ports above",
      { "a https://x.example:9; b https://x.example:7" },
      "a",
      "https://x.example:6",
      OCORS_REASON_PORT_DIFFERS,
      "https://x.example:9" },
    { "eight ports above are looked at (R13)",
      { "a https://x.example:9; b https://x.example:2 https://x.example:3 https://x.example:4 "
        "https://x.example:5 https://x.example:6 https://x.example:7 https://x.example:8" },
      "a",
      "https://x.example:1",
      OCORS_REASON_PORT_DIFFERS,
      "https://x.example:9" },
    { "eight ports below are looked at (R13)",
      { "a https://x.example:1; b https://x.example:2 https://x.example:3 https://x.example:4 "
        "https://x.example:5 https://x.example:6 https://x.example:7 https://x.example:8" },
      "a",
      "https://x.example:9",
      OCORS_REASON_PORT_DIFFERS,
      "https://x.example:1" },
    { "the ninth above is not",
      { "a https://x.example:10; b https://x.example:2 https://x.example:3 https://x.example:4 "
        "https://x.example:5 https://x.example:6 https://x.example:7 https://x.example:8 "
        "https://x.example:9" },
      "a",
      "https://x.example:1",
      OCORS_REASON_NOT_LISTED,
      "" },
    { "the ninth below is not",
      { "a https://x.example:1; b https://x.example:2 https://x.example:3 https://x.example:4 "
        "https://x.example:5 https://x.example:6 https://x.example:7 https://x.example:8 "
        "https://x.example:9" },
      "a",
      "https://x.example:10",
      OCORS_REASON_NOT_LISTED,
      "" },
    { "a client without the host",
      { "a https://y.example; b https://x.example:7" },
      "a",
      "https://x.example:6",
      OCORS_REASON_NOT_LISTED,
      "" },
    { "a client, its serialised form",
      { "a https://x.example; b https://y.example" },
      "a",
      "https://X.example",
      OCORS_REASON_CASE_DIFFERS,
      "https://x.example" },
    { "another client's serialised form is none",
      { "a https://x.example; b https://y.example" },
      "a",
      "https://Y.example",
      OCORS_REASON_MALFORMED,
      "" },
    { "the layer below",
      { "a https://x.example:1", "b https://y.example" },
      NULL,
      "https://x.example",
      OCORS_REASON_PORT_DIFFERS,
      "https://x.example:1" },
    { "the nearer of two layers",
      { "a https://x.example:1", "b https://x.example:500" },
      NULL,
      "https://x.example",
      OCORS_REASON_PORT_DIFFERS,
      "https://x.example:500" },
    { "what a layer replaces is not listed (C4)",
      { "a https://x.example:442", "a https://x.example:500" },
      NULL,
      "https://x.example",
      OCORS_REASON_PORT_DIFFERS,
      "https://x.example:500" },
    { "all of it is replaced",
      { "a https://x.example:442", "a" },
      NULL,
      "https://x.example",
      OCORS_REASON_NOT_LISTED,
      "" },
    { "no layer", { NULL }, NULL, "https://x.example", OCORS_REASON_NOT_LISTED, "" },
    { "an equal distance: the higher port",
      { "a https://x.example:10 https://x.example:20" },
      NULL,
      "https://x.example:15",
      OCORS_REASON_PORT_DIFFERS,
      "https://x.example:20" },
    { "an explicit port that is the other scheme's default",
      { "a http://x.example" },
      NULL,
      "https://x.example:80",
      OCORS_REASON_SCHEME_DIFFERS,
      "http://x.example" },
};

/* "a https://x b" -> the settings of two clients, with one origin and with none. */
static ocors_settings_t *settings_make(const char *clients)
{
    ocors_settings_t *settings = ocors_settings_create();
    ocors_report_t report;

    assert_non_null(settings);
    ocors_report_init(&report);
    for (const char *at = clients; *at != '\0';) {
        size_t length = 0;

        while (strchr(" ;", at[length]) == NULL) { /* strcspn() is quadratic under the sanitizer */
            length++;
        }
        const ocors_span_t word = ocors_span_make(at, length);

        if (length == 1) {
            assert_int_equal(ocors_settings_begin_client(settings, word, &report, NULL), OCORS_OK);
        }
        else if (length > 1) {
            assert_int_equal(ocors_settings_add_origin(settings, word, &report, NULL), OCORS_OK);
        }
        at += length + (at[length] != '\0' ? 1 : 0);
    }
    ocors_report_free(&report);
    return settings;
}

static void *image_make(const char *clients, ocors_image_t *image)
{
    ocors_settings_t *settings = settings_make(clients);
    void *bytes;
    size_t size;

    assert_int_equal(ocors_image_build(settings, SEED, &bytes, &size), OCORS_OK);
    assert_true(ocors_image_verify(bytes, size));
    assert_true(ocors_image_open(bytes, size, image));
    ocors_settings_free(settings);
    return bytes;
}

static void check_row(void **state)
{
    const size_t row = (size_t)(uintptr_t)*state;
    void *images[LAYERS_MAX] = { NULL };
    ocors_policy_t policy = { .layer_count = 0 };
    ocors_policy_client_t client;
    ocors_near_list_t list = { .policy = &policy };
    const ocors_span_t origin = guarded_copy(rows[row].origin, strlen(rows[row].origin));
    ocors_near_miss_t miss;

    for (size_t i = 0; i < LAYERS_MAX && rows[row].layers[i] != NULL; i++) {
        images[i] = image_make(rows[row].layers[i], &policy.layers[policy.layer_count++]);
    }
    if (rows[row].client != NULL) {
        assert_true(
            ocors_policy_find_client(&policy, ocors_span_from_string(rows[row].client), &client));
        list.client = &client;
    }
    ocors_near_miss_find(&list, 1, origin, &miss);
    assert_string_equal(ocors_reason_name(miss.reason), ocors_reason_name(rows[row].reason));
    assert_span_equal(miss.nearest, rows[row].nearest);
    guarded_free(origin);
    for (size_t i = 0; i < LAYERS_MAX; i++) {
        free(images[i]);
    }
}

/* Every third port of a host, and each scheme of ten; the nearest is found among 200,000. */
static void test_the_nearest_of_many_ports(void **state)
{
    static const uint32_t asked[] = { 1, 2, 4, 3000, 3001, 32767, 49999, 50000, 65535 };
    ocors_policy_t policy = { .layer_count = 1 };
    const ocors_near_list_t list = { .policy = &policy };
    const size_t room = 10 * 22000 * sizeof("https0://host.example:65535 ");
    char *text = malloc(room);
    size_t length = (size_t)snprintf(text, room, "a");
    void *bytes;

    (void)state;
    for (unsigned scheme = 0; scheme < 10; scheme++) {
        for (unsigned port = 3; port < 65536; port += 3) {
            length += (size_t)snprintf(text + length, room - length, " https%u://host.example:%u",
                                       scheme, port);
        }
    }
    bytes = image_make(text, &policy.layers[0]);
    assert_true(policy.layers[0].origin_count > 200000);
    for (size_t i = 0; i < sizeof(asked) / sizeof(asked[0]); i++) {
        for (unsigned scheme = 0; scheme < 8; scheme++) {
            const uint32_t below = asked[i] / 3 * 3;
            const uint32_t near = asked[i] % 3 == 1 && below > 0 ? below : (asked[i] + 2) / 3 * 3;
            char origin[64], expected[64];
            ocors_near_miss_t miss;

            snprintf(origin, sizeof(origin), "https%u://host.example:%u", scheme, asked[i]);
            snprintf(expected, sizeof(expected), "https%u://host.example:%u",
                     asked[i] % 3 == 0 ? (scheme == 0 ? 1 : 0) : scheme, near);
            ocors_near_miss_find(&list, 1, ocors_span_from_string(origin), &miss);
            assert_span_equal(miss.nearest, expected);
        }
    }
    free(bytes);
    free(text);
}

/* R13: whatever the bytes of an image say, the search ends, and reads nothing outside it. */
static void test_a_damaged_image_is_harmless(void **state)
{
    static const char clients[] = "a http://h.example:1 http://h.example:2 https://h.example "
                                  "https://h.example:9 https://i.example; b http://h.example:2";
    static const char *const origins[] = { "http://h.example:3", "https://i.example:1",
                                           "ftp://h.example", "http://j.example" };
    ocors_settings_t *settings = settings_make(clients);
    unsigned char *bytes;
    void *built;
    size_t size;

    (void)state;
    assert_int_equal(ocors_image_build(settings, SEED, &built, &size), OCORS_OK);
    bytes = built;
    for (size_t at = 0; at < size; at++) {
        const unsigned char before = bytes[at];

        for (unsigned flip = 1; flip < 256; flip += 127) {
            ocors_policy_t policy = { .layer_count = 1 };
            const ocors_near_list_t list = { .policy = &policy };
            volatile unsigned char used;

            bytes[at] = (unsigned char)(before ^ flip);
            for (size_t i = 0; i < sizeof(origins) / sizeof(origins[0])
                               && ocors_image_open(bytes, size, &policy.layers[0]);
                 i++) {
                ocors_near_miss_t miss;

                ocors_near_miss_find(&list, 1, ocors_span_from_string(origins[i]), &miss);
                for (size_t k = 0; k < miss.nearest.length; k++) {
                    used = (unsigned char)miss.nearest.bytes[k];
                    (void)used;
                }
            }
        }
        bytes[at] = before;
    }
    ocors_settings_free(settings);
    free(built);
}

int main(void)
{
    struct CMUnitTest tests[sizeof(rows) / sizeof(rows[0])];
    const struct CMUnitTest others[] = {
        cmocka_unit_test(test_the_nearest_of_many_ports),
        cmocka_unit_test(test_a_damaged_image_is_harmless),
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        tests[i] = (struct CMUnitTest){ .name = rows[i].name,
                                        .test_func = check_row,
                                        .initial_state = (void *)(uintptr_t)i };
    }
    return cmocka_run_group_tests(tests, NULL, NULL) + cmocka_run_group_tests(others, NULL, NULL);
}
