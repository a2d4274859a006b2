/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a part of JSON, HTML, a label and a line of a log: what is put can be read. */
#include "ocors_escape.h"
#include "ocors_invisible.h"
#include "prove.h"

static const char *const shapes[] = {
    "a????b",
    NULL,
};

/* Any character may have a name. */
const char *ocors_invisible_name(uint32_t character)
{
    (void)character;
    return Frama_C_interval(0, 1) != 0 ? "name" : NULL;
}

static void put(void *to, const char *bytes, size_t length)
{
    *(unsigned *)to |= prove_read(ocors_span_make(bytes, length));
}

static void prove(ocors_span_t text)
{
    unsigned all = 0;

    ocors_escape_json(put, &all, text);
    ocors_escape_html(put, &all, text);
    ocors_escape_label(put, &all, text);
    ocors_escape_text(put, &all, text);
}
