/* SPDX-License-Identifier: Apache-2.0 */
/* Whether a path can have more patterns to try than are tried (rule M2). */
#ifndef OCORS_RESOURCE_CANDIDATES_H
#define OCORS_RESOURCE_CANDIDATES_H

#include "ocors_report.h"
#include "ocors_result.h"
#include "ocors_settings.h"

/*
 * Adds a warning if there is a path whose keys more than OCORS_PATH_METHODS_TRIES resources of the
 * document have, of whichever clients; equal patterns of the same range are one. The place is the
 * `resources` of the client that has the first one too many. Linear.
 */
ocors_result_t ocors_resource_candidates_judge(const ocors_settings_t *settings,
                                               ocors_report_t *report);

#endif
