/* SPDX-License-Identifier: Apache-2.0 */
/* Where in a JSON text the values are that findings name by their paths. */
#ifndef OCORS_JSON_PLACE_H
#define OCORS_JSON_PLACE_H

#include "ocors_report.h"
#include "ocors_span.h"

/*
 * Gives line and column to the findings of a report, from the one at `first`, that have none: that
 * of the value that their path names, or of its key where the finding is about the key. Of a
 * repeated member it is the last one, which is the one that is judged. `text` is one that
 * ocors_json_scan() has found to be JSON.
 *
 * One pass over the text, whatever the number of findings; none where there is no such finding.
 * OCORS_OK or OCORS_NO_MEMORY.
 */
ocors_result_t ocors_json_place_findings(ocors_span_t text, ocors_report_t *report, size_t first);

#endif
