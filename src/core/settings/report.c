/* SPDX-License-Identifier: Apache-2.0 */
/* Keeps the findings about a settings document, and writes one as a line. */
#include "ocors_report.h"

#include <stdarg.h>
#include <stdlib.h>

#include "ocors_array.h"
#include "ocors_invisible.h"
#include "ocors_utf8.h"

/* A detail's longest text, a path's, and what a single key may take of a path. */
#define DETAIL_MAX     512
#define PATH_MAX_BYTES 1024
#define KEY_SHOWN_MAX  80

/* How much of a value a sentence shows. */
#define SHOWN_MAX 120

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

/* A number in a few characters. */
static void writer_add_number(writer_t *writer, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
static void writer_add_number(writer_t *writer, const char *format, ...)
{
    char number[32] = "";
    va_list arguments;

    va_start(arguments, format);
    writer_add(writer, number, (size_t)vsnprintf(number, sizeof(number), format, arguments));
    va_end(arguments);
}

/* One byte of any text: the line stays one line of ASCII. */
static void writer_add_shown(writer_t *writer, char byte)
{
    if (byte >= 0x20 && byte < 0x7f) {
        writer_add(writer, &byte, 1);
    }
    else {
        writer_add_number(writer, "\\x%02x", (unsigned)(unsigned char)byte);
    }
}

/* Any text: the line stays one line, and each character of it can be seen. */
static void writer_add_text(writer_t *writer, ocors_span_t text)
{
    while (text.length > 0 && !writer->is_cut) {
        const size_t length = ocors_utf8_length(text);
        const uint32_t character = length > 1 ? ocors_utf8_character(text.bytes, length) : 0;

        if (length < 2) {
            writer_add_shown(writer, text.bytes[0]);
        }
        else if (ocors_invisible_name(character) == NULL) {
            writer_add(writer, text.bytes, length);
        }
        else {
            writer_add_number(writer, "<U+%04X>", (unsigned)character);
        }
        text = ocors_span_from(text, length > 0 ? length : 1);
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
    if (path == NULL) {
        return;
    }
    write_path(writer, path->parent);
    if (path->key.bytes != NULL) {
        write_key(writer, path->key);
    }
    else {
        writer_add_number(writer, "[%zu]", path->index);
    }
}

static uint64_t hash_path(const ocors_path_t *path)
{
    return path != NULL ? ocors_path_hash_step(hash_path(path->parent), path->key, path->index)
                        : OCORS_PATH_HASH_ROOT;
}

static char *copy_bytes(const char *bytes, size_t length)
{
    char *copy = malloc(length);

    if (copy != NULL) {
        memcpy(copy, bytes, length);
    }
    return copy;
}

static char *make_path(const ocors_path_t *path)
{
    char buffer[PATH_MAX_BYTES];
    writer_t writer = { .bytes = buffer, .room = sizeof(buffer) - sizeof(cut_mark) };

    write_path(&writer, path);
    writer_end(&writer);
    return copy_bytes(buffer, writer.length + 1);
}

/*
 * What findings of one cause have in common beside their code: the detail with its NUL, and the
 * last member that the path leads through, as far as it is shown.
 */
static ocors_span_t write_cause(char buffer[DETAIL_MAX + 1 + KEY_SHOWN_MAX],
                                const ocors_path_t *path, const char *format, va_list arguments)
{
    char text[DETAIL_MAX + 2] = "";
    writer_t writer = { .bytes = buffer, .room = DETAIL_MAX + 1 - sizeof(cut_mark) };
    size_t key_length = 0;

    /* A failed conversion leaves what was written before it; there is nothing better to say. */
    (void)vsnprintf(text, sizeof(text), format, arguments);
    text[sizeof(text) - 1] = '\0';
    writer_add_text(&writer, ocors_span_from_string(text));
    writer_end(&writer);
    while (path != NULL && path->key.bytes == NULL) {
        path = path->parent;
    }
    if (path != NULL) {
        key_length = path->key.length < KEY_SHOWN_MAX ? path->key.length : KEY_SHOWN_MAX;
        memcpy(buffer + writer.length + 1, path->key.bytes, key_length);
    }
    return ocors_span_make(buffer, writer.length + 1 + key_length);
}

static void free_item(ocors_finding_t *item)
{
    free(item->path);
    free(item->detail);
}

/* Keeps a finding of a cause that no item has. False: out of memory. */
static bool keep_finding(ocors_report_t *report, ocors_finding_t item, ocors_span_t cause,
                         bool has_path, const ocors_path_t *path)
{
    ocors_finding_t *items = ocors_array_grow(report->items, report->count, sizeof(*items));
    bool is_new;

    report->items = items != NULL ? items : report->items;
    item.path = has_path ? make_path(path) : NULL;
    item.path_hash = hash_path(path);
    item.detail = copy_bytes(cause.bytes, cause.length);
    cause.bytes = item.detail;
    if (items == NULL || (has_path && item.path == NULL) || item.detail == NULL
        || ocors_index_put(&report->causes, item.code, cause, (uint32_t)report->count, &is_new)
               == NULL) {
        free_item(&item);
        return false;
    }
    items[report->count++] = item;
    return true;
}

void ocors_report_add_list(ocors_report_t *report, ocors_finding_code_t code, size_t line,
                           size_t column, const ocors_path_t *path, const char *format,
                           va_list arguments)
{
    const ocors_severity_t severity = ocors_finding_severity(code);
    const ocors_finding_t item = { .code = code, .line = line, .column = column };
    char buffer[DETAIL_MAX + 1 + KEY_SHOWN_MAX];
    const ocors_index_entry_t *same;
    ocors_span_t cause;

    if (report == NULL) {
        return;
    }
    /* Counted first: whatever fails below, the document is still known to be bad. */
    if (report->totals[severity]++ >= OCORS_REPORT_PLACES) {
        return;
    }
    cause = write_cause(buffer, path, format, arguments);
    same = ocors_index_find(&report->causes, code, cause);
    if (same != NULL) {
        report->items[same->value].more++;
    }
    else if (report->kept[severity] < OCORS_REPORT_KEPT) {
        report->kept[severity]++;
        if (!keep_finding(report, item, cause, path != NULL || line == 0, path)) {
            report->is_out_of_memory = true;
        }
    }
}

void ocors_report_init(ocors_report_t *report)
{
    *report = (ocors_report_t){ .items = NULL };
    ocors_index_init(&report->causes, ocors_index_seed());
}

void ocors_report_free(ocors_report_t *report)
{
    for (size_t i = 0; i < report->count; i++) {
        free_item(&report->items[i]);
    }
    free(report->items);
    ocors_index_free(&report->causes);
    ocors_report_init(report);
}

void ocors_report_add_at(ocors_report_t *report, ocors_finding_code_t code, size_t line,
                         size_t column, const ocors_path_t *path, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    ocors_report_add_list(report, code, line, column, path, format, arguments);
    va_end(arguments);
}

void ocors_report_add(ocors_report_t *report, ocors_finding_code_t code, const ocors_path_t *path,
                      const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    ocors_report_add_list(report, code, 0, 0, path, format, arguments);
    va_end(arguments);
}

int ocors_shown_length(ocors_span_t text)
{
    return (int)ocors_utf8_cut(text, SHOWN_MAX).length;
}

bool ocors_report_has_errors(const ocors_report_t *report)
{
    return report->totals[OCORS_SEVERITY_ERROR] > 0;
}

bool ocors_report_is_complete(const ocors_report_t *report)
{
    size_t places = report->totals[OCORS_SEVERITY_ERROR] + report->totals[OCORS_SEVERITY_WARNING]
                    + report->totals[OCORS_SEVERITY_REMARK];

    for (size_t i = 0; i < report->count; i++) {
        places -= 1 + report->items[i].more;
    }
    return places == 0;
}

int ocors_report_format_totals(const ocors_report_t *report, char *buffer, size_t room)
{
    const size_t errors = report->totals[OCORS_SEVERITY_ERROR];
    const size_t warnings = report->totals[OCORS_SEVERITY_WARNING];
    const size_t remarks = report->totals[OCORS_SEVERITY_REMARK];

    return snprintf(buffer, room, "%zu error%s, %zu warning%s, %zu remark%s", errors,
                    errors == 1 ? "" : "s", warnings, warnings == 1 ? "" : "s", remarks,
                    remarks == 1 ? "" : "s");
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

const char *ocors_severity_name(ocors_severity_t severity)
{
    static const char *const names[] = { [OCORS_SEVERITY_ERROR] = "error",
                                         [OCORS_SEVERITY_WARNING] = "warning",
                                         [OCORS_SEVERITY_REMARK] = "remark" };

    return names[severity];
}

int ocors_finding_format(const ocors_finding_t *finding, const char *file, char *buffer,
                         size_t room)
{
    const char *severity = ocors_severity_name(ocors_finding_severity(finding->code));
    const char *path = finding->path != NULL ? finding->path : "";
    const char *separator = path[0] != '\0' ? ": " : "";
    const char *detail = finding->detail != NULL ? finding->detail
                                                 : ocors_finding_name(finding->code);
    char place[48] = "";
    char more[48] = "";

    if (finding->more > 0) {
        (void)snprintf(more, sizeof(more), " (and %zu more place%s)", finding->more,
                       finding->more == 1 ? "" : "s");
    }
    if (finding->line > 0) {
        (void)snprintf(place, sizeof(place), ":%zu:%zu", finding->line, finding->column);
    }
    return snprintf(buffer, room, "%s%s: %s: %s%s%s%s", file, place, severity, path, separator,
                    detail, more);
}
