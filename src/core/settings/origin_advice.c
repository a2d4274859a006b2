/* SPDX-License-Identifier: Apache-2.0 */
/* An entry that is not an origin -> what is wrong with it, and what was probably meant. */
#include "ocors_origin_advice.h"

#include <stdio.h>

#include "ocors_invisible.h"
#include "ocors_near_name.h"
#include "ocors_punycode.h"

/* A longer entry is not looked at more closely: its fault is that of its result. */
#define ADVISED_MAX 2048

/* A longer origin is not shown as advice. */
#define LIKELY_SHOWN_MAX 120

/* How many origins of an entry that holds several are shown. */
#define SEVERAL_SHOWN 2

/* The offset of the first byte that is in the set, from an offset on; span.length: there is none.
 */
static size_t find_any(ocors_span_t span, size_t from, const char *set)
{
    while (from < span.length
           && (span.bytes[from] == '\0' || strchr(set, span.bytes[from]) == NULL)) {
        from++;
    }
    return from;
}

static bool has_any(ocors_span_t span, const char *set)
{
    return find_any(span, 0, set) < span.length;
}

static size_t find_separator(ocors_span_t text)
{
    for (size_t i = 0; i + 3 <= text.length; i++) {
        if (memcmp(text.bytes + i, "://", 3) == 0) {
            return i;
        }
    }
    return text.length;
}

static ocors_span_t trim(ocors_span_t text)
{
    while (text.length > 0 && (unsigned char)text.bytes[0] <= 0x20) {
        text = ocors_span_from(text, 1);
    }
    while (text.length > 0 && (unsigned char)text.bytes[text.length - 1] <= 0x20) {
        text.length--;
    }
    return text;
}

/* ---- Placeholders --------------------------------------------------------------------------- */

/* "<your-domain>", "{{domain}}", "[SHORTCODE]": a pair of brackets; an IPv6 address has
 * hexadecimal. */
static bool has_bracketed_words(ocors_span_t entry)
{
    static const char *const pairs[] = { "<>", "{}" };
    size_t open = find_any(entry, 0, "[");

    for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
        const char opening[] = { pairs[i][0], '\0' };
        const size_t at = find_any(entry, 0, opening);

        if (at < entry.length && find_any(entry, at, pairs[i] + 1) < entry.length) {
            return true;
        }
    }
    for (size_t i = open + 1; i < entry.length; i++) {
        const char c = entry.bytes[i];

        if (c == ']' || c == '%') {
            return false;
        }
        if (c != ':' && c != '.' && ocors_ascii_hex_value(c) < 0) {
            return find_any(entry, i, "]") < entry.length;
        }
    }
    return false;
}

/* "$CLIENT", "${DOMAIN}", "$(domain)". */
static bool has_variable(ocors_span_t entry)
{
    for (size_t i = 0; i + 1 < entry.length; i++) {
        const char next = entry.bytes[i + 1];
        const bool is_within = i > 0 && ocors_ascii_is_alpha(entry.bytes[i - 1]);

        if (entry.bytes[i] == '$'
            && (next == '{' || next == '('
                || (!is_within && (ocors_ascii_is_alpha(next) || next == '_')))) {
            return true;
        }
    }
    return false;
}

/* "YOUR_DOMAIN", "www.your-shop.com". */
static bool has_your(ocors_span_t entry)
{
    const ocors_span_t your = OCORS_SPAN_LITERAL("your");

    for (size_t i = 0; i + your.length < entry.length; i++) {
        if (ocors_span_is_equal_nocase(ocors_span_make(entry.bytes + i, your.length), your)
            && (i == 0 || !ocors_ascii_is_alpha(entry.bytes[i - 1]))
            && strchr("_- .", entry.bytes[i + your.length]) != NULL
            && entry.bytes[i + your.length] != '\0') {
            return true;
        }
    }
    return false;
}

static bool is_placeholder(ocors_span_t entry)
{
    return has_bracketed_words(entry) || has_variable(entry) || has_your(entry);
}

/* ---- What was probably meant ---------------------------------------------------------------- */

