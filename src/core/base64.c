/* SPDX-License-Identifier: Apache-2.0 */
/* Base64, four characters at a time. */

#include "ocors_base64.h"

#include <stdint.h>

#include "ocors_table.h"

#define VALUE(byte)                                                                                \
    ((byte) >= 'A' && (byte) <= 'Z'   ? (byte) - 'A'                                               \
     : (byte) >= 'a' && (byte) <= 'z' ? (byte) - 'a' + 26                                          \
     : (byte) >= '0' && (byte) <= '9' ? (byte) - '0' + 52                                          \
     : (byte) == '-' || (byte) == '+' ? 62                                                         \
     : (byte) == '_' || (byte) == '/' ? 63                                                         \
                                      : 0)
/* Each byte's value by a name, VALUE_0x41 for 'A': the tables below then hold constants only. */
#define NAMED_VALUE(byte) VALUE_##byte = VALUE(byte)
enum OCORS_TABLE(NAMED_VALUE);

#define IS_NONE(byte) (VALUE_##byte == 0 && (byte) != 'A')
#define ENTRY(byte, first, second, third)                                                          \
    {                                                                                              \
        {                                                                                          \
            (unsigned char)(first), (unsigned char)(second), (unsigned char)(third), IS_NONE(byte) \
        }                                                                                          \
    }
#define FIRST(byte)  ENTRY(byte, VALUE_##byte << 2, 0, 0)
#define SECOND(byte) ENTRY(byte, VALUE_##byte >> 4, VALUE_##byte << 4 & 0xff, 0)
#define THIRD(byte)  ENTRY(byte, 0, VALUE_##byte >> 2, VALUE_##byte << 6 & 0xff)
#define FOURTH(byte) ENTRY(byte, 0, 0, VALUE_##byte)

/*
 * What a character adds to the three bytes that four make, and in the last byte whether it is none.
 */
typedef union base64_t {
    unsigned char bytes[4];
    uint32_t word; /* the same, to be added at once; the order of its bytes does not matter */
} base64_t;

static const base64_t base64_values[4][256] = {
    OCORS_TABLE(FIRST),
    OCORS_TABLE(SECOND),
    OCORS_TABLE(THIRD),
    OCORS_TABLE(FOURTH),
};

/*
 * Writes three bytes, and one that the next ones overwrite. Without `inline` the memcpy() of
 * _FORTIFY_SOURCE makes it a call, and decoding half as dear again.
 */
static inline uint32_t base64_decode_four(const char *four, char *to)
{
    const uint32_t word = base64_values[0][(unsigned char)four[0]].word
                          | base64_values[1][(unsigned char)four[1]].word
                          | base64_values[2][(unsigned char)four[2]].word
                          | base64_values[3][(unsigned char)four[3]].word;

    memcpy(to, &word, sizeof(word));
    return word;
}

/* A statement for each four: C leaves open which operand of `|` is evaluated, and writes, first. */
static inline uint32_t base64_decode_sixteen(const char *from, char *to)
{
    uint32_t word = base64_decode_four(from, to);

    word |= base64_decode_four(from + 4, to + 3);
    word |= base64_decode_four(from + 8, to + 6);
    word |= base64_decode_four(from + 12, to + 9);
    return word;
}

bool ocors_base64_decode(ocors_span_t text, char *buffer, ocors_span_t *decoded)
{
    const char *from = text.bytes;
    char *to = buffer;
    base64_t all = { .word = 0 };

    /* Padding fills up the last four, or is left out. */
    if (text.length > 0 && text.length % 4 == 0) {
        text.length -= text.bytes[text.length - 1] != '='   ? 0
                       : text.bytes[text.length - 2] == '=' ? 2
                                                            : 1;
    }
    size_t left = text.length;

    for (; left >= 32; left -= 32, from += 32, to += 24) {
        all.word |= base64_decode_sixteen(from, to);
        all.word |= base64_decode_sixteen(from + 16, to + 12);
    }
    for (; left >= 4; left -= 4, from += 4, to += 3) {
        all.word |= base64_decode_four(from, to);
    }
    if (left == 1) {
        return false;
    }
    if (left > 1) { /* 'A' is 0: what is missing adds nothing */
        const char four[4] = { from[0], from[1], left == 3 ? from[2] : 'A', 'A' };
        char bytes[4];

        all.word |= base64_decode_four(four, bytes);
        memcpy(to, bytes, left - 1);
        to += left - 1;
    }
    *decoded = ocors_span_make(buffer, (size_t)(to - buffer));
    return all.bytes[3] == 0;
}
