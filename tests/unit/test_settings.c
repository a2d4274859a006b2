/* SPDX-License-Identifier: Apache-2.0 */
/* Settings documents: the rows of documents.json, real documents, and hostile ones. */
#include "vectors.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ocors_invisible.h"
#include "ocors_near_name.h"
#include "ocors_settings_parse.h"
#include "ocors_utf8.h"

/* Which findings some row had; one that no row has is not tested. */
static bool seen[OCORS_FINDING_COUNT];

static ocors_span_t document_of(struct json_object *row)
{
    struct json_object *document;
    size_t length;
    const char *text;

    if (!json_object_object_get_ex(row, "document", &document)) {
        return guarded_row(row, "text");
    }
    text = json_object_to_json_string_length(
        document, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE, &length);
    return guarded_copy(text, length);
}

static void print_findings(const ocors_report_t *report)
{
    char line[2048];

    for (size_t i = 0; i < report->count; i++) {
        (void)ocors_finding_format(&report->items[i], ocors_finding_name(report->items[i].code),
                                   line, sizeof(line));
        print_message("    found %s\n", line);
    }
}

/* Whether an expected finding says where by a path, without line and column. */
static bool names_path_alone(struct json_object *pair)
{
    return pair != NULL
           && !ocors_ascii_is_digit(json_object_get_string(json_object_array_get_idx(pair, 1))[0]);
}

static void check_findings(const ocors_report_t *report, struct json_object *expected)
{
    size_t count = json_object_array_length(expected);

    for (size_t i = 0; i < count || i < report->count; i++) {
        struct json_object *pair = i < count ? json_object_array_get_idx(expected, i) : NULL;
        char found[2048] = "nothing";
        char wanted[2048] = "nothing";

        if (pair != NULL) {
            const char *place = json_object_get_string(json_object_array_get_idx(pair, 1));
            struct json_object *more = json_object_array_get_idx(pair, 2);

            snprintf(wanted, sizeof(wanted), "%s%s%s%s%s",
                     json_object_get_string(json_object_array_get_idx(pair, 0)),
                     place[0] != '\0' ? " " : "", place, more != NULL ? " +" : "",
                     more != NULL ? json_object_get_string(more) : "");
        }
        if (i < report->count) {
            ocors_finding_t finding = report->items[i];

            /* Every finding has a place (D1); a row that names a path alone asks no more. */
            assert_true(finding.code == OCORS_FINDING_TOO_LARGE
                        || (finding.line > 0 && finding.column > 0));
            if (names_path_alone(pair)) {
                finding.line = 0;
            }
            finding_format(&finding, found, sizeof(found));
            seen[finding.code] = true;
        }
        if (strcmp(found, wanted) != 0) {
            print_findings(report);
            fail_msg("finding %zu is \"%s\", expected \"%s\"", i, found, wanted);
        }
    }
}

/* Every sentence is one line of visible UTF-8; one of them says what the row wants. */
static void check_sentences(const ocors_report_t *report, struct json_object *says,
                            struct json_object *hides)
{
    bool is_said = says == NULL;

    for (size_t i = 0; i < report->count; i++) {
        const char *detail = report->items[i].detail;

        uint32_t character;

        for (ocors_span_t rest = ocors_span_from_string(detail); rest.length > 0;) {
            const size_t length = ocors_utf8_length(rest);

            assert_true(length > 0);
            assert_false(ocors_span_has_control(ocors_span_make(rest.bytes, length)));
            rest = ocors_span_make(rest.bytes + length, rest.length - length);
        }
        assert_null(ocors_invisible_find(ocors_span_from_string(detail), &character));
        assert_true(strlen(detail) >= 15 && strlen(detail) <= 512);
        is_said = is_said || strstr(detail, json_object_get_string(says)) != NULL;
        assert_true(hides == NULL || strstr(detail, json_object_get_string(hides)) == NULL);
    }
    if (!is_said) {
        print_findings(report);
        fail_msg("nothing says \"%s\"", json_object_get_string(says));
    }
}

static void check_bound(struct json_object *row, const char *name, ocors_version_t bound,
                        ocors_version_t none)
{
    ocors_version_t version = none;

    if (vectors_get(row, name) != NULL) {
        assert_true(
            ocors_version_parse(ocors_span_from_string(vectors_string(row, name)), &version));
    }
    assert_int_equal(bound, version);
}

