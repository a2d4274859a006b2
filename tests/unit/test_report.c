/* SPDX-License-Identifier: Apache-2.0 */
/* Findings: how they are counted, kept, and written as lines. */
#include "vectors.h"

#include <stdlib.h>
#include <string.h>

#include "ocors_report.h"

/* The frames of clients[0].allowed_origins[1]. */
static const ocors_path_t clients = { .key = { "clients", 7 } };
static const ocors_path_t first = { .parent = &clients, .index = 0 };
static const ocors_path_t origins = { .parent = &first, .key = { "allowed_origins", 15 } };
static const ocors_path_t second = { .parent = &origins, .index = 1 };

/* The line that the only finding of a report makes; frees the report. */
static const char *only_line(ocors_report_t *report)
{
    static char line[4096];

    assert_int_equal(report->count, 1);
    assert_true(ocors_finding_format(&report->items[0], "site.json", line, sizeof(line)) > 0);
    ocors_report_free(report);
    return line;
}

static void lines_have_their_places(void **state)
{
    ocors_report_t report;

    (void)state;
    ocors_report_init(&report);
    ocors_report_add(&report, OCORS_FINDING_ORIGIN_WILDCARD, &second, "no %s", "wildcards");
    assert_string_equal(only_line(&report),
                        "site.json: error: clients[0].allowed_origins[1]: no wildcards");
    ocors_report_add(&report, OCORS_FINDING_CLIENTS_MISSING, NULL, "%s", "missing");
    assert_string_equal(only_line(&report), "site.json: error: missing");
    ocors_report_add_at(&report, OCORS_FINDING_TRAILING_COMMA, 3, 14, NULL, "a comma");
    assert_string_equal(only_line(&report), "site.json:3:14: error: a comma");
    ocors_report_add_at(&report, OCORS_FINDING_DUPLICATE_KEY, 3, 14, &origins, "twice");
    assert_string_equal(only_line(&report),
                        "site.json:3:14: error: clients[0].allowed_origins: twice");
    ocors_report_add_at(&report, OCORS_FINDING_CLIENT_ID_EMPTY, 3, 14, NULL, "empty");
    assert_string_equal(only_line(&report), "site.json:3:14: warning: empty");
    ocors_report_add_at(&report, OCORS_FINDING_UNKNOWN_KEY, 3, 14, NULL, "what");
    assert_string_equal(only_line(&report), "site.json:3:14: remark: what");
    ocors_report_add_at(&report, OCORS_FINDING_UNREADABLE, 0, 0, NULL, "gone");
    assert_string_equal(only_line(&report), "site.json: error: gone");
}

static void lines_are_cut_as_snprintf_does(void **state)
{
    const ocors_finding_t error = { .code = OCORS_FINDING_SYNTAX, .line = 1, .column = 2 };
    char buffer[8];

    (void)state;
    /* A finding whose sentence was lost for want of memory still says its name. */
    assert_int_equal(ocors_finding_format(&error, "f", buffer, sizeof(buffer)), 20);
    assert_string_equal(buffer, "f:1:2: ");
    assert_int_equal(ocors_finding_format(&error, "f", NULL, 0), 20);
}

