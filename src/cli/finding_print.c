/* SPDX-License-Identifier: Apache-2.0 */
/* Findings as output, in the forms that people, editors and pipelines read. */

#include "ocors_finding_print.h"

#include <string.h>

#include "ocors_print.h"
#include "ocors_utf8.h"

/* One record. `path` "" and `name` NULL: there is none. */
typedef struct record_t {
    const char *file;
    size_t line, column;
    ocors_severity_t severity;
    const char *path;
    const char *message;
    size_t more;
    const char *name;
} record_t;

static const char *const format_words[] = {
    [OCORS_FORMAT_TEXT] = "text",
    [OCORS_FORMAT_GCC] = "gcc",
    [OCORS_FORMAT_JSON] = "json",
    [OCORS_FORMAT_GITHUB] = "github",
};

bool ocors_format_parse(const char *word, ocors_format_t *format)
{
    for (size_t i = 0; i < sizeof(format_words) / sizeof(format_words[0]); i++) {
        if (strcmp(word, format_words[i]) == 0) {
            *format = (ocors_format_t)i;
            return true;
        }
    }
    return false;
}

/* PATH: MESSAGE (and 3 more places); a buffer of any size, as snprintf() does. */
static int message_format(const record_t *record, bool with_path, char *buffer, size_t room)
{
    char more[48] = "";

    if (record->more > 0) {
        (void)snprintf(more, sizeof(more), " (and %zu more place%s)", record->more,
                       record->more == 1 ? "" : "s");
    }
    with_path = with_path && record->path[0] != '\0';
    return snprintf(buffer, room, "%s%s%s%s", with_path ? record->path : "", with_path ? ": " : "",
                    record->message, more);
}

/* GitHub reads '%', CR and LF escaped, and in a property ':' and ',' too. */
static void print_github(FILE *out, const char *string, bool is_property)
{
    ocors_span_t text = ocors_span_from_string(string);

    while (text.length > 0) {
        const size_t length = ocors_utf8_length(text);
        const size_t taken = length > 0 ? length : 1;
        const char first = text.bytes[0];

        if (first == '%' || first == '\r' || first == '\n'
            || (is_property && (first == ':' || first == ','))) {
            fprintf(out, "%%%02X", (unsigned)first);
        }
        else {
            ocors_print_text(out, ocors_span_make(text.bytes, taken));
        }
        text = ocors_span_make(text.bytes + taken, text.length - taken);
    }
}

static void print_as_github(FILE *out, const record_t *record, const char *message)
{
    static const char *const commands[] = { [OCORS_SEVERITY_ERROR] = "error",
                                            [OCORS_SEVERITY_WARNING] = "warning",
                                            [OCORS_SEVERITY_REMARK] = "notice" };

    fprintf(out, "::%s file=", commands[record->severity]);
    print_github(out, record->file, true);
    if (record->line > 0) {
        fprintf(out, ",line=%zu,col=%zu", record->line, record->column);
    }
    fputs("::", out);
    print_github(out, message, false);
    fputc('\n', out);
}

static void write_place(ocors_json_writer_t *json, const char *key, size_t number)
{
    if (number > 0) {
        ocors_json_write_number(json, key, number);
    }
    else {
        ocors_json_write_null(json, key);
    }
}

static void print_as_json(ocors_json_writer_t *json, const record_t *record, const char *message)
{
    ocors_json_write_begin(json, NULL, '{');
    ocors_json_write_string(json, "file", ocors_span_from_string(record->file));
    write_place(json, "line", record->line);
    write_place(json, "column", record->column);
    ocors_json_write_string(json, "severity",
                            ocors_span_from_string(ocors_severity_name(record->severity)));
    ocors_json_write_string(json, "path", ocors_span_from_string(record->path));
    ocors_json_write_string(json, "message", ocors_span_from_string(message));
    ocors_json_write_end(json, '}');
}

