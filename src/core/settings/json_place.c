/* SPDX-License-Identifier: Apache-2.0 */
/* Where in a JSON text the values are that findings name by their paths. */
#include "ocors_json_place.h"

#include <stdlib.h>

#include "ocors_json_text.h"
#include "ocors_slots.h"

/* An open object or array. */
typedef struct frame_t {
    bool is_object;
    uint64_t hash; /* of its path */
    size_t index;  /* of an array: the element that is next */
} frame_t;

typedef struct walk_t {
    ocors_json_text_t text;
    ocors_json_lines_t lines;
    ocors_finding_t *findings;
    ocors_slot_t *slots; /* from hashes of paths to findings */
    uint32_t slot_count;
    char *room; /* for a key that has to be decoded */
    size_t room_size;
    frame_t frames[OCORS_JSON_DEPTH_MAX];
    size_t depth;
} walk_t;

/* Whether a finding is about the name of a member, not about its value. */
static bool is_about_key(const ocors_finding_t *finding)
{
    return finding->code == OCORS_FINDING_UNKNOWN_KEY || finding->code == OCORS_FINDING_HEADER_NAME;
}

static bool wants_place(const ocors_finding_t *finding)
{
    return finding->line == 0 && finding->path != NULL;
}

/* A value with this path is next; `key` is where its name begins, or the value's own place. */
static void place_value(walk_t *walk, uint64_t hash, const char *key)
{
    ocors_probe_t probe = ocors_slots_probe(walk->slots, walk->slot_count, hash);
    ocors_json_place_t places[2] = { { 0, 0 }, { 0, 0 } };
    uint32_t number;

    while (ocors_probe_next(&probe, &number)) {
        ocors_finding_t *finding = &walk->findings[number];
        const ocors_json_place_t *place = &places[is_about_key(finding) ? 1 : 0];

        if (finding->path_hash == hash) {
            if (place->line == 0) {
                places[1] = ocors_json_lines_place(&walk->lines, key);
                places[0] = ocors_json_lines_place(&walk->lines, walk->text.at);
            }
            finding->line = place->line;
            finding->column = place->column;
        }
    }
}

/* The characters of a key; bytes == NULL: out of memory. */
static ocors_span_t decode_key(walk_t *walk, ocors_span_t inner)
{
    if (walk->text.is_plain) {
        return inner;
    }
    if (inner.length > walk->room_size) {
        free(walk->room);
        walk->room = malloc(inner.length);
        walk->room_size = walk->room != NULL ? inner.length : 0;
        if (walk->room == NULL) {
            return ocors_span_make(NULL, 0);
        }
    }
    (void)ocors_json_decode(inner, walk->room, &inner);
    return inner;
}

/* Goes to the next value and places it. *value is the hash of its path. */
static bool begin_value(walk_t *walk, uint64_t *value)
{
    frame_t *frame = walk->depth > 0 ? &walk->frames[walk->depth - 1] : NULL;
    const char *key = NULL;
    ocors_span_t inner = { NULL, 0 };

    ocors_json_skip_blank(&walk->text);
    if (frame != NULL && frame->is_object) {
        key = walk->text.at;
        if (!ocors_json_read_string(&walk->text, &inner)) {
            return false;
        }
        inner = decode_key(walk, inner);
        if (inner.bytes == NULL) {
            return false;
        }
        (void)ocors_json_take(&walk->text, ':');
        ocors_json_skip_blank(&walk->text);
    }
    *value = frame != NULL ? ocors_path_hash_step(frame->hash, inner, frame->index++)
                           : OCORS_PATH_HASH_ROOT;
    place_value(walk, *value, key != NULL ? key : walk->text.at);
    return true;
}

/* Goes through the text, which is JSON. False: it is not, or out of memory. */
static bool walk_text(walk_t *walk)
{
    ocors_span_t inner;
    uint64_t hash;

    do {
        if (!begin_value(walk, &hash)) {
            return false;
        }
        if (ocors_json_is_next(&walk->text, '{') || ocors_json_is_next(&walk->text, '[')) {
            const bool is_object = *walk->text.at++ == '{';

            if (walk->depth == OCORS_JSON_DEPTH_MAX) {
                return false;
            }
            walk->frames[walk->depth++] = (frame_t){ .is_object = is_object, .hash = hash };
            ocors_json_skip_blank(&walk->text);
            if (!ocors_json_is_next(&walk->text, is_object ? '}' : ']')) {
                continue;
            }
        }
        else if (ocors_json_is_next(&walk->text, '"')) {
            if (!ocors_json_read_string(&walk->text, &inner)) {
                return false;
            }
        }
        else {
            const char *const word = ocors_json_word_end(walk->text.at, walk->text.end);

            if (word == NULL) {
                return false;
            }
            walk->text.at = word;
        }
        while (
            walk->depth > 0
            && ocors_json_take(&walk->text, walk->frames[walk->depth - 1].is_object ? '}' : ']')) {
            walk->depth--;
        }
        (void)ocors_json_take(&walk->text, ',');
    } while (walk->depth > 0);
    return true;
}

ocors_result_t ocors_json_place_findings(ocors_span_t text, ocors_report_t *report, size_t first)
{
    walk_t walk = { .text = ocors_json_text_make(text),
                    .lines = ocors_json_lines_make(text),
                    .findings = report->items,
                    .slot_count = (uint32_t)ocors_slots_count(report->count) };
    size_t wanted = 0;
    bool is_complete;

    for (size_t i = first; i < report->count; i++) {
        wanted += wants_place(&report->items[i]) ? 1 : 0;
    }
    if (wanted == 0) {
        return OCORS_OK;
    }
    walk.slots = calloc(walk.slot_count, sizeof(*walk.slots));
    if (walk.slots == NULL) {
        return OCORS_NO_MEMORY;
    }
    for (size_t i = first; i < report->count; i++) {
        if (wants_place(&report->items[i])) {
            ocors_slots_add(walk.slots, walk.slot_count, report->items[i].path_hash, (uint32_t)i);
        }
    }
    (void)ocors_json_skip_mark(&walk.text);
    is_complete = walk_text(&walk);
    free(walk.slots);
    free(walk.room);
    return is_complete ? OCORS_OK : OCORS_NO_MEMORY;
}
