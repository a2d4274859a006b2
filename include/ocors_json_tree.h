/* SPDX-License-Identifier: Apache-2.0 */
/* The tree of a JSON text. Its source is the only file that knows json-c. */
#ifndef OCORS_JSON_TREE_H
#define OCORS_JSON_TREE_H

#include <stdbool.h>
#include <stddef.h>

#include "ocors_report.h"
#include "ocors_span.h"

/*
 * What reading one document may cost in bytes: the text, its tree, and the settings made of it.
 * 250 MB, less what httpd has itself. The costs are the dearest that were measured with json-c 0.16
 * (a million strings that are origins of one client, as many names of headers); a string and a name
 * cost their bytes as well, twice, as the tree and the settings each have a copy.
 */
#define OCORS_JSON_MEMORY_MAX  ((size_t)225 * 1024 * 1024)
#define OCORS_JSON_STRING_COST 120
#define OCORS_JSON_WORD_COST   112
#define OCORS_JSON_NAME_COST   250
#define OCORS_JSON_ARRAY_COST  400
#define OCORS_JSON_OBJECT_COST 800

/* What the text holds: who makes a tree of it knows what that takes, and whether it is complete. */
typedef struct ocors_json_counts_t {
    size_t memory;  /* in bytes, as above */
    size_t values;  /* of all types, the document's own among them */
    size_t repeats; /* members whose name their object has before them */
} ocors_json_counts_t;

/* A value of the tree; NULL is null. */
typedef struct json_object ocors_json_t;

/*
 * Makes the tree of a text that ocors_json_scan() has found to be JSON, and to hold `counts`. Of
 * members of one name in one object the last is in the tree.
 * OCORS_OK: *root is the tree, and NULL is the tree of the text `null`. OCORS_INVALID: json-c
 * refuses the text all the same, which the report says of the document. OCORS_NO_MEMORY: a value
 * could not be made. In each case the caller frees *root.
 */
ocors_result_t ocors_json_tree_parse(ocors_span_t text, const ocors_json_counts_t *counts,
                                     ocors_report_t *report, ocors_json_t **root);

/* Frees a tree; NULL too. */
void ocors_json_tree_free(ocors_json_t *root);

typedef enum {
    OCORS_JSON_NULL,
    OCORS_JSON_BOOLEAN,
    OCORS_JSON_INTEGER,
    OCORS_JSON_FRACTION,
    OCORS_JSON_STRING,
    OCORS_JSON_ARRAY,
    OCORS_JSON_OBJECT,
    OCORS_JSON_UNKNOWN /* a string with a control character, which the scan has reported */
} ocors_json_type_t;

/* A member of an object, or an element of an array. Begins as { .path.parent = PATH OF THAT }. */
typedef struct ocors_json_child_t {
    ocors_path_t path;
    ocors_json_t *value;
    size_t count;                 /* of those so far */
    const struct lh_entry *entry; /* json-c's own, of a member */
} ocors_json_child_t;

ocors_json_type_t ocors_json_type(ocors_json_t *value);

/* "an array"; what a sentence calls the value's type. */
const char *ocors_json_type_name(ocors_json_t *value);

/* These want a value of their type. What they return is the tree's. */
ocors_span_t ocors_json_string(ocors_json_t *value);
size_t ocors_json_length(ocors_json_t *array);
ocors_json_t *ocors_json_element(ocors_json_t *array, size_t index);

/*
 * The member of that name; `value` may be NULL. False: it is absent, or `object` is not an object,
 * and *value is NULL.
 */
bool ocors_json_find(ocors_json_t *object, const char *name, ocors_json_t **value);

/* Whether two values are equal, whatever the order of members. Linear in the smaller one. */
bool ocors_json_is_equal(ocors_json_t *a, ocors_json_t *b);

/* The next member or element, in the text's order. False: there is none, or `value` has none. */
bool ocors_json_next(ocors_json_t *value, ocors_json_child_t *child);

#endif
