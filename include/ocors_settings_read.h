/* SPDX-License-Identifier: Apache-2.0 */
/* Walks the tree of a settings document: judges keys and types, hands values to the model. */
#ifndef OCORS_SETTINGS_READ_H
#define OCORS_SETTINGS_READ_H

#include "ocors_json_tree.h"
#include "ocors_report.h"
#include "ocors_settings.h"

/*
 * Adds what the document says to empty settings, and findings to the report. A key that is not
 * known is a remark; if it is nearly a known one (ocors_near_name.h), it is a warning that names
 * that one.
 */
ocors_result_t ocors_settings_read(ocors_settings_t *settings, ocors_json_t *root,
                                   ocors_report_t *report);

/* What a value of a document should be; NULL: the policy does not read it. */
typedef struct ocors_shape_t ocors_shape_t;

extern const ocors_shape_t *const ocors_document_shape;

/*
 * The shape of a member of this name, or of an element (key.bytes == NULL), of a value of this
 * shape; if the policy reads all that is below a value, that value's own.
 */
const ocors_shape_t *ocors_shape_below(const ocors_shape_t *shape, ocors_span_t key);

#endif
