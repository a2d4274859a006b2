/* SPDX-License-Identifier: Apache-2.0 */
/* The structure of a JSON text: what may follow what, how deep, and that no key stands twice. */
#include "ocors_json_scan.h"

#include <stdint.h>
#include <stdlib.h>

#include "ocors_index.h"
#include "ocors_json_string.h"
#include "ocors_json_text.h"

/* A key that had to be decoded; the index points to it while its object is open. */
typedef struct decoded_t {
    struct decoded_t *next;
    char bytes[];
} decoded_t;

/* An open object or array. */
typedef struct frame_t {
    bool is_object;
    ocors_json_place_t opened;
    ocors_index_t keys; /* of an object: key -> the line of its first */
    ocors_span_t key;   /* of an object: the member that is being read */
    size_t index;       /* of an array: the element that is being read */
} frame_t;

typedef enum {
    WANT_VALUE,
    WANT_KEY,
    WANT_COLON,
    WANT_COMMA,
    WANT_NOTHING
} want_t;

typedef struct scan_t {
    ocors_json_text_t json;
    ocors_report_t *report;
    frame_t frames[OCORS_JSON_DEPTH_MAX];
    size_t depth;
    want_t want;
    bool is_fresh;              /* nothing but a bracket was read of the innermost frame */
    bool has_ellipsis;          /* since the last comma, colon or bracket */
    ocors_json_place_t comma;   /* the last one, */
    size_t comma_out;           /* and where it is in the output */
    ocors_json_counts_t counts; /* so far */
    unsigned repeats;
    uint64_t seed;
    decoded_t *decoded;
} scan_t;

/* A finding with its place, for which `sentence` is the whole detail. */
static void fault(scan_t *scan, ocors_json_place_t place, const char *sentence)
{
    ocors_json_text_fault(&scan->json, place, OCORS_FINDING_SYNTAX, sentence);
}

static ocors_json_place_t here(const scan_t *scan)
{
    return ocors_json_text_place(&scan->json, scan->json.at);
}

static frame_t *innermost(scan_t *scan)
{
    return scan->depth > 0 ? &scan->frames[scan->depth - 1] : NULL;
}

static void begin_value(scan_t *scan)
{
    scan->is_fresh = false;
    scan->has_ellipsis = false;
}

static void end_value(scan_t *scan)
{
    scan->counts.values++;
    scan->is_fresh = false;
    scan->want = scan->depth > 0 ? WANT_COMMA : WANT_NOTHING;
}

/* Writes a value that nothing is to be said about any more. */
static void write_unknown(scan_t *scan)
{
    ocors_json_text_repair(&scan->json, scan->json.at, scan->json.at, OCORS_JSON_UNKNOWN_TEXT);
    end_value(scan);
}

static bool open_frame(scan_t *scan)
{
    bool is_object = scan->json.text[scan->json.at] == '{';
    frame_t *frame = &scan->frames[scan->depth];
    ocors_json_place_t place = here(scan);

    if (scan->depth == OCORS_JSON_DEPTH_MAX) {
        ocors_report_add_at(scan->report, OCORS_FINDING_TOO_DEEP, place.line, place.column, NULL,
                            "objects and arrays are nested deeper than %d; a settings document "
                            "needs 7",
                            OCORS_JSON_DEPTH_MAX);
        return false;
    }
    if (++scan->counts.opened > OCORS_JSON_OPENED_MAX) {
        ocors_report_add_at(scan->report, OCORS_FINDING_TOO_LARGE, place.line, place.column, NULL,
                            "more than %d objects and arrays are not read; divide the document",
                            OCORS_JSON_OPENED_MAX);
        return false;
    }
    *frame = (frame_t){ .is_object = is_object, .opened = place };
    ocors_index_init(&frame->keys, scan->seed);
    scan->depth++;
    scan->json.at++;
    scan->want = is_object ? WANT_KEY : WANT_VALUE;
    begin_value(scan);
    scan->is_fresh = true;
    return true;
}

