/* SPDX-License-Identifier: Apache-2.0 */
/* The structure of a JSON text: what may follow what, how deep, and that no key is repeated. */
#include "ocors_json_scan.h"

#include <stdint.h>

#include "ocors_arena.h"
#include "ocors_index.h"
#include "ocors_json_token.h"
#include "ocors_settings_read.h"

/* An open object or array. */
typedef struct frame_t {
    const char *opened;         /* its bracket */
    const ocors_shape_t *shape; /* NULL: the policy does not read it */
    uint64_t path_hash;         /* of its own path */
    ocors_path_t path;          /* of what is read in it: its member, or its element */
    const char *key_at;         /* where the member begins; NULL: an element */
    ocors_index_t keys;         /* of an object: key -> the line of its first */
} frame_t;

typedef enum {
    WANT_VALUE,
    WANT_KEY,
    WANT_COLON,
    WANT_COMMA /* between values, or after the document */
} want_t;

typedef struct scan_t {
    ocors_json_tokens_t tokens;
    const ocors_json_visitor_t *visitor; /* NULL: there is none */
    frame_t frames[OCORS_JSON_DEPTH_MAX];
    size_t depth;
    want_t want;
    const char *comma; /* the last one */
    ocors_json_counts_t counts;
    uint64_t seed;
    ocors_arena_t decoded; /* keys that had to be decoded; the indexes point to them */
    bool is_out_of_memory;
} scan_t;

static bool fault(scan_t *scan, const char *sentence)
{
    return ocors_json_fault_here(&scan->tokens, OCORS_FINDING_SYNTAX, sentence);
}

static char next(const scan_t *scan)
{
    return *scan->tokens.text.at;
}

/* The frame of the innermost open bracket; without an open bracket the first one, unused. */
static frame_t *innermost(scan_t *scan)
{
    return &scan->frames[scan->depth > 0 ? scan->depth - 1 : 0];
}

static bool is_object(const frame_t *frame)
{
    return *frame->opened == '{';
}

/* Counts what a value or a name that begins here costs. False: it is too much. */
static bool count(scan_t *scan, size_t cost)
{
    scan->counts.memory += cost;
    return scan->counts.memory <= OCORS_JSON_MEMORY_MAX
           || ocors_json_fault(&scan->tokens, OCORS_FINDING_TOO_LARGE, scan->tokens.text.at,
                               "to read the document takes more than %zu MiB of memory, from "
                               "here on; divide it into several",
                               OCORS_JSON_MEMORY_MAX >> 20);
}

/* The shape of the next value; NULL: the policy does not read it. */
static const ocors_shape_t *next_shape(scan_t *scan)
{
    const frame_t *frame = innermost(scan);

    return scan->depth > 0 ? ocors_shape_below(frame->shape, frame->path.key)
                           : ocors_document_shape;
}

static bool open_frame(scan_t *scan, uint64_t path_hash)
{
    const char *const at = scan->tokens.text.at;
    frame_t *frame = &scan->frames[scan->depth];

    if (scan->depth == OCORS_JSON_DEPTH_MAX) {
        return ocors_json_fault(&scan->tokens, OCORS_FINDING_TOO_DEEP, at,
                                "objects and arrays are nested deeper than %d; a settings "
                                "document needs 7",
                                OCORS_JSON_DEPTH_MAX);
    }
    if (!count(scan, *at == '{' ? OCORS_JSON_OBJECT_COST : OCORS_JSON_ARRAY_COST)) {
        return false;
    }
    scan->counts.values++;
    *frame = (frame_t){ .opened = at, .shape = next_shape(scan), .path_hash = path_hash };
    frame->path.parent = scan->depth > 0 ? &innermost(scan)->path : NULL;
    ocors_index_init(&frame->keys, scan->seed);
    scan->depth++;
    scan->tokens.text.at++;
    scan->want = *at == '{' ? WANT_KEY : WANT_VALUE;
    scan->tokens.has_ellipsis = false;
    return true;
}

/* A closing bracket: of the innermost frame, or there is nothing more to understand. */
static bool close_frame(scan_t *scan)
{
    const char c = next(scan);
    frame_t *frame = innermost(scan);

    if (scan->depth == 0) {
        return fault(scan, "a closing bracket where a value is expected");
    }
    if (c != (is_object(frame) ? '}' : ']')) {
        const ocors_json_place_t opened = ocors_json_lines_place(&scan->tokens.lines,
                                                                 frame->opened);

        return ocors_json_fault(
            &scan->tokens, OCORS_FINDING_SYNTAX, scan->tokens.text.at,
            "found '%c', but the '%c' of line %zu, column %zu is still open; '%c' is expected", c,
            *frame->opened, opened.line, opened.column, is_object(frame) ? '}' : ']');
    }
    ocors_index_free(&frame->keys);
    scan->depth--;
    scan->tokens.text.at++;
    scan->tokens.has_ellipsis = false;
    scan->want = WANT_COMMA;
    return true;
}