static void check_resources(const ocors_settings_t *settings, const ocors_client_t *client,
                            struct json_object *expected)
{
    assert_int_equal(client->resource_count,
                     expected != NULL ? json_object_array_length(expected) : 0);
    for (size_t i = 0; i < client->resource_count; i++) {
        const ocors_resource_t *resource = &settings->resources[client->first_resource + i];
        struct json_object *row = json_object_array_get_idx(expected, i);
        char methods[OCORS_METHODS_TEXT_MAX];

        assert_span_equal(resource->pattern, vectors_string(row, "pattern"));
        (void)ocors_methods_format(resource->methods, methods);
        assert_string_equal(methods, vectors_string(row, "methods"));
        check_bound(row, "from", resource->from, 0);
        check_bound(row, "until", resource->until, UINT32_MAX);
    }
}

static void check_headers(const ocors_settings_t *settings, const ocors_client_t *client,
                          struct json_object *expected)
{
    assert_int_equal(client->header_count,
                     expected != NULL ? (size_t)json_object_object_length(expected) : 0);
    for (size_t i = 0; i < client->header_count; i++) {
        const ocors_response_header_t *header = &settings->headers[client->first_header + i];
        char name[64];

        assert_true(header->name.length < sizeof(name));
        memcpy(name, header->name.bytes, header->name.length);
        name[header->name.length] = '\0';
        assert_span_equal(header->value, vectors_string(expected, name));
    }
}

static void check_settings(const ocors_settings_t *settings, struct json_object *expected)
{
    struct json_object *clients = vectors_get(expected, "clients");

    assert_span_equal(settings->version, vectors_string(expected, "version"));
    assert_int_equal(settings->client_count, json_object_array_length(clients));
    for (size_t i = 0; i < settings->client_count; i++) {
        const ocors_client_t *client = &settings->clients[i];
        struct json_object *row = json_object_array_get_idx(clients, i);
        struct json_object *origins = vectors_get(row, "allowed_origins");

        assert_span_equal(client->id, vectors_string(row, "client_id"));
        assert_int_equal(client->origin_count, json_object_array_length(origins));
        for (size_t k = 0; k < client->origin_count; k++) {
            assert_span_equal(settings->origins[client->first_origin + k],
                              json_object_get_string(json_object_array_get_idx(origins, k)));
        }
        check_resources(settings, client, vectors_get(row, "resources"));
        check_headers(settings, client, vectors_get(row, "response_headers"));
    }
}

static void check_row(struct json_object *row)
{
    ocors_span_t text = document_of(row);
    bool loads = json_object_get_boolean(vectors_get(row, "loads"));
    ocors_settings_t *settings;
    ocors_report_t report;
    ocors_result_t status;

    ocors_report_init(&report);
    status = ocors_settings_parse(text, &report, &settings);
    /* Settings own all they say: the text goes first. */
    guarded_free(text);
    check_findings(&report, vectors_get(row, "findings"));
    check_sentences(&report, vectors_get(row, "says"), vectors_get(row, "hides"));
    assert_int_equal(status, loads ? OCORS_OK : OCORS_INVALID);
    assert_int_equal(ocors_report_has_errors(&report), !loads);
    assert_int_equal(settings != NULL, loads);
    if (vectors_get(row, "settings") != NULL) {
        check_settings(settings, vectors_get(row, "settings"));
    }
    ocors_settings_free(settings);
    ocors_report_free(&report);
}

static bool is_refused(struct json_object *row)
{
    return !json_object_get_boolean(vectors_get(row, "loads"));
}

static void every_finding_has_a_row(void **state)
{
    (void)state;
    for (size_t i = 0; i < OCORS_FINDING_COUNT; i++) {
        /* No row is 64 MiB long, and nothing here reads files; the value's own check is below. */
        if (!seen[i] && i != OCORS_FINDING_TOO_LARGE && i != OCORS_FINDING_UNREADABLE
            && i != OCORS_FINDING_HEADER_VALUE) {
            fail_msg("no row of documents.json has \"%s\"",
                     ocors_finding_name((ocors_finding_code_t)i));
        }
    }
}

/* Parses, checks that it is refused for that reason alone, and forgets it. */
static void assert_refused(ocors_span_t text, ocors_finding_code_t code)
{
    ocors_settings_t *settings;
    ocors_report_t report;

    ocors_report_init(&report);
    assert_int_equal(ocors_settings_parse(text, &report, &settings), OCORS_INVALID);
    assert_null(settings);
    assert_true(report.count > 0);
    assert_int_equal(report.items[0].code, code);
    ocors_report_free(&report);
}

