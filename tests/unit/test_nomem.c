/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every allocation of the core's document half fails once. Linked with
 * -Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc, which does not reach json-c's own. That nothing
 * leaks is seen by running this under valgrind or with the address sanitizer.
 */
#include "vectors.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ocors_image.h"
#include "ocors_image_build.h"
#include "ocors_image_verify.h"
#include "ocors_json_scan.h"
#include "ocors_settings_parse.h"

void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *old, size_t size);
void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *old, size_t size);

static size_t calls;      /* since the test set it to 0 */
static size_t fails_at;   /* the call that fails; 0 = none */
static bool fails_onward; /* and all after it */

static bool fails(void)
{
    calls++;
    return fails_at != 0 && (calls == fails_at || (fails_onward && calls > fails_at));
}

void *__wrap_malloc(size_t size)
{
    return fails() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
    return fails() ? NULL : __real_calloc(count, size);
}

void *__wrap_realloc(void *old, size_t size)
{
    return fails() ? NULL : __real_realloc(old, size);
}

/* One of everything, many origins, and warnings and remarks. */
static const char good[] =
    "{\"_v\":\"19.1\",\"x\":1,\"clients\":[{\"client_id\":\"a\",\"allowed_origins\":["
    "\"https://a.example\",\"https://a.example/\",\"http://b.example\",\"https://c.example\","
    "\"https://d.example\",\"https://e.example\",\"https://f.example\",\"https://g.example\","
    "\"https://h.example\",\"https://i.example\",\"https://j.example\",\"https://k.example\","
    "\"https://l.example\",\"https://m.example\",\"http://m.example\",\"placeholder\"],"
    "\"response_headers\":{\"x-a\":\"1\",\"\\u0078-b\":\"2\"},\"resources\":["
    "{\"resource_id\":\"/a/{id}\",\"methods\":[\"get\"],\"version_range\":[{\"from\":\"1.1\"},"
    "{\"until\":\"1.0\"}]},{\"resource_id\":\"/b\",\"methods\":[\"post\"]}]},"
    "{\"client_id\":\"\"},{\"client_id\":\"b\"}]}";

/* Faults of the text and of the values, more than a report has room for at first. */
static const char bad[] =
    "{\"_v\":\"19.1\",\"_v\":1,/*c*/\"clients\":[{\"client_id\":\"a\",\"\\u0061\":[\"*\",],'b':NaN,"
    "\"client_id\":\"b\",\"allowed_origins\":[\"*\",\"null\",\"https://x/y\",1,null,\"https://x:0\"]},"
    "{\"client_id\":\"a\"},{}, ... ]}";

/* JSON, with faults of the values and keys that have to be decoded. */
static const char wrong[] =
    "{\"_v\":\"19.1\",\"clients\":[{\"client_id\":\"a\",\"\\u0061\":[\"*\"],\"c\\u0061\":1,"
    "\"c\\u0061\":2,\"allowed_origins\":[\"*\",\"null\",\"https://x/y\",1,null,\"https://x:0\"]},"
    "{\"client_id\":\"a\\n\"},{}]}";

static const char broken[] = "{\"a\":[1,2,{\"b\":\"c\",\"\\u0062\":1";

/* Whether the report says that a list has no usable origin. */
static bool says_unusable(const ocors_report_t *report)
{
    for (size_t i = 0; i < report->count; i++) {
        if (report->items[i].code == OCORS_FINDING_ORIGINS_UNUSABLE) {
            return true;
        }
    }
    return false;
}

/* Runs the parse with the n-th allocation failing, for every n until it is not reached. */
static void fail_each(const char *text, ocors_result_t expected, bool onward)
{
    for (size_t n = 1;; n++) {
        ocors_settings_t *settings = NULL;
        ocors_report_t report;
        ocors_result_t status;
        bool is_reached;

        ocors_report_init(&report);
        calls = 0;
        fails_at = n;
        fails_onward = onward;
        status = ocors_settings_parse(ocors_span_from_string(text), &report, &settings);
        is_reached = calls >= n;
        fails_at = 0;
        assert_int_equal(status, is_reached ? OCORS_NO_MEMORY : expected);
        assert_int_equal(settings != NULL, status == OCORS_OK);
        assert_true(is_reached || !report.is_out_of_memory);
        assert_true(text != good || !says_unusable(&report)); /* the list was not read to its end */
        ocors_settings_free(settings);
        ocors_report_free(&report);
        if (!is_reached) {
            assert_true(n > 10);
            return;
        }
        assert_true(n < 10000);
    }
}