const char *ocors_origin_near_scheme(ocors_span_t scheme)
{
    const size_t plain = ocors_name_distance(scheme, "http");
    const size_t secure = ocors_name_distance(scheme, "https");

    if (plain == OCORS_NAME_FAR && secure == OCORS_NAME_FAR) {
        return NULL;
    }
    return secure < plain ? "https" : "http";
}

/* An origin of a scheme (NULL: one that suits the host) and what begins with a host. */
static bool make_origin(const char *scheme, ocors_span_t rest, ocors_origin_t *origin)
{
    char text[OCORS_ORIGIN_MAX + 1];
    const ocors_span_t authority = ocors_span_make(rest.bytes, find_any(rest, 0, "/?#\\"));
    const int length = snprintf(text, sizeof(text), "%s://%.*s", scheme != NULL ? scheme : "http",
                                authority.length > OCORS_ORIGIN_MAX ? 0 : (int)authority.length,
                                authority.length > 0 ? authority.bytes : "");

    if ((size_t)length >= sizeof(text)
        || ocors_origin_canonicalise(ocors_span_make(text, (size_t)length), origin)
               != OCORS_ORIGIN_OK) {
        return false;
    }
    /* A page that is not on this machine has https. */
    return scheme != NULL || !ocors_origin_is_insecure(origin)
           || make_origin("https", rest, origin);
}

/* "localhost", or a name of several labels, or anything with a port. */
static bool looks_like_host(ocors_span_t text)
{
    const ocors_span_t authority = ocors_span_make(text.bytes, find_any(text, 0, "/?#\\"));
    const size_t colon = find_any(authority, 0, ":");

    return has_any(authority, ".") || colon + 1 < authority.length
           || ocors_span_is_equal_nocase(ocors_span_make(authority.bytes, colon),
                                         OCORS_SPAN_LITERAL("localhost"));
}

/* What an entry without "://" probably means; false: nothing that is known. */
static bool complete_origin(ocors_span_t text, ocors_origin_t *origin)
{
    size_t word = 0;
    size_t rest;
    const char *scheme;

    while (word < text.length && ocors_ascii_is_alpha(text.bytes[word])) {
        word++;
    }
    rest = word;
    while (rest < text.length && strchr(":;/\\", text.bytes[rest]) != NULL
           && text.bytes[rest] != '\0') {
        rest++;
    }
    if (rest == word) {
        return looks_like_host(text) && make_origin(NULL, text, origin);
    }
    if (word == 0) {
        return rest > 1 && make_origin("https", ocors_span_from(text, rest), origin);
    }
    scheme = ocors_origin_near_scheme(ocors_span_make(text.bytes, word));
    if (scheme != NULL) {
        return make_origin(scheme, ocors_span_from(text, rest), origin);
    }
    return looks_like_host(text) && make_origin(NULL, text, origin);
}

/* The origin that a text probably means. */
static bool find_likely(ocors_span_t text, ocors_origin_t *origin)
{
    const ocors_span_t trimmed = trim(text);
    const size_t separator = find_separator(trimmed);
    char scheme[OCORS_ORIGIN_SCHEME_MAX + 1];

    if (separator == trimmed.length) {
        return trimmed.length > 0 && complete_origin(trimmed, origin);
    }
    if (separator > OCORS_ORIGIN_SCHEME_MAX) {
        return false;
    }
    memcpy(scheme, trimmed.bytes, separator);
    scheme[separator] = '\0';
    return strlen(scheme) == separator
           && make_origin(scheme, ocors_span_from(trimmed, separator + 3), origin);
}

/*
 * How many origins an entry holds, with separators between them; 0: it is not a list of origins. If
 * blanks are the only separators, each origin has its "://": "https://a b.example" is one.
 */
