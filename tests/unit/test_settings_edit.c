/* SPDX-License-Identifier: Apache-2.0 */
/* Splices: what a text is before and after, and that every document can be edited and edited back.
 */
#include "vectors.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ocors_settings_edit.h"
#include "ocors_settings_parse.h"

#define HEAD "{\"_v\":\"19.1\",\"clients\":["

typedef struct row_t {
    const char *name;
    const char *client;
    const char *origin;
    const char *without; /* NULL: `with` says so already */
    const char *with;    /* NULL: likewise `without` */
    const char *after;   /* what revoking leaves, where it is not `without` */
} row_t;

static const row_t rows[] = {
    { "the second of a list", "a", "https://n.example",
      HEAD "{\"client_id\":\"a\",\"allowed_origins\":[\"https://o.example\"]}]}",
      HEAD
      "{\"client_id\":\"a\",\"allowed_origins\":[\"https://o.example\",\"https://n.example\"]}]}",
      NULL },
    { "a blank as behind the colon", "a", "https://n.example",
      HEAD "{\"client_id\":\"a\",\"allowed_origins\": [\"https://o.example\"]}]}",
      HEAD
      "{\"client_id\":\"a\",\"allowed_origins\": [\"https://o.example\", \"https://n.example\"]}]}",
      NULL },
    { "a list within blanks", "a", "https://n.example",
      HEAD "{\"client_id\":\"a\",\"allowed_origins\":[ \"https://o.example\" ]}]}",
      HEAD
      "{\"client_id\":\"a\",\"allowed_origins\":[ \"https://o.example\", \"https://n.example\" ]}]}",
      NULL },
    { "the third, as the second is", "a", "https://n.example",
      HEAD
      "{\"client_id\":\"a\",\"allowed_origins\":[\"https://o.example\" ,\"https://p.example\"]}]}",
      HEAD
      "{\"client_id\":\"a\",\"allowed_origins\":[\"https://o.example\" ,\"https://p.example\" ,"
      "\"https://n.example\"]}]}",
      NULL },
    { "a line each", "a", "https://n.example",
      HEAD "{\"client_id\":\"a\",\"allowed_origins\":[\n\t\"https://o.example\"\n]}]}\n",
      HEAD "{\"client_id\":\"a\",\"allowed_origins\":[\n\t\"https://o.example\",\n\t"
           "\"https://n.example\"\n]}]}\n",
      NULL },
    { "lines of another system", "a", "https://n.example",
      HEAD "{\"client_id\":\"a\",\"allowed_origins\":[\r\n  \"https://o.example\"\r\n]}]}",
      HEAD "{\"client_id\":\"a\",\"allowed_origins\":[\r\n  \"https://o.example\",\r\n  "
           "\"https://n.example\"\r\n]}]}",
      NULL },
    { "an empty list", "a", "https://n.example",
      HEAD "{\"client_id\":\"a\",\"allowed_origins\":[]}]}",
      HEAD "{\"client_id\":\"a\",\"allowed_origins\":[\"https://n.example\"]}]}", NULL },
    { "an empty list with a blank", "a", "https://n.example",
      HEAD "{\"client_id\":\"a\",\"allowed_origins\":[ ]}]}",
      HEAD "{\"client_id\":\"a\",\"allowed_origins\":[\"https://n.example\" ]}]}", NULL },
    { "an empty list of lines", "a", "https://n.example",
      HEAD "\n   {\"client_id\":\"a\",\"allowed_origins\":[\n      ]}]}",
      HEAD
      "\n   {\"client_id\":\"a\",\"allowed_origins\":[\n         \"https://n.example\"\n      ]}]}",
      NULL },
    { "an empty list of another system's lines", "a", "https://n.example",
      HEAD "{\"client_id\":\"a\",\"allowed_origins\":[\r\n]}]}",
      HEAD "{\"client_id\":\"a\",\"allowed_origins\":[\r\n  \"https://n.example\"\r\n]}]}", NULL },
    { "no list, the id alone", "a", "https://n.example", HEAD "{\"client_id\":\"a\"}]}",
      HEAD "{\"client_id\":\"a\",\"allowed_origins\":[\"https://n.example\"]}]}",
      HEAD "{\"client_id\":\"a\",\"allowed_origins\":[]}]}" },
    { "no list, the id alone, a blank behind its colon", "a", "https://n.example",
      HEAD "{\"client_id\": \"a\"}]}",
      HEAD "{\"client_id\": \"a\", \"allowed_origins\": [\"https://n.example\"]}]}",
      HEAD "{\"client_id\": \"a\", \"allowed_origins\": []}]}" },
    { "no list, the id alone in a line", "a", "https://n.example",
      HEAD "{\n  \"client_id\": \"a\"\n}]}",
      HEAD "{\n  \"client_id\": \"a\",\n  \"allowed_origins\": [\"https://n.example\"]\n}]}",
      HEAD "{\n  \"client_id\": \"a\",\n  \"allowed_origins\": []\n}]}" },
    { "no list, a member behind the id", "a", "https://n.example",
      HEAD "{\"client_id\":\"a\", \"resources\":[]}]}",
      HEAD "{\"client_id\":\"a\", \"allowed_origins\":[\"https://n.example\"], \"resources\":[]}]}",
      HEAD "{\"client_id\":\"a\", \"allowed_origins\":[], \"resources\":[]}]}" },
    { "no list, a member before the id", "a", "https://n.example",
      HEAD "{\"resources\":[]\n, \"client_id\":\"a\"}]}",
      HEAD
      "{\"resources\":[]\n, \"client_id\":\"a\"\n, \"allowed_origins\":[\"https://n.example\"]}]}",
      HEAD "{\"resources\":[]\n, \"client_id\":\"a\"\n, \"allowed_origins\":[]}]}" },
    { "the second client, its list before its id", "b", "https://n.example",
      HEAD "{\"client_id\":\"a\",\"allowed_origins\":[\"https://n.example\"]},"
           "{\"allowed_origins\":[\"https://o.example\"],\"client_id\":\"b\"}]}",
      HEAD
      "{\"client_id\":\"a\",\"allowed_origins\":[\"https://n.example\"]},"
      "{\"allowed_origins\":[\"https://o.example\",\"https://n.example\"],\"client_id\":\"b\"}]}",
      NULL },
    { "keys and an id with escapes", "a\"\xc3\xa9", "https://n.example",
      "{\"x\":{\"clients\":[{\"client_id\":\"a\"}],\"n\":[-1.5e3,true,null,\"]}\"]},"
      "\"cl\\u0069ents\":[{\"client\\u005fid\":\"a\\\"\\u00e9\",\"allowed\\u005forigins\":[]}]}",
      "{\"x\":{\"clients\":[{\"client_id\":\"a\"}],\"n\":[-1.5e3,true,null,\"]}\"]},"
      "\"cl\\u0069ents\":[{\"client\\u005fid\":\"a\\\"\\u00e9\",\"allowed\\u005forigins\":["
      "\"https://n.example\"]}]}",
      NULL },
    { "listed with escapes", "a", "https://n.example", NULL,
      HEAD "{\"client_id\":\"a\",\"allowed_origins\":[\"https:\\/\\/\\u006e.example\"]}]}",
      HEAD "{\"client_id\":\"a\",\"allowed_origins\":[]}]}" },
    { "listed in another form, the first", "a", "https://n.example", NULL,
      HEAD
      "{\"client_id\":\"a\",\"allowed_origins\":[\"HTTPS://N.example:443/\" ,\n \"https://o.example\"]}]}",
      HEAD "{\"client_id\":\"a\",\"allowed_origins\":[\"https://o.example\"]}]}" },
    { "listed between others", "a", "https://n.example", NULL,
      HEAD
      "{\"client_id\":\"a\",\"allowed_origins\":[\"\", \"https://n.example\" , \"https://o.example\"]}]}",
      HEAD "{\"client_id\":\"a\",\"allowed_origins\":[\"\" , \"https://o.example\"]}]}" },
    { "listed three times", "a", "https://n.example", NULL,
      HEAD "{\"client_id\":\"a\",\"allowed_origins\":[\"https://n.example\",\"https://N.example\","
           "\"https://o.example\",\"https://n.example/\"]}]}",
      HEAD "{\"client_id\":\"a\",\"allowed_origins\":[\"https://o.example\"]}]}" },
    { "not listed", "a", "https://n.example",
      HEAD "{\"client_id\":\"a\",\"allowed_origins\":[\"https://n.example:8443\"]}]}", NULL, NULL },
    { "no list to revoke from", "a", "https://n.example", HEAD "{\"client_id\":\"a\"}]}", NULL,
      NULL },
};