/* The characters of a key; bytes == NULL: out of memory. */
static ocors_span_t decode_key(scan_t *scan, ocors_span_t inner)
{
    if (inner.length > 0 && memchr(inner.bytes, '\\', inner.length) != NULL) {
        char *copy = ocors_arena_take(&scan->decoded, inner.length);

        if (copy == NULL) {
            return ocors_span_make(NULL, 0);
        }
        (void)ocors_json_decode(inner, copy, &inner);
    }
    return inner;
}

static bool read_key(scan_t *scan)
{
    frame_t *frame = innermost(scan);
    const ocors_index_entry_t *entry = NULL;
    ocors_json_place_t place;
    ocors_span_t inner;
    bool is_sound, is_new;

    frame->key_at = scan->tokens.text.at;
    scan->tokens.is_key = true;
    scan->tokens.is_policy_read = frame->shape != NULL;
    if (!ocors_json_read_token(&scan->tokens, &inner, &is_sound)
        || !count(scan, OCORS_JSON_NAME_COST + 2 * inner.length)) {
        return false;
    }
    frame->path.key = is_sound ? decode_key(scan, inner) : inner;
    place = ocors_json_lines_place(&scan->tokens.lines, frame->key_at);
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
    scan->want = WANT_COLON;
    scan->tokens.has_ellipsis = false;
    return true;
}

/* A comma where there is nothing that it could separate, or, after a ':', no value. */
static bool read_stray_comma(scan_t *scan)
{
    if (scan->depth == 0) {
        fault(scan, "the text begins with a comma, so it is a part of a document; a resource "
                    "belongs into the \"resources\" of a client, and a client into \"clients\"");
    }
    else if (!scan->tokens.has_ellipsis) {
        fault(scan, "a comma without a value before it; remove it");
    }
    scan->comma = scan->tokens.text.at;
    scan->tokens.text.at++;
    scan->tokens.has_ellipsis = false;
    return true;
}

/* A closing bracket in the place of a key or an element; an ellipsis before it is the fault. */
static bool close_instead(scan_t *scan)
{
    const frame_t *frame = innermost(scan);
    const bool is_empty = frame->key_at == NULL && frame->path.index == 0;

    if (scan->depth > 0 && !is_empty && !scan->tokens.has_ellipsis) {
        ocors_json_fault(&scan->tokens, OCORS_FINDING_TRAILING_COMMA, scan->comma,
                         "a comma before '%c'; remove it, a comma is between two values only",
                         next(scan));
    }
    return close_frame(scan);
}

/* No value after a ':'; an ellipsis in its place is the fault. */
static bool read_no_value(scan_t *scan)
{
    if (!scan->tokens.has_ellipsis) {
        fault(scan, next(scan) == ',' ? "a comma where a value is expected; write the value"
                                      : "a closing bracket where a value is expected; write the "
                                        "value");
    }
    scan->want = WANT_COMMA;
    return true;
}

static bool read_value(scan_t *scan)
{
    const char *const at = scan->tokens.text.at;
    const frame_t *frame = innermost(scan);
    uint64_t path_hash = OCORS_PATH_HASH_ROOT;
    ocors_span_t inner;
    bool is_sound;

    if (scan->depth > 0) {
        path_hash = ocors_path_hash_step(frame->path_hash, frame->path.key, frame->path.index);
    }
    if (scan->visitor != NULL) {
        scan->visitor->visit(scan->visitor->context, path_hash,
                             frame->key_at != NULL ? frame->key_at : at, at);
    }
    if (*at == '{' || *at == '[') {
        return open_frame(scan, path_hash);
    }
    scan->tokens.is_key = false;
    scan->tokens.is_policy_read = next_shape(scan) != NULL;
    if (!ocors_json_read_token(&scan->tokens, &inner, &is_sound)
        || !count(scan, ocors_json_is_word(*at) ? OCORS_JSON_WORD_COST
                                                : OCORS_JSON_STRING_COST + 2 * inner.length)) {
        return false;
    }
    scan->counts.values++;
    scan->want = WANT_COMMA;
    return true;
}

/* A key or a value, or what is in its place. */
static bool read_item(scan_t *scan)
{
    const char c = next(scan);
    const bool is_closing = c == ']' || c == '}';

    if ((is_closing || c == ',') && scan->want == WANT_VALUE && scan->depth > 0
        && is_object(innermost(scan))) {
        return read_no_value(scan);
    }
    if (is_closing) {
        return close_instead(scan);
    }
    if (c == ',') {
        return read_stray_comma(scan);
    }
    return scan->want == WANT_KEY ? read_key(scan) : read_value(scan);
}

