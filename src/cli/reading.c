/* SPDX-License-Identifier: Apache-2.0 */
/* One settings document as a command reads it: what is in it, and what there is to say of it. */

#include "ocors_reading.h"

#include <errno.h>
#include <stdlib.h>

#include "ocors_file.h"
#include "ocors_finding_print.h"
#include "ocors_settings_parse.h"

void ocors_reading_make(ocors_reading_t *reading, const char *path, bool is_of_tree)
{
    size_t length;
    char *bytes = ocors_file_read(path, is_of_tree, &length);

    *reading = (ocors_reading_t){ .path = path, .status = EXIT_UNUSABLE };
    ocors_report_init(&reading->report);
    if (bytes == NULL) {
        ocors_report_add(&reading->report, OCORS_FINDING_UNREADABLE, NULL,
                         "the file cannot be read: %s", ocors_file_error(errno));
        return;
    }
    switch (ocors_settings_parse(ocors_span_make(bytes, length), &reading->report,
                                 &reading->settings)) {
    case OCORS_OK:
        reading->status = EXIT_GOOD;
        break;
    case OCORS_INVALID:
        reading->status = EXIT_ERRORS;
        break;
    case OCORS_NO_MEMORY:
        ocors_report_add(&reading->report, OCORS_FINDING_UNREADABLE, NULL,
                         "there is not enough memory for this document");
        break;
    }
    free(bytes);
}

int ocors_reading_require(ocors_reading_t *reading, const char *path, bool is_of_tree)
{
    ocors_reading_make(reading, path, is_of_tree);
    if (reading->status != EXIT_GOOD) {
        ocors_finding_printer_t printer = ocors_finding_print_begin(stderr, OCORS_FORMAT_TEXT);

        ocors_finding_print(&printer, path, &reading->report);
        ocors_finding_print_end(&printer);
    }
    return reading->status;
}

void ocors_reading_free(ocors_reading_t *reading)
{
    ocors_settings_free(reading->settings);
    reading->settings = NULL;
    ocors_report_free(&reading->report);
}
