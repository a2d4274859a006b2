/* SPDX-License-Identifier: Apache-2.0 */
/* What the values of a settings document should be, and what there is to say of others. */
#ifndef OCORS_SETTINGS_SHAPE_H
#define OCORS_SETTINGS_SHAPE_H

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

/* Judges a value of its type, and adds what there is to say of it to the reader's report. */
typedef void ocors_shape_judge_t(ocors_reader_t *reader, ocors_json_t *value,
                                 const ocors_path_t *path);

/* Whether the policy reads a value. */
typedef enum {
    OCORS_USE_ALL,   /* with all that is below it */
    OCORS_USE_KNOWN, /* with what its shape has below it */
    OCORS_USE_NONE   /* not at all: what is wrong with it is a remark */
} ocors_use_t;

typedef struct ocors_shape_t {
    const char *name;       /* of a member; NULL: any member has it, or an element */
    ocors_json_type_t type; /* OCORS_JSON_UNKNOWN: `judge` looks at it */
    const char *expected;   /* "expected ..." */
    ocors_use_t use;
    ocors_shape_judge_t *judge; /* NULL: the type, and what is below, is all there is to say */
    /* The one of the elements, or those of the members; NULL: `judge` knows, or there are none. */
    const struct ocors_shape_t *below;
} ocors_shape_t;

/* Ends those of members. */
#define OCORS_SHAPE_END                                                                            \
    {                                                                                              \
        "", OCORS_JSON_UNKNOWN, NULL, OCORS_USE_NONE, NULL, NULL                                   \
    }

/* "an array"; what a sentence calls a type. */
const char *ocors_json_type_name(ocors_json_type_t type);

/* Judges a value by its shape: if it has another type, says what is expected and what was found. */
void ocors_shape_judge(ocors_reader_t *reader, ocors_json_t *value, const ocors_shape_t *shape,
                       const ocors_path_t *path);

/*
 * Judges what is below a value, in the text's order. A key that is not known is a remark; if it is
 * nearly a known one (ocors_near_name.h), it is a warning that names that one.
 */
void ocors_shape_walk(ocors_reader_t *reader, ocors_json_t *value, const ocors_shape_t *below,
                      const ocors_path_t *path);

/*
 * The shape of a member of this name, or of an element (key.bytes == NULL), of a value of this
 * shape; for all that is below a value of OCORS_USE_ALL, that value's. NULL: the policy does not
 * read it, or not what it is in (shape == NULL).
 */
const ocors_shape_t *ocors_shape_below(const ocors_shape_t *shape, ocors_span_t key);

#endif
