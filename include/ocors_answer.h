/* SPDX-License-Identifier: Apache-2.0 */
/* The response to a described request, as far as the module makes it. */
#ifndef OCORS_ANSWER_H
#define OCORS_ANSWER_H

#include <stdio.h>

#include "ocors_trial.h"

/*
 * Prints who answers with which status, and, indented, the header fields that the module sets, a
 * line each. After an empty line: the body, if the module writes one.
 */
void ocors_answer_print(FILE *out, const ocors_trial_t *trial);

#endif