static void keys_with_odd_characters_are_quoted(void **state)
{
    static const struct {
        ocors_span_t key;
        const char *path;
    } rows[] = {
        { { "plain_key-1", 11 }, "plain_key-1" },
        { { "", 0 }, "[\"\"]" },
        { { "a.b", 3 }, "[\"a.b\"]" },
        { { "a[0]", 4 }, "[\"a[0]\"]" },
        { { "a\"b\\c", 5 }, "[\"a\\\"b\\\\c\"]" },
        { { "a\nb\0c\xff", 6 }, "[\"a\\x0ab\\x00c\\xff\"]" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const ocors_path_t path = { .key = rows[i].key };
        ocors_report_t report;

        ocors_report_init(&report);
        ocors_report_add(&report, OCORS_FINDING_UNKNOWN_KEY, &path, "x");
        assert_string_equal(report.items[0].path, rows[i].path);
        ocors_report_free(&report);
    }
}

static void long_keys_and_deep_paths_are_cut(void **state)
{
    char *key = malloc((size_t)1 << 20);
    ocors_path_t frames[200];
    ocors_report_t report;

    (void)state;
    assert_non_null(key);
    memset(key, 'k', (size_t)1 << 20);
    for (size_t i = 0; i < 200; i++) {
        frames[i] = (ocors_path_t){ .parent = i > 0 ? &frames[i - 1] : NULL,
                                    .key = { key, (size_t)1 << 20 } };
    }
    ocors_report_init(&report);
    ocors_report_add(&report, OCORS_FINDING_UNKNOWN_KEY, &frames[0], "x");
    ocors_report_add(&report, OCORS_FINDING_UNKNOWN_KEY, &frames[199], "y");
    free(key);
    assert_int_equal(strlen(report.items[0].path), 80 + 4 + 3);
    assert_non_null(strstr(report.items[0].path, "kkk...\"]"));
    assert_true(strlen(report.items[1].path) <= 1024);
    assert_string_equal(report.items[1].path + strlen(report.items[1].path) - 3, "...");
    ocors_report_free(&report);
}

static void details_are_one_visible_line(void **state)
{
    char long_text[2000];
    ocors_report_t report;

    (void)state;
    ocors_report_init(&report);
    ocors_report_add(&report, OCORS_FINDING_SYNTAX, NULL, "a\tb\r\nc\x7f\xc3\xa9 \\ \"");
    assert_string_equal(report.items[0].detail, "a\\x09b\\x0d\\x0ac\\x7f\xc3\xa9 \\ \"");
    memset(long_text, 'x', sizeof(long_text) - 1);
    long_text[sizeof(long_text) - 1] = '\0';
    ocors_report_add(&report, OCORS_FINDING_SYNTAX, NULL, "%s", long_text);
    assert_int_equal(strlen(report.items[1].detail), 512);
    assert_string_equal(report.items[1].detail + 509, "...");
    /* 512 bytes fit; an escape is never cut in two. */
    long_text[509] = '\0';
    ocors_report_add(&report, OCORS_FINDING_SYNTAX, NULL, "%s", long_text);
    assert_string_equal(report.items[2].detail, long_text);
    memset(long_text, '\n', 400);
    ocors_report_add(&report, OCORS_FINDING_SYNTAX, NULL, "%s", long_text);
    assert_string_equal(report.items[3].detail + strlen(report.items[3].detail) - 7, "\\x0a...");
    ocors_report_free(&report);
}

/* D31: what can be seen is shown as it is, the rest by its number.
 */
static void characters_are_shown(void **state)
{
    static const struct {
        const char *text;
        const char *shown;
    } rows[] = {
        { "sh\xc3\xb6p", "sh\xc3\xb6p" },
        { "\xe6\x97\xa5\xf0\x9f\x98\x80", "\xe6\x97\xa5\xf0\x9f\x98\x80" },
        { "a\xe2\x80\x8b"
          "b",
          "a<U+200B>b" },
        { "\xc2\xa0\xef\xbb\xbf\xe2\x80\xae", "<U+00A0><U+FEFF><U+202E>" },
        { "\xc2\x9b"
          "0m",
          "<U+009B>0m" },
        { "\xf3\xa0\x80\xa0", "<U+E0020>" },
        { "\xff\xc3", "\\xff\\xc3" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        ocors_report_t report;

        ocors_report_init(&report);
        ocors_report_add(&report, OCORS_FINDING_SYNTAX, NULL, "%s", rows[i].text);
        assert_string_equal(report.items[0].detail, rows[i].shown);
        ocors_report_free(&report);
    }
}

/* "%.*s" of a long value ends between two characters. */
static void values_are_cut_between_characters(void **state)
{
    char text[200];

    (void)state;
    for (size_t i = 0; i < sizeof(text); i += 2) {
        memcpy(text + i, "\xc3\xb6", 2);
    }
    assert_int_equal(ocors_shown_length(ocors_span_make(text, 0)), 0);
    assert_int_equal(ocors_shown_length(ocors_span_make(text, 120)), 120);
    assert_int_equal(ocors_shown_length(ocors_span_make(text, 200)), 120);
    assert_int_equal(ocors_shown_length(ocors_span_make(text + 1, 199)), 119);
}

/* D30: one finding for one cause. */
static void one_cause_is_one_finding(void **state)
{
    ocors_report_t report;
    const ocors_path_t other = { .parent = &first, .key = { "resources", 9 } };

    (void)state;
    ocors_report_init(&report);
    ocors_report_add(&report, OCORS_FINDING_UNKNOWN_KEY, &second, "unknown");
    ocors_report_add(&report, OCORS_FINDING_UNKNOWN_KEY, &origins, "unknown");
    ocors_report_add(&report, OCORS_FINDING_UNKNOWN_KEY, &other, "unknown"); /* another key */
    ocors_report_add(&report, OCORS_FINDING_UNKNOWN_KEY, &second, "odd");    /* another text */
    ocors_report_add(&report, OCORS_FINDING_SYNTAX, &second, "unknown");     /* another code */
    assert_int_equal(report.count, 4);
    assert_int_equal(report.items[0].more, 1);
    assert_int_equal(report.items[1].more + report.items[2].more + report.items[3].more, 0);
    assert_string_equal(report.items[0].path, "clients[0].allowed_origins[1]");
    /* Each place counts. */
    assert_int_equal(report.totals[OCORS_SEVERITY_REMARK], 4);
    assert_true(ocors_report_is_complete(&report));
    ocors_report_add(&report, OCORS_FINDING_ORIGIN_DUPLICATE, &second, "warning");
    assert_true(ocors_report_is_complete(&report));
    ocors_report_free(&report);

    for (size_t line = 1; line <= 7; line++) {
        ocors_report_add_at(&report, OCORS_FINDING_COMMENT, line, 3, NULL, "a comment");
    }
    assert_int_equal(report.totals[OCORS_SEVERITY_ERROR], 7);
    assert_string_equal(only_line(&report), "site.json:1:3: error: a comment (and 6 more places)");
    ocors_report_add_at(&report, OCORS_FINDING_COMMENT, 1, 1, NULL, "a comment");
    ocors_report_add_at(&report, OCORS_FINDING_COMMENT, 2, 1, NULL, "a comment");
    assert_string_equal(only_line(&report), "site.json:1:1: error: a comment (and 1 more place)");
}

/* R13's kind of bound: a document of a million faults costs no more than one of so many. */
static void places_are_compared_up_to_a_limit(void **state)
{
    ocors_report_t report;

    (void)state;
    ocors_report_init(&report);
    for (size_t i = 0; i < OCORS_REPORT_PLACES + 5; i++) {
        ocors_report_add(&report, OCORS_FINDING_SYNTAX, NULL, "x");
        if (i == OCORS_REPORT_PLACES - 1) {
            assert_true(ocors_report_is_complete(&report));
        }
    }
    assert_int_equal(report.count, 1);
    assert_int_equal(report.items[0].more, OCORS_REPORT_PLACES - 1);
    assert_int_equal(report.totals[OCORS_SEVERITY_ERROR], OCORS_REPORT_PLACES + 5);
    assert_false(ocors_report_is_complete(&report));
    ocors_report_free(&report);
}

/* Field case 4.14. */
static void totals_are_words(void **state)
{
    ocors_report_t report;
    char line[100];

    (void)state;
    ocors_report_init(&report);
    (void)ocors_report_format_totals(&report, line, sizeof(line));
    assert_string_equal(line, "0 errors, 0 warnings, 0 remarks");
    ocors_report_add(&report, OCORS_FINDING_SYNTAX, NULL, "x");
    ocors_report_add(&report, OCORS_FINDING_ORIGIN_DUPLICATE, NULL, "x");
    ocors_report_add(&report, OCORS_FINDING_UNKNOWN_KEY, NULL, "x");
    (void)ocors_report_format_totals(&report, line, sizeof(line));
    assert_string_equal(line, "1 error, 1 warning, 1 remark");
    ocors_report_add(&report, OCORS_FINDING_SYNTAX, NULL, "x");
    assert_int_equal(ocors_report_format_totals(&report, line, 8), 29);
    assert_string_equal(line, "2 error");
    ocors_report_free(&report);
}

static void each_severity_has_its_own_limit(void **state)
{
    ocors_report_t report;

    (void)state;
    ocors_report_init(&report);
    for (size_t i = 0; i < OCORS_REPORT_KEPT + 500; i++) {
        ocors_report_add(&report, OCORS_FINDING_UNKNOWN_KEY, NULL, "remark %zu", i);
    }
    assert_false(ocors_report_has_errors(&report));
    assert_int_equal(report.count, OCORS_REPORT_KEPT);
    /* A thousand remarks do not hide an error. */
    ocors_report_add(&report, OCORS_FINDING_ORIGIN_DUPLICATE, NULL, "warning");
    ocors_report_add(&report, OCORS_FINDING_SYNTAX, NULL, "error");
    assert_true(ocors_report_has_errors(&report));
    assert_int_equal(report.count, OCORS_REPORT_KEPT + 2);
    assert_string_equal(report.items[OCORS_REPORT_KEPT - 1].detail, "remark 999");
    assert_string_equal(report.items[report.count - 1].detail, "error");
    assert_int_equal(report.totals[OCORS_SEVERITY_REMARK], OCORS_REPORT_KEPT + 500);
    assert_false(ocors_report_is_complete(&report));
    /* A report that is full still folds. */
    ocors_report_add(&report, OCORS_FINDING_UNKNOWN_KEY, NULL, "remark %d", 7);
    assert_int_equal(report.items[7].more, 1);
    assert_int_equal(report.totals[OCORS_SEVERITY_REMARK], OCORS_REPORT_KEPT + 501);
    assert_int_equal(report.totals[OCORS_SEVERITY_WARNING], 1);
    assert_int_equal(report.totals[OCORS_SEVERITY_ERROR], 1);
    assert_false(report.is_out_of_memory);
    ocors_report_free(&report);
    assert_int_equal(report.count, 0);
    assert_int_equal(report.totals[OCORS_SEVERITY_ERROR], 0);
    ocors_report_free(&report);
}

static void names_are_words_of_their_own(void **state)
{
    (void)state;
    for (size_t i = 0; i < OCORS_FINDING_COUNT; i++) {
        const char *name = ocors_finding_name((ocors_finding_code_t)i);

        assert_int_equal(strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-"), strlen(name));
        for (size_t other = 0; other < i; other++) {
            assert_string_not_equal(name, ocors_finding_name((ocors_finding_code_t)other));
        }
    }
    assert_string_equal(ocors_finding_name(OCORS_FINDING_TRAILING_COMMA), "trailing-comma");
    assert_int_equal(ocors_finding_severity(OCORS_FINDING_TRAILING_COMMA), OCORS_SEVERITY_ERROR);
    assert_int_equal(ocors_finding_severity(OCORS_FINDING_ORIGIN_DUPLICATE),
                     OCORS_SEVERITY_WARNING);
    assert_int_equal(ocors_finding_severity(OCORS_FINDING_UNKNOWN_KEY), OCORS_SEVERITY_REMARK);
    /* What is no finding must not be taken for a harmless one. */
    assert_string_equal(ocors_finding_name(OCORS_FINDING_COUNT), "unknown");
    assert_int_equal(ocors_finding_severity(OCORS_FINDING_COUNT), OCORS_SEVERITY_ERROR);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_have_their_places),
        cmocka_unit_test(lines_are_cut_as_snprintf_does),
        cmocka_unit_test(keys_with_odd_characters_are_quoted),
        cmocka_unit_test(long_keys_and_deep_paths_are_cut),
        cmocka_unit_test(details_are_one_visible_line),
        cmocka_unit_test(characters_are_shown),
        cmocka_unit_test(values_are_cut_between_characters),
        cmocka_unit_test(one_cause_is_one_finding),
        cmocka_unit_test(places_are_compared_up_to_a_limit),
        cmocka_unit_test(totals_are_words),
        cmocka_unit_test(each_severity_has_its_own_limit),
        cmocka_unit_test(names_are_words_of_their_own),
    };

    return cmocka_run_group_tests_name("report", tests, NULL, NULL) != 0;
}