/* What is between values: a comma, or a bracket that closes. */
static bool read_between(scan_t *scan)
{
    const char c = next(scan);
    frame_t *frame = innermost(scan);

    if (c == ']' || c == '}') {
        return close_frame(scan);
    }
    if (c == ',') {
        scan->comma = scan->tokens.text.at;
        scan->tokens.text.at++;
        scan->tokens.has_ellipsis = false;
    }
    else if (c == '"' || c == '\'' || c == '{' || c == '[' || ocors_json_is_word(c)) {
        if (!scan->tokens.has_ellipsis) {
            fault(scan, "a comma is missing before this");
        }
    }
    else {
        return ocors_json_refuse(&scan->tokens, is_object(frame) ? "',' or '}'" : "',' or ']'");
    }
    frame->path.index++;
    scan->want = is_object(frame) ? WANT_KEY : WANT_VALUE;
    return true;
}

/* The document is complete, and yet there is more. */
static bool refuse_more(scan_t *scan)
{
    ocors_json_text_t text = scan->tokens.text;

    (void)ocors_json_take(&text, ',');
    ocors_json_skip_blank(&text);
    if (ocors_json_is_next(&text, '{') || ocors_json_is_next(&text, '[')) {
        return ocors_json_fault(
            &scan->tokens, OCORS_FINDING_SEVERAL_DOCUMENTS, scan->tokens.text.at,
            "the document is complete before this; write a second document into a file of its own "
            "(OcapiCorsSettings takes several), or find the bracket that closes too early");
    }
    return fault(scan, "text after the end of the document; remove it, or find the bracket that "
                       "closes too early");
}

static bool read_next(scan_t *scan)
{
    switch (scan->want) {
    case WANT_VALUE:
    case WANT_KEY:
        return read_item(scan);
    case WANT_COLON:
        if (next(scan) != ':') {
            return ocors_json_refuse(&scan->tokens, "':' and a value");
        }
        scan->tokens.text.at++;
        scan->want = WANT_VALUE;
        return true;
    case WANT_COMMA:
    default:
        return scan->depth > 0 ? read_between(scan) : refuse_more(scan);
    }
}

/* Whether the end of the text is the end of a document. */
static void judge_end(scan_t *scan)
{
    const char *const at = scan->tokens.text.at;

    if (scan->depth > 0) {
        const char *const open = innermost(scan)->opened;
        const ocors_json_place_t opened = ocors_json_lines_place(&scan->tokens.lines, open);

        ocors_json_fault(
            &scan->tokens, OCORS_FINDING_SYNTAX, at,
            "the text ends, but the '%c' of line %zu, column %zu is still open; is the file "
            "complete?",
            *open, opened.line, opened.column);
    }
    else if (scan->want == WANT_VALUE && scan->comma == NULL) {
        ocors_json_fault(&scan->tokens, OCORS_FINDING_EMPTY_DOCUMENT, at,
                         "the document is empty; the least that one can be is "
                         "{\"_v\":\"19.1\",\"clients\":[]}");
    }
}

/* Whether a text is UTF-16: it begins with a mark, or every other of its first bytes is NUL. */
static bool is_utf16(ocors_span_t text)
{
    const unsigned char *at = (const unsigned char *)text.bytes;

    if (text.length < 2) {
        return false;
    }
    return (at[0] == 0xff && at[1] == 0xfe) || (at[0] == 0xfe && at[1] == 0xff)
           || (text.length >= 4 && at[0] != 0 && at[1] == 0 && at[2] != 0 && at[3] == 0)
           || (text.length >= 4 && at[0] == 0 && at[1] != 0 && at[2] == 0 && at[3] != 0);
}

ocors_result_t ocors_json_scan(ocors_span_t text, ocors_report_t *report,
                               const ocors_json_visitor_t *visitor, ocors_json_counts_t *counts)
{
    scan_t scan = { .tokens = { .text = ocors_json_text_make(text),
                                .lines = ocors_json_lines_make(text),
                                .report = report },
                    .visitor = visitor,
                    .counts = { .memory = text.length },
                    .seed = ocors_index_seed() };
    bool is_complete = true;

    if (is_utf16(text)) {
        ocors_report_add_at(report, OCORS_FINDING_NOT_UTF8, 1, 1, NULL,
                            "this is UTF-16, not UTF-8; save the file as UTF-8");
        return OCORS_INVALID;
    }
    if (ocors_json_skip_mark(&scan.tokens.text)) {
        ocors_report_add_at(report, OCORS_FINDING_BYTE_ORDER_MARK, 1, 1, NULL,
                            "the file begins with a byte order mark (U+FEFF), which is skipped; "
                            "JSON has none, and other readers may refuse it");
    }
    while (is_complete) {
        ocors_json_tokens_skip_blank(&scan.tokens);
        if (scan.tokens.text.at == scan.tokens.text.end) {
            judge_end(&scan);
            break;
        }
        is_complete = read_next(&scan);
    }
    while (scan.depth > 0) {
        ocors_index_free(&scan.frames[--scan.depth].keys);
    }
    ocors_arena_free(&scan.decoded);
    *counts = scan.counts;
    if (scan.is_out_of_memory) {
        return OCORS_NO_MEMORY;
    }
    return scan.tokens.is_faulty ? OCORS_INVALID : OCORS_OK;
}
