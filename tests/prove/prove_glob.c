/* SPDX-License-Identifier: Apache-2.0 */
/* A pattern of any bytes, and a text of any bytes. */
#include "ocors_glob.h"
#include "prove.h"

static const char *const shapes[] = {
    "??*??",
    "*?*??",
    NULL,
};

static void prove(ocors_span_t pattern)
{
    for (size_t other = 0; other <= BOUND; other++) {
        const ocors_span_t text = prove_span(other);

        ocors_glob_is_match(pattern, text);
        free((char *)text.bytes);
    }
}