static ocors_origin_t origin_of(const char *text)
{
    ocors_origin_t origin;

    assert_int_equal(ocors_origin_canonicalise(ocors_span_from_string(text), &origin),
                     OCORS_ORIGIN_OK);
    return origin;
}

/* Edits until the text says so; how many splices that took. A guarded text is freed. */
static size_t edit(ocors_span_t *text, ocors_span_t client, const char *entry,
                   ocors_edit_action_t action)
{
    const ocors_origin_t origin = origin_of(entry);
    size_t count = 0;

    for (;;) {
        ocors_span_t room = guarded_copy(text->bytes, text->length);
        ocors_splice_t splice;
        ocors_edit_result_t result;
        size_t length;
        char *edited;

        result = ocors_settings_edit(*text, client, &origin, action, (char *)(uintptr_t)room.bytes,
                                     &splice);
        if (result == OCORS_EDIT_ALREADY) {
            guarded_free(room);
            return count;
        }
        assert_int_equal(result, OCORS_EDIT_SPLICE);
        length = ocors_splice_length(*text, &splice);
        edited = malloc(length);
        assert_non_null(edited);
        ocors_splice_apply(*text, &splice, edited);
        guarded_free(room);
        guarded_free(*text);
        *text = guarded_copy(edited, length);
        free(edited);
        count++;
    }
}