static void size_is_limited(void **state)
{
    const size_t length = OCORS_DOCUMENT_MAX + 1;
    char *text = malloc(length);
    const char *document = "{\"_v\":\"19.1\",\"clients\":[{\"client_id\":\"a\","
                           "\"allowed_origins\":[\"https://a.example\"]}]}";
    ocors_settings_t *settings;
    ocors_report_t report;

    (void)state;
    assert_non_null(text);
    memset(text, ' ', length);
    memcpy(text, document, strlen(document));
    assert_refused(ocors_span_make(text, length), OCORS_FINDING_TOO_LARGE);
    ocors_report_init(&report);
    (void)ocors_settings_parse(ocors_span_make(text, length), &report, &settings);
    assert_non_null(strstr(report.items[0].detail, "at most 64 MiB are read"));
    ocors_report_free(&report);
    assert_int_equal(ocors_settings_parse(ocors_span_make(text, length - 1), &report, &settings),
                     OCORS_OK);
    assert_int_equal(report.count, 0);
    ocors_settings_free(settings);
    free(text);
    assert_refused(ocors_span_make(NULL, 0), OCORS_FINDING_EMPTY_DOCUMENT);
}

/* What a caller other than the JSON reader may hand over. */
static void values_from_elsewhere_are_judged(void **state)
{
    ocors_settings_t *settings = ocors_settings_create();
    ocors_report_t report;

    (void)state;
    ocors_report_init(&report);
    assert_non_null(settings);
    assert_int_equal(ocors_settings_begin_client(settings, OCORS_SPAN_LITERAL("a"), &report, NULL),
                     OCORS_OK);
    assert_int_equal(ocors_settings_add_header(settings, OCORS_SPAN_LITERAL("x-a"),
                                               OCORS_SPAN_LITERAL("1\r\nSet-Cookie: x"), &report,
                                               NULL),
                     OCORS_OK);
    assert_int_equal(report.count, 1);
    assert_int_equal(report.items[0].code, OCORS_FINDING_HEADER_VALUE);
    assert_int_equal(ocors_settings_add_header(settings, OCORS_SPAN_LITERAL("x-b"),
                                               OCORS_SPAN_LITERAL("caf\xc3\xa9 1"), &report, NULL),
                     OCORS_OK);
    assert_int_equal(report.count, 1);
    /* A client that is there already is judged, and not kept. */
    assert_int_equal(ocors_settings_begin_client(settings, OCORS_SPAN_LITERAL("a"), &report, NULL),
                     OCORS_OK);
    assert_int_equal(report.items[1].code, OCORS_FINDING_DUPLICATE_CLIENT);
    assert_int_equal(
        ocors_settings_add_origin(settings, OCORS_SPAN_LITERAL("https://a.example"), &report, NULL),
        OCORS_OK);
    assert_int_equal(settings->client_count, 1);
    assert_int_equal(settings->origin_count, 0);
    ocors_settings_free(settings);
    ocors_settings_free(NULL);
    ocors_report_free(&report);
}

/* D15: an origin is known again, among few and many, in a client that is not kept too. */
static void origins_are_known_again(void **state)
{
    static const char *const ids[] = { "a", "", "b", "a", "c" };
    const size_t most = 200;

    (void)state;
    for (size_t count = 1; count <= most; count += count < 20 ? 1 : 59) {
        ocors_settings_t *settings = ocors_settings_create();
        size_t kept = 0;

        assert_non_null(settings);
        for (size_t client = 0; client < sizeof(ids) / sizeof(ids[0]); client++) {
            ocors_report_t report;

            ocors_report_init(&report);
            assert_int_equal(ocors_settings_begin_client(
                                 settings, ocors_span_from_string(ids[client]), &report, NULL),
                             OCORS_OK);
            kept += report.count == 0 ? count : 0;
            for (size_t i = 0; i < 2 * count; i++) {
                char origin[32];
                const int length = snprintf(origin, sizeof(origin), "https://%zu.%zu.example",
                                            client, i % count);
                const size_t before = report.count;

                assert_int_equal(ocors_settings_add_origin(settings,
                                                           ocors_span_make(origin, (size_t)length),
                                                           &report, NULL),
                                 OCORS_OK);
                assert_int_equal(report.count, before + (i < count ? 0 : 1));
                assert_true(i < count
                            || report.items[before].code == OCORS_FINDING_ORIGIN_DUPLICATE);
            }
            assert_int_equal(settings->origin_count, kept);
            ocors_report_free(&report);
        }
        assert_int_equal(settings->client_count, 3);
        assert_int_equal(settings->origin_count, 3 * count);
        for (size_t i = 0; i < settings->origin_count; i++) {
            char origin[32];

            snprintf(origin, sizeof(origin), "https://%zu.%zu.example", i / count * 2, i % count);
            assert_true(ocors_span_is_equal(settings->origins[i], ocors_span_from_string(origin)));
        }
        assert_int_equal(settings->clients[2].first_origin, 2 * count);
        assert_int_equal(settings->clients[2].origin_count, count);
        ocors_settings_end(settings);
        assert_int_equal(settings->origin_count, 3 * count);
        ocors_settings_free(settings);
    }
}

