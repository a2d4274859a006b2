/* SPDX-License-Identifier: Apache-2.0 */
/* A table with an entry for each byte, written as one expression. */
#ifndef OCORS_TABLE_H
#define OCORS_TABLE_H

/*
 * The initialiser of 256 entries, each VALUE(byte) for its byte from 0 to 255:
 *
 *   #define IS_BLANK(byte) ((byte) == ' ' || (byte) == '\t')
 *   static const bool is_blank[256] = OCORS_TABLE(IS_BLANK);
 */
#define OCORS_TABLE_OF_4(VALUE, byte)                                                              \
    VALUE(byte), VALUE((byte) + 1), VALUE((byte) + 2), VALUE((byte) + 3)
#define OCORS_TABLE_OF_16(VALUE, byte)                                                             \
    OCORS_TABLE_OF_4(VALUE, byte), OCORS_TABLE_OF_4(VALUE, (byte) + 4),                            \
        OCORS_TABLE_OF_4(VALUE, (byte) + 8), OCORS_TABLE_OF_4(VALUE, (byte) + 12)
#define OCORS_TABLE_OF_64(VALUE, byte)                                                             \
    OCORS_TABLE_OF_16(VALUE, byte), OCORS_TABLE_OF_16(VALUE, (byte) + 16),                         \
        OCORS_TABLE_OF_16(VALUE, (byte) + 32), OCORS_TABLE_OF_16(VALUE, (byte) + 48)
#define OCORS_TABLE(VALUE)                                                                         \
    {                                                                                              \
        OCORS_TABLE_OF_64(VALUE, 0), OCORS_TABLE_OF_64(VALUE, 64), OCORS_TABLE_OF_64(VALUE, 128),  \
            OCORS_TABLE_OF_64(VALUE, 192)                                                          \
    }

#endif
