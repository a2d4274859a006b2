/* SPDX-License-Identifier: Apache-2.0 */
/* Walks the tree of a settings document: judges keys and types, hands values to the model. */
#ifndef OCORS_SETTINGS_READ_H
#define OCORS_SETTINGS_READ_H

#include "ocors_report.h"
#include "ocors_settings.h"
#include "ocors_settings_shape.h"

/* What a document should be, and which values in it the policy reads. */
extern const ocors_shape_t ocors_document_shape;

/* Adds what the document says to empty settings, and findings to the report. */
ocors_result_t ocors_settings_read(ocors_settings_t *settings, ocors_json_t *root,
                                   ocors_report_t *report);

#endif
