/* SPDX-License-Identifier: Apache-2.0 */
/* The place of an origin, or of a new one, in the text of a settings document. */
#include "ocors_settings_edit.h"

#include <stdint.h>

#include "ocors_json_scan.h"
#include "ocors_json_text.h"

/* text[from, to) */
typedef struct run_t {
    size_t from;
    size_t to;
} run_t;

typedef struct editor_t {
    ocors_span_t text;
    ocors_json_text_t json; /* a cursor over it */
    char *room;
} editor_t;

/* A client's object; an offset of 0 is none, for a document begins with its '{'. */
typedef struct place_t {
    size_t opened; /* behind the '{' */
    size_t before; /* the end of the member before client_id */
    run_t id_key;
    run_t id;
    size_t next;    /* the key behind client_id */
    size_t list;    /* the '[' of allowed_origins */
    bool is_spaced; /* there is a blank beside the ':' before the list */
} place_t;

static ocors_span_t span_of(const editor_t *editor, size_t from, size_t to)
{
    return ocors_span_make(editor->text.bytes + from, to - from);
}

/* The offset of what is read next. */
static size_t offset(const editor_t *editor)
{
    return (size_t)(editor->json.at - editor->text.bytes);
}

static bool take(editor_t *editor, char c)
{
    return ocors_json_take(&editor->json, c);
}

static bool read_string(editor_t *editor, run_t *string)
{
    ocors_span_t inner;

    string->from = offset(editor);
    if (!ocors_json_read_string(&editor->json, &inner)) {
        return false;
    }
    string->to = offset(editor);
    return true;
}

/* The characters of a string; one that cannot be decoded is empty. */
static ocors_span_t decode(editor_t *editor, run_t string)
{
    ocors_span_t decoded;

    return ocors_json_decode(span_of(editor, string.from + 1, string.to - 1), editor->room,
                             &decoded)
               ? decoded
               : ocors_span_make(NULL, 0);
}

static bool skip_value(editor_t *editor)
{
    ptrdiff_t left = PTRDIFF_MAX;

    editor->json.at = ocors_json_value_end(editor->json, &left);
    return editor->json.at != NULL;
}

/* Goes to the next key or value. False: the bracket was read that closes, or the text ends. */
static bool next_item(editor_t *editor, char closing)
{
    (void)take(editor, ',');
    return !take(editor, closing) && editor->json.at < editor->json.end;
}

/* Reads a key and its colon, and goes to the value. */
static bool read_key(editor_t *editor, run_t *key)
{
    if (!read_string(editor, key) || !take(editor, ':')) {
        return false;
    }
    ocors_json_skip_blank(&editor->json);
    return true;
}

/* False: a member cannot be read, or client_id or allowed_origins comes twice. */
static bool read_client(editor_t *editor, place_t *place)
{
    size_t end = 0;

    *place = (place_t){ .opened = 0 };
    if (!take(editor, '{')) {
        return false;
    }
    place->opened = offset(editor);
    while (next_item(editor, '}')) {
        ocors_span_t name;
        run_t key;
        size_t value;

        if (!read_key(editor, &key)) {
            return false;
        }
        value = offset(editor);
        if (!skip_value(editor)) {
            return false;
        }
        if (place->id.to != 0 && place->next == 0) {
            place->next = key.from;
        }
        name = decode(editor, key);
        if (ocors_span_is_equal(name, OCORS_SPAN_LITERAL("client_id"))) {
            if (place->id.to != 0) {
                return false;
            }
            place->before = end;
            place->id_key = key;
            place->id = (run_t){ value, offset(editor) };
        }
        else if (ocors_span_is_equal(name, OCORS_SPAN_LITERAL("allowed_origins"))) {
            if (place->list != 0) {
                return false;
            }
            place->list = value;
            place->is_spaced = value - key.to > 1;
        }
        end = offset(editor);
    }
    return true;
}

/* Reads the elements of clients until one has the id. */
static ocors_edit_result_t find_client(editor_t *editor, ocors_span_t id, place_t *place)
{
    if (!take(editor, '[')) {
        return OCORS_EDIT_BAD_TEXT;
    }
    while (next_item(editor, ']')) {
        if (!read_client(editor, place) || place->id.to == 0
            || editor->text.bytes[place->id.from] != '"') {
            return OCORS_EDIT_BAD_TEXT;
        }
        if (id.length > 0 && ocors_span_is_equal(decode(editor, place->id), id)) {
            return OCORS_EDIT_SPLICE;
        }
    }
    return OCORS_EDIT_NO_CLIENT;
}

