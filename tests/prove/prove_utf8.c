/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes: the character at the front, written again, and each cut. */
#include "ocors_utf8.h"
#include "prove.h"

static const char *const shapes[] = {
    "????????",
    NULL,
};

static void prove_character(ocors_span_t text)
{
    const size_t length = ocors_utf8_length(text);
    char written[OCORS_UTF8_MAX];

    if (length > 0) {
        const uint32_t character = ocors_utf8_character(text.bytes, length);

        prove_read(ocors_span_make(written, ocors_utf8_write(written, character)));
    }
}

static void prove(ocors_span_t text)
{
    if (text.length > 0) {
        prove_character(text);
    }
    for (size_t most = 0; most <= text.length + 1; most++) {
        prove_read(ocors_utf8_cut(text, most));
    }
}