/* A closing bracket: of the innermost frame, or there is nothing more to understand. */
static bool close_frame(scan_t *scan)
{
    char c = scan->json.text[scan->json.at];
    frame_t *frame = innermost(scan);
    ocors_json_place_t place = here(scan);

    if (frame == NULL) {
        fault(scan, place, "a closing bracket where a value is expected");
        return false;
    }
    if (c != (frame->is_object ? '}' : ']')) {
        ocors_report_add_at(scan->report, OCORS_FINDING_SYNTAX, place.line, place.column, NULL,
                            "'%c' stands where the '%c' of line %zu, column %zu is still open; "
                            "'%c' is expected",
                            c, frame->is_object ? '{' : '[', frame->opened.line,
                            frame->opened.column, frame->is_object ? '}' : ']');
        return false;
    }
    ocors_index_free(&frame->keys);
    scan->depth--;
    scan->json.at++;
    scan->has_ellipsis = false;
    end_value(scan);
    return true;
}

/* Closes behind a comma, which becomes a blank. */
static bool close_after_comma(scan_t *scan)
{
    /* Where an ellipsis stood, the comma was right before it was taken out. */
    if (!scan->has_ellipsis) {
        ocors_report_add_at(scan->report, OCORS_FINDING_TRAILING_COMMA, scan->comma.line,
                            scan->comma.column, NULL,
                            "a comma before '%c'; remove it, commas stand between values only",
                            scan->json.text[scan->json.at]);
    }
    ocors_json_text_copy(&scan->json, scan->json.at);
    if (!scan->json.is_out_of_memory) {
        scan->json.out[scan->comma_out] = ' ';
    }
    return close_frame(scan);
}

/* The path of the value or key that is being read; `chain` has room for every frame. */
static const ocors_path_t *make_path(const scan_t *scan, ocors_path_t *chain)
{
    for (size_t i = 0; i < scan->depth; i++) {
        const frame_t *frame = &scan->frames[i];

        chain[i] = (ocors_path_t){
            .parent = i > 0 ? &chain[i - 1] : NULL,
            .key = frame->is_object ? frame->key : ocors_span_make(NULL, 0),
            .index = frame->index,
        };
    }
    return scan->depth > 0 ? &chain[scan->depth - 1] : NULL;
}

/* The key that was read from text[start]: the text's own bytes where they are its characters. */
static ocors_span_t key_of(scan_t *scan, size_t start, size_t out_start)
{
    ocors_json_text_t *json = &scan->json;
    size_t length = json->at - start - 2;
    decoded_t *decoded;

    if (json->copied <= start && memchr(json->text + start, '\\', json->at - start) == NULL) {
        return ocors_span_make(json->text + start + 1, length);
    }
    ocors_json_text_copy(json, json->at);
    if (json->is_out_of_memory) {
        return ocors_span_make(NULL, 0);
    }
    length = json->out_length - out_start - 2;
    decoded = malloc(sizeof(*decoded) + length + 1);
    if (decoded == NULL) {
        json->is_out_of_memory = true;
        return ocors_span_make(NULL, 0);
    }
    decoded->next = scan->decoded;
    scan->decoded = decoded;
    return ocors_span_make(decoded->bytes, ocors_json_string_decode(json->out + out_start + 1,
                                                                    length, decoded->bytes));
}

/* Writes the mark of a repeated key between the key's quote and its text. */
static void mark_key(scan_t *scan, size_t out_start)
{
    ocors_json_text_t *json = &scan->json;
    char mark[32];
    size_t length;
    size_t behind;

    /* Where the report is full, nobody will see what is wrong with one more value. */
    scan->repeats += scan->repeats < OCORS_REPORT_KEPT ? 1 : 0;
    length = (size_t)snprintf(mark, sizeof(mark), "\\u%04x%u\\u%04x", OCORS_JSON_REPEATED_KEY_MARK,
                              scan->repeats, OCORS_JSON_REPEATED_KEY_MARK);
    ocors_json_text_copy(json, json->at);
    behind = json->out_length - out_start - 1;
    ocors_json_text_write(json, mark);
    if (!json->is_out_of_memory) {
        memmove(json->out + out_start + 1 + length, json->out + out_start + 1, behind);
        memcpy(json->out + out_start + 1, mark, length);
    }
}