static ocors_edit_result_t find_place(editor_t *editor, ocors_span_t id, place_t *place)
{
    if (!take(editor, '{')) {
        return OCORS_EDIT_BAD_TEXT;
    }
    while (next_item(editor, '}')) {
        run_t key;

        if (!read_key(editor, &key)) {
            break;
        }
        if (ocors_span_is_equal(decode(editor, key), OCORS_SPAN_LITERAL("clients"))) {
            return find_client(editor, id, place);
        }
        if (!skip_value(editor)) {
            break;
        }
    }
    return OCORS_EDIT_BAD_TEXT;
}

static void put(ocors_splice_t *splice, ocors_span_t piece)
{
    splice->pieces[splice->piece_count++] = piece;
}

static void put_origin(ocors_splice_t *splice, const ocors_origin_t *origin)
{
    put(splice, OCORS_SPAN_LITERAL("\""));
    put(splice, ocors_span_make(origin->bytes, origin->length));
    put(splice, OCORS_SPAN_LITERAL("\""));
}

/* A comma, and what is between a bracket and the one item after it. */
static void put_comma(ocors_splice_t *splice, ocors_span_t blank, bool is_spaced)
{
    put(splice, OCORS_SPAN_LITERAL(","));
    put(splice, blank.length == 0 && is_spaced ? OCORS_SPAN_LITERAL(" ") : blank);
}

/* The blanks that the text's first indented line begins with. */
static ocors_span_t indentation(ocors_span_t text)
{
    for (size_t i = 0; i + 1 < text.length; i++) {
        size_t end = i + 1;

        if (text.bytes[i] != '\n') {
            continue;
        }
        while (end < text.length && (text.bytes[end] == ' ' || text.bytes[end] == '\t')) {
            end++;
        }
        if (end > i + 1) {
            return ocors_span_make(text.bytes + i + 1, end - i - 1);
        }
    }
    return OCORS_SPAN_LITERAL("  ");
}

static void add_list(const editor_t *editor, const place_t *place, const ocors_origin_t *origin,
                     ocors_splice_t *splice)
{
    splice->offset = place->id.to;
    if (place->next != 0) {
        put(splice, span_of(editor, place->id.to, place->next));
    }
    else if (place->before != 0) {
        put(splice, span_of(editor, place->before, place->id_key.from));
    }
    else {
        put_comma(splice, span_of(editor, place->opened, place->id_key.from),
                  place->id.from - place->id_key.to > 1);
    }
    put(splice, OCORS_SPAN_LITERAL("\"allowed_origins\""));
    put(splice, span_of(editor, place->id_key.to, place->id.from));
    put(splice, OCORS_SPAN_LITERAL("["));
    put_origin(splice, origin);
    put(splice, OCORS_SPAN_LITERAL("]"));
}

/* Into an empty list, whose ']' was read: behind the '[', so that the blanks stay behind it. */
static void add_first(const editor_t *editor, const place_t *place, const ocors_origin_t *origin,
                      ocors_splice_t *splice)
{
    const char *text = editor->text.bytes;
    const size_t closing = offset(editor) - 1;
    size_t line = closing;

    splice->offset = place->list + 1;
    while (line > splice->offset && text[line] != '\n') {
        line--;
    }
    if (text[line] == '\n') {
        line -= line > splice->offset && text[line - 1] == '\r' ? 1 : 0;
        put(splice, span_of(editor, line, closing));
        put(splice, indentation(editor->text));
    }
    put_origin(splice, origin);
}

/* A run goes, too; the text between it and the one before goes to the room, and stays. */
static void remove_run(editor_t *editor, run_t gone, ocors_splice_t *splice)
{
    const size_t end = splice->offset + splice->removed;

    if (splice->removed == 0 || gone.from < splice->offset) {
        splice->offset = gone.from;
    }
    else if (gone.from > end) {
        const size_t length = gone.from - end;

        if (splice->piece_count == 0) {
            put(splice, ocors_span_make(editor->room, 0));
        }
        memcpy(editor->room, editor->text.bytes + end, length);
        editor->room += length;
        splice->pieces[0].length += length;
    }
    splice->removed = gone.to - splice->offset;
}

