/* SPDX-License-Identifier: Apache-2.0 */
/* The scan: what it finds, that json-c agrees with it, and that its time is linear. */
#include "vectors.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "ocors_json_scan.h"
#include "ocors_json_text.h"

/* json-c as the reader of documents uses it. */
static bool is_strict_json(ocors_span_t text)
{
    struct json_tokener *tokener = json_tokener_new_ex(OCORS_JSON_DEPTH_MAX + 16);
    struct json_object *root;
    bool is_good;

    assert_non_null(tokener);
    json_tokener_set_flags(tokener, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
    root = json_tokener_parse_ex(tokener, text.bytes, (int)text.length);
    if (json_tokener_get_error(tokener) == json_tokener_continue) {
        root = json_tokener_parse_ex(tokener, "", 1);
    }
    is_good = json_tokener_get_error(tokener) == json_tokener_success;
    json_object_put(root);
    json_tokener_free(tokener);
    return is_good;
}

/* The cursor's opinion, which is the one of tokens. */
static bool is_json_to_the_cursor(ocors_json_text_t text)
{
    ptrdiff_t left = PTRDIFF_MAX;

    ocors_json_skip_blank(&text);
    text.at = ocors_json_value_end(text, &left);
    if (text.at == NULL) {
        return false;
    }
    ocors_json_skip_blank(&text);
    return text.at == text.end;
}

/* What must be true of every text; returns the number of errors and remarks. */
static size_t check_text(ocors_span_t text)
{
    ocors_json_text_t json = ocors_json_text_make(text);
    ocors_json_counts_t counts;
    ocors_report_t report;
    ocors_result_t result;
    size_t findings;

    ocors_report_init(&report);
    result = ocors_json_scan(text, &report, &counts);
    findings = report.totals[OCORS_SEVERITY_ERROR] + report.totals[OCORS_SEVERITY_REMARK];
    (void)ocors_json_skip_mark(&json);
    if (result == OCORS_OK) {
        if (!is_strict_json(ocors_json_text_rest(&json))) {
            fail_msg("json-c refuses \"%.*s\"", (int)text.length, text.bytes);
        }
        if (!is_json_to_the_cursor(json)) {
            fail_msg("the cursor refuses \"%.*s\"", (int)text.length, text.bytes);
        }
    }
    else {
        assert_int_equal(result, OCORS_INVALID);
        assert_true(report.totals[OCORS_SEVERITY_ERROR] > 0);
    }
    for (size_t i = 0; i < report.count; i++) {
        assert_true(report.items[i].line >= 1 && report.items[i].column >= 1);
        assert_true(report.items[i].column <= text.length + 1);
    }
    ocors_report_free(&report);
    return findings;
}

static void texts_are_judged(void **state)
{
    static const struct {
        const char *text;
        bool is_json;
        size_t findings;
    } rows[] = {
        { "{}", true, 0 },
        { " [1, -2.5e3, true, false, null, \"x\"]\n", true, 0 },
        { "1", true, 0 },
        { "\"\"", true, 0 },
        { "[1,]", false, 1 },
        { "[1 , ]", false, 1 },
        { "[1,/*x*/]", false, 2 },
        { "[,1]", false, 1 },
        { "[1,,2]", false, 1 },
        { "[1 2]", false, 1 },
        { "[\"a\"\"b\"]", false, 1 },
        { "{\"a\":1\"b\":2}", false, 1 },
        { "[1//x\n]", false, 1 },
        { "[...]", false, 1 },
        { "[1, ...]", false, 1 },
        { "{\"a\":...}", false, 1 },
        { "{\"a\":}", false, 1 },
        { "{\"a\":,}", false, 2 },
        { "['a\"b\\'c']", false, 1 },
        { "\xef\xbb\xbf[]", true, 1 },
        { "[\xef\xbb\xbf]", false, 1 },
        { "\xef\xbb\xbf\xef\xbb\xbf[]", false, 2 },
        { "[\xc2\xa0]\xe2\x80\x8b", false, 2 },
        { "[\"\xc2\xa0\"]", true, 0 },
        { "[\"a\\tb\"]", true, 1 },
        { "[\"a\\u0000b\"]", true, 1 },
        { "[\"a\x7f\x7f\"]", true, 2 },
        { "{\"a\\u0000b\":1}", false, 1 },
        { "{\"x\":{\"\\u0000\":1}}", false, 1 },
        { "[\"a\tb\"]", false, 1 },
        { "[\"\\ud800\"]", false, 1 },
        { "[\"\\udc00\\udc00\"]", false, 2 },
        { "[\"\\ud83d\\ude00\"]", true, 0 },
        { "[\"\\q\"]", false, 1 },
        { "[\"\xff\"]", false, 1 },
        { "[\xff]", false, 1 },
        { "[01, NaN, +1]", false, 3 },
        { "[yes]", false, 1 },
        { "{a:1}", false, 1 },
        { "[]]", false, 1 },
        { "[] {}", false, 1 },
        { ",{\"a\":1}", false, 1 },
        { "{\"a\":1,\"a\":2}", true, 1 },
        { "{\"a\":1,'a':2,\"\\u0061\":3}", false, 3 },
        { "{\"a\":1,\"b\":{\"a\":1},\"b\":2}", true, 1 },
        { "{\"a\":1,a:2}", false, 2 },
        { "{\"\":1,\"\":2}", true, 1 },
        { "{\"\\n\":1,\"\":2}", true, 1 },
        { "[", false, 1 },
        { "{\"a\" 1}", false, 1 },
        { "[1}", false, 1 },
        { "<x>", false, 1 },
        { "\"a", false, 1 },
        { "\"\\", false, 2 },
        { "[\"\\u12", false, 2 },
        { "", false, 1 },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        ocors_span_t text = guarded_copy(rows[i].text, strlen(rows[i].text));
        ocors_json_counts_t counts;
        ocors_report_t report;
        ocors_result_t result;

        ocors_report_init(&report);
        result = ocors_json_scan(text, &report, &counts);
        if (rows[i].is_json != (result == OCORS_OK) || check_text(text) != rows[i].findings) {
            fail_msg("\"%s\" is %s, with %zu findings", rows[i].text,
                     result == OCORS_OK ? "JSON" : "not JSON", check_text(text));
        }
        ocors_report_free(&report);
        guarded_free(text);
    }
}

/* D4, D8, D36: an error in what the policy reads, a remark elsewhere; both are JSON. */
static void what_the_policy_does_not_read_is_a_remark(void **state)
{
    static const struct {
        const char *text; /* with a repeated key or an escaped control character */
        size_t errors, remarks;
    } rows[] = {
        { "{\"_v\":\"1.1\",\"_v\":\"1.1\"}", 1, 0 },
        { "{\"clients\":[],\"clients\":[]}", 1, 0 },
        { "{\"clients\":[{\"x\":1,\"x\":1}]}", 1, 0 },
        { "{\"clients\":[{\"resources\":[{\"x\":1,\"x\":1}]}]}", 1, 0 },
        { "{\"clients\":[{\"resources\":[{\"version_range\":{\"a\":1,\"a\":1}}]}]}", 1, 0 },
        { "{\"clients\":[{\"resources\":[{\"version_range\":[{\"a\":1,\"a\":1}]}]}]}", 1, 0 },
        { "{\"clients\":[{\"response_headers\":{\"a\":1,\"a\":1}}]}", 1, 0 },
        { "{\"clients\":[{\"resources\":[{\"config\":{\"a\":1,\"a\":1}}]}]}", 0, 1 },
        { "{\"clients\":[{\"x\":{\"a\":1,\"a\":1}}]}", 0, 1 },
        { "{\"x\":{\"a\":1,\"a\":1}}", 0, 1 },
        { "{\"clients\":[{\"client_id\":\"\\n\"}]}", 1, 0 },
        { "{\"clients\":[{\"allowed_origins\":[\"\\u007f\"]}]}", 1, 0 },
        { "{\"clients\":[{\"resources\":[{\"resource_id\":\"\\t\"}]}]}", 1, 0 },
        { "{\"clients\":[{\"resources\":[{\"methods\":[\"\\t\"]}]}]}", 1, 0 },
        { "{\"clients\":[{\"response_headers\":{\"a\":\"\\t\"}}]}", 1, 0 },
        { "{\"clients\":[{\"response_headers\":{\"\\t\":\"a\"}}]}", 1, 0 },
        { "{\"clients\\u0001\":[]}", 1, 0 },
        { "{\"clients\":[{\"client_id\\u0001\":1}]}", 1, 0 },
        { "{\"clients\":[{\"resources\":[{\"read_attributes\":\"\\n\"}]}]}", 0, 1 },
        { "{\"clients\":[{\"resources\":[{\"config\":{\"\\n\":\"\\n\"}}]}]}", 0, 2 },
        { "{\"clients\":[{\"_comment\":\"first\\nsecond\"}]}", 0, 1 },
        { "{\"_comment\":[{\"clients\":\"\\n\"}]}", 0, 1 },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        ocors_json_counts_t counts;
        ocors_report_t report;

        ocors_report_init(&report);
        assert_int_equal(ocors_json_scan(ocors_span_from_string(rows[i].text), &report, &counts),
                         OCORS_OK);
        if (report.totals[OCORS_SEVERITY_ERROR] != rows[i].errors
            || report.totals[OCORS_SEVERITY_REMARK] != rows[i].remarks) {
            fail_msg("\"%s\" has %zu errors and %zu remarks", rows[i].text,
                     report.totals[OCORS_SEVERITY_ERROR], report.totals[OCORS_SEVERITY_REMARK]);
        }
        ocors_report_free(&report);
    }
}

/* Every prefix of a document that has one of everything, at the edge of memory. */
static void texts_that_stop_anywhere(void **state)
{
    const char *text = "\xc2\xa0{\"a\\u00e9\":[1.5e-3,'x\\'\"',\"\\ud83d\\ude00\\\\\"],/*c*/"
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

/* What json-c refuses although the scan took it for JSON, and what it left out, is not taken. */
static void the_tree_is_whole(void **state)
{
    static const struct {
        const char *text;
        size_t values; /* that the scan would have counted */
        ocors_result_t expected;
    } rows[] = {
        { "[1]", 2, OCORS_OK },
        { "[1]", 3, OCORS_NO_MEMORY },
        { "[1", 2, OCORS_INVALID },
        { "[01]", 2, OCORS_INVALID },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const ocors_json_counts_t counts = { .memory = 1000, .values = rows[i].values };
        ocors_report_t report;
        ocors_json_t *root;

        ocors_report_init(&report);
        assert_int_equal(
            ocors_json_tree_parse(ocors_span_from_string(rows[i].text), &counts, &report, &root),
            rows[i].expected);
        assert_int_equal(report.totals[OCORS_SEVERITY_ERROR], rows[i].expected == OCORS_INVALID);
        ocors_json_tree_free(root);
        ocors_report_free(&report);
    }
}

/* So long is a string that most of the memory of a document is spent on it. */
#define SPENT (OCORS_JSON_MEMORY_MAX / 3 - 100000)

/* An array of that string and `count` times a piece. */
static size_t count_errors(const char *piece, size_t count, ocors_finding_code_t *code)
{
    const size_t length = strlen(piece);
    char *text = malloc(SPENT + count * length + 4);
    size_t at = 0;
    ocors_json_counts_t counts;
    ocors_report_t report;
    size_t errors;

    assert_non_null(text);
    memcpy(text, "[\"", 2);
    memset(text + 2, 'x', SPENT);
    at = 2 + SPENT;
    memcpy(text + at, "\",", 2);
    at += 2;
    for (size_t i = 0; i < count; i++) {
        memcpy(text + at, piece, length);
        at += length;
    }
    text[at - 1] = ']';
    ocors_report_init(&report);
    (void)ocors_json_scan(ocors_span_make(text, at), &report, &counts);
    errors = report.totals[OCORS_SEVERITY_ERROR];
    *code = errors > 0 ? report.items[0].code : OCORS_FINDING_COUNT;
    if (*code == OCORS_FINDING_TOO_LARGE) {
        assert_non_null(strstr(report.items[0].detail, "takes more than 225 MiB of memory"));
    }
    ocors_report_free(&report);
    free(text);
    return errors;
}

/* What reading one document may cost is enough for a million origins. */
static void memory_is_limited(void **state)
{
    static const struct {
        const char *piece;
        size_t cost;
    } rows[] = {
        { "1,", OCORS_JSON_WORD_COST },
        { "null ,", OCORS_JSON_WORD_COST },
        { "\"\",", OCORS_JSON_STRING_COST },
        { "\"https://www.example.com\",", OCORS_JSON_STRING_COST + 2 * 23 },
        { "[],", OCORS_JSON_ARRAY_COST },
        { "{},", OCORS_JSON_OBJECT_COST },
        { "{\"abc\":1},",
          OCORS_JSON_OBJECT_COST + OCORS_JSON_NAME_COST + 2 * 3 + OCORS_JSON_WORD_COST },
    };
    /* The array, the string with its quotes and its comma, and the string's two copies. */
    const size_t spent = 4 + 3 * SPENT + OCORS_JSON_ARRAY_COST + OCORS_JSON_STRING_COST;

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        /* Of each piece its text and its cost. */
        const size_t most = (OCORS_JSON_MEMORY_MAX - spent)
                            / (strlen(rows[i].piece) + rows[i].cost);
        ocors_finding_code_t code;

        assert_int_equal(count_errors(rows[i].piece, most, &code), 0);
        assert_int_equal(count_errors(rows[i].piece, most + 1, &code), 1);
        assert_int_equal(code, OCORS_FINDING_TOO_LARGE);
    }
}

/* Processor time of one scan of `length` bytes: `first`, and `again` repeated. */
static double scan_time(const char *first, const char *again, size_t length)
{
    char *text = malloc(length);
    size_t at = strlen(first);
    ocors_json_counts_t counts;
    ocors_report_t report;
    clock_t start;

    assert_non_null(text);
    memcpy(text, first, at);
    for (size_t i = 0; at < length; at++, i++) {
        text[at] = again[i % strlen(again)];
    }
    ocors_report_init(&report);
    start = clock();
    (void)ocors_json_scan(ocors_span_make(text, length), &report, &counts);
    start = clock() - start;
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
        { "[\"", "\n\x7f" },
    };
    const size_t length = (size_t)8 << 10;

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

/* D32: lines and columns, also of a place before the last one. */
static void places_are_found_in_any_order(void **state)
{
    static const struct {
        size_t offset, line, column;
    } rows[] = {
        { 0, 1, 1 },  { 7, 3, 3 }, { 5, 3, 1 }, { 4, 2, 1 },  { 3, 1, 4 },  { 1, 1, 2 },
        { 11, 4, 1 }, { 8, 3, 4 }, { 0, 1, 1 }, { 11, 4, 1 }, { 10, 3, 6 }, { 4, 2, 1 },
    };
    const ocors_span_t text = OCORS_SPAN_LITERAL("abx\n\nxbcxx\n");
    ocors_json_lines_t lines = ocors_json_lines_make(text);

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const ocors_json_place_t place = ocors_json_lines_place(&lines,
                                                                text.bytes + rows[i].offset);

        assert_int_equal(place.line, rows[i].line);
        assert_int_equal(place.column, rows[i].column);
    }
}

