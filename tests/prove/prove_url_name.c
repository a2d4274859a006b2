/* SPDX-License-Identifier: Apache-2.0 */
/* A segment of any bytes, trimmed, compared, and made a key. */
#include "ocors_url_name.h"
#include "prove.h"

static const char *const shapes[] = {
    "sites-??",
    NULL,
};

static void prove_trim(ocors_span_t name, bool with_dots)
{
    prove_read(ocors_url_name_trim(name, with_dots));
}

static void prove_is(ocors_span_t name)
{
    ocors_url_name_is(name, OCORS_SPAN_LITERAL("dw"));
}

static void prove_prefix(ocors_span_t name)
{
    if (ocors_url_name_prefix(name, OCORS_SPAN_LITERAL("sites-")) > name.length) {
        prove_fails();
    }
}

static void prove_key(ocors_span_t name)
{
    char key[OCORS_SITE_KEY_MAX];

    prove_read(ocors_span_make(key, ocors_site_key(name, key)));
}

static void prove(ocors_span_t name)
{
    prove_trim(name, true);
    prove_trim(name, false);
    prove_is(name);
    prove_prefix(name);
    prove_key(name);
}
