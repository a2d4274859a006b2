/* SPDX-License-Identifier: Apache-2.0 */
/* The text of a settings document -> settings. */
#ifndef OCORS_SETTINGS_PARSE_H
#define OCORS_SETTINGS_PARSE_H

#include "ocors_report.h"
#include "ocors_settings.h"
#include "ocors_span.h"

/*
 * Reads a settings document and adds every error, warning and remark to the report: all
 * that is wrong with the text and, if the text is JSON, all that is wrong with its values. If a
 * member is repeated, its last value is judged. Every finding has line and column.
 *
 * OCORS_OK: *settings is the document, the caller's to free. OCORS_INVALID: the report has at
 * least one error more; *settings is NULL. OCORS_NO_MEMORY: *settings is NULL; so it is where the
 * report lost a finding for want of memory.
 */
ocors_result_t ocors_settings_parse(ocors_span_t text, ocors_report_t *report,
                                    ocors_settings_t **settings);

#endif
