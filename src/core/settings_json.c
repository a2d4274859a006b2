/* SPDX-License-Identifier: Apache-2.0 */
/* JSON text -> json-c's tree, which only this file knows -> settings. */
#include "ocors_settings_json.h"

#include <limits.h>
#include <stdlib.h>

#include <json-c/json.h>

#include "ocors_json_scan.h"
#include "ocors_settings_read.h"

/* json-c counts depth in its own way; the scan has refused what is too deep before. */
#define TOKENER_DEPTH (OCORS_JSON_DEPTH_MAX + 16)

/* What json-c takes for a value beside its text, and for an object or array on top of that. */
#define VALUE_ROOM  160
#define OPENED_ROOM 1024

ocors_json_type_t ocors_json_type(ocors_json_t *value)
{
    switch (json_object_get_type(value)) {
    case json_type_boolean:
        return OCORS_JSON_BOOLEAN;
    case json_type_int:
        return OCORS_JSON_INTEGER;
    case json_type_double:
        return OCORS_JSON_FRACTION;
    case json_type_object:
        return OCORS_JSON_OBJECT;
    case json_type_array:
        return OCORS_JSON_ARRAY;
    case json_type_string:
        return json_object_get_string_len(value) == 1
                       && json_object_get_string(value)[0] == OCORS_JSON_REPEATED_KEY_MARK
                   ? OCORS_JSON_UNKNOWN
                   : OCORS_JSON_STRING;
    case json_type_null:
    default:
        return OCORS_JSON_NULL;
    }
}

ocors_span_t ocors_json_string(ocors_json_t *value)
{
    return ocors_span_make(json_object_get_string(value),
                           (size_t)json_object_get_string_len(value));
}

size_t ocors_json_length(ocors_json_t *array)
{
    return json_object_array_length(array);
}

ocors_json_t *ocors_json_element(ocors_json_t *array, size_t index)
{
    return json_object_array_get_idx(array, index);
}

bool ocors_json_find(ocors_json_t *object, const char *name, ocors_json_t **value)
{
    *value = NULL;
    return json_object_object_get_ex(object, name, value) != 0;
}

/* Fills in what the entry says; NULL is the end. */
static bool set_member(ocors_json_member_t *member, const struct lh_entry *entry)
{
    const char *key;
    const char *end = NULL;

    if (entry == NULL) {
        return false;
    }
    key = lh_entry_k(entry);
    if (key[0] == OCORS_JSON_REPEATED_KEY_MARK) {
        end = strchr(key + 1, OCORS_JSON_REPEATED_KEY_MARK);
    }
    member->name = ocors_span_from_string(end != NULL ? end + 1 : key);
    member->is_repeated = end != NULL;
    member->value = lh_entry_v(entry);
    member->entry = entry;
    return true;
}

bool ocors_json_first(ocors_json_t *object, ocors_json_member_t *member)
{
    return set_member(member, lh_table_head(json_object_get_object(object)));
}

bool ocors_json_next(ocors_json_member_t *member)
{
    return set_member(member, lh_entry_next(member->entry));
}

/* The scan and json-c agree on what JSON is; where they do not, json-c's no must not get lost. */
static void report_refusal(ocors_report_t *report, const char *text, size_t at)
{
    size_t line = 1;
    size_t column = 1;

    for (size_t i = 0; i < at; i++) {
        column = text[i] == '\n' ? 1 : column + 1;
        line += text[i] == '\n' ? 1 : 0;
    }
    ocors_report_add_at(report, OCORS_FINDING_SYNTAX, line, column, NULL,
                        "this is not strict JSON");
}

