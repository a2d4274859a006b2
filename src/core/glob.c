/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The part of a pattern before its first '*' is matched at the start of the text, the part after
 * the last one at the end. A part between two is searched for from the left.
 */

#include "ocors_glob.h"

/* The most bytes of a character. */
#define CHARACTER_MAX 4

static bool is_continuation(char c)
{
    return ((unsigned char)c & 0xc0) == 0x80;
}

/* The length of the character that starts at `at`. */
static size_t character_length(ocors_span_t text, size_t at)
{
    size_t length = 1;

    if ((unsigned char)text.bytes[at] >= 0xc0) {
        while (length < CHARACTER_MAX && at + length < text.length
               && is_continuation(text.bytes[at + length])) {
            length++;
        }
    }
    return length;
}

/* The length of the character that ends before `end` and does not start before `start`. */
static size_t character_length_before(ocors_span_t text, size_t start, size_t end)
{
    size_t length = 1;

    while (length < CHARACTER_MAX && end - start > length
           && is_continuation(text.bytes[end - length])) {
        length++;
    }
    return (unsigned char)text.bytes[end - length] >= 0xc0 ? length : 1;
}

/* Matches the pattern from *p up to its next '*' or its end; *p and *t move past the match. */
static bool take_run(ocors_span_t pattern, size_t *p, ocors_span_t text, size_t *t)
{
    for (; *p < pattern.length && pattern.bytes[*p] != '*'; ++*p) {
        if (*t == text.length) {
            return false;
        }
        if (pattern.bytes[*p] == '?') {
            *t += character_length(text, *t);
        }
        else if (pattern.bytes[*p] == text.bytes[*t]) {
            ++*t;
        }
        else {
            return false;
        }
    }
    return true;
}

/*
 * Matches the part after the last '*' of the pattern at the end of the text; the text's first
 * `start` bytes are matched already. Shortens the pattern to that '*', the text to the start of the
 * match.
 */
static bool take_tail(ocors_span_t *pattern, ocors_span_t *text, size_t start)
{
    for (; pattern->bytes[pattern->length - 1] != '*'; pattern->length--) {
        if (text->length == start) {
            return false;
        }
        if (pattern->bytes[pattern->length - 1] == '?') {
            text->length -= character_length_before(*text, start, text->length);
        }
        else if (pattern->bytes[pattern->length - 1] == text->bytes[text->length - 1]) {
            text->length--;
        }
        else {
            return false;
        }
    }
    return true;
}

bool ocors_glob_is_match(ocors_span_t pattern, ocors_span_t text)
{
    size_t p = 0;
    size_t t = 0;

    if (!take_run(pattern, &p, text, &t)) {
        return false;
    }
    if (p == pattern.length) {
        return t == text.length;
    }
    if (!take_tail(&pattern, &text, t)) {
        return false;
    }
    while (++p < pattern.length) { /* after a '*'; the last '*' ends the pattern */
        size_t run = p;
        size_t taken = t;

        while (!take_run(pattern, &run, text, &taken)) {
            if (t == text.length) {
                return false;
            }
            run = p;
            taken = t += character_length(text, t);
        }
        p = run;
        t = taken;
    }
    return true;
}
