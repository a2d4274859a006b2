/* SPDX-License-Identifier: Apache-2.0 */
/* The tokens of a JSON text that may be faulty: blanks, strings, words, and what is wrong in them.
 */
#ifndef OCORS_JSON_TOKEN_H
#define OCORS_JSON_TOKEN_H

#include <stdbool.h>
#include <stddef.h>

#include "ocors_json_text.h"
#include "ocors_report.h"
#include "ocors_span.h"

/* Begins with the text, its lines and the report; whoever began may read every member. */
typedef struct ocors_json_tokens_t {
    ocors_json_text_t text;
    ocors_json_lines_t lines;
    ocors_report_t *report;
    bool is_faulty;    /* a fault was found: the text is not JSON */
    bool has_ellipsis; /* one was skipped; the caller takes it back */
    /* Set by the caller, of the string that is read next: */
    bool is_policy_read; /* the policy reads it */
    bool is_key; /* of a member; a NUL in it is a fault, as json-c would end the key there */
} ocors_json_tokens_t;

/*
 * Adds an error at a byte of the text or at its end (NULL: at what is read next), and notes that
 * the text is not JSON. Always false: what a function returns that cannot read on.
 */
bool ocors_json_fault(ocors_json_tokens_t *tokens, ocors_finding_code_t code, const char *at,
                      const char *format, ...) __attribute__((format(printf, 4, 5)));

/*
 * Skips blanks, and reports and skips comments, ellipses, control characters and characters that
 * nobody can see.
 */
void ocors_json_tokens_skip_blank(ocors_json_tokens_t *tokens);

/* The bytes of numbers, of true, false and null, and of what is meant as one of them. */
extern const bool ocors_json_words[256];

/*
 * Reads a string, which may be in single quotes, or a word. `inner` is the word, or what is between
 * the quotes. False: there is neither, or the string has no end, and there is nothing more to read.
 */
bool ocors_json_read_token(ocors_json_tokens_t *tokens, ocors_span_t *inner);

/* Refuses what is next, which is neither what is expected nor anything else; always false. */
bool ocors_json_refuse(ocors_json_tokens_t *tokens, const char *expected);

#endif