static void print_as_text(const ocors_finding_printer_t *printer, const record_t *record,
                          const char *message)
{
    static const ocors_colour_t colours[] = { [OCORS_SEVERITY_ERROR] = OCORS_COLOUR_RED,
                                              [OCORS_SEVERITY_WARNING] = OCORS_COLOUR_YELLOW,
                                              [OCORS_SEVERITY_REMARK] = OCORS_COLOUR_BLUE };
    const bool is_gcc = printer->format == OCORS_FORMAT_GCC;
    FILE *out = printer->out;

    ocors_print_string(out, record->file);
    if (record->line > 0) {
        fprintf(out, ":%zu:%zu", record->line, record->column);
    }
    fputs(": ", out);
    ocors_print_coloured(out, printer->has_colours && !is_gcc, colours[record->severity],
                         is_gcc && record->severity == OCORS_SEVERITY_REMARK
                             ? "note"
                             : ocors_severity_name(record->severity));
    fputs(": ", out);
    ocors_print_string(out, message);
    if (!is_gcc && record->name != NULL) {
        fprintf(out, " [%s]", record->name);
    }
    fputc('\n', out);
}

static void record_print(ocors_finding_printer_t *printer, const record_t *record)
{
    /* A path and a detail have bounds (ocors_report.h). */
    char message[4096];

    (void)message_format(record, printer->format != OCORS_FORMAT_JSON, message, sizeof(message));
    switch (printer->format) {
    case OCORS_FORMAT_TEXT:
    case OCORS_FORMAT_GCC:
        print_as_text(printer, record, message);
        break;
    case OCORS_FORMAT_JSON:
        print_as_json(&printer->json, record, message);
        break;
    case OCORS_FORMAT_GITHUB:
        print_as_github(printer->out, record, message);
        break;
    }
}

ocors_finding_printer_t ocors_finding_print_begin(FILE *out, ocors_format_t format)
{
    ocors_finding_printer_t printer = { .out = out,
                                        .format = format,
                                        .has_colours = ocors_print_has_colours(out),
                                        .json = { .put = ocors_print_put, .to = out } };

    if (format == OCORS_FORMAT_JSON) {
        ocors_json_write_begin(&printer.json, NULL, '[');
    }
    return printer;
}

void ocors_finding_print_end(ocors_finding_printer_t *printer)
{
    if (printer->format == OCORS_FORMAT_JSON) {
        ocors_json_write_end(&printer->json, ']');
        fputc('\n', printer->out);
    }
}

void ocors_finding_print(ocors_finding_printer_t *printer, const char *file,
                         const ocors_report_t *report)
{
    char totals[128], message[160];

    for (size_t i = 0; i < report->count; i++) {
        const ocors_finding_t *finding = &report->items[i];
        const record_t record = {
            .file = file,
            .line = finding->line,
            .column = finding->column,
            .severity = ocors_finding_severity(finding->code),
            .path = finding->path != NULL ? finding->path : "",
            .message = finding->detail != NULL ? finding->detail
                                               : ocors_finding_name(finding->code),
            .more = finding->more,
            .name = ocors_finding_name(finding->code),
        };

        record_print(printer, &record);
    }
    if (!ocors_report_is_complete(report)) {
        (void)ocors_report_format_totals(report, totals, sizeof(totals));
        (void)snprintf(message, sizeof(message), "%s in all", totals);
        ocors_finding_print_note(printer, file,
                                 ocors_report_has_errors(report) ? OCORS_SEVERITY_ERROR
                                 : report->totals[OCORS_SEVERITY_WARNING] > 0
                                     ? OCORS_SEVERITY_WARNING
                                     : OCORS_SEVERITY_REMARK,
                                 message);
    }
}

void ocors_finding_print_note(ocors_finding_printer_t *printer, const char *file,
                              ocors_severity_t severity, const char *message)
{
    record_print(printer,
                 &(record_t){ .file = file, .severity = severity, .path = "", .message = message });
}
