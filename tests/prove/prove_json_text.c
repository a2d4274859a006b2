/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any bytes, and a NUL after them, as a value, and as what is between the quotes of a string, which
 * is decoded into its own place and into another one. A budget that ends is tried, too.
 */
#include "ocors_json_text.h"
#include "prove.h"

static const char *const shapes[] = {
    "[?,?", "{\"a\"??", "\"????\"", "-??e?", "[[[??", "\\u????", "\\ud83d\\ude??", NULL,
};

/* With a NUL after it, in an object that ends there. */
static ocors_json_text_t text_make(ocors_span_t text)
{
    char *const bytes = malloc(text.length + 1);

    for (size_t i = 0; i < text.length; i++) {
        bytes[i] = text.bytes[i];
    }
    bytes[text.length] = '\0';
    return ocors_json_text_make(ocors_span_make(bytes, text.length));
}

static void prove_value(ocors_json_text_t text, ptrdiff_t left)
{
    const char *const end = ocors_json_value_end(text, &left);

    if (end != NULL) {
        prove_read(ocors_span_make(text.at, (size_t)(end - text.at)));
    }
}

static void prove(ocors_span_t text)
{
    const ocors_json_text_t json = text_make(text);
    char *const buffer = prove_bytes(text.length);
    ocors_span_t decoded;

    prove_value(json, PTRDIFF_MAX);
    prove_value(json, 1);
    if (ocors_json_decode(text, buffer, &decoded)) {
        prove_read(decoded);
    }
    if (ocors_json_decode(text, (char *)json.at, &decoded)) {
        prove_read(decoded);
    }
    free(buffer);
    free((char *)json.at);
}
