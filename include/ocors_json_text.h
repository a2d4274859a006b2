/* SPDX-License-Identifier: Apache-2.0 */
/* A cursor over a JSON text (RFC 8259): its blanks, words, strings and whole values. */
#ifndef OCORS_JSON_TEXT_H
#define OCORS_JSON_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

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

/* The end of a run of bytes of one kind; eight at a time, as a long run is an attacker's (R13). */
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

#ifdef __SSE2__
/*
 * Of the next 16 bytes, a bit for each that is not plain: the sign of what is made of it. As signed
 * bytes, control characters and all beyond ASCII are below the blank.
 */
static inline unsigned ocors_json_others(const char *at)
{
    const __m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)at);

    return (unsigned)_mm_movemask_epi8(
        _mm_or_si128(_mm_or_si128(_mm_cmpeq_epi8(bytes, _mm_set1_epi8('"')),
                                  _mm_cmpeq_epi8(bytes, _mm_set1_epi8('\\'))),
                     _mm_subs_epi8(bytes, _mm_set1_epi8(' '))));
}
#endif

/* Within a string: the end of a run of ASCII without quotes, backslashes and control characters. */
static inline const char *ocors_json_plain_end(const char *at, const char *end)
{
#ifdef __SSE2__
    for (; end - at >= 16; at += 16) {
        const unsigned others = ocors_json_others(at);

        if (others != 0) {
            return at + (unsigned)__builtin_ctz(others);
        }
    }
#endif
    return ocors_json_run_end(at, end, ocors_json_plain);
}

/* The same of a text that is followed by OCORS_JSON_PADDING bytes of NUL. */
#define OCORS_JSON_PADDING 16
static inline const char *ocors_json_padded_end(const char *at)
{
#ifdef __SSE2__
    unsigned others;

    while ((others = ocors_json_others(at)) == 0) {
        at += 16;
    }
    return at + (unsigned)__builtin_ctz(others);
#else
    while (ocors_json_plain[(unsigned char)*at]) {
        at++;
    }
    return at;
#endif
}

/* ---- Values ---------------------------------------------------------------------------------- */

/*
 * The budget of a text that nobody vouches for (R13): *left is how many names and values may still
 * come. A member of an object takes two of them, an element of an array one. What is slow to read
 * takes more:
 *
 *   a string with an escape or a character beyond ASCII   one for each OCORS_JSON_SLOW bytes that
 *                                                         are begun, from the first of these on
 *   a run of blanks, but for its first one                the same
 *   a number with a fraction or an exponent               one
 *
 * Nothing is read further than *left suffices. The text is JSON, or a NUL follows it, which nothing
 * begins with: within a value no place has to be compared with the end.
 */
#define OCORS_JSON_SLOW 32

/* Takes what so many slow bytes take. False: *left was less. */
static inline bool ocors_json_pay(ptrdiff_t *left, size_t length)
{
    *left -= (ptrdiff_t)(length / OCORS_JSON_SLOW) + 1;
    return *left >= 0;
}

/* From within a string, between two characters, to its quote; NULL: it has none, or too late. */
const char *ocors_json_characters_end(const char *at, const char *end, ptrdiff_t *left);

/* The end of a run of blanks; a blank, where *left is not enough. */
const char *ocors_json_blanks_end(const char *at, const char *end, ptrdiff_t *left);

/* Skips blanks; most texts have none, or one. */
static inline const char *ocors_json_skip(const char *at, const char *end, ptrdiff_t *left)
{
    if (!ocors_json_blanks[(unsigned char)*at]) {
        return at;
    }
    at++;
    return ocors_json_blanks[(unsigned char)*at] ? ocors_json_blanks_end(at, end, left) : at;
}

/* The same, where this character is likely to be next. */
static inline const char *ocors_json_seek(const char *at, const char *end, char c, ptrdiff_t *left)
{
    return *at == c ? at : ocors_json_skip(at, end, left);
}

/*
 * The end of the string whose quote is at `at`, at its other quote. What a backslash begins is not
 * judged here but by ocors_json_decode(). NULL: it has a control character, a byte that is not
 * UTF-8, or no end; or *left is not enough.
 */
static inline const char *ocors_json_string_end(const char *at, const char *end, ptrdiff_t *left)
{
    at = ocors_json_plain_end(at + 1, end);
    return *at == '"' ? at : ocors_json_characters_end(at, end, left);
}

/* The end of the number (RFC 8259 section 6), true, false or null at `at`; NULL: there is none. */
const char *ocors_json_word_end(const char *at, const char *end, ptrdiff_t *left);

/*
 * The end of the value whose first byte is next. NULL: it is not JSON, *left is not enough, or it
 * is nested deeper than OCORS_JSON_DEPTH_MAX. No recursion.
 */
const char *ocors_json_value_end(ocors_json_text_t text, ptrdiff_t *left);

/* Reads a string; `inner` is what is between its quotes. False: none is next. */
static inline bool ocors_json_read_string(ocors_json_text_t *text, ocors_span_t *inner)
{
    const char *const start = text->at + 1;
    ptrdiff_t left = PTRDIFF_MAX;
    const char *end;

    if (!ocors_json_is_next(text, '"')
        || (end = ocors_json_string_end(text->at, text->end, &left)) == NULL) {
        return false;
    }
    text->at = end + 1;
    *inner = ocors_span_make(start, (size_t)(end - start));
    return true;
}

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
