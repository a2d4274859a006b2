/* SPDX-License-Identifier: Apache-2.0 */
/* Brings a configured origin to the form that browsers send, or says why it is none. */
#include "ocors_origin.h"

#include <arpa/inet.h>
#include <stdint.h>
#include <stdio.h>

/* Where the parts of an entry stand. What is absent has length 0. */
typedef struct parts_t {
    ocors_span_t scheme;
    ocors_span_t host;
    ocors_span_t port; /* with its ':' */
    bool has_userinfo;
    bool has_slash; /* one '/' ends the entry */
    bool has_path;  /* more than that, or a backslash */
    bool has_query;
    bool has_fragment;
    bool is_bare_ipv6; /* colons in the host, and no brackets */
} parts_t;

/* Schemes whose hosts are names or addresses of the net, and the port that is left out. */
static const struct {
    ocors_span_t scheme;
    ocors_span_t port;
    uint16_t number;
} special_schemes[] = {
    { { "http", 4 }, { ":80", 3 }, 80 }, { { "https", 5 }, { ":443", 4 }, 443 },
    { { "ws", 2 }, { ":80", 3 }, 80 },   { { "wss", 3 }, { ":443", 4 }, 443 },
    { { "ftp", 3 }, { ":21", 3 }, 21 },
};

#define SPECIAL_COUNT (sizeof(special_schemes) / sizeof(special_schemes[0]))

static const ocors_span_t opaque_schemes[] = {
    { "file", 4 }, { "data", 4 }, { "about", 5 }, { "blob", 4 }, { "javascript", 10 },
};

#define OPAQUE_COUNT (sizeof(opaque_schemes) / sizeof(opaque_schemes[0]))

static ocors_span_t span_from(ocors_span_t span, size_t offset)
{
    return ocors_span_make(span.bytes + offset, span.length - offset);
}

/* The offset of the first such byte, span.length where there is none. */
static size_t find(ocors_span_t span, char byte)
{
    const char *at = span.length > 0 ? memchr(span.bytes, byte, span.length) : NULL;

    return at != NULL ? (size_t)(at - span.bytes) : span.length;
}

/* The offset of what ends the host and port: the first '/', '?', '#' or '\\'. */
static size_t find_end(ocors_span_t span)
{
    size_t at = 0;

    while (at < span.length
           && (ocors_origin_is_host_character(span.bytes[at])
               || memchr("/?#\\", span.bytes[at], 4) == NULL)) {
        at++;
    }
    return at;
}

static size_t find_separator(ocors_span_t text)
{
    for (size_t i = 0; i + 3 <= text.length; i++) {
        if (text.bytes[i] == ':' && text.bytes[i + 1] == '/' && text.bytes[i + 2] == '/') {
            return i;
        }
    }
    return text.length;
}

/* Userinfo, host and port: what is before the first '/', '?' or '#'. */
static void split_authority(ocors_span_t authority, parts_t *parts)
{
    size_t at = find(authority, '@');
    size_t end;

    while (at < authority.length) {
        parts->has_userinfo = true;
        authority = span_from(authority, at + 1);
        at = find(authority, '@');
    }
    if (authority.length > 0 && authority.bytes[0] == '[') {
        end = find(authority, ']');
        end = end < authority.length ? end + 1 : end;
    }
    else {
        end = find(authority, ':');
    }
    parts->host = ocors_span_make(authority.bytes, end);
    parts->port = span_from(authority, end);
    /* An IPv6 group has at most four digits. */
    if (parts->port.length > 1 && parts->host.length <= 4 && parts->port.bytes[0] == ':') {
        parts->is_bare_ipv6 = find(span_from(parts->port, 1), ':') < parts->port.length - 1;
    }
}

