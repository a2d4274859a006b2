/* SPDX-License-Identifier: Apache-2.0 */
/* The tree of a JSON text: json-c, which only this file knows. */
#include "ocors_json_tree.h"

#include <stdlib.h>

#include <json-c/json.h>

#include "ocors_json_text.h"

#if JSON_C_VERSION_NUM < ((0 << 16) | (16 << 8) | 0)
/* json-c 0.14 and 0.15 have the members, and no function that reads them. */
#define lh_table_head(table) ((table)->head)
#define lh_entry_next(entry) ((entry)->next)
#endif

static const struct {
    ocors_json_type_t type;
    const char *name;
} types[] = {
    [json_type_null] = { OCORS_JSON_NULL, "null" },
    [json_type_boolean] = { OCORS_JSON_BOOLEAN, "true or false" },
    [json_type_int] = { OCORS_JSON_INTEGER, "a number" },
    [json_type_double] = { OCORS_JSON_FRACTION, "a number with a fraction" },
    [json_type_string] = { OCORS_JSON_STRING, "a string" },
    [json_type_array] = { OCORS_JSON_ARRAY, "an array" },
    [json_type_object] = { OCORS_JSON_OBJECT, "an object" },
};

ocors_json_type_t ocors_json_type(ocors_json_t *value)
{
    const ocors_json_type_t type = types[json_object_get_type(value)].type;

    return type == OCORS_JSON_STRING && ocors_span_has_control(ocors_json_string(value))
               ? OCORS_JSON_UNKNOWN
               : type;
}

const char *ocors_json_type_name(ocors_json_t *value)
{
    return types[json_object_get_type(value)].name;
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
    return json_object_object_get_ex(object, name, value) != 0;
}

bool ocors_json_is_equal(ocors_json_t *a, ocors_json_t *b)
{
    return json_object_equal(a, b) != 0;
}

bool ocors_json_next(ocors_json_t *value, ocors_json_child_t *child)
{
    child->path.index = child->count++;
    if (json_object_is_type(value, json_type_array)) {
        child->value = ocors_json_element(value, child->path.index);
        return child->path.index < ocors_json_length(value);
    }
    if (!json_object_is_type(value, json_type_object)) {
        return false;
    }
    child->entry = child->entry != NULL ? lh_entry_next(child->entry)
                                        : lh_table_head(json_object_get_object(value));
    if (child->entry != NULL) {
        child->path.key = ocors_span_from_string(lh_entry_k(child->entry));
        child->value = lh_entry_v(child->entry);
    }
    return child->entry != NULL;
}

void ocors_json_tree_free(ocors_json_t *root)
{
    (void)json_object_put(root);
}

/* The values of a tree; as deep as the scan let it be. */
static size_t count_values(ocors_json_t *value)
{
    ocors_json_child_t child = { .count = 0 };
    size_t count = 1;

    while (ocors_json_next(value, &child)) {
        count += count_values(child.value);
    }
    return count;
}

ocors_result_t ocors_json_tree_parse(ocors_span_t text, const ocors_json_counts_t *counts,
                                     ocors_report_t *report, ocors_json_t **root)
{
    ocors_json_text_t json = ocors_json_text_make(text);
    struct json_tokener *tokener = NULL;
    ocors_result_t result = OCORS_OK;
    /*
     * json-c 0.16 does not survive every failed allocation of its own (it goes on with a key that
     * it could not copy): the memory is asked for in one piece, and given back untouched.
     */
    void *memory = malloc(counts->memory);

    free(memory);
    *root = NULL;
    if (memory != NULL) {
        /* json-c counts depth in its own way; the scan has refused what is too deep before. */
        tokener = json_tokener_new_ex(OCORS_JSON_DEPTH_MAX + 16);
    }
    if (tokener == NULL) {
        return OCORS_NO_MEMORY;
    }
    (void)ocors_json_skip_mark(&json);
    json_tokener_set_flags(tokener, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
    /* The scan bounds memory, and with it the text's length. */
    *root = json_tokener_parse_ex(tokener, json.at, (int)(json.end - json.at));
    if (json_tokener_get_error(tokener) == json_tokener_continue) {
        /* A NUL tells json-c that a number at the end is complete. */
        *root = json_tokener_parse_ex(tokener, "", 1);
    }
    if (json_tokener_get_error(tokener) != json_tokener_success) {
        /* The scan and json-c agree on what JSON is; where they do not, its no is not lost. */
        ocors_report_add(report, OCORS_FINDING_SYNTAX, NULL, "this is not strict JSON");
        result = OCORS_INVALID;
    }
    /*
     * Where memory is short, json-c 0.16 leaves out values and says nothing. It leaves out repeated
     * members too, so that a document with those is not counted.
     */
    else if (counts->repeats == 0 && count_values(*root) != counts->values) {
        result = OCORS_NO_MEMORY;
    }
    json_tokener_free(tokener);
    return result;
}
