/* SPDX-License-Identifier: Apache-2.0 */
/* Reading 2 of a path of any bytes, in a buffer of the size that its contract asks for. */
#include "ocors_url_loose.h"
#include "prove.h"

static const char *const shapes[] = { "/dw/?", "?%2?", "a;?/..", "/(S(?))", "/d/(S(?))w", NULL };

static void prove(ocors_span_t text)
{
    char *const buffer = malloc(text.length + 1);

    prove_read(ocors_url_loosen(text, buffer).path);
    ocors_url_is_loose(text);
    free(buffer);
}
