/* SPDX-License-Identifier: Apache-2.0 */
/* The structure of a JSON text: what may follow what, how deep, and that no key is repeated. */
#include "ocors_json_scan.h"

#include <stdint.h>
#include <stdlib.h>

#include "ocors_arena.h"
#include "ocors_index.h"
#include "ocors_json_token.h"
#include "ocors_settings_read.h"
#include "ocors_slots.h"

/* An open object or array. */
typedef struct frame_t {
    char bracket;               /* the one that opened it */
    ocors_json_place_t opened;  /* its place */
    size_t depth;               /* how many frames are around it */
    const ocors_shape_t *shape; /* NULL: the policy does not read it */
    uint64_t path_hash;         /* of its own path */
    ocors_path_t path;          /* of what is read in it: its member, or its element */
    ocors_index_t keys;         /* of an object: key -> the line of its first */
} frame_t;

typedef struct scan_t {
    ocors_json_tokens_t tokens;
    ocors_finding_t *findings; /* that get the place of what their path leads to */
    ocors_slot_t *slots;       /* them, by the hashes of their paths; NULL: there are none */
    uint32_t slot_count;
    ocors_json_counts_t counts;
    ocors_arena_t decoded; /* keys that had to be decoded; the indexes point to them */
    bool is_out_of_memory;
} scan_t;

static bool fault(scan_t *scan, const char *sentence)
{
    return ocors_json_fault(&scan->tokens, OCORS_FINDING_SYNTAX, NULL, "%s", sentence);
}

static bool is_closing(char c)
{
    return c == ']' || c == '}';
}

/* Skips blanks; what is next in an open frame. NUL: the text ends, which is reported. */
static char next_in(scan_t *scan, const frame_t *frame)
{
    const ocors_json_text_t *text = &scan->tokens.text;

    ocors_json_tokens_skip_blank(&scan->tokens);
    if (text->at < text->end) {
        return *text->at;
    }
    ocors_json_fault(&scan->tokens, OCORS_FINDING_SYNTAX, NULL,
                     "the text ends, but the '%c' of line %zu, column %zu is still open; is the "
                     "file complete?",
                     frame->bracket, frame->opened.line, frame->opened.column);
    return '\0';
}

/* Counts what a value or a name that begins here costs. False: it is too much. */
static bool count(scan_t *scan, size_t cost)
{
    scan->counts.memory += cost;
    return scan->counts.memory <= OCORS_JSON_MEMORY_MAX
           || ocors_json_fault(&scan->tokens, OCORS_FINDING_TOO_LARGE, NULL,
                               "to read the document takes more than %zu MiB of memory, from "
                               "here on; divide it into several",
                               OCORS_JSON_MEMORY_MAX >> 20);
}

/* The characters of a key, or it as it is if it has a fault; bytes == NULL: out of memory. */
static ocors_span_t decode_key(scan_t *scan, ocors_span_t inner)
{
    if (memchr(inner.bytes, '\\', inner.length) != NULL) {
        char *copy = ocors_arena_take(&scan->decoded, inner.length);

        if (copy == NULL) {
            return ocors_span_make(NULL, 0);
        }
        (void)ocors_json_decode(inner, copy, &inner);
    }
    return inner;
}

static bool read_key(scan_t *scan, frame_t *frame)
{
    const char *const at = scan->tokens.text.at;
    const ocors_index_entry_t *entry = NULL;
    ocors_json_place_t place;
    ocors_span_t inner;
    bool is_new;

    scan->tokens.is_key = true;
    scan->tokens.is_policy_read = frame->shape != NULL;
    if (!ocors_json_read_token(&scan->tokens, &inner)
        || !count(scan, OCORS_JSON_NAME_COST + 2 * inner.length)) {
        return false;
    }
    frame->path.key = decode_key(scan, inner);
    place = ocors_json_lines_place(&scan->tokens.lines, at);
    if (frame->path.key.bytes != NULL) {
        entry = ocors_index_put(&frame->keys, 0, frame->path.key, (uint32_t)place.line, &is_new);
    }
    if (entry == NULL) {
        scan->is_out_of_memory = true;
        return false;
    }
    if (!is_new) {
        scan->counts.repeats++;
        ocors_report_add_at(scan->tokens.report,
                            scan->tokens.is_policy_read ? OCORS_FINDING_DUPLICATE_KEY
                                                        : OCORS_FINDING_DUPLICATE_KEY_ELSEWHERE,
                            place.line, place.column, &frame->path,
                            "this key is already in line %u of the same object; JSON's readers use "
                            "one of them and lose the other: merge the two",
                            (unsigned)entry->value);
    }
    scan->tokens.has_ellipsis = false;
    return true;
}

static bool read_value(scan_t *scan, const frame_t *outer, const char *name);

