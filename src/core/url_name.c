/* SPDX-License-Identifier: Apache-2.0 */
/* Names in a URL path, folded as the most lenient application does. */

#include "ocors_url_name.h"

/*
 * The character at *at in lower case; *at moves past it. Applications that compare without case
 * take four letters beyond ASCII for an ASCII one.
 */
static char fold_next(ocors_span_t text, size_t *at)
{
    const ocors_span_t rest = ocors_span_make(text.bytes + *at, text.length - *at);

    if ((unsigned char)rest.bytes[0] < 0x80) {
        ++*at;
        return ocors_ascii_lower(rest.bytes[0]);
    }
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

/*
 * White space beyond ASCII that trim() and strip() of common languages remove: U+0085, U+00A0,
 * U+1680, U+2000 to U+200F (with the zero-width ones), U+2028, U+2029, U+202F, U+205F, U+3000,
 * U+FEFF.
 */
static bool is_wide_blank(const char *bytes, size_t length)
{
    const unsigned char *at = (const unsigned char *)bytes;

    if (length == 2) {
        return at[0] == 0xc2 && (at[1] == 0x85 || at[1] == 0xa0);
    }
    return (at[0] == 0xe1 && at[1] == 0x9a && at[2] == 0x80)
           || (at[0] == 0xe2 && at[1] == 0x80
               && ((at[2] >= 0x80 && at[2] <= 0x8f) || at[2] == 0xa8 || at[2] == 0xa9
                   || at[2] == 0xaf))
           || (at[0] == 0xe2 && at[1] == 0x81 && at[2] == 0x9f)
           || (at[0] == 0xe3 && at[1] == 0x80 && at[2] == 0x80)
           || (at[0] == 0xef && at[1] == 0xbb && at[2] == 0xbf);
}

/* The number of bytes to trim at one end of a name. */
static size_t trimmed_length(ocors_span_t name, bool at_end, bool with_dots)
{
    const char *end;
    char c;

    if (name.length == 0) { /* its bytes may be NULL, which has no end */
        return 0;
    }
    end = name.bytes + name.length;
    c = at_end ? end[-1] : name.bytes[0];
    if ((unsigned char)c <= 0x20 || (with_dots && c == '.')) {
        return 1;
    }
    if ((unsigned char)c < 0x80) {
        return 0;
    }
    for (size_t length = 2; length <= 3 && length <= name.length; length++) {
        if (is_wide_blank(at_end ? end - length : name.bytes, length)) {
            return length;
        }
    }
    return 0;
}

ocors_span_t ocors_url_name_trim(ocors_span_t name, bool with_dots)
{
    size_t length;

    while ((length = trimmed_length(name, false, with_dots)) > 0) {
        name.bytes += length;
        name.length -= length;
    }
    while ((length = trimmed_length(name, true, with_dots)) > 0) {
        name.length -= length;
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
        if ((unsigned char)id.bytes[at] < 0x80) {
            key[length++] = ocors_ascii_lower(id.bytes[at++]);
        }
        else {
            key[length++] = fold_next(id, &at);
        }
    }
    return length;
}
