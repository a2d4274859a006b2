/* SPDX-License-Identifier: Apache-2.0 */
/* A table with an entry for each byte, written as one expression. */
#ifndef OCORS_TABLE_H
#define OCORS_TABLE_H

/*
 * The initialiser of 256 entries, each VALUE(byte) for its byte, which is a literal: 0x00 to 0xff.
 *
 *   #define IS_BLANK(byte) ((byte) == ' ' || (byte) == '\t')
 *   static const bool is_blank[256] = OCORS_TABLE(IS_BLANK);
 */
#define OCORS_TABLE(VALUE)                                                                         \
    {                                                                                              \
        OCORS_TABLE_ENTRIES(VALUE)                                                                 \
    }

/*
 * The same without the braces: some of them in a row are one table. A tool that reads sources may
 * be given a shorter one: some take seconds for a thousand expressions.
 */
#ifndef OCORS_TABLE_ENTRIES
#define OCORS_TABLE_ENTRIES(VALUE)                                                                 \
    OCORS_TABLE_ROW(VALUE, 0x0), OCORS_TABLE_ROW(VALUE, 0x1), OCORS_TABLE_ROW(VALUE, 0x2),         \
        OCORS_TABLE_ROW(VALUE, 0x3), OCORS_TABLE_ROW(VALUE, 0x4), OCORS_TABLE_ROW(VALUE, 0x5),     \
        OCORS_TABLE_ROW(VALUE, 0x6), OCORS_TABLE_ROW(VALUE, 0x7), OCORS_TABLE_ROW(VALUE, 0x8),     \
        OCORS_TABLE_ROW(VALUE, 0x9), OCORS_TABLE_ROW(VALUE, 0xa), OCORS_TABLE_ROW(VALUE, 0xb),     \
        OCORS_TABLE_ROW(VALUE, 0xc), OCORS_TABLE_ROW(VALUE, 0xd), OCORS_TABLE_ROW(VALUE, 0xe),     \
        OCORS_TABLE_ROW(VALUE, 0xf)
#endif

/* The 16 bytes whose first hexadecimal digit `row` has. */
#define OCORS_TABLE_ROW(VALUE, row)                                                                \
    VALUE(row##0), VALUE(row##1), VALUE(row##2), VALUE(row##3), VALUE(row##4), VALUE(row##5),      \
        VALUE(row##6), VALUE(row##7), VALUE(row##8), VALUE(row##9), VALUE(row##a), VALUE(row##b),  \
        VALUE(row##c), VALUE(row##d), VALUE(row##e), VALUE(row##f)

#endif