static void split(ocors_span_t text, size_t separator, parts_t *parts)
{
    ocors_span_t rest = span_from(text, separator + 3);
    size_t end = find_end(rest);
    ocors_span_t tail = span_from(rest, end);
    size_t query = find(tail, '?');
    size_t fragment = find(tail, '#');

    *parts = (parts_t){ .scheme = ocors_span_make(text.bytes, separator) };
    parts->has_slash = tail.length == 1 && tail.bytes[0] == '/';
    /* Browsers read a backslash as a '/'. */
    parts->has_path = (query < fragment ? query : fragment) > 1 || find(rest, '\\') < rest.length;
    parts->has_query = query < fragment;
    parts->has_fragment = fragment < tail.length;
    split_authority(ocors_span_make(rest.bytes, end), parts);
}

static bool is_scheme(ocors_span_t scheme)
{
    if (scheme.length == 0 || scheme.length > OCORS_ORIGIN_SCHEME_MAX
        || !ocors_ascii_is_alpha(scheme.bytes[0])) {
        return false;
    }
    for (size_t i = 1; i < scheme.length; i++) {
        char c = scheme.bytes[i];

        if (!ocors_ascii_is_alpha(c) && !ocors_ascii_is_digit(c) && c != '+' && c != '-'
            && c != '.') {
            return false;
        }
    }
    return true;
}

static bool is_opaque_scheme(ocors_span_t scheme)
{
    for (size_t i = 0; i < OPAQUE_COUNT; i++) {
        if (ocors_span_is_equal_nocase(scheme, opaque_schemes[i])) {
            return true;
        }
    }
    return false;
}

/* The default port of a special scheme with its ':'; length 0: the scheme is not special. */
static ocors_span_t default_port(ocors_span_t scheme)
{
    for (size_t i = 0; i < SPECIAL_COUNT; i++) {
        if (ocors_span_is_equal_nocase(scheme, special_schemes[i].scheme)) {
            return special_schemes[i].port;
        }
    }
    return ocors_span_make(NULL, 0);
}

/* The first fault that a single byte shows, or that the entry as a whole is. */
static ocors_origin_result_t judge_bytes(ocors_span_t text, size_t separator)
{
    unsigned seen = 0;
    unsigned spaces = 0;

    if (find(text, '*') < text.length) {
        return OCORS_ORIGIN_WILDCARD;
    }
    if (ocors_span_is_equal_nocase(text, OCORS_SPAN_LITERAL("null"))) {
        return OCORS_ORIGIN_NULL;
    }
    if (text.length == 0) {
        return OCORS_ORIGIN_EMPTY;
    }
    if (separator == text.length) {
        return OCORS_ORIGIN_PLACEHOLDER;
    }
    for (size_t i = 0; i < text.length; i++) {
        unsigned char c = (unsigned char)text.bytes[i];

        seen |= c;
        spaces |= (unsigned)(c <= 0x20) | (unsigned)(c == 0x7f);
    }
    if (seen >= 0x80) {
        return OCORS_ORIGIN_NOT_ASCII;
    }
    return spaces != 0 ? OCORS_ORIGIN_SPACE : OCORS_ORIGIN_OK;
}

static ocors_origin_result_t judge_parts(const parts_t *parts)
{
    if (!is_scheme(parts->scheme)) {
        return OCORS_ORIGIN_SCHEME;
    }
    if (is_opaque_scheme(parts->scheme)) {
        return OCORS_ORIGIN_OPAQUE_SCHEME;
    }
    if (parts->has_userinfo) {
        return OCORS_ORIGIN_USERINFO;
    }
    if (parts->has_path) {
        return OCORS_ORIGIN_PATH;
    }
    if (parts->has_query) {
        return OCORS_ORIGIN_QUERY;
    }
    return parts->has_fragment ? OCORS_ORIGIN_FRAGMENT : OCORS_ORIGIN_OK;
}

/* Labels between single dots; one dot may end it. */
static bool is_name(ocors_span_t host)
{
    char before = '.';

    if (host.length == 0 || host.length > OCORS_ORIGIN_HOST_MAX
        || (host.length == OCORS_ORIGIN_HOST_MAX && host.bytes[host.length - 1] != '.')) {
        return false;
    }
    for (size_t i = 0; i < host.length; i++) {
        char c = host.bytes[i];

        if (!ocors_origin_is_host_character(c) || (c == '.' && before == '.')) {
            return false;
        }
        before = c;
    }
    return true;
}

