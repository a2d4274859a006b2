/* SPDX-License-Identifier: Apache-2.0 */
/* `ocapi-cors allow` and `revoke`: a document is edited, judged, and replaced as a whole. */

#include "ocors_command.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "ocors_file.h"
#include "ocors_finding_print.h"
#include "ocors_options.h"
#include "ocors_origin_advice.h"
#include "ocors_print.h"
#include "ocors_settings_edit.h"
#include "ocors_settings_parse.h"
#include "ocors_target.h"

typedef struct edit_t {
    ocors_edit_action_t action;
    const char *client;
    ocors_origin_t origin;
    ocors_target_t target;
} edit_t;

static int complain(const char *path)
{
    ocors_print_complaint(path, "%s", ocors_file_error(errno));
    return EXIT_UNUSABLE;
}

/* Judges a text; what is wrong with it is printed. */
static int text_judge(const edit_t *edit, ocors_span_t text)
{
    ocors_finding_printer_t printer = ocors_finding_print_begin(stdout, OCORS_FORMAT_TEXT);
    ocors_settings_t *settings;
    ocors_report_t report;
    ocors_result_t status;

    ocors_report_init(&report);
    status = ocors_settings_parse(text, &report, &settings);
    if (status == OCORS_OK) {
        ocors_settings_free(settings);
    }
    else if (status == OCORS_INVALID) {
        ocors_finding_print(&printer, edit->target.path, &report);
    }
    ocors_report_free(&report);
    errno = ENOMEM;
    return status == OCORS_OK        ? EXIT_GOOD
           : status == OCORS_INVALID ? EXIT_ERRORS
                                     : complain(edit->target.path);
}

/* Edits *text, which is malloc'd. OCORS_EDIT_SPLICE without a change: there is no memory. */
static ocors_edit_result_t text_edit(const edit_t *edit, char **text, size_t *length,
                                     bool *is_changed)
{
    const ocors_span_t client = ocors_span_from_string(edit->client);
    const ocors_span_t span = ocors_span_make(*text, *length);
    char *room = malloc(*length + 1);
    ocors_edit_result_t result = OCORS_EDIT_SPLICE;
    ocors_splice_t splice;
    char *edited;

    *is_changed = false;
    if (room != NULL) {
        result = ocors_settings_edit(span, client, &edit->origin, edit->action, room, &splice);
    }
    if (room != NULL && result == OCORS_EDIT_SPLICE) {
        *length = ocors_splice_length(span, &splice);
        edited = malloc(*length + 1);
        if (edited != NULL) {
            ocors_splice_apply(span, &splice, edited);
            free(*text);
            *text = edited;
            *is_changed = true;
        }
    }
    free(room);
    return result;
}

static int document_edit(edit_t *edit, char **text, size_t *length)
{
    const bool is_allow = edit->action == OCORS_EDIT_ALLOW;
    bool is_changed;
    int status = text_judge(edit, ocors_span_make(*text, *length));

    if (status != EXIT_GOOD) {
        return status;
    }
    switch (text_edit(edit, text, length, &is_changed)) {
    case OCORS_EDIT_NO_CLIENT:
        ocors_print_complaint(edit->target.path, "no client has the id \"%.120s\"", edit->client);
        return EXIT_ERRORS;
    case OCORS_EDIT_ALREADY:
        break;
    case OCORS_EDIT_SPLICE:
        if (!is_changed) {
            errno = ENOMEM;
            return complain(edit->target.path);
        }
        break;
    case OCORS_EDIT_BAD_TEXT:
    default:
        ocors_print_complaint(edit->target.path, "the place of the client's origins is not found");
        return EXIT_ERRORS;
    }
    if (is_changed) {
        status = text_judge(edit, ocors_span_make(*text, *length));
        if (status != EXIT_GOOD) {
            return status;
        }
        if (!ocors_target_replace(&edit->target, ocors_span_make(*text, *length))) {
            return edit->target.is_overtaken ? EXIT_GOOD : complain(edit->target.path);
        }
    }
    ocors_print_string(stdout, edit->target.path);
    printf(": %s %s%s\n", edit->origin.bytes,
           is_changed ? ""
           : is_allow ? "was already "
                      : "was not ",
           is_allow || !is_changed ? "allowed" : "revoked");
    return EXIT_GOOD;
}