static void assert_loads(ocors_span_t text)
{
    ocors_settings_t *settings;
    ocors_report_t report;

    ocors_report_init(&report);
    assert_int_equal(ocors_settings_parse(text, &report, &settings), OCORS_OK);
    ocors_settings_free(settings);
    ocors_report_free(&report);
}

static void check_edit(const row_t *row, ocors_edit_action_t action, const char *before,
                       const char *after)
{
    ocors_span_t text = guarded_copy(before, strlen(before));
    const size_t count = edit(&text, ocors_span_from_string(row->client), row->origin, action);
    const size_t length = text.length < strlen(after) ? text.length : strlen(after);

    assert_loads(text);
    if (text.length != strlen(after) || memcmp(text.bytes, after, length) != 0) {
        fail_msg("%s: found\n%.*s\nexpected\n%s", row->name, (int)text.length, text.bytes, after);
    }
    if (count != (strcmp(before, after) == 0 ? 0 : 1)) {
        fail_msg("%s: %zu splices", row->name, count);
    }
    guarded_free(text);
}

static void origins_come_and_go(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const row_t *row = &rows[i];

        if (row->without != NULL && row->with == NULL) {
            check_edit(row, OCORS_EDIT_REVOKE, row->without, row->without);
            continue;
        }
        check_edit(row, OCORS_EDIT_ALLOW, row->without != NULL ? row->without : row->with,
                   row->with);
        check_edit(row, OCORS_EDIT_REVOKE, row->with,
                   row->after != NULL ? row->after : row->without);
        if (row->without != NULL) {
            check_edit(row, OCORS_EDIT_REVOKE, row->without, row->without);
        }
    }
}

/* A splice has the pieces that it counts, whatever is behind them. */
static void pieces_are_counted(void **state)
{
    ocors_splice_t splice = { .offset = 1, .removed = 2, .piece_count = 2 };
    char edited[8] = "";

    (void)state;
    for (size_t i = 0; i < OCORS_EDIT_PIECES_MAX; i++) {
        splice.pieces[i] = ocors_span_make("xyz", 3);
    }
    assert_int_equal(ocors_splice_length(OCORS_SPAN_LITERAL("abc"), &splice), 7);
    ocors_splice_apply(OCORS_SPAN_LITERAL("abc"), &splice, edited);
    assert_string_equal(edited, "axyzxyz");
}

static ocors_edit_result_t ask(const char *text, const char *client)
{
    const ocors_origin_t origin = origin_of("https://n.example");
    ocors_span_t span = guarded_copy(text, strlen(text));
    char room[256];
    ocors_splice_t splice;
    ocors_edit_result_t result;

    assert_true(span.length <= sizeof(room));
    result = ocors_settings_edit(span, ocors_span_from_string(client), &origin, OCORS_EDIT_ALLOW,
                                 room, &splice);
    guarded_free(span);
    return result;
}