static size_t find_several(ocors_span_t entry, ocors_origin_t origins[SEVERAL_SHOWN])
{
    const bool has_marks = has_any(entry, ",;|");
    size_t count = 0;

    while (entry.length > 0) {
        const size_t end = find_any(entry, 0, ",;| \t\r\n");
        const ocors_span_t part = ocors_span_make(entry.bytes, end);
        ocors_origin_t origin;

        if (part.length > 0) {
            if (!find_likely(part, &origin)
                || (!has_marks && find_separator(part) == part.length)) {
                return 0;
            }
            if (count < SEVERAL_SHOWN) {
                origins[count] = origin;
            }
            count++;
        }
        entry = ocors_span_from(entry, end < entry.length ? end + 1 : end);
    }
    return count > 1 ? count : 0;
}

/* ---- The sentence --------------------------------------------------------------------------- */

/* The host of an entry beyond ASCII as browsers send it; false: that is not known. */
static bool advise_punycode(ocors_span_t entry, ocors_advice_t *advice)
{
    const size_t separator = find_separator(entry);
    ocors_span_t rest;
    char host[OCORS_PUNYCODE_HOST_MAX];
    char text[OCORS_ORIGIN_MAX + 1];
    ocors_origin_t origin;
    size_t end;
    int length;

    if (separator > OCORS_ORIGIN_SCHEME_MAX || separator == entry.length) {
        return false;
    }
    rest = ocors_span_from(entry, separator + 3);
    end = find_any(rest, 0, ":/?#\\");
    if (rest.length - end > OCORS_ORIGIN_MAX
        || !ocors_punycode_write_host(ocors_span_make(rest.bytes, end), host)) {
        return false;
    }
    length = snprintf(text, sizeof(text), "%.*s://%s%.*s", (int)separator, entry.bytes, host,
                      (int)(rest.length - end), rest.bytes + end);
    if ((size_t)length >= sizeof(text)
        || ocors_origin_canonicalise(ocors_span_make(text, (size_t)length), &origin)
               != OCORS_ORIGIN_OK
        || origin.length > LIKELY_SHOWN_MAX) {
        return false;
    }
    snprintf(advice->text, sizeof(advice->text),
             "an origin is ASCII; write the host in punycode: \"%s\"", origin.bytes);
    return true;
}

/* What there is to say of the entry beside its result; false: nothing. */
static bool advise_specially(ocors_span_t entry, ocors_origin_result_t result,
                             ocors_advice_t *advice)
{
    ocors_origin_t origins[SEVERAL_SHOWN];
    uint32_t character = 0;
    const char *name = ocors_invisible_find(entry, &character);

    if (name != NULL) {
        snprintf(advice->text, sizeof(advice->text),
                 "this holds U+%04X (%s), which nobody can see; remove it", (unsigned)character,
                 name);
        return true;
    }
    if (find_several(entry, origins) > 0
        && origins[0].length + origins[1].length <= (size_t)2 * LIKELY_SHOWN_MAX) {
        snprintf(advice->text, sizeof(advice->text),
                 "these are several origins; write one origin for each entry: \"%s\", \"%s\"",
                 origins[0].bytes, origins[1].bytes);
        return true;
    }
    return result == OCORS_ORIGIN_NOT_ASCII && advise_punycode(entry, advice);
}

/* An entry without "://", or with a fault: what was meant, as far as that can be told. */
static void advise_meaning(ocors_span_t entry, ocors_origin_result_t result, ocors_advice_t *advice)
{
    const bool is_bare = result == OCORS_ORIGIN_PLACEHOLDER;
    ocors_origin_t origin;

    advice->kind = is_bare ? OCORS_ADVICE_MISTYPED : OCORS_ADVICE_FAULT;
    if (advise_specially(entry, result, advice)) {
        return;
    }
    if (find_likely(entry, &origin) && origin.length <= LIKELY_SHOWN_MAX) {
        snprintf(advice->text, sizeof(advice->text), "%s; did you mean \"%s\"?",
                 is_bare ? "an origin begins with a scheme and \"://\", and this matches nothing"
                         : ocors_origin_explain(result),
                 origin.bytes);
        return;
    }
    advice->kind = is_bare ? OCORS_ADVICE_PLACEHOLDER : OCORS_ADVICE_FAULT;
    snprintf(advice->text, sizeof(advice->text), "%s", ocors_origin_explain(result));
}