static bool read_member(scan_t *scan, frame_t *frame)
{
    const char *const name = scan->tokens.text.at;
    char c;

    if (!read_key(scan, frame) || (c = next_in(scan, frame)) == '\0') {
        return false;
    }
    if (c != ':') {
        return ocors_json_refuse(&scan->tokens, "':' and a value");
    }
    scan->tokens.text.at++;
    c = next_in(scan, frame);
    if (c != ',' && !is_closing(c)) {
        return c != '\0' && read_value(scan, frame, name);
    }
    /* An ellipsis in the value's place is the fault. */
    if (!scan->tokens.has_ellipsis) {
        fault(scan, c == ',' ? "a comma where a value is expected; write the value"
                             : "a closing bracket where a value is expected; write the value");
    }
    return true;
}

/* The members or the elements of an open frame, and the bracket that closes it. */
static bool read_items(scan_t *scan, frame_t *frame)
{
    ocors_json_tokens_t *const tokens = &scan->tokens;
    const bool is_object = frame->bracket == '{';
    const char closing = is_object ? '}' : ']';
    const char *comma = tokens->text.at - 1; /* or the bracket, if an item may follow; else NULL */
    char c;

    while (!is_closing(c = next_in(scan, frame))) {
        if (c == '\0') {
            return false;
        }
        if (c == ',') {
            if (comma != NULL && !tokens->has_ellipsis) {
                fault(scan, "a comma without a value before it; remove it");
            }
            comma = tokens->text.at++;
            tokens->has_ellipsis = false;
            continue;
        }
        if (comma == NULL && !ocors_json_words[(unsigned char)c] && memchr("\"'{[", c, 4) == NULL) {
            return ocors_json_refuse(tokens, is_object ? "',' or '}'" : "',' or ']'");
        }
        if (comma == NULL && !tokens->has_ellipsis) {
            fault(scan, "a comma is missing before this");
        }
        if (!(is_object ? read_member(scan, frame) : read_value(scan, frame, NULL))) {
            return false;
        }
        comma = NULL;
        frame->path.index++;
    }
    if (comma != NULL && frame->path.index > 0 && !tokens->has_ellipsis) {
        ocors_json_fault(tokens, OCORS_FINDING_TRAILING_COMMA, comma,
                         "a comma before '%c'; remove it, a comma is between two values only", c);
    }
    if (c != closing) {
        return ocors_json_fault(
            tokens, OCORS_FINDING_SYNTAX, NULL,
            "found '%c', but the '%c' of line %zu, column %zu is still open; '%c' is expected", c,
            frame->bracket, frame->opened.line, frame->opened.column, closing);
    }
    tokens->text.at++;
    tokens->has_ellipsis = false;
    return true;
}

static bool read_container(scan_t *scan, frame_t *frame)
{
    bool is_closed;

    if (frame->depth == OCORS_JSON_DEPTH_MAX) {
        return ocors_json_fault(&scan->tokens, OCORS_FINDING_TOO_DEEP, NULL,
                                "objects and arrays are nested deeper than %d; a settings "
                                "document needs 7",
                                OCORS_JSON_DEPTH_MAX);
    }
    if (!count(scan, frame->bracket == '{' ? OCORS_JSON_OBJECT_COST : OCORS_JSON_ARRAY_COST)) {
        return false;
    }
    ocors_index_init(&frame->keys, ocors_index_seed());
    frame->opened = ocors_json_lines_place(&scan->tokens.lines, scan->tokens.text.at++);
    scan->tokens.has_ellipsis = false;
    is_closed = read_items(scan, frame);
    ocors_index_free(&frame->keys);
    return is_closed;
}

/* Gives a value's place to the findings of its path. */
static void place_findings(scan_t *scan, uint64_t path_hash, const char *name, const char *value)
{
    ocors_probe_t probe = ocors_slots_probe(scan->slots, scan->slot_count, path_hash);
    uint32_t number;

    while (ocors_probe_next(&probe, &number)) {
        ocors_finding_t *finding = &scan->findings[number];
        const bool is_about_name = name != NULL
                                   && (finding->code == OCORS_FINDING_UNKNOWN_KEY
                                       || finding->code == OCORS_FINDING_KEY_MISTYPED
                                       || finding->code == OCORS_FINDING_HEADER_NAME);

        if (finding->path_hash == path_hash) {
            const ocors_json_place_t place = ocors_json_lines_place(&scan->tokens.lines,
                                                                    is_about_name ? name : value);

            finding->line = place.line;
            finding->column = place.column;
        }
    }
}

/* A value of a frame, in which `name` is its key; the document's has no frame. */
static bool read_value(scan_t *scan, const frame_t *outer, const char *name)
{
    const char *const at = scan->tokens.text.at;
    frame_t frame = { .bracket = *at,
                      .shape = ocors_document_shape,
                      .path_hash = OCORS_PATH_HASH_ROOT };
    ocors_span_t inner;

    if (outer != NULL) {
        frame.depth = outer->depth + 1;
        frame.shape = ocors_shape_below(outer->shape, outer->path.key);
        frame.path_hash = ocors_path_hash_step(outer->path_hash, outer->path.key,
                                               outer->path.index);
        frame.path.parent = &outer->path;
    }
    if (scan->slots != NULL) {
        place_findings(scan, frame.path_hash, name, at);
    }
    scan->counts.values++;
    if (*at == '{' || *at == '[') {
        return read_container(scan, &frame);
    }
    scan->tokens.is_key = false;
    scan->tokens.is_policy_read = frame.shape != NULL;
    return ocors_json_read_token(&scan->tokens, &inner)
           && count(scan, ocors_json_words[(unsigned char)*at]
                              ? OCORS_JSON_WORD_COST
                              : OCORS_JSON_STRING_COST + 2 * inner.length);
}

