/* SPDX-License-Identifier: Apache-2.0 */
/* The keys that an object of a settings document may have, and what there is to say of others. */
#ifndef OCORS_SETTINGS_SHAPE_H
#define OCORS_SETTINGS_SHAPE_H

#include <stdbool.h>
#include <stddef.h>

#include "ocors_json_tree.h"
#include "ocors_report.h"
#include "ocors_settings.h"

/* What the reading of a document carries along. */
typedef struct ocors_reader_t {
    ocors_settings_t *settings;
    ocors_report_t *report;
    ocors_result_t status;   /* OCORS_NO_MEMORY ends the reading */
    ocors_methods_t methods; /* of the resource that is being read */
    ocors_json_t *clients;   /* the document's */
} ocors_reader_t;

/* Judges a value, and adds what there is to say of it to the reader's report. */
typedef void ocors_shape_judge_t(ocors_reader_t *reader, ocors_json_t *value,
                                 const ocors_path_t *path);

/* A key that an object may have. */
typedef struct ocors_shape_member_t {
    const char *name;
    ocors_json_type_t type;     /* OCORS_JSON_UNKNOWN: `judge` looks at it */
    const char *expected;       /* "expected ..." */
    ocors_shape_judge_t *judge; /* NULL: the type is all there is to say */
    bool is_unused;             /* the policy does not read it: what is wrong is a remark */
} ocors_shape_member_t;

/* The keys that an object may have, and their names in a sentence. */
typedef struct ocors_shape_t {
    const ocors_shape_member_t *members;
    size_t count;
    const char *names;
} ocors_shape_t;

#define OCORS_SHAPE(members, names)                                                                \
    {                                                                                              \
        (members), sizeof(members) / sizeof((members)[0]), (names)                                 \
    }

/* "an array"; what a sentence calls a type. */
const char *ocors_json_type_name(ocors_json_type_t type);

static inline bool ocors_json_is_type(ocors_json_t *value, ocors_json_type_t type)
{
    return ocors_json_type(value) == type;
}

/* Whether the value has the type; if not, an error says what is expected and what was found. */
bool ocors_shape_has_type(ocors_reader_t *reader, ocors_json_t *value,
                          ocors_json_type_t expected_type, const char *expected,
                          const ocors_path_t *path);

/* The same for a value that the policy does not read: a remark (DESIGN 2, field case 4.11). */
void ocors_shape_judge_unused(ocors_reader_t *reader, ocors_json_t *value,
                              ocors_json_type_t expected_type, const char *expected,
                              const ocors_path_t *path);

/*
 * Judges each member of an object by the shape, in the object's order. A key that is not known is a
 * remark; if it is nearly a known one (ocors_near_name.h), it is a warning that names that one.
 */
void ocors_shape_walk_object(ocors_reader_t *reader, ocors_json_t *object,
                             const ocors_shape_t *shape, const ocors_path_t *path);

/* Calls `judge` for each element of an array. */
void ocors_shape_walk_array(ocors_reader_t *reader, ocors_json_t *array, ocors_shape_judge_t *judge,
                            const ocors_path_t *path);

#endif
