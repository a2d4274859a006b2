/* SPDX-License-Identifier: Apache-2.0 */
/* The fault document (F1, F6): its bytes, whatever the origin's. */

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>
#include <json-c/json.h>

#include "ocors_fault.h"

#define MESSAGE "The origin of this request is not allowed to make it."

static void test_the_whole_document(void **state)
{
    char buffer[OCORS_FAULT_MAX];
    const char *expected =
        "{\"_v\":\"19.1\",\"fault\":{\"arguments\":{\"origin\":\"http://bar.com\"},"
        "\"type\":\"UnauthorizedOriginException\",\"message\":\"" MESSAGE "\"}}";

    (void)state;
    assert_int_equal(
        ocors_fault_write(OCORS_SPAN_LITERAL("19.1"), OCORS_SPAN_LITERAL("http://bar.com"), buffer),
        strlen(expected));
    assert_string_equal(buffer, expected);
}

static void test_versions(void **state)
{
    static const struct {
        const char *version, *shown;
    } rows[] = {
        { "19.1", "19.1" },
        { "21.10", "21.10" },
        { "0.9", "0.9" },
        { "", "19.1" },
        { "19", "19.1" },
        { ".1", "19.1" },
        { "19.", "19.1" },
        { "1.2.3", "19.1" },
        { "1.\"", "19.1" },
        { "a.b", "19.1" },
        { "12345678.12345678", "19.1" },
        { "1234567.12345678", "1234567.12345678" },
        { " 19.1", "19.1" },
    };
    char buffer[OCORS_FAULT_MAX], start[64];

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        ocors_fault_write(ocors_span_from_string(rows[i].version), OCORS_SPAN_LITERAL("x"), buffer);
        snprintf(start, sizeof(start), "{\"_v\":\"%s\",\"fault\"", rows[i].shown);
        assert_memory_equal(buffer, start, strlen(start));
    }
}

/* The origin argument as a JSON reader sees it. */
static void assert_origin(ocors_span_t origin, const char *expected, size_t expected_length)
{
    char buffer[OCORS_FAULT_MAX];
    const size_t length = ocors_fault_write(OCORS_SPAN_LITERAL("19.1"), origin, buffer);
    struct json_tokener *reader = json_tokener_new();
    struct json_object *fault, *inner, *arguments, *value;

    assert_int_equal(strlen(buffer), length);
    assert_true(length < sizeof(buffer));
    json_tokener_set_flags(reader, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
    fault = json_tokener_parse_ex(reader, buffer, (int)length + 1);
    assert_non_null(fault);
    assert_true(json_object_object_get_ex(fault, "fault", &inner));
    assert_true(json_object_object_get_ex(inner, "arguments", &arguments));
    assert_true(json_object_object_get_ex(arguments, "origin", &value));
    assert_int_equal(json_object_get_string_len(value), expected_length);
    assert_memory_equal(json_object_get_string(value), expected, expected_length);
    json_object_put(fault);
    json_tokener_free(reader);
    for (size_t i = 0; i < length; i++) {
        assert_true((unsigned char)buffer[i] >= 0x20 && buffer[i] != 0x7f);
        assert_null(strchr("<>&", buffer[i]));
    }
}

#define REPLACED "\xef\xbf\xbd"

static void test_any_bytes(void **state)
{
    static const struct {
        ocors_span_t origin;
        ocors_span_t shown;
    } rows[] = {
        { OCORS_SPAN_INITIALISER(""), OCORS_SPAN_INITIALISER("") },
        { OCORS_SPAN_INITIALISER("http://\"\\/\b\t"), OCORS_SPAN_INITIALISER("http://\"\\/\b\t") },
        { OCORS_SPAN_INITIALISER("<script>&'\x7f"), OCORS_SPAN_INITIALISER("<script>&'\x7f") },
        { OCORS_SPAN_INITIALISER("a\0b"), OCORS_SPAN_INITIALISER("a\0b") },
        { OCORS_SPAN_INITIALISER("b\xc3\xbc"), OCORS_SPAN_INITIALISER("b\xc3\xbc") },
        { OCORS_SPAN_INITIALISER("\xf0\x9f\x98\x80"), OCORS_SPAN_INITIALISER("\xf0\x9f\x98\x80") },
        { OCORS_SPAN_INITIALISER("\xfc"), OCORS_SPAN_INITIALISER(REPLACED) },
        { OCORS_SPAN_INITIALISER("\xc3"), OCORS_SPAN_INITIALISER(REPLACED) },
        { OCORS_SPAN_INITIALISER("\xc0\xaf"), OCORS_SPAN_INITIALISER(REPLACED REPLACED) },
        { OCORS_SPAN_INITIALISER("\xe0\x80\xaf"),
          OCORS_SPAN_INITIALISER(REPLACED REPLACED REPLACED) },
        { OCORS_SPAN_INITIALISER("\xed\xa0\x80"),
          OCORS_SPAN_INITIALISER(REPLACED REPLACED REPLACED) },
        { OCORS_SPAN_INITIALISER("\xf4\x90\x80\x80"),
          OCORS_SPAN_INITIALISER(REPLACED REPLACED REPLACED REPLACED) },
        { OCORS_SPAN_INITIALISER("\xf5x"), OCORS_SPAN_INITIALISER(REPLACED "x") },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        assert_origin(rows[i].origin, rows[i].shown.bytes, rows[i].shown.length);
    }
}

/* F1: the first and the last character that is escaped, and those beside them, as they are sent. */
static void test_what_is_escaped(void **state)
{
    static const struct {
        const char *origin, *written;
    } rows[] = {
        { "http://a http://b", "\"http://a http://b\"" },
        { "http://a\x1f", "\"http://a\\u001f\"" },
        { "http://a~", "\"http://a~\"" },
        { "http://a\x7f", "\"http://a\\u007f\"" },
        { "\"\\", "\"\\\"\\\\\"" },
        { "<>&'", "\"\\u003c\\u003e\\u0026\\u0027\"" },
    };
    char buffer[OCORS_FAULT_MAX];

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        ocors_fault_write(OCORS_SPAN_LITERAL("19.1"), ocors_span_from_string(rows[i].origin),
                          buffer);
        assert_non_null(strstr(buffer, rows[i].written));
    }
}

static void test_the_cut(void **state)
{
    char origin[600];

    (void)state;
    memset(origin, 'a', sizeof(origin));
    for (size_t length = 250; length < sizeof(origin); length++) {
        const size_t shown = length < OCORS_FAULT_ORIGIN_MAX ? length : OCORS_FAULT_ORIGIN_MAX;

        assert_origin(ocors_span_make(origin, length), origin, shown);
    }
    /* A character of two bytes at 255 and 256 does not fit, at 254 and 255 it does. */
    memcpy(origin + 255, "\xc3\xbc", 2);
    assert_origin(ocors_span_make(origin, sizeof(origin)), origin, 255);
    memcpy(origin + 254, "\xc3\xbc", 2);
    assert_origin(ocors_span_make(origin, sizeof(origin)), origin, 256);
    /* The worst case for the buffer. */
    memset(origin, '\x01', sizeof(origin));
    assert_origin(ocors_span_make(origin, sizeof(origin)), origin, 256);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_whole_document),
        cmocka_unit_test(test_versions),
        cmocka_unit_test(test_any_bytes),
        cmocka_unit_test(test_what_is_escaped),
        cmocka_unit_test(test_the_cut),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
