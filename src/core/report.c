/* SPDX-License-Identifier: Apache-2.0 */
/* Keeps the findings about a settings document, and writes one as a line. */
#include "ocors_report.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>

/* A detail's longest text, a path's, and what a single key may take of a path. */
#define DETAIL_MAX     512
#define PATH_MAX_BYTES 1024
#define KEY_SHOWN_MAX  80

/* The deepest chain that is written; the reader of documents stops at 64. */
#define PATH_DEPTH_MAX 80

static const char cut_mark[] = "...";

/* Text that is being written into a fixed buffer; what does not fit is cut, and that is shown. */
typedef struct writer_t {
    char *bytes;
    size_t length;
    size_t room; /* without the cut mark and the NUL */
    bool is_cut;
} writer_t;

static void writer_add(writer_t *writer, const char *bytes, size_t length)
{
    if (writer->is_cut || length > writer->room - writer->length) {
        writer->is_cut = true;
        return;
    }
    memcpy(writer->bytes + writer->length, bytes, length);
    writer->length += length;
}

/* One byte of somebody else's text: whatever it is, the line stays one line of ASCII. */
static void writer_add_shown(writer_t *writer, char byte)
{
    static const char digits[] = "0123456789abcdef";
    unsigned value = (unsigned char)byte;
    char escape[4] = { '\\', 'x', digits[value >> 4], digits[value & 15] };

    if (value >= 0x20 && value < 0x7f) {
        writer_add(writer, &byte, 1);
    }
    else {
        writer_add(writer, escape, sizeof(escape));
    }
}

static void writer_end(writer_t *writer)
{
    if (writer->is_cut) {
        memcpy(writer->bytes + writer->length, cut_mark, sizeof(cut_mark) - 1);
        writer->length += sizeof(cut_mark) - 1;
    }
    writer->bytes[writer->length] = '\0';
}

static bool is_plain_key(ocors_span_t key)
{
    if (key.length == 0 || key.length > KEY_SHOWN_MAX) {
        return false;
    }
    for (size_t i = 0; i < key.length; i++) {
        char c = key.bytes[i];

        if (!ocors_ascii_is_alpha(c) && !ocors_ascii_is_digit(c) && c != '_' && c != '-') {
            return false;
        }
    }
    return true;
}

static void write_key(writer_t *writer, ocors_span_t key)
{
    if (is_plain_key(key)) {
        if (writer->length > 0) {
            writer_add(writer, ".", 1);
        }
        writer_add(writer, key.bytes, key.length);
        return;
    }
    /* A dot or a quote in a key must not read like the path's own. */
    writer_add(writer, "[\"", 2);
    for (size_t i = 0; i < key.length && i < KEY_SHOWN_MAX; i++) {
        if (key.bytes[i] == '"' || key.bytes[i] == '\\') {
            writer_add(writer, "\\", 1);
        }
        writer_add_shown(writer, key.bytes[i]);
    }
    if (key.length > KEY_SHOWN_MAX) {
        writer_add(writer, cut_mark, sizeof(cut_mark) - 1);
    }
    writer_add(writer, "\"]", 2);
}

static void write_path(writer_t *writer, const ocors_path_t *path)
{
    const ocors_path_t *chain[PATH_DEPTH_MAX];
    size_t depth = 0;
    char number[32];

    for (; path != NULL && depth < PATH_DEPTH_MAX; path = path->parent) {
        chain[depth++] = path;
    }
    while (depth > 0) {
        const ocors_path_t *frame = chain[--depth];

        if (frame->key.bytes != NULL) {
            write_key(writer, frame->key);
        }
        else {
            int length = snprintf(number, sizeof(number), "[%zu]", frame->index);

            writer_add(writer, number, (size_t)length);
        }
    }
}

static char *copy_text(const writer_t *writer)
{
    char *copy = malloc(writer->length + 1);

    if (copy != NULL) {
        memcpy(copy, writer->bytes, writer->length + 1);
    }
    return copy;
}

static char *make_path(const ocors_path_t *path)
{
    char buffer[PATH_MAX_BYTES];
    writer_t writer = { .bytes = buffer, .room = sizeof(buffer) - sizeof(cut_mark) };

    write_path(&writer, path);
    writer_end(&writer);
    return copy_text(&writer);
}

