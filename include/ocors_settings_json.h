/* SPDX-License-Identifier: Apache-2.0 */
/* JSON text -> settings, and the tree between them. Its source is the only file that knows json-c.
 */
#ifndef OCORS_SETTINGS_JSON_H
#define OCORS_SETTINGS_JSON_H

#include <stdbool.h>
#include <stddef.h>

#include "ocors_report.h"
#include "ocors_settings.h"
#include "ocors_span.h"

/*
 * Reads a settings document (DESIGN 2) and adds every error, warning and remark to the report.
 *
 * OCORS_OK: *settings is the document, the caller's to free. OCORS_INVALID: the report has at
 * least one error more; *settings is NULL. OCORS_NO_MEMORY: *settings is NULL; so it is where the
 * report lost a finding for want of memory.
 */
ocors_result_t ocors_settings_parse(ocors_span_t text, ocors_report_t *report,
                                    ocors_settings_t **settings);

/* A value of the tree that json-c makes; NULL is null. */
typedef struct json_object ocors_json_t;

typedef enum {
    OCORS_JSON_NULL,
    OCORS_JSON_BOOLEAN,
    OCORS_JSON_INTEGER,
    OCORS_JSON_FRACTION,
    OCORS_JSON_STRING,
    OCORS_JSON_ARRAY,
    OCORS_JSON_OBJECT,
    OCORS_JSON_UNKNOWN /* could not be read, which the scan has reported */
} ocors_json_type_t;

/* A member of an object. A repeated one has its real name. */
typedef struct ocors_json_member_t {
    ocors_span_t name;
    bool is_repeated;
    ocors_json_t *value;
    const struct lh_entry *entry; /* json-c's own */
} ocors_json_member_t;

ocors_json_type_t ocors_json_type(ocors_json_t *value);

/* These want a value of their type. What they return is the tree's. */
ocors_span_t ocors_json_string(ocors_json_t *value);
size_t ocors_json_length(ocors_json_t *array);
ocors_json_t *ocors_json_element(ocors_json_t *array, size_t index);

/* The member of that name, the first where it is repeated. False: absent, and *value is NULL. */
bool ocors_json_find(ocors_json_t *object, const char *name, ocors_json_t **value);

/* The members in their order: for (ok = first(...); ok; ok = next(...)). */
bool ocors_json_first(ocors_json_t *object, ocors_json_member_t *member);
bool ocors_json_next(ocors_json_member_t *member);

#endif