static void clients_are_found_by_their_whole_id(void **state)
{
    const char *text = HEAD "{\"client_id\":\"\"},{\"client_id\":\"ab\"}]}";

    (void)state;
    assert_int_equal(ask(text, "ab"), OCORS_EDIT_SPLICE);
    assert_int_equal(ask(text, "a"), OCORS_EDIT_NO_CLIENT);
    assert_int_equal(ask(text, "abc"), OCORS_EDIT_NO_CLIENT);
    assert_int_equal(ask(text, "AB"), OCORS_EDIT_NO_CLIENT);
    assert_int_equal(ask(text, ""), OCORS_EDIT_NO_CLIENT);
    assert_int_equal(ask(HEAD "]}", "a"), OCORS_EDIT_NO_CLIENT);
}

/* A text that ends anywhere, or has any one byte in the place of another, is read within its
 * bounds. */
static void bad_texts_are_survived(void **state)
{
    static const char text[] = HEAD
        "{\"client_id\":\"\\u0061\",\"x\":[{}],\"allowed_origins\":[\"\\ud83d\\ude00\",\"b\"]}]}";
    static const char bytes[] = "\"\\'{}[]:,u/#.\xe2 \n";
    char changed[sizeof(text)];

    (void)state;
    assert_int_equal(ask(text, "a"), OCORS_EDIT_SPLICE);
    for (size_t i = 0; i < sizeof(text) - 1; i++) {
        memcpy(changed, text, sizeof(text));
        changed[i] = '\0';
        assert_int_not_equal(ask(changed, "z"), OCORS_EDIT_SPLICE);
        for (size_t k = 0; k < sizeof(bytes) - 1; k++) {
            memcpy(changed, text, sizeof(text));
            changed[i] = bytes[k];
            (void)ask(changed, "a");
            (void)ask(changed, "z");
        }
    }
    assert_int_equal(ask("{}", "a"), OCORS_EDIT_BAD_TEXT);
    assert_int_equal(ask("{\"clients\":3}", "a"), OCORS_EDIT_BAD_TEXT);
    assert_int_equal(ask("{\"clients\":[{\"client_id\":3}]}", "a"), OCORS_EDIT_BAD_TEXT);
    assert_int_equal(ask("{\"clients\":[{\"client_id\":\"a\",\"allowed_origins\":3}]}", "a"),
                     OCORS_EDIT_BAD_TEXT);
    assert_int_equal(ask("{\"clients\":[{\"client_id\":\"a\",\"allowed_origins\":[3]}]}", "a"),
                     OCORS_EDIT_BAD_TEXT);
    assert_int_equal(ask("{\"clients\":[{\"client_id\":\"a\"/**/}]}", "a"), OCORS_EDIT_BAD_TEXT);
    assert_int_equal(ask("{\"x\":\"\\q\",\"clients\":[{\"client_id\":\"a\"}]}", "a"),
                     OCORS_EDIT_BAD_TEXT);
    /* A member that comes twice: the one before it or behind it would be edited. */
    assert_int_equal(ask(HEAD "{\"client_id\":\"a\",\"client_id\":\"a\"}]}", "a"),
                     OCORS_EDIT_BAD_TEXT);
    assert_int_equal(
        ask(HEAD "{\"client_id\":\"a\",\"allowed_origins\":[],\"allowed\\u005forigins\":[]}]}",
            "a"),
        OCORS_EDIT_BAD_TEXT);
}

static size_t edited;

static bool does_load(struct json_object *row)
{
    return json_object_get_boolean(vectors_get(row, "loads"));
}

static bool lists(const ocors_settings_t *settings, const ocors_client_t *client,
                  const char *origin)
{
    for (size_t i = 0; i < client->origin_count; i++) {
        if (ocors_span_is_equal(settings->origins[client->first_origin + i],
                                ocors_span_from_string(origin))) {
            return true;
        }
    }
    return false;
}

/* What was parsed of a text, but for the origin: the same after an edit. */
static void check_client(ocors_span_t text, size_t number, size_t origin_count, bool is_listed)
{
    ocors_settings_t *settings;
    ocors_report_t report;

    ocors_report_init(&report);
    assert_int_equal(ocors_settings_parse(text, &report, &settings), OCORS_OK);
    assert_int_equal(settings->clients[number].origin_count, origin_count);
    assert_int_equal(lists(settings, &settings->clients[number], "https://new.example"), is_listed);
    ocors_settings_free(settings);
    ocors_report_free(&report);
}