/* Repaired text -> json-c's tree; NULL is a tree as well, that of the document "null". */
static ocors_result_t parse_tree(const char *text, size_t length, ocors_report_t *report,
                                 ocors_json_t **root)
{
    struct json_tokener *tokener = json_tokener_new_ex(TOKENER_DEPTH);
    enum json_tokener_error error;
    ocors_result_t status = OCORS_OK;

    *root = NULL;
    if (tokener == NULL) {
        return OCORS_NO_MEMORY;
    }
    json_tokener_set_flags(tokener, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
    /* With its NUL, which tells json-c that a number at the end is complete. */
    *root = json_tokener_parse_ex(tokener, text, (int)(length + 1));
    error = json_tokener_get_error(tokener);
    if (error != json_tokener_success) {
        report_refusal(report, text, json_tokener_get_parse_end(tokener));
        status = OCORS_INVALID;
    }
    else if (*root == NULL && text[strspn(text, " \t\r\n")] != 'n') {
        /* json-c 0.16 says so when an allocation fails. */
        status = OCORS_NO_MEMORY;
    }
    json_tokener_free(tokener);
    return status;
}

/*
 * Whether there is room for the tree. json-c 0.16 does not survive every failed allocation of its
 * own (a key that could not be copied is read all the same), so it is not let into that situation:
 * asked for in one piece, and given back untouched.
 */
static bool has_room(size_t length, const ocors_json_counts_t *counts)
{
    void *room = malloc(2 * length + counts->values * VALUE_ROOM + counts->opened * OPENED_ROOM);

    free(room);
    return room != NULL;
}

/* The values of a tree; as deep as the scan let it be. */
static size_t count_values(ocors_json_t *value)
{
    size_t count = 1;
    ocors_json_member_t member;

    if (json_object_is_type(value, json_type_object)) {
        for (bool has = ocors_json_first(value, &member); has; has = ocors_json_next(&member)) {
            count += count_values(member.value);
        }
    }
    else if (json_object_is_type(value, json_type_array)) {
        for (size_t i = 0; i < ocors_json_length(value); i++) {
            count += count_values(ocors_json_element(value, i));
        }
    }
    return count;
}

static ocors_result_t read_tree(ocors_span_t text, ocors_report_t *report, ocors_json_t **root)
{
    const size_t errors = report->totals[OCORS_SEVERITY_ERROR];
    ocors_json_counts_t counts;
    char *repaired;
    size_t length;
    ocors_result_t status = ocors_json_scan(text, report, &repaired, &length, &counts);

    if (status == OCORS_OK) {
        status = length < INT_MAX && has_room(length, &counts)
                     ? parse_tree(repaired, length, report, root)
                     : OCORS_NO_MEMORY;
    }
    free(repaired);
    /* Where memory is short, json-c 0.16 leaves out values and says nothing. */
    if (status == OCORS_OK && report->totals[OCORS_SEVERITY_ERROR] == errors
        && count_values(*root) != counts.values) {
        status = OCORS_NO_MEMORY;
    }
    return status;
}

ocors_result_t ocors_settings_parse(ocors_span_t text, ocors_report_t *report,
                                    ocors_settings_t **settings)
{
    const size_t errors = report->totals[OCORS_SEVERITY_ERROR];
    ocors_settings_t *read = NULL;
    ocors_json_t *root = NULL;
    ocors_sha256_t sha;
    ocors_result_t status;

    *settings = NULL;
    if (text.length > OCORS_DOCUMENT_MAX) {
        ocors_report_add(report, OCORS_FINDING_TOO_LARGE, NULL,
                         "the document has %zu bytes; at most %zu MiB are read", text.length,
                         OCORS_DOCUMENT_MAX >> 20);
        return report->is_out_of_memory ? OCORS_NO_MEMORY : OCORS_INVALID;
    }
    status = read_tree(text, report, &root);
    if (status == OCORS_OK) {
        read = ocors_settings_create();
        status = read != NULL ? ocors_settings_read(read, root, report) : OCORS_NO_MEMORY;
    }
    (void)json_object_put(root);
    /* A report with a gap in it is no basis for a verdict. */
    if (report->is_out_of_memory) {
        status = OCORS_NO_MEMORY;
    }
    else if (status == OCORS_OK && report->totals[OCORS_SEVERITY_ERROR] > errors) {
        status = OCORS_INVALID;
    }
    if (status != OCORS_OK) {
        ocors_settings_free(read);
        return status;
    }
    ocors_sha256_init(&sha);
    ocors_sha256_add(&sha, text);
    ocors_sha256_end(&sha, read->digest);
    *settings = read;
    return OCORS_OK;
}
