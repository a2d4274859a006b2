/* SPDX-License-Identifier: Apache-2.0 */
/* What the values of a settings document should be, and what there is to say of others. */
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

/* Whether it is the shape of any member, or the end of those of the known ones. */
static bool is_last(const ocors_shape_t *shape)
{
    return shape->name == NULL || shape->name[0] == '\0';
}

/* The shape of the member of this name, or of the elements; NULL: the name is not known. */
static const ocors_shape_t *find_shape(const ocors_shape_t *shape, ocors_span_t name)
{
    while (!is_last(shape) && !ocors_span_is_equal(ocors_span_from_string(shape->name), name)) {
        shape++;
    }
    return shape->name != NULL && is_last(shape) ? NULL : shape;
}

const ocors_shape_t *ocors_shape_below(const ocors_shape_t *shape, ocors_span_t key)
{
    const ocors_shape_t *below = NULL;

    if (shape == NULL || shape->use == OCORS_USE_ALL) {
        return shape;
    }
    if ((key.bytes == NULL) == (shape->type == OCORS_JSON_ARRAY)) {
        below = find_shape(shape->below, key);
    }
    return below != NULL && below->use != OCORS_USE_NONE ? below : NULL;
}

void ocors_shape_judge(ocors_reader_t *reader, ocors_json_t *value, const ocors_shape_t *shape,
                       const ocors_path_t *path)
{
    const ocors_json_type_t type = ocors_json_type(value);
    const bool is_unused = shape->use == OCORS_USE_NONE;

    if (type == shape->type || shape->type == OCORS_JSON_UNKNOWN) {
        if (shape->judge != NULL) {
            shape->judge(reader, value, path);
        }
        else if (shape->below != NULL) {
            ocors_shape_walk(reader, value, shape->below, path);
        }
    }
    else if (type != OCORS_JSON_UNKNOWN) {
        ocors_report_add(reader->report,
                         is_unused ? OCORS_FINDING_UNUSED_VALUE : OCORS_FINDING_WRONG_TYPE, path,
                         "expected %s, found %s%s", shape->expected, ocors_json_type_name(type),
                         is_unused ? "; the policy does not use it" : "");
    }
}

/* Says of a key that it is not known, or which known one was probably meant. */
static void judge_unknown(ocors_reader_t *reader, const ocors_shape_t *known,
                          const ocors_path_t *path)
{
    const char *nearest = NULL;
    size_t least = OCORS_NAME_FAR;
    char names[256] = ""; /* those of a resource have 143 bytes */
    size_t length = 0;

    for (; !is_last(known); known++) {
        const size_t distance = ocors_name_distance(path->key, known->name);
        const char *separator = length == 0 ? "" : is_last(known + 1) ? " and " : ", ";

        if (distance < least) {
            least = distance;
            nearest = known->name;
        }
        length += (size_t)snprintf(names + length, sizeof(names) - length, "%s%s", separator,
                                   known->name);
    }
    if (nearest != NULL) {
        ocors_report_add(reader->report, OCORS_FINDING_KEY_MISTYPED, path,
                         "this key is not known and is ignored; did you mean \"%s\"?", nearest);
        return;
    }
    ocors_report_add(reader->report, OCORS_FINDING_UNKNOWN_KEY, path,
                     "this key is not known and is ignored; known here are %s", names);
}

void ocors_shape_walk(ocors_reader_t *reader, ocors_json_t *value, const ocors_shape_t *below,
                      const ocors_path_t *path)
{
    const bool is_array = ocors_json_type(value) == OCORS_JSON_ARRAY;
    const size_t length = is_array ? ocors_json_length(value) : 0;
    ocors_json_member_t member = { .entry = NULL };

    for (size_t i = 0; i < length && reader->status == OCORS_OK; i++) {
        const ocors_path_t here = { .parent = path, .index = i };

        ocors_shape_judge(reader, ocors_json_element(value, i), below, &here);
    }
    while (!is_array && reader->status == OCORS_OK && ocors_json_next(value, &member)) {
        const ocors_shape_t *shape = find_shape(below, member.name);
        const ocors_path_t here = { .parent = path, .key = member.name };

        if (shape != NULL) {
            ocors_shape_judge(reader, member.value, shape, &here);
        }
        else {
            judge_unknown(reader, below, &here);
        }
    }
}
