/* SPDX-License-Identifier: Apache-2.0 */
/* The characters that nobody can see. */
#include "ocors_invisible.h"

#include "ocors_utf8.h"

const char *ocors_invisible_name(uint32_t character)
{
    static const struct {
        uint32_t first, last;
        const char *name;
    } invisible[] = {
        { 0x0080, 0x009f, "control character" },
        { 0x00a0, 0x00a0, "NO-BREAK SPACE" },
        { 0x00ad, 0x00ad, "SOFT HYPHEN" },
        { 0x034f, 0x034f, "COMBINING GRAPHEME JOINER" },
        { 0x061c, 0x061c, "ARABIC LETTER MARK" },
        { 0x115f, 0x1160, "HANGUL FILLER" },
        { 0x1680, 0x1680, "OGHAM SPACE MARK" },
        { 0x17b4, 0x17b5, "KHMER VOWEL INHERENT" },
        { 0x180b, 0x180d, "MONGOLIAN FREE VARIATION SELECTOR" },
        { 0x180e, 0x180e, "MONGOLIAN VOWEL SEPARATOR" },
        { 0x180f, 0x180f, "MONGOLIAN FREE VARIATION SELECTOR" },
        { 0x2000, 0x200a, "SPACE of another width" },
        { 0x200b, 0x200b, "ZERO WIDTH SPACE" },
        { 0x200c, 0x200c, "ZERO WIDTH NON-JOINER" },
        { 0x200d, 0x200d, "ZERO WIDTH JOINER" },
        { 0x200e, 0x200e, "LEFT-TO-RIGHT MARK" },
        { 0x200f, 0x200f, "RIGHT-TO-LEFT MARK" },
        { 0x2028, 0x2028, "LINE SEPARATOR" },
        { 0x2029, 0x2029, "PARAGRAPH SEPARATOR" },
        { 0x202a, 0x202e, "mark of text direction" },
        { 0x202f, 0x202f, "NARROW NO-BREAK SPACE" },
        { 0x205f, 0x205f, "MEDIUM MATHEMATICAL SPACE" },
        { 0x2060, 0x2060, "WORD JOINER" },
        { 0x2061, 0x206f, "format character" },
        { 0x3000, 0x3000, "IDEOGRAPHIC SPACE" },
        { 0x3164, 0x3164, "HANGUL FILLER" },
        { 0xfe00, 0xfe0f, "VARIATION SELECTOR" },
        { 0xfeff, 0xfeff, "BYTE ORDER MARK" },
        { 0xffa0, 0xffa0, "HALFWIDTH HANGUL FILLER" },
        { 0xfff0, 0xfffb, "format character" },
        { 0x1bca0, 0x1bca3, "SHORTHAND FORMAT character" },
        { 0x1d173, 0x1d17a, "MUSICAL SYMBOL without a form" },
        { 0xe0000, 0xe0fff, "TAG" },
    };

    for (size_t i = 0; i < sizeof(invisible) / sizeof(invisible[0]); i++) {
        if (character >= invisible[i].first && character <= invisible[i].last) {
            return invisible[i].name;
        }
    }
    return NULL;
}

const char *ocors_invisible_find(ocors_span_t text, uint32_t *character)
{
    while (text.length > 0) {
        const size_t length = ocors_utf8_length(text);
        const char *name = NULL;

        if (length > 1) {
            *character = ocors_utf8_character(text.bytes, length);
            name = ocors_invisible_name(*character);
        }
        if (name != NULL) {
            return name;
        }
        text = ocors_span_from(text, length > 0 ? length : 1);
    }
    return NULL;
}
