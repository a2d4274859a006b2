/* SPDX-License-Identifier: Apache-2.0 */
/* One settings document as a command reads it: what is in it, and what there is to say of it. */
#ifndef OCORS_READING_H
#define OCORS_READING_H

#include <stdbool.h>

#include "ocors_options.h"
#include "ocors_report.h"
#include "ocors_settings.h"

typedef struct ocors_reading_t {
    const char *path;           /* the caller's */
    ocors_settings_t *settings; /* NULL: the document cannot be used */
    ocors_report_t report;
    int status; /* EXIT_GOOD; EXIT_ERRORS: bad; EXIT_UNUSABLE: it cannot be read */
} ocors_reading_t;

/*
 * Reads and judges a document; `is_of_tree`: as the server reads those of a tree
 * (ocors_file_read()). What cannot be read is a finding, too. The reading is freed in any case.
 */
void ocors_reading_make(ocors_reading_t *reading, const char *path, bool is_of_tree);

/* The same for a command that needs the document: findings of a bad one go to standard error. */
int ocors_reading_require(ocors_reading_t *reading, const char *path, bool is_of_tree);
void ocors_reading_free(ocors_reading_t *reading);

#endif
