/* SPDX-License-Identifier: Apache-2.0 */
/* A cursor over a JSON text (RFC 8259): its blanks, words, strings and whole values. */
#ifndef OCORS_JSON_TEXT_H
#define OCORS_JSON_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "ocors_span.h"

/* Objects and arrays may be nested this deep, in documents and in tokens. */
#define OCORS_JSON_DEPTH_MAX 64

/*
 * What is read next is at[0], up to, not including, *end. The text is the caller's and is never
 * changed. Every function goes forward only, in time linear in what it passes.
 *
 * Who reads strings or values has a text with a NUL at *end, or one that ocors_json_scan() found to
 * be JSON: there each string ends before *end, and its bytes need not be counted.
 */
typedef struct ocors_json_text_t {
    const char *at;
    const char *end;
} ocors_json_text_t;

static inline ocors_json_text_t ocors_json_text_make(ocors_span_t span)
{
    return (ocors_json_text_t){ .at = span.bytes,
                                .end = span.length > 0 ? span.bytes + span.length : span.bytes };
}

static inline ocors_span_t ocors_json_text_rest(const ocors_json_text_t *text)
{
    return ocors_span_make(text->at, (size_t)(text->end - text->at));
}

static inline bool ocors_json_is_next(const ocors_json_text_t *text, char c)
{
    return text->at < text->end && *text->at == c;
}

/* The four blanks of RFC 8259 section 2, by their byte. */
extern const bool ocors_json_blanks[256];

/* What a string has of ASCII beside its quotes and escapes. */
extern const bool ocors_json_plain[256];

/* The end of a run of bytes of one kind; four at a time, as a long run is an attacker's (R13). */
const char *ocors_json_run_end(const char *at, const char *end, const bool kind[256]);

static inline void ocors_json_skip_blank(ocors_json_text_t *text)
{
    const char *at = text->at;

    /* One at most is the rule in a token. */
    if (at < text->end && ocors_json_blanks[(unsigned char)*at]) {
        at++;
        if (at < text->end && ocors_json_blanks[(unsigned char)*at]) {
            at = ocors_json_run_end(at, text->end, ocors_json_blanks);
        }
        text->at = at;
    }
}

/* Whether this character is next, behind blanks. It is first looked for without blanks. */
static inline bool ocors_json_meets(ocors_json_text_t *text, char c)
{
    if (ocors_json_is_next(text, c)) {
        return true;
    }
    ocors_json_skip_blank(text);
    return ocors_json_is_next(text, c);
}

/* Skips blanks and then this character. False: another one is next. */
static inline bool ocors_json_take(ocors_json_text_t *text, char c)
{
    if (!ocors_json_meets(text, c)) {
        return false;
    }
    text->at++;
    return true;
}

/* Skips a byte order mark (U+FEFF), which a text may begin with. False: there is none. */
bool ocors_json_skip_mark(ocors_json_text_t *text);

/* The end of the number (RFC 8259 section 6), true, false or null at `at`; NULL: there is none. */
const char *ocors_json_word_end(const char *at, const char *end);

/*
 * Within a string: the end of a run of ASCII without quotes, backslashes and control characters
 * below the blank. Eight bytes at a time: `others` has the topmost bit of each byte that is not
 * one of them; a borrow reaches only bytes above such a one, so that the lowest is right. With its
 * second bit inverted, a quote is the one byte from the blank on that comes before 0x21.
 */
static inline const char *ocors_json_plain_end(const char *at, const char *end)
{
    const uint64_t each = UINT64_C(0x0101010101010101);

    for (; end - at >= 8; at += 8) {
        uint64_t word, others;

        memcpy(&word, at, sizeof(word));
        others = (((word ^ each * 0x02) - each * 0x21) | ((word ^ each * '\\') - each) | word)
                 & each * 0x80;
        if (others != 0) {
#if defined(__GNUC__) && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
            return at + (unsigned)__builtin_ctzll(others) / 8;
#else
            break;
#endif
        }
    }
    while (at < end && ocors_json_plain[(unsigned char)*at]) {
        at++;
    }
    return at;
}

/*
 * From within a string, between two characters, to its quote or to what no string can hold, or to
 * the byte before that, if it is a part of an escape or of a character beyond ASCII.
 */
const char *ocors_json_characters_end(const char *at, const char *end);

/*
 * Reads a string, whose quote is next; `inner` is what is between its quotes. What a backslash
 * begins is not judged here but by ocors_json_decode(). False: there is no string, or it has a
 * control character, a byte that is not UTF-8, or no end; that is next, and no value begins so.
 */
static inline bool ocors_json_read_string(ocors_json_text_t *text, ocors_span_t *inner)
{
    const char *start = text->at + 1;
    const char *end;

    if (!ocors_json_is_next(text, '"')) {
        return false;
    }
    end = ocors_json_plain_end(start, text->end);
    if (*end != '"') {
        end = ocors_json_characters_end(end, text->end);
        if (end == text->end || *end != '"') {
            text->at = end;
            return false;
        }
    }
    text->at = end + 1;
    *inner = ocors_span_make(start, (size_t)(end - start));
    return true;
}

/*
 * The end of the value whose first byte is next. `left` is how many members of objects and elements
 * of arrays may still come, nested ones included. NULL: it is not JSON, it has more of them, or it
 * is nested deeper than OCORS_JSON_DEPTH_MAX. No recursion.
 */
const char *ocors_json_value_end(ocors_json_text_t text, size_t *left);

/*
 * The escape at the front of a text (RFC 8259 section 7); *value is the character. A surrogate
 * pair is one escape of 12 bytes; half of a pair is one of 6 bytes whose value is from D800 to
 * DFFF. Returns its length; 0: this is not an escape, and *value is unchanged.
 */
size_t ocors_json_escape_length(ocors_span_t text, unsigned *value);

/*
 * Decodes what is between the quotes of a string into `to`, which has room for inner.length bytes
 * and may be inner's own place. False: an escape is broken, or is half of a surrogate pair.
 */
bool ocors_json_decode(ocors_span_t inner, char *to, ocors_span_t *decoded);

/* ---- Places ---------------------------------------------------------------------------------- */

typedef struct ocors_json_place_t {
    size_t line;   /* from 1 */
    size_t column; /* from 1, in bytes */
} ocors_json_place_t;

/* Counts the lines of a text on the way through it. */
typedef struct ocors_json_lines_t {
    const char *text;
    const char *counted; /* the lines before it are counted */
    const char *start;   /* of the line that it is in */
    size_t line;
} ocors_json_lines_t;

static inline ocors_json_lines_t ocors_json_lines_make(ocors_span_t text)
{
    return (ocors_json_lines_t){
        .text = text.bytes, .counted = text.bytes, .start = text.bytes, .line = 1
    };
}

/* The place of a byte, or of the text's end. Linear in the lines between it and the last one. */
ocors_json_place_t ocors_json_lines_place(ocors_json_lines_t *lines, const char *at);

#endif