static bool read_key(scan_t *scan)
{
    ocors_json_text_t *json = &scan->json;
    frame_t *frame = innermost(scan);
    ocors_json_place_t place = here(scan);
    size_t out_start = ocors_json_text_out_place(json, json->at);
    ocors_path_t chain[OCORS_JSON_DEPTH_MAX];
    const ocors_index_entry_t *entry;
    bool is_new;

    if (ocors_json_text_is_word(json->text[json->at])) {
        ocors_json_text_read_bare_key(json);
    }
    else if (!ocors_json_string_read(json)) {
        return false;
    }
    frame->key = key_of(scan, place.at, out_start);
    if (frame->key.bytes == NULL) {
        return false;
    }
    entry = ocors_index_put(&frame->keys, 0, frame->key, (uint32_t)place.line, &is_new);
    if (entry == NULL) {
        json->is_out_of_memory = true;
        return false;
    }
    if (!is_new) {
        ocors_report_add_at(scan->report, OCORS_FINDING_DUPLICATE_KEY, place.line, place.column,
                            make_path(scan, chain),
                            "this key stands in line %u of the same object already; most readers "
                            "would keep one and lose the other: put both into one",
                            (unsigned)entry->value);
        mark_key(scan, out_start);
    }
    scan->want = WANT_COLON;
    begin_value(scan);
    return true;
}

/* A comma where there is nothing that it could separate, or, behind a ':', no value. */
static void read_stray_comma(scan_t *scan)
{
    if (scan->want == WANT_VALUE && innermost(scan)->is_object) {
        if (!scan->has_ellipsis) {
            fault(scan, here(scan), "a comma where a value is expected; write the value");
        }
        write_unknown(scan);
        return;
    }
    if (!scan->has_ellipsis) {
        fault(scan, here(scan), "a comma without a value before it; remove it");
    }
    ocors_json_text_repair(&scan->json, scan->json.at, scan->json.at + 1, " ");
    scan->json.at++;
    scan->has_ellipsis = false;
}

/* A closing bracket in the place of a key or a value. */
static bool close_instead(scan_t *scan)
{
    const frame_t *frame = innermost(scan);

    if (frame == NULL || scan->is_fresh) {
        return close_frame(scan);
    }
    if (frame->is_object && scan->want == WANT_VALUE) {
        if (!scan->has_ellipsis) {
            fault(scan, here(scan), "a closing bracket where a value is expected; write the value");
        }
        write_unknown(scan);
        return close_frame(scan);
    }
    return close_after_comma(scan);
}

/* What can stand here neither as a value nor as anything else. */
static bool refuse(scan_t *scan, const char *expected)
{
    ocors_json_place_t place = here(scan);
    const char *at = scan->json.text + scan->json.at;
    bool is_quote = scan->json.length - scan->json.at >= 3
                    && (memcmp(at, "\xe2\x80\x9c", 3) == 0 || memcmp(at, "\xe2\x80\x9d", 3) == 0
                        || memcmp(at, "\xe2\x80\x98", 3) == 0
                        || memcmp(at, "\xe2\x80\x99", 3) == 0);

    ocors_report_add_at(scan->report, OCORS_FINDING_SYNTAX, place.line, place.column, NULL,
                        "%s is expected, found %s%.*s%s", expected,
                        is_quote ? "a typographic quotation mark; JSON has \" only" : "'",
                        is_quote ? 0 : 1, at, is_quote ? "" : "'");
    return false;
}

static bool read_value(scan_t *scan)
{
    char c = scan->json.text[scan->json.at];

    if (c == '{' || c == '[') {
        return open_frame(scan);
    }
    if (c == ']' || c == '}') {
        return close_instead(scan);
    }
    if (c == ',' && scan->depth > 0) {
        read_stray_comma(scan);
        return true;
    }
    if (c == '"' || c == '\'') {
        if (!ocors_json_string_read(&scan->json)) {
            return false;
        }
    }
    else if (ocors_json_text_is_word(c)) {
        ocors_json_text_read_word(&scan->json);
    }
    else {
        return refuse(scan, "a value");
    }
    end_value(scan);
    return true;
}

static bool read_member(scan_t *scan)
{
    char c = scan->json.text[scan->json.at];

    if (c == ']' || c == '}') {
        return close_instead(scan);
    }
    if (c == ',') {
        read_stray_comma(scan);
        return true;
    }
    if (c == '"' || c == '\'' || ocors_json_text_is_word(c)) {
        return read_key(scan);
    }
    return refuse(scan, "a key in double quotes");
}

