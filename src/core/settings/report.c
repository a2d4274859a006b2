/* SPDX-License-Identifier: Apache-2.0 */
/* Keeps the findings about a settings document, and writes one as a line. */
#include "ocors_report.h"

#include <stdarg.h>
#include <stdlib.h>

#include "ocors_hash.h"
#include "ocors_invisible.h"
#include "ocors_utf8.h"

/* A detail's longest text, a path's, and what a single key may take of a path. */
#define DETAIL_MAX     512
#define PATH_MAX_BYTES 1024
#define KEY_SHOWN_MAX  80

/* The deepest chain that is written; the reader of documents stops at 64. */
#define PATH_DEPTH_MAX 80

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

/* One byte of any text: the line stays one line of ASCII. */
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

/* Any text: the line stays one line, and each character of it can be seen. */
static void writer_add_text(writer_t *writer, ocors_span_t text)
{
    while (text.length > 0 && !writer->is_cut) {
        const size_t length = ocors_utf8_length(text);
        const size_t taken = length > 0 ? length : 1;
        char escape[16];

        if (length < 2) {
            writer_add_shown(writer, text.bytes[0]);
        }
        else {
            const uint32_t character = ocors_utf8_character(text.bytes, length);

            if (ocors_invisible_name(character) == NULL) {
                writer_add(writer, text.bytes, length);
            }
            else {
                writer_add(
                    writer, escape,
                    (size_t)snprintf(escape, sizeof(escape), "<U+%04X>", (unsigned)character));
            }
        }
        text = ocors_span_make(text.bytes + taken, text.length - taken);
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

/* A finding's sentence in a buffer of DETAIL_MAX + 1 bytes. */
static ocors_span_t write_detail(char *shown, const char *format, va_list arguments)
{
    char text[DETAIL_MAX + 2];
    writer_t writer = { .bytes = shown, .room = DETAIL_MAX + 1 - sizeof(cut_mark) };

    text[0] = '\0';
    /* A failed conversion leaves what was written before it; there is nothing better to say. */
    (void)vsnprintf(text, sizeof(text), format, arguments);
    text[sizeof(text) - 1] = '\0';
    writer_add_text(&writer, ocors_span_from_string(text));
    writer_end(&writer);
    return ocors_span_make(shown, writer.length);
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

/* The hash of a chain that ends at its last frame. */
static uint64_t hash_path(const ocors_path_t *path)
{
    const ocors_path_t *chain[PATH_DEPTH_MAX];
    uint64_t hash = OCORS_PATH_HASH_ROOT;
    size_t depth = 0;

    for (; path != NULL && depth < PATH_DEPTH_MAX; path = path->parent) {
        chain[depth++] = path;
    }
    while (depth > 0) {
        depth--;
        hash = ocors_path_hash_step(hash, chain[depth]->key, chain[depth]->index);
    }
    return hash;
}

/* The last member that a path leads through, as far as it is shown; no bytes: there is none. */
static ocors_span_t last_key(const ocors_path_t *path)
{
    while (path != NULL && path->key.bytes == NULL) {
        path = path->parent;
    }
    if (path == NULL) {
        return ocors_span_make(NULL, 0);
    }
    return ocors_span_make(path->key.bytes,
                           path->key.length < KEY_SHOWN_MAX ? path->key.length : KEY_SHOWN_MAX);
}

/* What findings of one cause have in common. */
typedef struct cause_t {
    ocors_finding_code_t code;
    ocors_span_t key;
    ocors_span_t detail;
    uint64_t hash;
} cause_t;

static ocors_finding_t *find_cause(const ocors_report_t *report, const cause_t *cause)
{
    uint32_t next = report->buckets[cause->hash % OCORS_REPORT_BUCKETS];

    while (next > 0) {
        ocors_finding_t *item = &report->items[next - 1];

        if (item->link.hash == cause->hash && item->code == cause->code
            && ocors_span_is_equal(ocors_span_from_string(item->detail), cause->detail)
            && ocors_span_is_equal(ocors_span_from_string(item->key), cause->key)) {
            return item;
        }
        next = item->link.next;
    }
    return NULL;
}

static char *copy_span(ocors_span_t span)
{
    char *copy = malloc(span.length + 1);

    if (copy != NULL) {
        if (span.length > 0) {
            memcpy(copy, span.bytes, span.length);
        }
        copy[span.length] = '\0';
    }
    return copy;
}

static void free_item(ocors_finding_t *item)
{
    free(item->path);
    free(item->detail);
    free(item->key);
}

/* Keeps a finding of a cause that no item has. False: out of memory. */
static bool keep_finding(ocors_report_t *report, const cause_t *cause, ocors_finding_t *item,
                         bool has_path, const ocors_path_t *path)
{
    uint32_t *bucket = &report->buckets[cause->hash % OCORS_REPORT_BUCKETS];

    item->path = has_path ? make_path(path) : NULL;
    item->path_hash = hash_path(path);
    item->detail = copy_span(cause->detail);
    item->key = copy_span(cause->key);
    if ((has_path && item->path == NULL) || item->detail == NULL || item->key == NULL
        || !reserve_item(report)) {
        free_item(item);
        return false;
    }
    item->link.hash = cause->hash;
    item->link.next = *bucket;
    report->items[report->count++] = *item;
    *bucket = (uint32_t)report->count;
    return true;
}

static void add_finding(ocors_report_t *report, ocors_finding_t *item, bool has_path,
                        const ocors_path_t *path, const char *format, va_list arguments)
{
    const ocors_severity_t severity = ocors_finding_severity(item->code);
    char shown[DETAIL_MAX + 1];
    cause_t cause = { .code = item->code, .key = last_key(path) };
    ocors_finding_t *same;

    /* Counted first: whatever fails below, the document is still known to be bad. */
    if (report->totals[severity]++ >= OCORS_REPORT_PLACES) {
        return;
    }
    cause.detail = write_detail(shown, format, arguments);
    cause.hash = ocors_hash(ocors_hash((uint64_t)cause.code, cause.key), cause.detail);
    same = find_cause(report, &cause);
    if (same != NULL) {
        same->more++;
    }
    else if (report->kept[severity] < OCORS_REPORT_KEPT) {
        report->kept[severity]++;
        report->is_out_of_memory = !keep_finding(report, &cause, item, has_path, path)
                                   || report->is_out_of_memory;
    }
}

void ocors_report_init(ocors_report_t *report)
{
    *report = (ocors_report_t){ .items = NULL };
}

void ocors_report_free(ocors_report_t *report)
{
    for (size_t i = 0; i < report->count; i++) {
        free_item(&report->items[i]);
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
    char more[48] = "";

    if (finding->more > 0) {
        (void)snprintf(more, sizeof(more), " (and %zu more place%s)", finding->more,
                       finding->more == 1 ? "" : "s");
    }
    if (finding->line > 0) {
        return snprintf(buffer, room, "%s:%zu:%zu: %s: %s%s%s%s", file, finding->line,
                        finding->column, severity, path, separator, detail, more);
    }
    return snprintf(buffer, room, "%s: %s: %s%s%s%s", file, severity, path, separator, detail,
                    more);
}