/* The entry that was read last goes. `is_first`: no entry before it stays. */
static void remove_entry(editor_t *editor, const place_t *place, run_t previous, run_t entry,
                         bool is_first, ocors_splice_t *splice)
{
    run_t gone = { previous.to, entry.to };

    if (is_first) {
        gone.from = place->list + 1;
        if (take(editor, ',')) {
            ocors_json_skip_blank(&editor->json);
            gone = (run_t){ entry.from, offset(editor) };
        }
    }
    remove_run(editor, gone, splice);
}

static ocors_edit_result_t edit_list(editor_t *editor, const place_t *place,
                                     const ocors_origin_t *origin, ocors_edit_action_t action,
                                     ocors_splice_t *splice)
{
    run_t previous = { 0, 0 };
    run_t last = { 0, 0 };
    run_t entry;
    bool is_first = true;

    editor->json.at = editor->text.bytes + place->list;
    if (!take(editor, '[')) {
        return OCORS_EDIT_BAD_TEXT;
    }
    while (next_item(editor, ']')) {
        ocors_origin_t listed;

        if (!read_string(editor, &entry)) {
            return OCORS_EDIT_BAD_TEXT;
        }
        if (ocors_origin_canonicalise(decode(editor, entry), &listed) == OCORS_ORIGIN_OK
            && ocors_span_is_equal(ocors_span_make(listed.bytes, listed.length),
                                   ocors_span_make(origin->bytes, origin->length))) {
            if (action == OCORS_EDIT_ALLOW) {
                return OCORS_EDIT_ALREADY;
            }
            remove_entry(editor, place, last, entry, is_first, splice);
        }
        else {
            is_first = false;
        }
        previous = last;
        last = entry;
    }
    if (action == OCORS_EDIT_REVOKE) {
        return splice->removed > 0 ? OCORS_EDIT_SPLICE : OCORS_EDIT_ALREADY;
    }
    if (last.to == 0) {
        add_first(editor, place, origin, splice);
        return OCORS_EDIT_SPLICE;
    }
    splice->offset = last.to;
    if (previous.to != 0) {
        put(splice, span_of(editor, previous.to, last.from));
    }
    else {
        put_comma(splice, span_of(editor, place->list + 1, last.from), place->is_spaced);
    }
    put_origin(splice, origin);
    return OCORS_EDIT_SPLICE;
}

ocors_edit_result_t ocors_settings_edit(ocors_span_t text, ocors_span_t client_id,
                                        const ocors_origin_t *origin, ocors_edit_action_t action,
                                        char *room, ocors_splice_t *splice)
{
    editor_t editor = { .text = text, .json = ocors_json_text_make(text), .room = room };
    place_t place = { .opened = 0 };
    ocors_json_counts_t counts;
    ocors_edit_result_t result;

    *splice = (ocors_splice_t){ .offset = 0 };
    if (ocors_json_scan(text, NULL, &counts) != OCORS_OK) {
        return OCORS_EDIT_BAD_TEXT;
    }
    (void)ocors_json_skip_mark(&editor.json);
    result = find_place(&editor, client_id, &place);
    if (result != OCORS_EDIT_SPLICE) {
        return result;
    }
    if (place.list != 0) {
        return edit_list(&editor, &place, origin, action, splice);
    }
    if (action == OCORS_EDIT_REVOKE) {
        return OCORS_EDIT_ALREADY;
    }
    add_list(&editor, &place, origin, splice);
    return OCORS_EDIT_SPLICE;
}

size_t ocors_splice_length(ocors_span_t text, const ocors_splice_t *splice)
{
    size_t length = text.length - splice->removed;

    for (size_t i = 0; i < splice->piece_count; i++) {
        length += splice->pieces[i].length;
    }
    return length;
}

void ocors_splice_apply(ocors_span_t text, const ocors_splice_t *splice, char *edited)
{
    const size_t behind = splice->offset + splice->removed;

    memcpy(edited, text.bytes, splice->offset);
    edited += splice->offset;
    for (size_t i = 0; i < splice->piece_count; i++) {
        /* A blank may be empty. */
        if (splice->pieces[i].length > 0) {
            memcpy(edited, splice->pieces[i].bytes, splice->pieces[i].length);
            edited += splice->pieces[i].length;
        }
    }
    memcpy(edited, text.bytes + behind, text.length - behind);
}
