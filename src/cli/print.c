/* SPDX-License-Identifier: Apache-2.0 */
/* Text for people: nothing in it can act on a terminal, and it stays on its line. */

#include "ocors_print.h"

#include <stdlib.h>
#include <unistd.h>

#include "ocors_invisible.h"
#include "ocors_utf8.h"

void ocors_print_text(FILE *out, ocors_span_t text)
{
    while (text.length > 0) {
        const size_t length = ocors_utf8_length(text);
        const size_t taken = length > 0 ? length : 1;
        const unsigned char first = (unsigned char)text.bytes[0];

        if (length == 0 || first < 0x20 || first == 0x7f) {
            fprintf(out, "\\x%02x", first);
        }
        else if (length > 1
                 && ocors_invisible_name(ocors_utf8_character(text.bytes, length)) != NULL) {
            fprintf(out, "<U+%04X>", (unsigned)ocors_utf8_character(text.bytes, length));
        }
        else {
            fwrite(text.bytes, 1, length, out);
        }
        text = ocors_span_make(text.bytes + taken, text.length - taken);
    }
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