/* WHATWG URL, "ends in a number": a browser reads such a host as an IPv4 address, or refuses it. */
static bool is_number_last(ocors_span_t host)
{
    size_t end = host.bytes[host.length - 1] == '.' ? host.length - 1 : host.length;
    size_t start = end;
    bool is_hex;

    while (start > 0 && host.bytes[start - 1] != '.') {
        start--;
    }
    is_hex = end - start >= 2 && host.bytes[start] == '0'
             && ocors_ascii_lower(host.bytes[start + 1]) == 'x';
    for (size_t i = is_hex ? start + 2 : start; i < end; i++) {
        char c = ocors_ascii_lower(host.bytes[i]);

        if (!ocors_ascii_is_digit(c) && !(is_hex && c >= 'a' && c <= 'f')) {
            return false;
        }
    }
    return end > start;
}

/* Four decimal numbers without leading zeros: the one form of an IPv4 address that is sent. */
static bool is_ipv4(ocors_span_t host)
{
    char text[INET_ADDRSTRLEN];
    char again[INET_ADDRSTRLEN];
    struct in_addr address;

    if (host.length >= sizeof(text)) {
        return false;
    }
    memcpy(text, host.bytes, host.length);
    text[host.length] = '\0';
    return strlen(text) == host.length && inet_pton(AF_INET, text, &address) == 1
           && inet_ntop(AF_INET, &address, again, sizeof(again)) != NULL
           && strcmp(text, again) == 0;
}

/* WHATWG URL's IPv6 serialiser: hexadecimal throughout (no dotted end), longest run "::". */
static void write_ipv6(const unsigned char address[16], char text[INET6_ADDRSTRLEN])
{
    size_t run = 8;
    size_t run_length = 1; /* a single zero is not compressed */
    size_t written = 0;

    for (size_t i = 0; i < 8; i++) {
        size_t end = i;

        while (end < 8 && address[2 * end] == 0 && address[2 * end + 1] == 0) {
            end++;
        }
        if (end - i > run_length) {
            run = i;
            run_length = end - i;
        }
    }
    text[0] = '\0';
    for (size_t i = 0; i < 8; i++) {
        unsigned group = (unsigned)address[2 * i] << 8 | address[2 * i + 1];
        bool is_first = i == 0 || i == run + run_length;

        if (i == run) {
            written += (size_t)snprintf(text + written, INET6_ADDRSTRLEN - written, "::");
            i += run_length - 1;
            continue;
        }
        written += (size_t)snprintf(text + written, INET6_ADDRSTRLEN - written, "%s%x",
                                    is_first ? "" : ":", group);
    }
}

/* "[...]": an address, in the form that is sent but for case. */
static bool is_ipv6(ocors_span_t host)
{
    char text[INET6_ADDRSTRLEN];
    char sent[INET6_ADDRSTRLEN];
    unsigned char address[16];
    size_t length = host.length - 2;

    if (host.length < 4 || host.bytes[host.length - 1] != ']' || length >= sizeof(text)) {
        return false;
    }
    for (size_t i = 0; i < length; i++) {
        text[i] = ocors_ascii_lower(host.bytes[i + 1]);
    }
    text[length] = '\0';
    if (strlen(text) != length || inet_pton(AF_INET6, text, address) != 1) {
        return false;
    }
    write_ipv6(address, sent);
    return strcmp(text, sent) == 0;
}

static bool is_port(ocors_span_t port)
{
    unsigned long number = 0;

    if (port.length < 2 || port.length > 6 || port.bytes[0] != ':' || port.bytes[1] == '0') {
        return false;
    }
    for (size_t i = 1; i < port.length; i++) {
        if (!ocors_ascii_is_digit(port.bytes[i])) {
            return false;
        }
        number = number * 10 + (unsigned long)(port.bytes[i] - '0');
    }
    return number <= 65535;
}

