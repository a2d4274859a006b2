/* SPDX-License-Identifier: Apache-2.0 */
/* Text for people: nothing in it can act on a terminal, and it stays on its line. */
#ifndef OCORS_PRINT_H
#define OCORS_PRINT_H

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>

#include "ocors_span.h"

/* An ocors_put_t; `to` is a FILE. */
void ocors_print_put(void *to, const char *bytes, size_t length);

/*
 * Prints a text of anybody. Visible UTF-8 is printed as it is, an invisible character as <U+200B>,
 * a control character and a byte that is not UTF-8 as \x1b.
 */
void ocors_print_text(FILE *out, ocors_span_t text);
void ocors_print_string(FILE *out, const char *string);

/* A formatted text of anybody, and the end of its line. Of a longer text, the first 511 bytes. */
void ocors_print_sentence(FILE *out, const char *format, va_list arguments)
    __attribute__((format(printf, 2, 0)));

/* "ocapi-cors: FILE: SENTENCE", a line on standard error. */
void ocors_print_complaint(const char *path, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

typedef enum {
    OCORS_COLOUR_RED,
    OCORS_COLOUR_YELLOW,
    OCORS_COLOUR_GREEN,
    OCORS_COLOUR_BLUE,
    OCORS_COLOUR_BOLD
} ocors_colour_t;

/* Whether a stream takes colours: a terminal that is not dumb, where NO_COLOR is empty or unset. */
bool ocors_print_has_colours(FILE *out);

/* Prints a word, in a colour if there are colours. */
void ocors_print_coloured(FILE *out, bool has_colours, ocors_colour_t colour, const char *word);

#endif
