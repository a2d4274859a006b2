/* SPDX-License-Identifier: Apache-2.0 */
/* Request methods as a set, and the token that they and header names are. */
#include "ocors_method.h"

#include "ocors_table.h"

/* In the order of the bits, which is the order of lists. */
static const ocors_span_t method_names[] = {
    { "GET", 3 },   { "HEAD", 4 },   { "POST", 4 },    { "PUT", 3 },
    { "PATCH", 5 }, { "DELETE", 6 }, { "OPTIONS", 7 },
};

#define METHOD_COUNT (sizeof(method_names) / sizeof(method_names[0]))

ocors_methods_t ocors_method_parse(ocors_span_t name)
{
    for (size_t i = 0; i < METHOD_COUNT; i++) {
        if (name.length == method_names[i].length && name.bytes[0] == method_names[i].bytes[0]
            && ocors_span_is_equal(name, method_names[i])) {
            return (ocors_methods_t)(1u << i);
        }
    }
    return 0;
}

ocors_methods_t ocors_method_parse_nocase(ocors_span_t name)
{
    for (size_t i = 0; i < METHOD_COUNT; i++) {
        if (ocors_span_is_equal_nocase(name, method_names[i])) {
            return (ocors_methods_t)(1u << i);
        }
    }
    return 0;
}

size_t ocors_methods_format(ocors_methods_t methods, char *text)
{
    size_t length = 0;

    for (size_t i = 0; i < METHOD_COUNT; i++) {
        if ((methods & (1u << i)) == 0) {
            continue;
        }
        if (length > 0) {
            text[length++] = ',';
            text[length++] = ' ';
        }
        memcpy(text + length, method_names[i].bytes, method_names[i].length);
        length += method_names[i].length;
    }
    text[length] = '\0';
    return length;
}

/* RFC 9110 section 5.6.2. */
#define IS_TOKEN_CHARACTER(byte)                                                                   \
    (((byte) >= '0' && (byte) <= '9') || ((byte) >= 'A' && (byte) <= 'Z')                          \
     || ((byte) >= 'a' && (byte) <= 'z') || (byte) == '!' || ((byte) >= '#' && (byte) <= '\'')     \
     || (byte) == '*' || (byte) == '+' || (byte) == '-' || (byte) == '.' || (byte) == '^'          \
     || (byte) == '_' || (byte) == '`' || (byte) == '|' || (byte) == '~')

static const unsigned char is_token_character[256] = OCORS_TABLE(IS_TOKEN_CHARACTER);

/* 1: a token character; 0: another byte. */
static unsigned is_token_at(ocors_span_t text, size_t at)
{
    return is_token_character[(unsigned char)text.bytes[at]];
}

bool ocors_token_is_valid(ocors_span_t text)
{
    size_t at = 0;

    /* Four at a time: a header may hold thousands. */
    for (; text.length - at >= 4; at += 4) {
        if ((is_token_at(text, at) & is_token_at(text, at + 1) & is_token_at(text, at + 2)
             & is_token_at(text, at + 3))
            == 0) {
            return false;
        }
    }
    for (; at < text.length; at++) {
        if (is_token_at(text, at) == 0) {
            return false;
        }
    }
    return text.length > 0;
}