static void good_document(void **state)
{
    (void)state;
    fail_each(good, OCORS_OK, false);
    fail_each(good, OCORS_OK, true);
}

/* More resources than are tried for one path, all of which a path may match. */
static void large_document(void **state)
{
    static const char head[] =
        "{\"_v\":\"19.1\",\"clients\":[{\"client_id\":\"a\",\"allowed_origins\":["
        "\"https://a.example\"],\"resources\":[{\"resource_id\":\"/*\","
        "\"methods\":[\"get\"],\"version_range\":[{\"from\":\"1.0\"}";
    char text[8192];
    size_t length = (size_t)snprintf(text, sizeof(text), "%s", head);

    (void)state;
    for (unsigned i = 1; i <= 256; i++) {
        length += (size_t)snprintf(text + length, sizeof(text) - length, ",{\"from\":\"1.%u\"}", i);
    }
    (void)snprintf(text + length, sizeof(text) - length, "]}]}]}");
    fail_each(text, OCORS_OK, false);
}

static void bad_document(void **state)
{
    (void)state;
    fail_each(bad, OCORS_INVALID, false);
    fail_each(bad, OCORS_INVALID, true);
    fail_each(wrong, OCORS_INVALID, false);
    fail_each(wrong, OCORS_INVALID, true);
}

/* The image of a document: made whole, or not at all. */
static void image(void **state)
{
    ocors_settings_t *settings = NULL;
    ocors_report_t report;
    bool is_reached = true;

    (void)state;
    ocors_report_init(&report);
    fails_at = 0;
    assert_int_equal(ocors_settings_parse(ocors_span_from_string(good), &report, &settings),
                     OCORS_OK);
    for (size_t n = 1; is_reached; n++) {
        void *bytes = NULL;
        size_t size = 0;

        calls = 0;
        fails_at = n;
        fails_onward = false;
        const ocors_result_t result = ocors_image_build(settings, 1, &bytes, &size);

        is_reached = calls >= n;
        fails_at = 0;
        assert_int_equal(result, is_reached ? OCORS_NO_MEMORY : OCORS_OK);
        if (result == OCORS_OK) {
            assert_true(n > 10);
            assert_true(ocors_image_verify(bytes, size));
            free(bytes);
        }
    }
    ocors_settings_free(settings);
    ocors_report_free(&report);
}

/* The scan alone: it never says that it read what it could not. */
static void scan(void **state)
{
    static const char *const texts[] = { good, bad, wrong, broken };

    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        bool is_reached = true;

        for (size_t n = 1; is_reached; n++) {
            ocors_json_counts_t counts;
            ocors_report_t report;
            ocors_result_t status;

            ocors_report_init(&report);
            calls = 0;
            fails_at = n;
            fails_onward = false;
            status = ocors_json_scan(ocors_span_from_string(texts[i]), &report, &counts);
            is_reached = calls >= n;
            fails_at = 0;
            if (is_reached) {
                assert_true(status == OCORS_NO_MEMORY || report.is_out_of_memory);
            }
            /* An error that could not be kept is counted all the same. */
            assert_true(texts[i] == good || status == OCORS_NO_MEMORY
                        || ocors_report_has_errors(&report));
            ocors_report_free(&report);
        }
    }
}

static void errors_are_counted_without_memory(void **state)
{
    ocors_report_t report;

    (void)state;
    ocors_report_init(&report);
    for (size_t n = 1; n <= 3; n++) {
        calls = 0;
        fails_at = n;
        fails_onward = false;
        ocors_report_add(&report, OCORS_FINDING_SYNTAX, NULL, "x");
        fails_at = 0;
        assert_int_equal(report.count, 0);
        assert_int_equal(report.totals[OCORS_SEVERITY_ERROR], n);
        assert_true(report.is_out_of_memory);
    }
    ocors_report_free(&report);
    assert_false(report.is_out_of_memory);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_document), cmocka_unit_test(large_document),
        cmocka_unit_test(bad_document),  cmocka_unit_test(image),
        cmocka_unit_test(scan),          cmocka_unit_test(errors_are_counted_without_memory),
    };

    return cmocka_run_group_tests_name("nomem", tests, NULL, NULL) != 0;
}
