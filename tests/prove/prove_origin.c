/* SPDX-License-Identifier: Apache-2.0 */
/* An Origin of any bytes to its serialised form. */
#include "ocors_origin.h"
#include "prove.h"

static const char *const shapes[] = { "http://???",
                                      "https://[????",
                                      "https://[::?",
                                      "http://127.0.0.?",
                                      "a://b.c:???",
                                      "https://a@?/?",
                                      NULL };

static void prove(ocors_span_t text)
{
    ocors_origin_t origin;

    if (ocors_origin_canonicalise(text, &origin) == OCORS_ORIGIN_OK) {
        prove_read(ocors_span_make(origin.bytes, origin.length + 1));
        ocors_origin_is_insecure(&origin);
    }
}
