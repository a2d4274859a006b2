/* SPDX-License-Identifier: Apache-2.0 */
/* Request methods as a set, and the token that they and header names are. */
#include "ocors_method.h"

/* In the order of the bits, which is the order of lists. */
static const ocors_span_t method_names[] = {
    { "GET", 3 },   { "HEAD", 4 },   { "POST", 4 },    { "PUT", 3 },
    { "PATCH", 5 }, { "DELETE", 6 }, { "OPTIONS", 7 },
};

#define METHOD_COUNT (sizeof(method_names) / sizeof(method_names[0]))

ocors_methods_t ocors_method_parse(ocors_span_t name)
{
    for (size_t i = 0; i < METHOD_COUNT; i++) {
        if (ocors_span_is_equal(name, method_names[i])) {
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
static const bool is_token_character[256] = {
    ['!'] = true, ['#'] = true, ['$'] = true, ['%'] = true, ['&'] = true, ['\''] = true, ['*'] = true,
    ['+'] = true, ['-'] = true, ['.'] = true, ['^'] = true, ['_'] = true, ['`'] = true, ['|'] = true,
    ['~'] = true,
    ['0'] = true, ['1'] = true, ['2'] = true, ['3'] = true, ['4'] = true, ['5'] = true, ['6'] = true,
    ['7'] = true, ['8'] = true, ['9'] = true,
    ['A'] = true, ['B'] = true, ['C'] = true, ['D'] = true, ['E'] = true, ['F'] = true, ['G'] = true,
    ['H'] = true, ['I'] = true, ['J'] = true, ['K'] = true, ['L'] = true, ['M'] = true, ['N'] = true,
    ['O'] = true, ['P'] = true, ['Q'] = true, ['R'] = true, ['S'] = true, ['T'] = true, ['U'] = true,
    ['V'] = true, ['W'] = true, ['X'] = true, ['Y'] = true, ['Z'] = true,
    ['a'] = true, ['b'] = true, ['c'] = true, ['d'] = true, ['e'] = true, ['f'] = true, ['g'] = true,
    ['h'] = true, ['i'] = true, ['j'] = true, ['k'] = true, ['l'] = true, ['m'] = true, ['n'] = true,
    ['o'] = true, ['p'] = true, ['q'] = true, ['r'] = true, ['s'] = true, ['t'] = true, ['u'] = true,
    ['v'] = true, ['w'] = true, ['x'] = true, ['y'] = true, ['z'] = true,
};

bool ocors_token_is_valid(ocors_span_t text)
{
    for (size_t i = 0; i < text.length; i++) {
        if (!is_token_character[(unsigned char)text.bytes[i]]) {
            return false;
        }
    }
    return text.length > 0;
}