static bool report_has(const ocors_report_t *report, ocors_finding_code_t code)
{
    for (size_t i = 0; i < report->count; i++) {
        if (report->items[i].code == code) {
            return true;
        }
    }
    return false;
}

/* D5, D34: an edit of one of two equal entries makes them unequal, and the document is refused.
 */
static void check_repetition(ocors_span_t original, ocors_span_t id)
{
    ocors_span_t text = guarded_copy(original.bytes, original.length);
    ocors_settings_t *settings;
    ocors_report_t report;

    ocors_report_init(&report);
    assert_int_equal(edit(&text, id, "https://new.example", OCORS_EDIT_ALLOW), 1);
    assert_int_equal(ocors_settings_parse(text, &report, &settings), OCORS_INVALID);
    assert_true(report_has(&report, OCORS_FINDING_DUPLICATE_CLIENT));
    guarded_free(text);
    ocors_report_free(&report);
}

static void check_document(ocors_span_t original)
{
    ocors_settings_t *settings;
    ocors_report_t report;

    ocors_report_init(&report);
    assert_int_equal(ocors_settings_parse(original, &report, &settings), OCORS_OK);
    if (report_has(&report, OCORS_FINDING_CLIENT_REPEATED)) {
        check_repetition(original, settings->clients[0].id);
        edited++;
        ocors_settings_free(settings);
        ocors_report_free(&report);
        return;
    }
    for (size_t i = 0; i < settings->client_count; i++) {
        const ocors_client_t *client = &settings->clients[i];
        ocors_span_t text = guarded_copy(original.bytes, original.length);
        ocors_span_t once;

        assert_int_equal(edit(&text, client->id, "https://new.example", OCORS_EDIT_ALLOW), 1);
        check_client(text, i, client->origin_count + 1, true);
        once = guarded_copy(text.bytes, text.length);
        assert_int_equal(edit(&text, client->id, "https://new.example", OCORS_EDIT_REVOKE), 1);
        check_client(text, i, client->origin_count, false);
        if (memcmp(text.bytes, original.bytes, original.length) != 0
            || text.length != original.length) {
            /* The one thing that stays is an empty list where there was none. */
            assert_int_equal(client->origin_count, 0);
            assert_int_equal(edit(&text, client->id, "https://new.example", OCORS_EDIT_ALLOW), 1);
            assert_int_equal(text.length, once.length);
            assert_memory_equal(text.bytes, once.bytes, once.length);
        }
        for (size_t k = 0; k < client->origin_count; k++) {
            const ocors_span_t listed = settings->origins[client->first_origin + k];
            char origin[OCORS_ORIGIN_MAX + 1];

            (void)snprintf(origin, sizeof(origin), "%.*s", (int)listed.length, listed.bytes);
            assert_int_equal(edit(&text, client->id, origin, OCORS_EDIT_ALLOW), 0);
            assert_true(edit(&text, client->id, origin, OCORS_EDIT_REVOKE) >= 1);
            check_client(text, i, client->origin_count - k - 1, false);
        }
        edited++;
        guarded_free(once);
        guarded_free(text);
    }
    ocors_settings_free(settings);
    ocors_report_free(&report);
}

static void check_row(struct json_object *row)
{
    static const int styles[] = { JSON_C_TO_STRING_PLAIN, JSON_C_TO_STRING_SPACED,
                                  JSON_C_TO_STRING_PRETTY,
                                  JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_PRETTY_TAB };
    struct json_object *document = vectors_get(row, "document");

    if (document == NULL) {
        ocors_span_t text = guarded_row(row, "text");

        check_document(text);
        guarded_free(text);
        return;
    }
    for (size_t i = 0; i < sizeof(styles) / sizeof(styles[0]); i++) {
        size_t length;
        const char *bytes = json_object_to_json_string_length(document, styles[i], &length);
        ocors_span_t text = guarded_copy(bytes, length);

        check_document(text);
        guarded_free(text);
    }
}

static void documents_were_edited(void **state)
{
    (void)state;
    assert_true(edited >= 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(origins_come_and_go),
        cmocka_unit_test(pieces_are_counted),
        cmocka_unit_test(clients_are_found_by_their_whole_id),
        cmocka_unit_test(bad_texts_are_survived),
        cmocka_unit_test(documents_were_edited),
    };
    int failed = vectors_run("documents.json", 20, does_load, check_row);

    failed += cmocka_run_group_tests_name("settings_edit", tests, NULL, NULL);
    return failed != 0;
}
