/* SPDX-License-Identifier: Apache-2.0 */
/* The scan: what it repairs to, that json-c takes it, and that its time is linear. */
#include "vectors.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "ocors_json_scan.h"

/* json-c as the reader of documents uses it. */
static bool is_strict_json(const char *text, size_t length)
{
    struct json_tokener *tokener = json_tokener_new_ex(OCORS_JSON_DEPTH_MAX + 16);
    struct json_object *root;
    bool is_good;

    assert_non_null(tokener);
    json_tokener_set_flags(tokener, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
    root = json_tokener_parse_ex(tokener, text, (int)length + 1);
    is_good = json_tokener_get_error(tokener) == json_tokener_success;
    json_object_put(root);
    json_tokener_free(tokener);
    return is_good;
}

/* What must be true of every text; returns the number of errors. */
static size_t check_text(ocors_span_t text)
{
    char *repaired;
    size_t length;
    size_t errors;
    ocors_report_t report;
    ocors_result_t status;

    ocors_report_init(&report);
    status = ocors_json_scan(text, &report, &repaired, &length, NULL);
    errors = report.totals[OCORS_SEVERITY_ERROR];
    if (status == OCORS_OK) {
        assert_non_null(repaired);
        assert_int_equal(repaired[length], '\0');
        assert_int_equal(strlen(repaired), length);
        if (!is_strict_json(repaired, length)) {
            fail_msg("json-c refuses \"%s\", repaired from \"%.*s\"", repaired, (int)text.length,
                     text.bytes);
        }
        if (errors == 0 && !ocors_span_is_equal(ocors_span_make(repaired, length), text)) {
            fail_msg("no error, and yet repaired to \"%s\"", repaired);
        }
    }
    else {
        assert_int_equal(status, OCORS_INVALID);
        assert_null(repaired);
        assert_true(errors > 0);
    }
    for (size_t i = 0; i < report.count; i++) {
        assert_true(report.items[i].line >= 1 && report.items[i].column >= 1);
        assert_true(report.items[i].column <= text.length + 1);
    }
    free(repaired);
    ocors_report_free(&report);
    return errors;
}

static void texts_are_repaired(void **state)
{
    static const struct {
        const char *text;
        const char *repaired; /* NULL: given up */
        size_t errors;
    } rows[] = {
        { "{}", "{}", 0 },
        { " [1, -2.5e3, true, false, null, \"x\"]\n", " [1, -2.5e3, true, false, null, \"x\"]\n",
          0 },
        { "1", "1", 0 },
        { "\"\"", "\"\"", 0 },
        { "[1,]", "[1 ]", 1 },
        { "[1 , ]", "[1   ]", 1 },
        { "[1,/*x*/]", "[1  ]", 2 },
        { "[,1]", "[ 1]", 1 },
        { "[1,,2]", "[1, 2]", 1 },
        { "[1 2]", "[1 ,2]", 1 },
        { "[\"a\"\"b\"]", "[\"a\",\"b\"]", 1 },
        { "{\"a\":1\"b\":2}", "{\"a\":1,\"b\":2}", 1 },
        { "[1//x\n]", "[1 \n]", 1 },
        { "[...]", "[ ]", 1 },
        { "[1, ...]", "[1   ]", 1 },
        { "{\"a\":...}", "{\"a\": \"\\u0001\"}", 1 },
        { "{\"a\":}", "{\"a\":\"\\u0001\"}", 1 },
        { "{\"a\":,}", "{\"a\":\"\\u0001\" }", 2 },
        { "['a\"b\\'c']", "[\"a\\\"b'c\"]", 1 },
        { "\xef\xbb\xbf[]", "[]", 1 },
        { "[\"a\\tb\"]", "[\"ab\"]", 1 },
        { "[\"a\tb\"]", "[\"ab\"]", 1 },
        { "[\"\\ud800\"]", "[\"\\ufffd\"]", 1 },
        { "[\"\\q\"]", "[\"q\"]", 1 },
        { "[\"\xff\"]", "[\"?\"]", 1 },
        { "[01, NaN, +1]", "[0, 0, 0]", 3 },
        { "[yes]", "[\"\\u0001\"]", 1 },
        { "{a:1}", "{\"a\":1}", 1 },
        { "[]]", "[]", 1 },
        { "{\"a\":1,\"a\":2}", "{\"a\":1,\"\\u00011\\u0001a\":2}", 1 },
        { "{\"a\":1,'a':2,\"\\u0061\":3}",
          "{\"a\":1,\"\\u00011\\u0001a\":2,\"\\u00012\\u0001\\u0061\":3}", 3 },
        { "{\"a\":1,\"b\":{\"a\":1},\"b\":2}", "{\"a\":1,\"b\":{\"a\":1},\"\\u00011\\u0001b\":2}",
          1 },
        { "{\"a\":1,a:2}", "{\"a\":1,\"\\u00011\\u0001a\":2}", 2 },
        { "{\"\":1,\"\":2}", "{\"\":1,\"\\u00011\\u0001\":2}", 1 },
        { "{\"\\n\":1,\"\":2}", "{\"\":1,\"\\u00011\\u0001\":2}", 2 },
        { "[", NULL, 1 },
        { "{\"a\" 1}", NULL, 1 },
        { "[1}", NULL, 1 },
        { "<x>", NULL, 1 },
        { "\"a", NULL, 1 },
        { "\"\\", NULL, 2 },
        { "[\"\\u12", NULL, 2 },
        { "", NULL, 1 },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        ocors_span_t text = guarded_copy(rows[i].text, strlen(rows[i].text));
        char *repaired;
        size_t length;
        ocors_report_t report;

        ocors_report_init(&report);
        (void)ocors_json_scan(text, &report, &repaired, &length, NULL);
        if ((repaired == NULL) != (rows[i].repaired == NULL)
            || (repaired != NULL && strcmp(repaired, rows[i].repaired) != 0)
            || report.totals[OCORS_SEVERITY_ERROR] != rows[i].errors) {
            fail_msg("\"%s\" became \"%s\" with %zu errors", rows[i].text,
                     repaired != NULL ? repaired : "(nothing)",
                     report.totals[OCORS_SEVERITY_ERROR]);
        }
        free(repaired);
        ocors_report_free(&report);
        assert_int_equal(check_text(text), rows[i].errors);
        guarded_free(text);
    }
}

/* Every prefix of a document that has one of everything, at the edge of memory. */
static void texts_that_stop_anywhere(void **state)
{
    const char *text = "\xef\xbb\xbf{\"a\\u00e9\":[1.5e-3,'x\\'\"',\"\\ud83d\\ude00\\\\\"],/*c*/"
                       "\"b\":... ,\"b\":{\"c\":tru,}, # x\n \"\xe2\x82\xac\":NaN}//";

    (void)state;
    for (size_t length = 0; length <= strlen(text); length++) {
        ocors_span_t copy = guarded_copy(text, length);

        assert_true(check_text(copy) > 0);
        guarded_free(copy);
    }
}

static uint64_t next_random(uint64_t *random)
{
    *random = *random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return *random >> 33;
}

/* Texts of JSON's own characters, and a good text with some bytes changed. */
static void texts_of_chance(void **state)
{
    static const char *const pieces[] = {
        "{",
        "}",
        "[",
        "]",
        ",",
        ":",
        "\"",
        "'",
        "\\",
        "\\u",
        "\\u00",
        "d83d",
        "\\ude00",
        "a",
        "\"a\"",
        "1",
        "0",
        ".",
        "...",
        "-",
        "e",
        "true",
        "null",
        " ",
        "\n",
        "\t",
        "/*",
        "*/",
        "//",
        "#",
        "\x01",
        "\x7f",
        "\xc3",
        "\xa9",
        "\xef\xbb\xbf",
        "\xe2\x80\x9c",
        "\"a\":",
        "{\"a\":1}",
        "NaN",
        "\\n",
        "\\'",
        "\r\n",
        "\xff",
    };
    const size_t count = sizeof(pieces) / sizeof(pieces[0]);
    uint64_t random = 1;

    (void)state;
    for (size_t round = 0; round < 12000; round++) {
        char text[256];
        size_t length = 0;
        size_t wanted = next_random(&random) % 24;

        for (size_t i = 0; i < wanted; i++) {
            const char *piece = pieces[next_random(&random) % count];

            memcpy(text + length, piece, strlen(piece));
            length += strlen(piece);
        }
        (void)check_text(ocors_span_make(text, length));
    }
    for (size_t round = 0; round < 12000; round++) {
        char text[] = "{\"_v\":\"19.1\",\"clients\":[{\"client_id\":\"a\",\"allowed_origins\":"
                      "[\"https://\\u00e9.example\",\"x\"],\"n\":[1,2.5,true,null]}]}";
        size_t changes = 1 + next_random(&random) % 3;

        for (size_t i = 0; i < changes; i++) {
            const char *piece = pieces[next_random(&random) % count];

            text[next_random(&random) % (sizeof(text) - 1)] = piece[0];
        }
        (void)check_text(ocors_span_make(text, sizeof(text) - 1));
    }
}

static void openings_are_limited(void **state)
{
    const size_t count = OCORS_JSON_OPENED_MAX;
    char *text = malloc(3 * count + 16);
    size_t length = 0;
    ocors_report_t report;
    char *repaired;
    size_t repaired_length;

    (void)state;
    assert_non_null(text);
    text[length++] = '[';
    for (size_t i = 0; i < count; i++) {
        memcpy(text + length, "[],", 3);
        length += 3;
    }
    text[length - 1] = ']';
    ocors_report_init(&report);
    assert_int_equal(
        ocors_json_scan(ocors_span_make(text, length), &report, &repaired, &repaired_length, NULL),
        OCORS_INVALID);
    assert_int_equal(report.items[0].code, OCORS_FINDING_TOO_LARGE);
    ocors_report_free(&report);
    /* One fewer is read. */
    memcpy(text + 1, "1 ", 2);
    assert_int_equal(
        ocors_json_scan(ocors_span_make(text, length), &report, &repaired, &repaired_length, NULL),
        OCORS_OK);
    assert_false(ocors_report_has_errors(&report));
    free(repaired);
    free(text);
}

/* Processor time of one scan of `length` bytes: `first`, and `again` repeated. */
static double scan_time(const char *first, const char *again, size_t length)
{
    char *text = malloc(length);
    size_t at = strlen(first);
    char *repaired;
    size_t repaired_length;
    ocors_report_t report;
    clock_t start;

    assert_non_null(text);
    memcpy(text, first, at);
    for (size_t i = 0; at < length; at++, i++) {
        text[at] = again[i % strlen(again)];
    }
    ocors_report_init(&report);
    start = clock();
    (void)ocors_json_scan(ocors_span_make(text, length), &report, &repaired, &repaired_length,
                          NULL);
    start = clock() - start;
    free(repaired);
    ocors_report_free(&report);
    free(text);
    return (double)start / CLOCKS_PER_SEC;
}

/*
 * Sixteen times the text may take sixteen times the time, and for chance and caches four times
 * that; where time grew with the square it would be 256 times.
 */
static void time_is_linear(void **state)
{
    static const struct {
        const char *first;
        const char *again;
    } rows[] = {
        { "", "[" },
        { "", "]" },
        { "", "\"" },
        { "[", "\"" },
        { "", "," },
        { "[", "," },
        { "{", "," },
        { "{", "\"a\":1," },
        { "[", "'" },
        { "[\"", "\n" },
        { "[", "\"\n\"," },
        { "[\"", "\\" },
        { "[", "\\" },
        { "", "/" },
        { "", "/*" },
        { "[1,", "/*\n*/" },
        { "[", "#\n" },
        { "[", "." },
        { "[", "1,/**/]," },
        { "[", "9" },
        { "[\"", "\xff" },
        { "", "\xef\xbb\xbf" },
        { "[\"", "\xe2\x82\xac" },
        { "{", "\"\\u0061\":1," },
        { "", "{\"a\":" },
        { "", "\n" },
        { "[", "\"\\ud800\"," },
        { "[\"", "'\"" },
        { "[", "nan " },
        { "[\"\n", "a\\\"" },
        { "[", "{\"a\":1}," },
        { "", "\x01" },
    };
    const size_t length = (size_t)32 << 10;

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        double small = scan_time(rows[i].first, rows[i].again, length);
        double large = scan_time(rows[i].first, rows[i].again, 16 * length);

        if (large > 64 * small + 0.05) {
            fail_msg("\"%s\" and then \"%s\": %.3f s, sixteen times as long %.3f s", rows[i].first,
                     rows[i].again, small, large);
        }
    }
}

/* Keys that are all different, in one object. */
static void different_keys_take_linear_time(void **state)
{
    double seconds[2];

    (void)state;
    for (size_t round = 0; round < 2; round++) {
        size_t count = round == 0 ? 5000 : 80000;
        char *text = malloc(count * 24);
        size_t length = 1;
        clock_t start;

        assert_non_null(text);
        text[0] = '{';
        for (size_t i = 0; i < count; i++) {
            length += (size_t)sprintf(text + length, "\"k%zu\":0,", i);
        }
        text[length - 1] = '}';
        start = clock();
        assert_int_equal(check_text(ocors_span_make(text, length)), 0);
        seconds[round] = (double)(clock() - start) / CLOCKS_PER_SEC;
        free(text);
    }
    assert_true(seconds[1] <= 64 * seconds[0] + 0.05);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts_are_repaired), cmocka_unit_test(texts_that_stop_anywhere),
        cmocka_unit_test(texts_of_chance),    cmocka_unit_test(openings_are_limited),
        cmocka_unit_test(time_is_linear),     cmocka_unit_test(different_keys_take_linear_time),
    };

    return cmocka_run_group_tests_name("json_scan", tests, NULL, NULL) != 0;
}
