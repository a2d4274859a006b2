/* SPDX-License-Identifier: Apache-2.0 */
/* Well-formed UTF-8. */

#include "ocors_utf8.h"

#include "ocors_table.h"

const unsigned char ocors_utf8_forms[256] = OCORS_TABLE(OCORS_UTF8_FORM);
const unsigned char ocors_utf8_seconds[256] = OCORS_TABLE(OCORS_UTF8_SECOND);

size_t ocors_utf8_length(ocors_span_t text)
{
    return ocors_utf8_length_at(text.bytes, text.bytes + text.length);
}

uint32_t ocors_utf8_character(const char *bytes, size_t length)
{
    static const unsigned char bits[] = { 0, 0x7f, 0x1f, 0x0f, 0x07 }; /* of the first byte */
    uint32_t character = (unsigned char)bytes[0] & bits[length];

    for (size_t i = 1; i < length; i++) {
        character = character << 6 | ((unsigned char)bytes[i] & 0x3f);
    }
    return character;
}

size_t ocors_utf8_write(char *bytes, uint32_t character)
{
    static const unsigned char leads[] = { 0, 0, 0xc0, 0xe0, 0xf0 };
    const size_t length = character < 0x80      ? 1
                          : character < 0x800   ? 2
                          : character < 0x10000 ? 3
                                                : 4;

    for (size_t i = length - 1; i > 0; i--) {
        bytes[i] = (char)(0x80 | (character & 0x3f));
        character >>= 6;
    }
    bytes[0] = (char)(leads[length] | character);
    return length;
}

ocors_span_t ocors_utf8_cut(ocors_span_t text, size_t most)
{
    size_t length = text.length;

    if (length > most) {
        length = most;
        while (length > 0 && ((unsigned char)text.bytes[length] & 0xc0) == 0x80) {
            length--;
        }
    }
    return ocors_span_make(text.bytes, length);
}