/* The document is complete, and yet there is more. */
static void refuse_more(scan_t *scan)
{
    ocors_json_text_t text = scan->tokens.text;
    bool is_document;

    (void)ocors_json_take(&text, ',');
    ocors_json_skip_blank(&text);
    is_document = ocors_json_is_next(&text, '{') || ocors_json_is_next(&text, '[');
    ocors_json_fault(
        &scan->tokens, is_document ? OCORS_FINDING_SEVERAL_DOCUMENTS : OCORS_FINDING_SYNTAX, NULL,
        "%s",
        is_document ? "the document is complete before this; write a second document into a file "
                      "of its own (OcapiCorsSettings takes several), or find the bracket that "
                      "closes too early"
                    : "text after the end of the document; remove it, or find the bracket that "
                      "closes too early");
}

/* A value, and nothing else but blanks. */
static void read_document(scan_t *scan)
{
    ocors_json_text_t *const text = &scan->tokens.text;
    bool has_comma = false;

    ocors_json_tokens_skip_blank(&scan->tokens);
    while (ocors_json_is_next(text, ',')) {
        fault(scan, "the text begins with a comma, so it is a part of a document; a resource "
                    "belongs into the \"resources\" of a client, and a client into \"clients\"");
        has_comma = true;
        text->at++;
        ocors_json_tokens_skip_blank(&scan->tokens);
    }
    if (text->at == text->end) {
        if (!has_comma) {
            ocors_json_fault(&scan->tokens, OCORS_FINDING_EMPTY_DOCUMENT, NULL,
                             "the document is empty; the least that one can be is "
                             "{\"_v\":\"19.1\",\"clients\":[]}");
        }
    }
    else if (read_value(scan, NULL, NULL)) {
        ocors_json_tokens_skip_blank(&scan->tokens);
        if (text->at < text->end) {
            refuse_more(scan);
        }
    }
}

/* Whether a text is UTF-16: it begins with a mark, or every other of its first bytes is NUL. */
static bool is_utf16(ocors_span_t text)
{
    const char *const at = text.bytes;

    return ocors_span_has_prefix(text, OCORS_SPAN_LITERAL("\xff\xfe"))
           || ocors_span_has_prefix(text, OCORS_SPAN_LITERAL("\xfe\xff"))
           || (text.length >= 4 && !at[0] != !at[1] && !at[0] == !at[2] && !at[1] == !at[3]);
}

static ocors_result_t scan_text(scan_t *scan, ocors_span_t text, ocors_report_t *report)
{
    scan->tokens = (ocors_json_tokens_t){ .text = ocors_json_text_make(text),
                                          .lines = ocors_json_lines_make(text),
                                          .report = report };
    scan->counts.memory = text.length;
    if (is_utf16(text)) {
        ocors_report_add_at(report, OCORS_FINDING_NOT_UTF8, 1, 1, NULL,
                            "this is UTF-16, not UTF-8; save the file as UTF-8");
        return OCORS_INVALID;
    }
    if (ocors_json_skip_mark(&scan->tokens.text)) {
        ocors_report_add_at(report, OCORS_FINDING_BYTE_ORDER_MARK, 1, 1, NULL,
                            "the file begins with a byte order mark (U+FEFF), which is skipped; "
                            "JSON has none, and other readers may refuse it");
    }
    read_document(scan);
    ocors_arena_free(&scan->decoded);
    if (scan->is_out_of_memory) {
        return OCORS_NO_MEMORY;
    }
    return scan->tokens.is_faulty ? OCORS_INVALID : OCORS_OK;
}

ocors_result_t ocors_json_scan(ocors_span_t text, ocors_report_t *report,
                               ocors_json_counts_t *counts)
{
    scan_t scan = { .slots = NULL };
    const ocors_result_t result = scan_text(&scan, text, report);

    *counts = scan.counts;
    return result;
}

ocors_result_t ocors_json_place(ocors_span_t text, ocors_report_t *report, size_t first)
{
    scan_t scan = { .findings = report->items,
                    .slot_count = (uint32_t)ocors_slots_count(report->count - first) };
    ocors_result_t result = OCORS_NO_MEMORY;

    if (report->count == first) {
        return OCORS_OK;
    }
    scan.slots = calloc(scan.slot_count, sizeof(*scan.slots));
    if (scan.slots != NULL) {
        for (size_t i = first; i < report->count; i++) {
            ocors_slots_add(scan.slots, scan.slot_count, report->items[i].path_hash, (uint32_t)i);
        }
        result = scan_text(&scan, text, NULL);
    }
    free(scan.slots);
    return result;
}
