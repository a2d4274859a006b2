/* SPDX-License-Identifier: Apache-2.0 */
/* Well-formed UTF-8 (RFC 3629 section 4). */
#ifndef OCORS_UTF8_H
#define OCORS_UTF8_H

#include <stddef.h>
#include <stdint.h>

#include "ocors_span.h"

/* The longest character. */
#define OCORS_UTF8_MAX 4

/*
 * The forms of a character by its first byte, and, a bit each, those whose second byte a byte can
 * be. The third and the fourth byte of a character are as the second of OCORS_UTF8_TWO.
 */
enum {
    OCORS_UTF8_ASCII = 0,
    OCORS_UTF8_TWO = 0x01,      /* 80 to BF */
    OCORS_UTF8_AFTER_E0 = 0x02, /* A0 to BF */
    OCORS_UTF8_THREE = 0x04,    /* 80 to BF */
    OCORS_UTF8_AFTER_ED = 0x08, /* 80 to 9F */
    OCORS_UTF8_AFTER_F0 = 0x10, /* 90 to BF */
    OCORS_UTF8_FOUR = 0x20,     /* 80 to BF */
    OCORS_UTF8_AFTER_F4 = 0x40, /* 80 to 8F */
    OCORS_UTF8_NONE = 0x80      /* no character begins so, and no byte is the second of it */
};

#define OCORS_UTF8_FORM(byte)                                                                      \
    ((byte) < 0x80    ? OCORS_UTF8_ASCII                                                           \
     : (byte) < 0xc2  ? OCORS_UTF8_NONE                                                            \
     : (byte) < 0xe0  ? OCORS_UTF8_TWO                                                             \
     : (byte) == 0xe0 ? OCORS_UTF8_AFTER_E0                                                        \
     : (byte) == 0xed ? OCORS_UTF8_AFTER_ED                                                        \
     : (byte) < 0xf0  ? OCORS_UTF8_THREE                                                           \
     : (byte) == 0xf0 ? OCORS_UTF8_AFTER_F0                                                        \
     : (byte) < 0xf4  ? OCORS_UTF8_FOUR                                                            \
     : (byte) == 0xf4 ? OCORS_UTF8_AFTER_F4                                                        \
                      : OCORS_UTF8_NONE)

#define OCORS_UTF8_SECOND(byte)                                                                    \
    ((byte) < 0x80 || (byte) > 0xbf                                                                \
         ? 0                                                                                       \
         : OCORS_UTF8_TWO | OCORS_UTF8_THREE | OCORS_UTF8_FOUR                                     \
               | ((byte) < 0xa0 ? OCORS_UTF8_AFTER_ED : OCORS_UTF8_AFTER_E0)                       \
               | ((byte) < 0x90 ? OCORS_UTF8_AFTER_F4 : OCORS_UTF8_AFTER_F0))

extern const unsigned char ocors_utf8_forms[256];
extern const unsigned char ocors_utf8_seconds[256];

/*
 * The length in bytes of the character at `at`, which is before `end`: 1 for ASCII; 0 if what is
 * there is not a character (overlong, a surrogate, beyond U+10FFFF, cut off).
 */
static inline size_t ocors_utf8_length_at(const char *at, const char *end)
{
    const unsigned form = ocors_utf8_forms[(unsigned char)at[0]];

    if (form == OCORS_UTF8_ASCII) {
        return 1;
    }
    if (end - at < 2 || (ocors_utf8_seconds[(unsigned char)at[1]] & form) == 0) {
        return 0;
    }
    if (form == OCORS_UTF8_TWO) {
        return 2;
    }
    if (end - at < 3 || ocors_utf8_seconds[(unsigned char)at[2]] == 0) {
        return 0;
    }
    if (form <= OCORS_UTF8_AFTER_ED) {
        return 3;
    }
    return end - at < 4 || ocors_utf8_seconds[(unsigned char)at[3]] == 0 ? 0 : 4;
}

/* The same of a text that is not empty. */
size_t ocors_utf8_length(ocors_span_t text);

/* The code point of a character that ocors_utf8_length() has measured. */
uint32_t ocors_utf8_character(const char *bytes, size_t length);

/* Writes a character, at most OCORS_UTF8_MAX bytes; returns how many. */
size_t ocors_utf8_write(char *bytes, uint32_t character);

/* The beginning of a text, of at most `most` bytes, that ends between two characters. */
ocors_span_t ocors_utf8_cut(ocors_span_t text, size_t most);

#endif
