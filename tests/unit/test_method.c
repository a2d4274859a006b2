/* SPDX-License-Identifier: Apache-2.0 */
/* Methods as sets, tokens, and versions. */
#include "vectors.h"

#include <string.h>

#include "ocors_method.h"
#include "ocors_settings.h"

static void methods_are_case_sensitive_on_the_wire(void **state)
{
    static const struct {
        const char *name;
        ocors_methods_t exact;
        ocors_methods_t nocase;
    } rows[] = {
        { "GET", OCORS_METHOD_GET, OCORS_METHOD_GET },
        { "HEAD", OCORS_METHOD_HEAD, OCORS_METHOD_HEAD },
        { "POST", OCORS_METHOD_POST, OCORS_METHOD_POST },
        { "PUT", OCORS_METHOD_PUT, OCORS_METHOD_PUT },
        { "PATCH", OCORS_METHOD_PATCH, OCORS_METHOD_PATCH },
        { "DELETE", OCORS_METHOD_DELETE, OCORS_METHOD_DELETE },
        { "OPTIONS", OCORS_METHOD_OPTIONS, OCORS_METHOD_OPTIONS },
        { "get", 0, OCORS_METHOD_GET },
        { "Patch", 0, OCORS_METHOD_PATCH },
        { "", 0, 0 },
        { "GE", 0, 0 },
        { "GETS", 0, 0 },
        { " GET", 0, 0 },
        { "TRACE", 0, 0 },
        { "CONNECT", 0, 0 },
        { "*", 0, 0 },
        { "PROPFIND", 0, 0 },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        ocors_span_t name = guarded_copy(rows[i].name, strlen(rows[i].name));

        assert_int_equal(ocors_method_parse(name), rows[i].exact);
        assert_int_equal(ocors_method_parse_nocase(name), rows[i].nocase);
        guarded_free(name);
    }
    assert_int_equal(ocors_method_parse(ocors_span_make(NULL, 0)), 0);
    assert_int_equal(ocors_method_parse(ocors_span_make("GET\0", 4)), 0);
}

static void lists_are_in_one_order(void **state)
{
    char text[OCORS_METHODS_TEXT_MAX];

    (void)state;
    assert_int_equal(ocors_methods_format(0, text), 0);
    assert_string_equal(text, "");
    assert_int_equal(ocors_methods_format(OCORS_METHOD_POST, text), 4);
    assert_string_equal(text, "POST");
    (void)ocors_methods_format(OCORS_METHOD_PATCH | OCORS_METHOD_GET | OCORS_METHOD_HEAD, text);
    assert_string_equal(text, "GET, HEAD, PATCH");
    assert_true(ocors_methods_format(OCORS_METHOD_ALL, text) < OCORS_METHODS_TEXT_MAX);
    assert_string_equal(text, "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS");
    /* A bit that is no method is no method. */
    assert_int_equal(ocors_methods_format((ocors_methods_t)~OCORS_METHOD_ALL, text), 0);
    for (unsigned set = 0; set <= OCORS_METHOD_ALL; set++) {
        ocors_methods_t again = 0;
        size_t length = ocors_methods_format((ocors_methods_t)set, text);

        assert_int_equal(length, strlen(text));
        for (const char *at = text; *at != '\0'; at += strspn(at, ", ")) {
            size_t word = strcspn(at, ", ");

            again |= ocors_method_parse(ocors_span_make(at, word));
            at += word;
        }
        assert_int_equal(again, set);
    }
}

static void tokens_are_those_of_rfc_9110(void **state)
{
    const char *allowed = "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyz"
                          "ABCDEFGHIJKLMNOPQRSTUVWXYZ";

    (void)state;
    assert_false(ocors_token_is_valid(ocors_span_make("", 0)));
    assert_false(ocors_token_is_valid(ocors_span_make(NULL, 0)));
    for (int byte = 0; byte < 256; byte++) {
        bool expected = byte != 0 && strchr(allowed, byte) != NULL;

        /* In each place of tokens of each length: they are looked at by fours. */
        for (size_t length = 1; length <= 9; length++) {
            for (size_t at = 0; at < length; at++) {
                char text[9];

                memset(text, 'x', sizeof(text));
                text[at] = (char)byte;
                assert_int_equal(ocors_token_is_valid(ocors_span_make(text, length)), expected);
            }
        }
    }
}

static void versions_compare_as_numbers(void **state)
{
    static const struct {
        const char *text;
        bool is_good;
        ocors_version_t version;
    } rows[] = {
        { "19.1", true, 19u << 16 | 1 },
        { "9.10", true, 9u << 16 | 10 },
        { "0.1", true, 1 },
        { "1.0", true, 1u << 16 },
        { "65535.65535", true, UINT32_MAX },
        { "019.01", true, 19u << 16 | 1 },
        { "", false, 0 },
        { ".", false, 0 },
        { "19", false, 0 },
        { "19.", false, 0 },
        { ".1", false, 0 },
        { "19.1.2", false, 0 },
        { "0.0", false, 0 },
        { "65536.1", false, 0 },
        { "1.65536", false, 0 },
        { "v19.1", false, 0 },
        { "19_1", false, 0 },
        { "19.1 ", false, 0 },
        { "-1.1", false, 0 },
        { "19..1", false, 0 },
        { "99999999999999999999.1", false, 0 },
        { "1.4294967297", false, 0 },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        ocors_span_t text = guarded_copy(rows[i].text, strlen(rows[i].text));
        ocors_version_t version = 0;

        if (ocors_version_parse(text, &version) != rows[i].is_good) {
            fail_msg("\"%s\"", rows[i].text);
        }
        if (rows[i].is_good) {
            assert_int_equal(version, rows[i].version);
        }
        guarded_free(text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(methods_are_case_sensitive_on_the_wire),
        cmocka_unit_test(lists_are_in_one_order),
        cmocka_unit_test(tokens_are_those_of_rfc_9110),
        cmocka_unit_test(versions_compare_as_numbers),
    };

    return cmocka_run_group_tests_name("method", tests, NULL, NULL) != 0;
}
