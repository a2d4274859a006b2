/* SPDX-License-Identifier: Apache-2.0 */
/* A JSON text that is read and repaired on the way: its blanks and its words without quotes. */
#ifndef OCORS_JSON_TEXT_H
#define OCORS_JSON_TEXT_H

#include <stdbool.h>
#include <stddef.h>

#include "ocors_report.h"
#include "ocors_span.h"

typedef struct ocors_json_place_t {
    size_t at;
    size_t line;
    size_t column;
} ocors_json_place_t;

/*
 *   text  |....... copied .......|.... fine so far ....|..... not read yet .....|
 *         0                   copied                  at                   length
 *   out   |.. as it is, or repaired ..|
 *                                 out_length
 *
 * What needs no repair is copied in long runs, when the next repair comes, or at the end.
 */
typedef struct ocors_json_text_t {
    const char *text;
    size_t length;
    size_t at;
    size_t line;
    size_t line_start;
    size_t copied;
    char *out; /* malloc'd; room for a NUL behind out_capacity bytes */
    size_t out_length;
    size_t out_capacity;
    bool is_out_of_memory; /* then nothing more is written */
    ocors_report_t *report;
} ocors_json_text_t;

/* UTF-16 begins with a mark, or every other of its bytes is NUL: one sentence, not a thousand. */
bool ocors_json_text_is_utf16(ocors_span_t text);

/* Begins at the text's first byte. Whoever began gives `out` to free(). */
void ocors_json_text_init(ocors_json_text_t *json, ocors_span_t text, ocors_report_t *report);

/* Where text[at] stands, which is in the line that is being read. */
ocors_json_place_t ocors_json_text_place(const ocors_json_text_t *json, size_t at);

/* Where text[at], at or after `copied`, will stand in the output. */
size_t ocors_json_text_out_place(const ocors_json_text_t *json, size_t at);

/* Copies what is before text[at]; writes a string; puts a string in the place of text[from, to). */
void ocors_json_text_copy(ocors_json_text_t *json, size_t at);
void ocors_json_text_write(ocors_json_text_t *json, const char *string);
void ocors_json_text_repair(ocors_json_text_t *json, size_t from, size_t to, const char *string);

/* Drops `length` bytes at `at`, writes a string in their place, and goes on behind them. */
void ocors_json_text_drop(ocors_json_text_t *json, size_t length, const char *string);

/* Whether these bytes are next. */
bool ocors_json_text_is_next(const ocors_json_text_t *json, ocors_span_t bytes);

/* Notes that the line end at text[newline] was passed. */
void ocors_json_text_count_line(ocors_json_text_t *json, size_t newline);

/* Adds a finding at a place, or where the reading is. */
void ocors_json_text_fault(ocors_json_text_t *json, ocors_json_place_t place,
                           ocors_finding_code_t code, const char *sentence);
void ocors_json_text_fault_here(ocors_json_text_t *json, ocors_finding_code_t code,
                                const char *sentence);

/* Skips blanks, and what is repaired to blanks. True: an ellipsis was among them. */
bool ocors_json_text_skip_blank(ocors_json_text_t *json);

/* Whether a word can begin so: a number, true, false, null, or what somebody took for one. */
bool ocors_json_text_is_word(char first);

/* Reads a value that is a word; a key that is a word, and gets its quotes. */
void ocors_json_text_read_word(ocors_json_text_t *json);
void ocors_json_text_read_bare_key(ocors_json_text_t *json);

#endif
