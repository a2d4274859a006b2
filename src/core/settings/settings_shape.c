/* SPDX-License-Identifier: Apache-2.0 */
/* The keys that an object of a settings document may have, and what there is to say of others. */
#include "ocors_settings_shape.h"

#include "ocors_near_name.h"

const char *ocors_json_type_name(ocors_json_type_t type)
{
    static const char *const names[] = {
        [OCORS_JSON_NULL] = "null",        [OCORS_JSON_BOOLEAN] = "true or false",
        [OCORS_JSON_INTEGER] = "a number", [OCORS_JSON_FRACTION] = "a number with a fraction",
        [OCORS_JSON_STRING] = "a string",  [OCORS_JSON_ARRAY] = "an array",
        [OCORS_JSON_OBJECT] = "an object", [OCORS_JSON_UNKNOWN] = "something else",
    };

    return names[type];
}

void ocors_shape_judge_unused(ocors_reader_t *reader, ocors_json_t *value,
                              ocors_json_type_t expected_type, const char *expected,
                              const ocors_path_t *path)
{
    const ocors_json_type_t type = ocors_json_type(value);

    if (type != expected_type && type != OCORS_JSON_UNKNOWN) {
        ocors_report_add(reader->report, OCORS_FINDING_UNUSED_VALUE, path,
                         "expected %s, found %s; the policy does not use it", expected,
                         ocors_json_type_name(type));
    }
}

bool ocors_shape_has_type(ocors_reader_t *reader, ocors_json_t *value,
                          ocors_json_type_t expected_type, const char *expected,
                          const ocors_path_t *path)
{
    ocors_json_type_t type = ocors_json_type(value);

    if (type != expected_type && type != OCORS_JSON_UNKNOWN) {
        ocors_report_add(reader->report, OCORS_FINDING_WRONG_TYPE, path, "expected %s, found %s",
                         expected, ocors_json_type_name(type));
    }
    return type == expected_type;
}

static const ocors_shape_member_t *find_member(const ocors_shape_t *shape, ocors_span_t name)
{
    for (size_t i = 0; i < shape->count; i++) {
        if (ocors_span_is_equal(ocors_span_from_string(shape->members[i].name), name)) {
            return &shape->members[i];
        }
    }
    return NULL;
}

/* Says of a key that it is not known, or which known one was probably meant (field case 4.1). */
static void judge_unknown(ocors_reader_t *reader, const ocors_shape_t *shape,
                          const ocors_path_t *path)
{
    const char *nearest = NULL;
    size_t least = OCORS_NAME_FAR;

    for (size_t i = 0; i < shape->count; i++) {
        const size_t distance = ocors_name_distance(path->key, shape->members[i].name);

        if (distance < least) {
            least = distance;
            nearest = shape->members[i].name;
        }
    }
    if (nearest != NULL) {
        ocors_report_add(reader->report, OCORS_FINDING_KEY_MISTYPED, path,
                         "this key is not known and is ignored; did you mean \"%s\"?", nearest);
        return;
    }
    ocors_report_add(reader->report, OCORS_FINDING_UNKNOWN_KEY, path,
                     "this key is not known and is ignored; known here are %s", shape->names);
}

void ocors_shape_walk_object(ocors_reader_t *reader, ocors_json_t *object,
                             const ocors_shape_t *shape, const ocors_path_t *path)
{
    ocors_json_member_t entry;

    for (bool has_entry = ocors_json_first(object, &entry); has_entry && reader->status == OCORS_OK;
         has_entry = ocors_json_next(&entry)) {
        const ocors_shape_member_t *member = find_member(shape, entry.name);
        const ocors_path_t here = { .parent = path, .key = entry.name };

        if (member == NULL) {
            judge_unknown(reader, shape, &here);
            continue;
        }
        if (member->is_unused) {
            ocors_shape_judge_unused(reader, entry.value, member->type, member->expected, &here);
            if (member->judge != NULL && ocors_json_is_type(entry.value, member->type)) {
                member->judge(reader, entry.value, &here);
            }
            continue;
        }
        if (member->type != OCORS_JSON_UNKNOWN
            && !ocors_shape_has_type(reader, entry.value, member->type, member->expected, &here)) {
            continue;
        }
        if (member->judge != NULL) {
            member->judge(reader, entry.value, &here);
        }
    }
}

void ocors_shape_walk_array(ocors_reader_t *reader, ocors_json_t *array, ocors_shape_judge_t *judge,
                            const ocors_path_t *path)
{
    size_t length = ocors_json_length(array);

    for (size_t i = 0; i < length && reader->status == OCORS_OK; i++) {
        const ocors_path_t here = { .parent = path, .index = i };

        judge(reader, ocors_json_element(array, i), &here);
    }
}
