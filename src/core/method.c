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

static bool is_token_character(char c)
{
    /* strchr finds the NUL as well, so it is asked for first. */
    return ocors_ascii_is_alpha(c) || ocors_ascii_is_digit(c) ||
           (c != '\0' && strchr("!#$%&'*+-.^_`|~", c) != NULL);
}

bool ocors_token_is_valid(ocors_span_t text)
{
    for (size_t i = 0; i < text.length; i++) {
        if (!is_token_character(text.bytes[i])) {
            return false;
        }
    }
    return text.length > 0;
}
