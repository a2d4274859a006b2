/* SPDX-License-Identifier: Apache-2.0 */
/* Findings as output, in the forms that people, editors and pipelines read. */
#ifndef OCORS_FINDING_PRINT_H
#define OCORS_FINDING_PRINT_H

#include <stdbool.h>
#include <stdio.h>

#include "ocors_json_write.h"
#include "ocors_report.h"

typedef enum {
    OCORS_FORMAT_TEXT,  /* FILE:LINE:COLUMN: remark: PATH: MESSAGE [name] */
    OCORS_FORMAT_GCC,   /* FILE:LINE:COLUMN: note: PATH: MESSAGE */
    OCORS_FORMAT_JSON,  /* one list of {file, line, column, severity, path, message} */
    OCORS_FORMAT_GITHUB /* ::notice file=FILE,line=LINE,col=COLUMN::PATH: MESSAGE */
} ocors_format_t;

/* "text", "gcc", "json", "github". False: the word is none of them. */
bool ocors_format_parse(const char *word, ocors_format_t *format);

typedef struct ocors_finding_printer_t {
    FILE *out;
    ocors_format_t format;
    bool has_colours;
    ocors_json_writer_t json;
} ocors_finding_printer_t;

/* Each finding is one record in any format, whatever the file's name holds. */
ocors_finding_printer_t ocors_finding_print_begin(FILE *out, ocors_format_t format);
void ocors_finding_print_end(ocors_finding_printer_t *printer);

/* Prints all findings of a report, and how many there are where it does not hold all of them. */
void ocors_finding_print(ocors_finding_printer_t *printer, const char *file,
                         const ocors_report_t *report);

/* Prints what there is to say of a file or a folder as a whole. */
void ocors_finding_print_note(ocors_finding_printer_t *printer, const char *file,
                              ocors_severity_t severity, const char *message);

#endif
