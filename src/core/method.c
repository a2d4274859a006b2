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
    if (ocors_span_is_equal(name, OCORS_SPAN_LITERAL("GET"))) {
        return OCORS_METHOD_GET; /* most are */
    }
    for (size_t i = 1; i < METHOD_COUNT; i++) {
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
static unsigned is_token_at(const char *at)
{
    return is_token_character[(unsigned char)*at];
}

static unsigned are_four_tokens_at(const char *at)
{
    return is_token_at(at) & is_token_at(at + 1) & is_token_at(at + 2) & is_token_at(at + 3);
}

static unsigned are_tokens_at(const char *at)
{
    return are_four_tokens_at(at) & are_four_tokens_at(at + 4);
}

bool ocors_token_is_valid(ocors_span_t text)
{
    const char *at = text.bytes;
    unsigned is_valid = text.length > 0;

    if (text.length < 8) {
        for (size_t i = 0; i < text.length; i++) {
            is_valid &= is_token_at(at + i);
        }
        return is_valid != 0;
    }
    /* Eight at a time, some of the last ones once more: a header may hold thousands (R13). */
    for (const char *const last = at + text.length - 8; at < last; at += 8) {
        is_valid &= are_tokens_at(at);
    }
    return (is_valid & are_tokens_at(text.bytes + text.length - 8)) != 0;
}