/* What stands between values: a comma, or a bracket that closes. */
static bool read_between(scan_t *scan)
{
    ocors_json_text_t *json = &scan->json;
    char c = json->text[json->at];
    frame_t *frame = innermost(scan);

    if (c == ']' || c == '}') {
        return close_frame(scan);
    }
    if (c == ',') {
        scan->comma = here(scan);
        scan->comma_out = ocors_json_text_out_place(json, json->at);
        json->at++;
        scan->has_ellipsis = false;
    }
    else if (c == '"' || c == '\'' || c == '{' || c == '[' || ocors_json_text_is_word(c)) {
        if (!scan->has_ellipsis) {
            fault(scan, here(scan), "a comma is missing before this");
        }
        ocors_json_text_repair(json, json->at, json->at, ",");
    }
    else {
        return refuse(scan, frame->is_object ? "',' or '}'" : "',' or ']'");
    }
    frame->index++;
    scan->want = frame->is_object ? WANT_KEY : WANT_VALUE;
    return true;
}

static bool read_next(scan_t *scan)
{
    switch (scan->want) {
    case WANT_VALUE:
        return read_value(scan);
    case WANT_KEY:
        return read_member(scan);
    case WANT_COLON:
        if (scan->json.text[scan->json.at] != ':') {
            return refuse(scan, "':' and a value");
        }
        scan->json.at++;
        scan->want = WANT_VALUE;
        return true;
    case WANT_COMMA:
        return read_between(scan);
    case WANT_NOTHING:
    default:
        fault(scan, here(scan),
              "text behind the end of the document; remove it, or a bracket closes too early");
        ocors_json_text_repair(&scan->json, scan->json.at, scan->json.length, "");
        scan->json.at = scan->json.length;
        return true;
    }
}

/* Whether the end of the text is the end of a document. */
static bool judge_end(scan_t *scan)
{
    ocors_json_place_t place = here(scan);
    const frame_t *frame = innermost(scan);

    if (frame != NULL) {
        ocors_report_add_at(scan->report, OCORS_FINDING_SYNTAX, place.line, place.column, NULL,
                            "the text ends where the '%c' of line %zu, column %zu is still open; "
                            "is the file complete?",
                            frame->is_object ? '{' : '[', frame->opened.line, frame->opened.column);
        return false;
    }
    if (scan->want == WANT_VALUE) {
        ocors_report_add_at(scan->report, OCORS_FINDING_EMPTY_DOCUMENT, place.line, place.column,
                            NULL,
                            "the document is empty; the least that one can be is "
                            "{\"_v\":\"19.1\",\"clients\":[]}");
        return false;
    }
    return true;
}

static void free_scan(scan_t *scan)
{
    while (scan->depth > 0) {
        ocors_index_free(&scan->frames[--scan->depth].keys);
    }
    while (scan->decoded != NULL) {
        decoded_t *next = scan->decoded->next;

        free(scan->decoded);
        scan->decoded = next;
    }
    free(scan->json.out);
}

ocors_result_t ocors_json_scan(ocors_span_t text, ocors_report_t *report, char **repaired,
                               size_t *length, ocors_json_counts_t *counts)
{
    scan_t scan = { .report = report, .seed = ocors_index_seed() };
    bool is_complete = true;
    ocors_result_t status = OCORS_INVALID;

    *repaired = NULL;
    *length = 0;
    if (ocors_json_text_is_utf16(text)) {
        ocors_report_add_at(report, OCORS_FINDING_NOT_UTF8, 1, 1, NULL,
                            "this is UTF-16, not UTF-8; save the file as UTF-8 without BOM");
        return OCORS_INVALID;
    }
    ocors_json_text_init(&scan.json, text, report);
    while (is_complete && !scan.json.is_out_of_memory) {
        if (ocors_json_text_skip_blank(&scan.json)) {
            scan.has_ellipsis = true;
        }
        if (scan.json.at >= scan.json.length) {
            is_complete = judge_end(&scan);
            break;
        }
        is_complete = read_next(&scan);
    }
    ocors_json_text_copy(&scan.json, is_complete ? text.length : scan.json.copied);
    if (scan.json.is_out_of_memory) {
        status = OCORS_NO_MEMORY;
    }
    else if (is_complete) {
        *repaired = scan.json.out;
        *length = scan.json.out_length;
        scan.json.out = NULL;
        status = OCORS_OK;
        if (counts != NULL) {
            *counts = scan.counts;
        }
    }
    free_scan(&scan);
    return status;
}