static char *make_detail(const char *format, va_list arguments)
{
    char text[DETAIL_MAX + 2];
    char shown[DETAIL_MAX + 1];
    writer_t writer = { .bytes = shown, .room = sizeof(shown) - sizeof(cut_mark) };
    size_t length;

    text[0] = '\0';
    /* A failed conversion leaves what was written before it; there is nothing better to say. */
    (void)vsnprintf(text, sizeof(text), format, arguments);
    text[sizeof(text) - 1] = '\0';
    length = strlen(text);
    for (size_t i = 0; i < length; i++) {
        writer_add_shown(&writer, text[i]);
    }
    writer_end(&writer);
    return copy_text(&writer);
}

static bool reserve_item(ocors_report_t *report)
{
    size_t capacity;
    ocors_finding_t *items;

    if (report->count < report->capacity) {
        return true;
    }
    capacity = report->capacity > 0 ? report->capacity * 2 : 8;
    items = realloc(report->items, capacity * sizeof(*items));
    if (items == NULL) {
        return false;
    }
    report->items = items;
    report->capacity = capacity;
    return true;
}

static void add_finding(ocors_report_t *report, ocors_finding_t *error, bool has_path,
                        const ocors_path_t *path, const char *format, va_list arguments)
{
    ocors_severity_t severity = ocors_finding_severity(error->code);

    /* Counted first: whatever fails below, the document is still known to be bad. */
    if (report->totals[severity]++ >= OCORS_REPORT_KEPT) {
        return;
    }
    error->path = has_path ? make_path(path) : NULL;
    error->detail = make_detail(format, arguments);
    if ((has_path && error->path == NULL) || error->detail == NULL || !reserve_item(report)) {
        free(error->path);
        free(error->detail);
        report->is_out_of_memory = true;
        return;
    }
    report->items[report->count++] = *error;
}

void ocors_report_init(ocors_report_t *report)
{
    *report = (ocors_report_t){ .items = NULL };
}

void ocors_report_free(ocors_report_t *report)
{
    for (size_t i = 0; i < report->count; i++) {
        free(report->items[i].path);
        free(report->items[i].detail);
    }
    free(report->items);
    ocors_report_init(report);
}

void ocors_report_add_at(ocors_report_t *report, ocors_finding_code_t code, size_t line,
                         size_t column, const ocors_path_t *path, const char *format, ...)
{
    ocors_finding_t error = { .code = code, .line = line, .column = column };
    va_list arguments;

    va_start(arguments, format);
    add_finding(report, &error, path != NULL || line == 0, path, format, arguments);
    va_end(arguments);
}

void ocors_report_add(ocors_report_t *report, ocors_finding_code_t code, const ocors_path_t *path,
                      const char *format, ...)
{
    ocors_finding_t error = { .code = code };
    va_list arguments;

    va_start(arguments, format);
    add_finding(report, &error, true, path, format, arguments);
    va_end(arguments);
}

bool ocors_report_has_errors(const ocors_report_t *report)
{
    return report->totals[OCORS_SEVERITY_ERROR] > 0;
}

const char *ocors_finding_name(ocors_finding_code_t code)
{
    static const char *const names[] = {
#define FINDING_NAME(name, text, severity) text,
        OCORS_FINDINGS(FINDING_NAME)
#undef FINDING_NAME
    };

    return (size_t)code < OCORS_FINDING_COUNT ? names[code] : "unknown";
}

ocors_severity_t ocors_finding_severity(ocors_finding_code_t code)
{
    static const ocors_severity_t severities[] = {
#define FINDING_SEVERITY(name, text, severity) OCORS_SEVERITY_##severity,
        OCORS_FINDINGS(FINDING_SEVERITY)
#undef FINDING_SEVERITY
    };

    return (size_t)code < OCORS_FINDING_COUNT ? severities[code] : OCORS_SEVERITY_ERROR;
}

int ocors_finding_format(const ocors_finding_t *error, const char *file, char *buffer, size_t room)
{
    const char *path = error->path != NULL ? error->path : "";
    const char *separator = path[0] != '\0' ? ": " : "";
    const char *detail = error->detail != NULL ? error->detail : ocors_finding_name(error->code);

    if (error->line > 0) {
        return snprintf(buffer, room, "%s:%zu:%zu: %s%s%s", file, error->line, error->column, path,
                        separator, detail);
    }
    return snprintf(buffer, room, "%s: %s%s%s", file, path, separator, detail);
}