void ocors_origin_advise(ocors_span_t entry, ocors_origin_result_t result, ocors_advice_t *advice)
{
    const bool is_clear = result == OCORS_ORIGIN_WILDCARD || result == OCORS_ORIGIN_NULL
                          || result == OCORS_ORIGIN_EMPTY || entry.length > ADVISED_MAX;

    if (!is_clear && !is_placeholder(entry)) {
        advise_meaning(entry, result, advice);
        return;
    }
    if (!is_clear) {
        result = OCORS_ORIGIN_PLACEHOLDER;
    }
    advice->kind = result == OCORS_ORIGIN_PLACEHOLDER || result == OCORS_ORIGIN_EMPTY
                       ? OCORS_ADVICE_PLACEHOLDER
                       : OCORS_ADVICE_FAULT;
    snprintf(advice->text, sizeof(advice->text), "%s", ocors_origin_explain(result));
}

const char *ocors_origin_explain(ocors_origin_result_t result)
{
    switch (result) {
    case OCORS_ORIGIN_OK:
        return "this is an origin";
    case OCORS_ORIGIN_WILDCARD:
        return "the '*' wildcard is not supported; list each origin, such as "
               "\"https://www.example.com\"";
    case OCORS_ORIGIN_NULL:
        return "browsers send \"null\" for any page without an origin, so it is never allowed; list "
               "real origins, such as \"https://www.example.com\"";
    case OCORS_ORIGIN_EMPTY:
        return "an empty entry matches nothing; write an origin, such as "
               "\"https://www.example.com\", or remove the entry";
    case OCORS_ORIGIN_PLACEHOLDER:
        return "this is a placeholder that nobody filled in, and it matches nothing; write an origin "
               "with \"://\", such as \"https://www.example.com\"";
    case OCORS_ORIGIN_NOT_ASCII:
        return "an origin is ASCII; write the host in punycode, such as "
               "\"https://xn--bcher-kva.example\"";
    case OCORS_ORIGIN_SPACE:
        return "an origin has no spaces or control characters; write scheme://host or "
               "scheme://host:port, one origin for each entry";
    case OCORS_ORIGIN_SCHEME:
        return "the part before \"://\" is not a valid scheme; a scheme begins with a letter and has "
               "letters, digits, '+', '-' and '.', at most 32, such as \"https\"";
    case OCORS_ORIGIN_OPAQUE_SCHEME:
        return "browsers send \"null\" for pages of this scheme, so this never matches; list origins "
               "such as \"https://www.example.com\"";
    case OCORS_ORIGIN_USERINFO:
        return "an origin has no user name or password ('@'); write scheme://host or "
               "scheme://host:port";
    case OCORS_ORIGIN_PATH:
        return "an origin has no path; write scheme://host or scheme://host:port and nothing after "
               "it";
    case OCORS_ORIGIN_QUERY:
        return "an origin has no query ('?'); write scheme://host or scheme://host:port and "
               "nothing after it";
    case OCORS_ORIGIN_FRAGMENT:
        return "an origin has no fragment ('#'); write scheme://host or scheme://host:port and "
               "nothing after it";
    case OCORS_ORIGIN_HOST:
        return "the host is not a valid name; a name has letters, digits, '-' and '_' between single "
               "dots, at most 253 characters";
    case OCORS_ORIGIN_IPV4:
        return "browsers send an IPv4 address as four decimal numbers from 0 to 255 without "
               "leading zeros, such as \"http://192.0.2.10:3000\"; write that form";
    case OCORS_ORIGIN_IPV6:
        return "browsers send an IPv6 address in brackets, in hexadecimal, its longest run of "
               "zeros as '::' and without a zone, such as \"http://[2001:db8::1]:8080\"; write that "
               "form";
    case OCORS_ORIGIN_PORT:
        return "a port is a number from 1 to 65535 without leading zeros, such as "
               "\"https://www.example.com:8443\"; for the default port write neither ':' nor a "
               "number";
    }
    return "this is not an origin";
}