static ocors_origin_result_t judge_authority(const parts_t *parts)
{
    bool is_special = default_port(parts->scheme).length > 0;

    if (parts->host.length > 0 && parts->host.bytes[0] == '[') {
        if (!is_ipv6(parts->host)) {
            return OCORS_ORIGIN_IPV6;
        }
    }
    else if (parts->is_bare_ipv6) {
        return OCORS_ORIGIN_IPV6;
    }
    else if (!is_name(parts->host)) {
        return OCORS_ORIGIN_HOST;
    }
    else if (is_special && is_number_last(parts->host) && !is_ipv4(parts->host)) {
        return OCORS_ORIGIN_IPV4;
    }
    return parts->port.length == 0 || is_port(parts->port) ? OCORS_ORIGIN_OK : OCORS_ORIGIN_PORT;
}

static void append_lower(ocors_origin_t *origin, ocors_span_t span)
{
    char *to = origin->bytes + origin->length;
    unsigned difference = 0;

    for (size_t i = 0; i < span.length; i++) {
        to[i] = ocors_ascii_lower(span.bytes[i]);
        difference |= (unsigned)(to[i] ^ span.bytes[i]);
    }
    origin->length += span.length;
    origin->changes |= difference != 0 ? OCORS_ORIGIN_CHANGED_CASE : 0;
}

ocors_origin_result_t ocors_origin_canonicalise(ocors_span_t text, ocors_origin_t *origin)
{
    size_t separator = find_separator(text);
    ocors_origin_result_t result = judge_bytes(text, separator);
    parts_t parts;

    if (result != OCORS_ORIGIN_OK) {
        return result;
    }
    split(text, separator, &parts);
    result = judge_parts(&parts);
    if (result == OCORS_ORIGIN_OK) {
        result = judge_authority(&parts);
    }
    if (result != OCORS_ORIGIN_OK) {
        return result;
    }
    origin->length = 0;
    origin->changes = parts.has_slash ? OCORS_ORIGIN_CHANGED_SLASH : 0;
    append_lower(origin, parts.scheme);
    append_lower(origin, OCORS_SPAN_LITERAL("://"));
    origin->host_at = origin->length;
    append_lower(origin, parts.host);
    origin->host_length = parts.host.length;
    origin->port_at = origin->length;
    if (parts.port.length > 0 && ocors_span_is_equal(parts.port, default_port(parts.scheme))) {
        origin->changes |= OCORS_ORIGIN_CHANGED_PORT;
    }
    else {
        append_lower(origin, parts.port);
    }
    origin->bytes[origin->length] = '\0';
    return OCORS_ORIGIN_OK;
}

bool ocors_origin_is_insecure(const ocors_origin_t *origin)
{
    const ocors_span_t localhost = OCORS_SPAN_LITERAL(".localhost");
    ocors_span_t host = ocors_span_make(origin->bytes + origin->host_at, origin->host_length);

    if (!ocors_span_has_prefix(ocors_span_make(origin->bytes, origin->length),
                               OCORS_SPAN_LITERAL("http://"))) {
        return false;
    }
    host.length -= host.bytes[host.length - 1] == '.' ? 1 : 0;
    if (ocors_span_is_equal(host, OCORS_SPAN_LITERAL("localhost"))
        || ocors_span_is_equal(host, OCORS_SPAN_LITERAL("[::1]"))) {
        return false;
    }
    if (host.length > localhost.length
        && ocors_span_is_equal(span_from(host, host.length - localhost.length), localhost)) {
        return false;
    }
    /* A host that begins so and ends in a number is an address; "127.evil.example" is none. */
    return !(ocors_span_has_prefix(host, OCORS_SPAN_LITERAL("127.")) && is_ipv4(host));
}

uint16_t ocors_origin_default_port(ocors_span_t scheme)
{
    for (size_t i = 0; i < SPECIAL_COUNT; i++) {
        if (ocors_span_is_equal(scheme, special_schemes[i].scheme)) {
            return special_schemes[i].number;
        }
    }
    return 0;
}
