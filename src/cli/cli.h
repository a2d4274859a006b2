/* SPDX-License-Identifier: Apache-2.0 */
/* What the commands of ocapi-cors share. */
#ifndef OCORS_CLI_H
#define OCORS_CLI_H

#include <stddef.h>
#include <stdio.h>

#include "ocors_report.h"
#include "ocors_settings_edit.h"

/* Exit statuses, for scripts. */
enum {
    EXIT_GOOD = 0,
    EXIT_ERRORS = 1,  /* a document cannot be used, or would not be usable */
    EXIT_UNUSABLE = 2 /* the command line is wrong, or a file cannot be read or written */
};

/* Reads a stream to its end into malloc'd memory; NULL: errno says why. */
char *ocors_stream_read(FILE *stream, size_t *length);

/* Every finding of a document on standard output, a line each. */
void ocors_findings_print(const ocors_report_t *report, const char *path);

/* `allow` and `revoke`, with what stands behind them; -1: the arguments are none of theirs. */
int ocors_edit_run(ocors_edit_action_t action, int count, char *const arguments[]);

#endif
