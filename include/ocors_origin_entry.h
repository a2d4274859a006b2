/* SPDX-License-Identifier: Apache-2.0 */
/* An entry of allowed_origins -> an origin, and what there is to say of the entry (D9 to D17, D28,
 * D35). */
#ifndef OCORS_ORIGIN_ENTRY_H
#define OCORS_ORIGIN_ENTRY_H

#include <stdbool.h>

#include "ocors_origin.h"
#include "ocors_report.h"
#include "ocors_span.h"

/*
 * Brings an entry to the serialised form of an origin. False: it is not an origin, and the report
 * says why: an error, or a warning where it is a placeholder or has no "://" (*origin is
 * unspecified).
 */
bool ocors_origin_entry_read(ocors_span_t entry, ocors_origin_t *origin, ocors_report_t *report,
                             const ocors_path_t *path);

/*
 * Adds what there is to say of an entry that is an origin: it was changed to the form that browsers
 * send, or it is in the list already (is_new == false). Of a new one: no browser, or hardly one,
 * sends it, as its scheme is unusual or a label is not punycode; or it is not https (D17).
 */
void ocors_origin_entry_remark(ocors_span_t entry, const ocors_origin_t *origin, bool is_new,
                               ocors_report_t *report, const ocors_path_t *path);

#endif