/* A control character is found at each place of a span, and nothing else is taken for one. */
static void control_characters_are_found(void **state)
{
    char text[20];

    (void)state;
    for (size_t length = 1; length <= sizeof(text); length++) {
        for (size_t at = 0; at < length; at++) {
            for (int c = 0; c < 256; c++) {
                for (int other = ' '; other < 256; other += 'z' - ' ') {
                    memset(text, other, length);
                    text[at] = (char)c;
                    assert_int_equal(ocors_span_has_control(ocors_span_make(text, length)),
                                     c < ' ' || c == 0x7f);
                }
            }
        }
    }
    assert_false(ocors_span_has_control(ocors_span_make(NULL, 0)));
}

/* Two documents into one report: each is judged by its own errors. */
static void report_is_shared(void **state)
{
    ocors_settings_t *settings;
    ocors_report_t report;

    (void)state;
    ocors_report_init(&report);
    assert_int_equal(ocors_settings_parse(OCORS_SPAN_LITERAL("[]"), &report, &settings),
                     OCORS_INVALID);
    assert_int_equal(ocors_settings_parse(OCORS_SPAN_LITERAL("{\"_v\":\"1.1\",\"clients\":[]}"),
                                          &report, &settings),
                     OCORS_OK);
    assert_int_equal(report.count, 2);
    assert_int_equal(report.items[1].code, OCORS_FINDING_CLIENTS_EMPTY);
    assert_int_equal(report.totals[OCORS_SEVERITY_ERROR], 1);
    ocors_settings_free(settings);
    ocors_report_free(&report);
}

/* Appends `count` times a format that takes a number. */
static size_t append_many(char *text, size_t length, size_t room, const char *format, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        length += (size_t)snprintf(text + length, room - length, format, i > 0 ? "," : "", i);
        assert_true(length < room);
    }
    return length;
}

/* More origins, clients, resources and headers than any first capacity, all of them there. */
static void many_of_everything(void **state)
{
    const size_t room = (size_t)4 << 20;
    char *text = malloc(room);
    size_t length = (size_t)snprintf(text, room, "{\"_v\":\"19.1\",\"clients\":[");
    ocors_settings_t *settings;
    ocors_report_t report;

    (void)state;
    for (int client = 0; client < 3; client++) {
        length += (size_t)snprintf(text + length, room - length,
                                   "%s{\"client_id\":\"c%d\",\"allowed_origins\":[",
                                   client > 0 ? "," : "", client);
        length = append_many(text, length, room, "%s\"https://h%zu.example\"", 5000);
        length += (size_t)snprintf(text + length, room - length, "],\"response_headers\":{");
        length = append_many(text, length, room, "%s\"x-%zu\":\"1\"", 500);
        length += (size_t)snprintf(text + length, room - length, "},\"resources\":[");
        length = append_many(text, length, room,
                             "%s{\"resource_id\":\"/r%zu/**\",\"methods\":[\"put\"]}", 1000);
        length += (size_t)snprintf(text + length, room - length, "]}");
    }
    length += (size_t)snprintf(text + length, room - length, "]}");
    ocors_report_init(&report);
    assert_int_equal(ocors_settings_parse(ocors_span_make(text, length), &report, &settings),
                     OCORS_OK);
    free(text);
    assert_int_equal(report.count, 0);
    assert_int_equal(settings->client_count, 3);
    for (size_t i = 0; i < 3; i++) {
        const ocors_client_t *client = &settings->clients[i];

        assert_int_equal(client->origin_count, 5000);
        assert_span_equal(settings->origins[client->first_origin + 4999], "https://h4999.example");
        assert_span_equal(settings->headers[client->first_header + 499].name, "x-499");
        assert_span_equal(settings->resources[client->first_resource + 999].pattern, "/r999/**");
    }
    ocors_settings_free(settings);
}

/* ---- Documents that somebody published: not in this tree, see OCORS_CORPUS ------------------- */

static char *read_file(const char *path, size_t *length)
{
    FILE *file = fopen(path, "rb");
    char *text = malloc((size_t)1 << 20);

    assert_non_null(file);
    assert_non_null(text);
    *length = fread(text, 1, (size_t)1 << 20, file);
    fclose(file);
    return text;
}

