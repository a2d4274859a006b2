/* SPDX-License-Identifier: Apache-2.0 */
/* Names in a URL path, without what the loosest application does not tell apart. */

#include "ocors_url_name.h"

/*
 * The first character in lower case; `at` moves behind it. Four letters beyond ASCII are equal to an
 * ASCII one where applications compare without case.
 */
static char fold_next(ocors_span_t text, size_t *at)
{
    const ocors_span_t rest = ocors_span_make(text.bytes + *at, text.length - *at);

    if (ocors_span_has_prefix(rest, OCORS_SPAN_LITERAL("\xc5\xbf"))) {
        *at += 2;
        return 's'; /* U+017F */
    }
    if (ocors_span_has_prefix(rest, OCORS_SPAN_LITERAL("\xc4\xb1"))
        || ocors_span_has_prefix(rest, OCORS_SPAN_LITERAL("\xc4\xb0"))) {
        *at += 2;
        return 'i'; /* U+0131, U+0130: Java's equalsIgnoreCase(); toUpperCase() of most languages */
    }
    if (ocors_span_has_prefix(rest, OCORS_SPAN_LITERAL("\xe2\x84\xaa"))) {
        *at += 3;
        return 'k'; /* U+212A */
    }
    return ocors_ascii_lower(text.bytes[(*at)++]);
}

static bool is_trimmed(char c, bool with_dots)
{
    return (unsigned char)c <= 0x20 || (with_dots && c == '.');
}

ocors_span_t ocors_url_name_trim(ocors_span_t name, bool with_dots)
{
    while (name.length > 0 && is_trimmed(name.bytes[0], with_dots)) {
        name.bytes++;
        name.length--;
    }
    while (name.length > 0 && is_trimmed(name.bytes[name.length - 1], with_dots)) {
        name.length--;
    }
    return name;
}

size_t ocors_url_name_prefix(ocors_span_t name, ocors_span_t word)
{
    size_t at = 0;

    for (size_t i = 0; i < word.length; i++) {
        if (at == name.length || fold_next(name, &at) != word.bytes[i]) {
            return 0;
        }
    }
    return at;
}

bool ocors_url_name_is(ocors_span_t name, ocors_span_t word)
{
    if (name.bytes == NULL) {
        return false;
    }
    name = ocors_url_name_trim(name, true);
    return name.length >= word.length && ocors_url_name_prefix(name, word) == name.length;
}

size_t ocors_site_key(ocors_span_t id, char key[OCORS_SITE_KEY_MAX])
{
    size_t length = 0;

    id = ocors_url_name_trim(id, true);
    for (size_t at = 0; at < id.length;) {
        if (length == OCORS_SITE_KEY_MAX) {
            return 0;
        }
        key[length++] = fold_next(id, &at);
    }
    return length;
}