/* Each escape of RFC 8259 section 7, the first and the last character of each length, and what is
 * not an escape. */
static void escapes_are_decoded(void **state)
{
    static const struct {
        ocors_span_t inner;
        const char *decoded; /* NULL: not a string */
    } rows[] = {
        { OCORS_SPAN_INITIALISER("\\\"\\\\\\/\\b\\f\\n\\r\\t"), "\"\\/\b\f\n\r\t" },
        { OCORS_SPAN_INITIALISER("\\u0001\\u007F\\u0080"), "\x01\x7f\xc2\x80" },
        { OCORS_SPAN_INITIALISER("\\u07fF\\u0800"), "\xdf\xbf\xe0\xa0\x80" },
        { OCORS_SPAN_INITIALISER("\\ud7ff\\ue000"), "\xed\x9f\xbf\xee\x80\x80" },
        { OCORS_SPAN_INITIALISER("\\uffff\\uD800\\uDC00"), "\xef\xbf\xbf\xf0\x90\x80\x80" },
        { OCORS_SPAN_INITIALISER("\\udbff\\udfff"), "\xf4\x8f\xbf\xbf" },
        { OCORS_SPAN_INITIALISER("\\ud800"), NULL },
        { OCORS_SPAN_INITIALISER("\\ud800\\ud800"), NULL },
        { OCORS_SPAN_INITIALISER("\\ud800\\ue000"), NULL },
        { OCORS_SPAN_INITIALISER("\\udc00"), NULL },
        { OCORS_SPAN_INITIALISER("\\udfff"), NULL },
        { OCORS_SPAN_INITIALISER("\\0"), NULL },
        { OCORS_SPAN_INITIALISER("\\\0"), NULL },
        { OCORS_SPAN_INITIALISER("\\"), NULL },
        { OCORS_SPAN_INITIALISER("\\u12"), NULL },
        { OCORS_SPAN_INITIALISER("\\u123g"), NULL },
        { OCORS_SPAN_INITIALISER("\\U0041"), NULL },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const ocors_span_t inner = guarded_copy(rows[i].inner.bytes, rows[i].inner.length);
        char to[32];
        ocors_span_t decoded;

        assert_int_equal(ocors_json_decode(inner, to, &decoded), rows[i].decoded != NULL);
        if (rows[i].decoded != NULL) {
            assert_span_equal(decoded, rows[i].decoded);
        }
        guarded_free(inner);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts_are_judged),
        cmocka_unit_test(what_the_policy_does_not_read_is_a_remark),
        cmocka_unit_test(texts_that_stop_anywhere),
        cmocka_unit_test(texts_of_chance),
        cmocka_unit_test(the_tree_is_whole),
        cmocka_unit_test(places_are_found_in_any_order),
        cmocka_unit_test(escapes_are_decoded),
        cmocka_unit_test(memory_is_limited),
        cmocka_unit_test(time_is_linear),
        cmocka_unit_test(different_keys_take_linear_time),
    };

    return cmocka_run_group_tests_name("json_scan", tests, NULL, NULL) != 0;
}