/* One try. EXIT_GOOD with is_overtaken: it is to be made again. */
static int file_edit(edit_t *edit)
{
    size_t length;
    char *text;
    int status;

    errno = 0;
    if (!ocors_target_open(&edit->target)) {
        return complain(edit->target.path);
    }
    errno = 0;
    text = ocors_stream_read(edit->target.file, &length);
    if (text == NULL) {
        status = complain(edit->target.path);
    }
    else {
        status = document_edit(edit, &text, &length);
        if (status == EXIT_ERRORS) {
            ocors_print_complaint(edit->target.path, "it is left as it is");
        }
    }
    free(text);
    fclose(edit->target.file);
    return status;
}

/* Reads the arguments. EXIT_GOOD: `edit` and *entry are complete. */
static int arguments_read(edit_t *edit, int count, char *const arguments[], const char **entry)
{
    static const ocors_option_t known[] = { { .name = "--client", .has_value = true } };
    const char *command = edit->action == OCORS_EDIT_ALLOW ? "allow" : "revoke";
    ocors_options_t options = {
        .command = command, .known = known, .known_count = 1, .arguments = arguments, .count = count
    };
    const char *value;
    int found;

    while ((found = ocors_options_next(&options, &value)) != OCORS_OPTIONS_END) {
        if (found == OCORS_OPTIONS_WRONG) {
            return EXIT_UNUSABLE;
        }
        if (found == 0) {
            edit->client = value;
        }
        else if (edit->target.path == NULL) {
            edit->target.path = value;
        }
        else if (*entry == NULL) {
            *entry = value;
        }
        else {
            return ocors_usage_error(command, "there is one argument too many: %.200s", value);
        }
    }
    if (edit->target.path == NULL || *entry == NULL) {
        return ocors_usage_error(command, edit->target.path == NULL ? "FILE and ORIGIN are missing"
                                                                    : "FILE or ORIGIN is missing");
    }
    if (edit->client == NULL || edit->client[0] == '\0') {
        return ocors_usage_error(command, "--client ID is missing");
    }
    if (strcmp(edit->target.path, "-") == 0) {
        return ocors_usage_error(command, "standard input cannot be edited");
    }
    return EXIT_GOOD;
}

static int edit_run(ocors_edit_action_t action, int count, char *const arguments[])
{
    edit_t edit = { .action = action };
    const char *entry = NULL;
    ocors_origin_result_t result;
    int status = arguments_read(&edit, count, arguments, &entry);

    if (status != EXIT_GOOD) {
        return status;
    }
    result = ocors_origin_canonicalise(ocors_span_from_string(entry), &edit.origin);
    if (result != OCORS_ORIGIN_OK) {
        ocors_advice_t advice;

        ocors_origin_advise(ocors_span_from_string(entry), result, &advice);
        ocors_print_complaint(edit.target.path, "\"%.120s\": %s", entry, advice.text);
        return EXIT_ERRORS;
    }
    if (edit.origin.changes != 0) {
        ocors_print_complaint(edit.target.path,
                              "\"%.120s\" is taken as \"%s\", the form that browsers send", entry,
                              edit.origin.bytes);
    }
    do {
        status = file_edit(&edit);
    } while (edit.target.is_overtaken);
    free(edit.target.real);
    return status;
}

int ocors_command_allow(int count, char *const arguments[])
{
    return edit_run(OCORS_EDIT_ALLOW, count, arguments);
}

int ocors_command_revoke(int count, char *const arguments[])
{
    return edit_run(OCORS_EDIT_REVOKE, count, arguments);
}
