/* SPDX-License-Identifier: Apache-2.0 */
/* Only the last '*' is ever gone back to: that is enough. */

#include "ocors_glob.h"

#include <stdint.h>

/* One character is what UTF-8 says it is; where the bytes are none, each byte is one. */
static size_t character_length(ocors_span_t text, size_t at)
{
    size_t end = at + 1;

    if ((unsigned char)text.bytes[at] >= 0xc0) {
        while (end < text.length && ((unsigned char)text.bytes[end] & 0xc0) == 0x80) {
            end++;
        }
    }
    return end - at;
}

bool ocors_glob_is_match(ocors_span_t pattern, ocors_span_t text)
{
    size_t p = 0;
    size_t t = 0;
    size_t star = SIZE_MAX;
    size_t star_text = 0;

    while (t < text.length) {
        if (p < pattern.length && pattern.bytes[p] == '*') {
            star = p++;
            star_text = t;
        }
        else if (p < pattern.length && pattern.bytes[p] == '?') {
            p++;
            t += character_length(text, t);
        }
        else if (p < pattern.length && pattern.bytes[p] == text.bytes[t]) {
            p++;
            t++;
        }
        else if (star != SIZE_MAX) {
            p = star + 1;
            t = ++star_text;
        }
        else {
            return false;
        }
    }
    while (p < pattern.length && pattern.bytes[p] == '*') {
        p++;
    }
    return p == pattern.length;
}
