/* SPDX-License-Identifier: Apache-2.0 */
/* Text for people: nothing in it can act on a terminal, and it stays on its line. */

#include "ocors_print.h"

#include <stdlib.h>
#include <unistd.h>

#include "ocors_escape.h"

void ocors_print_put(void *to, const char *bytes, size_t length)
{
    (void)fwrite(bytes, 1, length, to);
}

void ocors_print_text(FILE *out, ocors_span_t text)
{
    ocors_escape_text(ocors_print_put, out, text);
}

void ocors_print_string(FILE *out, const char *string)
{
    ocors_print_text(out, ocors_span_from_string(string));
}

bool ocors_print_has_colours(FILE *out)
{
    const char *forbidden = getenv("NO_COLOR");
    const char *terminal = getenv("TERM");

    return isatty(fileno(out)) && (forbidden == NULL || forbidden[0] == '\0') && terminal != NULL
           && strcmp(terminal, "dumb") != 0;
}

void ocors_print_coloured(FILE *out, bool has_colours, ocors_colour_t colour, const char *word)
{
    static const char *const codes[] = {
        [OCORS_COLOUR_RED] = "1;31",  [OCORS_COLOUR_YELLOW] = "1;33", [OCORS_COLOUR_GREEN] = "32",
        [OCORS_COLOUR_BLUE] = "1;36", [OCORS_COLOUR_BOLD] = "1",
    };

    if (has_colours) {
        fprintf(out, "\033[%sm%s\033[0m", codes[colour], word);
    }
    else {
        fputs(word, out);
    }
}

void ocors_print_sentence(FILE *out, const char *format, va_list arguments)
{
    char sentence[512];

    vsnprintf(sentence, sizeof(sentence), format, arguments);
    ocors_print_string(out, sentence);
    fputc('\n', out);
}

void ocors_print_complaint(const char *path, const char *format, ...)
{
    va_list arguments;

    fputs("ocapi-cors: ", stderr);
    ocors_print_string(stderr, path);
    fputs(": ", stderr);
    va_start(arguments, format);
    ocors_print_sentence(stderr, format, arguments);
    va_end(arguments);
}