/* The README there: 31, 35, 37 and 47 are refused, with a clear error; the others load. */
static void check_real(const char *folder, const char *name)
{
    static const struct {
        const char *number;
        ocors_finding_code_t code;
    } refused[] = {
        { "31-", OCORS_FINDING_CLIENTS_MISSING },
        { "35-", OCORS_FINDING_WRONG_TYPE },
        { "37-", OCORS_FINDING_WRONG_TYPE },
        { "47-", OCORS_FINDING_CLIENTS_MISSING },
    };
    char path[4096];
    size_t length;
    char *text;
    ocors_settings_t *settings;
    ocors_report_t report;

    snprintf(path, sizeof(path), "%s/%s", folder, name);
    text = read_file(path, &length);
    for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
        if (strncmp(name, refused[i].number, 3) == 0) {
            assert_refused(ocors_span_make(text, length), refused[i].code);
            free(text);
            return;
        }
    }
    ocors_report_init(&report);
    if (ocors_settings_parse(ocors_span_make(text, length), &report, &settings) != OCORS_OK) {
        print_findings(&report);
        fail_msg("%s does not load", name);
    }
    assert_true(settings->client_count >= 1);
    assert_true(settings->version.length > 0);
    ocors_settings_free(settings);
    ocors_report_free(&report);
    free(text);
}

static const char *corpus_folder(void)
{
    const char *folder = getenv("OCORS_CORPUS");

    return folder != NULL ? folder : "../shared/settings-corpus";
}

static void real_documents(void **state)
{
    DIR *folder = opendir(corpus_folder());
    const struct dirent *entry;
    size_t count = 0;

    (void)state;
    assert_non_null(folder);
    while ((entry = readdir(folder)) != NULL) {
        size_t length = strlen(entry->d_name);

        if (length > 5 && strcmp(entry->d_name + length - 5, ".json") == 0) {
            check_real(corpus_folder(), entry->d_name);
            count++;
        }
    }
    closedir(folder);
    assert_true(count >= 28);
}

/* D27: the faults that a name may have; blanks count for none, up to twice the longest name. */
static void names_are_near(void **state)
{
    static const struct {
        const char *word, *name;
        size_t distance;
    } rows[] = {
        { "allowedOrigins", "allowed_origins", 0 },
        { "allwed-origns", "allowed_origins", 2 },
        { "alwed_origns", "allowed_origins", OCORS_NAME_FAR },
        { "form", "from", 1 },
        { "rfom", "from", 1 },
        { "frmo", "from", 1 },
        { "frm", "from", 1 },
        { "fromage", "from", OCORS_NAME_FAR },
        { "untill", "until", 1 },
        { "kliemt_id", "client_id", 2 },
        { "TO", "until", 0 },
        { "to", "from", OCORS_NAME_FAR },
        { "di", "id", OCORS_NAME_FAR },
        { "", "id", OCORS_NAME_FAR },
    };
    char word[130];

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        assert_int_equal(ocors_name_distance(ocors_span_from_string(rows[i].word), rows[i].name),
                         rows[i].distance);
    }
    memset(word, '_', sizeof(word));
    memcpy(word, "from", 4);
    assert_int_equal(ocors_name_distance(ocors_span_make(word, 128), "from"), 0);
    assert_int_equal(ocors_name_distance(ocors_span_make(word, 129), "from"), OCORS_NAME_FAR);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_finding_has_a_row),
        cmocka_unit_test(names_are_near),
        cmocka_unit_test(size_is_limited),
        cmocka_unit_test(values_from_elsewhere_are_judged),
        cmocka_unit_test(origins_are_known_again),
        cmocka_unit_test(control_characters_are_found),
        cmocka_unit_test(report_is_shared),
        cmocka_unit_test(many_of_everything),
    };
    const struct CMUnitTest corpus[] = { cmocka_unit_test(real_documents) };
    DIR *folder = opendir(corpus_folder());
    int failed = vectors_run("documents.json", 230, NULL, check_row);

    failed += vectors_run_twins("documents.json", is_refused);
    failed += cmocka_run_group_tests_name("settings", tests, NULL, NULL);
    if (folder == NULL) {
        printf("skipped: real documents, for %s (OCORS_CORPUS) is not there\n", corpus_folder());
        return failed != 0;
    }
    closedir(folder);
    failed += cmocka_run_group_tests_name("corpus", corpus, NULL, NULL);
    return failed != 0;
}
