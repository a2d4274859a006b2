/* SPDX-License-Identifier: Apache-2.0 */
/* A request that somebody describes on a command line, as httpd reads it. */

#include "ocors_sample.h"

#include <arpa/inet.h>
#include <stdlib.h>

#include "ocors_memory.h"
#include "ocors_method.h"
#include "ocors_uri.h"

/* What httpd takes with LimitRequestLine and LimitRequestFieldSize 8190, the defaults. */
#define LINE_LENGTH_MAX 8191

void ocors_sample_init(ocors_sample_t *sample)
{
    *sample = (ocors_sample_t){ .method = "GET",
                                .line = ocors_memory_format("/"),
                                .uri = ocors_memory_format("/") };
}

void ocors_sample_free(ocors_sample_t *sample)
{
    for (size_t i = 0; i < sample->field_count; i++) {
        free(sample->fields[i].name);
        free(sample->fields[i].value);
    }
    free(sample->fields);
    free(sample->line);
    free(sample->uri);
    free(sample->query);
    free(sample->host);
}

static char *copy(ocors_span_t text)
{
    char *string = ocors_memory_get(text.length + 1, 1);

    if (text.length > 0) {
        memcpy(string, text.bytes, text.length);
    }
    return string;
}

const char *ocors_sample_set_method(ocors_sample_t *sample, const char *method)
{
    if (!ocors_token_is_valid(ocors_span_from_string(method))) {
        return "this is not a method: httpd answers 400";
    }
    if (strcmp(method, "TRACE") == 0) {
        return "httpd answers TRACE itself, whatever the policy says";
    }
    if (strcmp(method, "CONNECT") == 0) {
        return "CONNECT names no path: httpd answers it itself";
    }
    sample->method = method;
    return NULL;
}

/* ---- Host and port --------------------------------------------------------------------------- */

/* Splits HOST[:PORT]; the port has its ':'. False: it has no host, or the port is not a number. */
static bool authority_split(ocors_span_t text, ocors_span_t *host, ocors_span_t *port)
{
    size_t end = 0;

    while (end < text.length && text.bytes[0] == '[' && text.bytes[end] != ']') {
        end++;
    }
    while (end < text.length && text.bytes[end] != ':') {
        end++;
    }
    *host = ocors_span_make(text.bytes, end);
    *port = ocors_span_make(text.bytes + end, text.length - end);
    for (size_t i = end + 1; i < text.length; i++) {
        if (!ocors_ascii_is_digit(text.bytes[i])) {
            return false;
        }
    }
    return end > 0;
}

/* The port, with its ':', is from 1 to 65535, or there is none. */
static bool port_is_valid(ocors_span_t port)
{
    unsigned long value = 0;

    for (size_t i = 1; i < port.length && value <= 0xffff; i++) {
        value = value * 10 + (unsigned long)(port.bytes[i] - '0');
    }
    return port.length == 0 || (value >= 1 && value <= 0xffff);
}

static bool is_ipv6(ocors_span_t text)
{
    char string[INET6_ADDRSTRLEN];
    struct in6_addr address;

    if (text.length >= sizeof(string)) {
        return false;
    }
    memcpy(string, text.bytes, text.length);
    string[text.length] = '\0';
    return inet_pton(AF_INET6, string, &address) == 1;
}

/*
 * Whether httpd takes a host, with HttpProtocolOptions Strict, its default: an IPv6 address, four
 * numbers, or labels of letters, digits, '-' and '_' of which the last begins with a letter.
 */
static bool host_is_valid(ocors_span_t host)
{
    const char *last = host.bytes; /* label */
    bool is_numeric = true, has_zero = false;
    unsigned dots = 0;

    if (host.length > 2 && host.bytes[0] == '[' && host.bytes[host.length - 1] == ']') {
        return is_ipv6(ocors_span_make(host.bytes + 1, host.length - 2));
    }
    if (host.length > 1 && host.bytes[host.length - 1] == '.') {
        host.length--;
    }
    for (size_t i = 0; i < host.length; i++) {
        const char *at = host.bytes + i;
        const char next = i + 1 < host.length ? at[1] : '\0';

        if (*at == '.') {
            if (next == '.' || next == '\0') {
                return false;
            }
            last = at + 1;
            dots++;
        }
        else if (ocors_ascii_is_digit(*at)) {
            has_zero = has_zero || (at == last && *at == '0' && ocors_ascii_is_digit(next));
        }
        else if (ocors_ascii_is_alpha(*at) || *at == '-' || *at == '_') {
            is_numeric = false;
        }
        else {
            return false;
        }
    }
    return is_numeric ? dots == 3 && !has_zero && host.bytes[0] != '.'
                      : dots == 0 || ocors_ascii_is_alpha(*last);
}

/* Whether HTTP/1.1 takes the value of a Host field. */
static bool authority_is_valid(ocors_span_t text)
{
    ocors_span_t host, port;

    return authority_split(text, &host, &port) && port_is_valid(port) && host_is_valid(host);
}

/* ---- Fields ---------------------------------------------------------------------------------- */

static ocors_sample_field_t *field_find(const ocors_sample_t *sample, ocors_span_t name)
{
    for (size_t i = 0; i < sample->field_count; i++) {
        if (ocors_span_is_equal_nocase(ocors_span_from_string(sample->fields[i].name), name)) {
            return &sample->fields[i];
        }
    }
    return NULL;
}

ocors_span_t ocors_sample_field(const ocors_sample_t *sample, const char *name)
{
    const ocors_sample_field_t *field = field_find(sample, ocors_span_from_string(name));

    return ocors_span_from_string(field != NULL ? field->value : NULL);
}

static bool value_is_sendable(ocors_span_t value)
{
    for (size_t i = 0; i < value.length; i++) {
        const unsigned char byte = (unsigned char)value.bytes[i];

        if ((byte < 0x20 && byte != '\t') || byte == 0x7f) {
            return false;
        }
    }
    return true;
}

const char *ocors_sample_add(ocors_sample_t *sample, ocors_span_t name, ocors_span_t value)
{
    ocors_sample_field_t *field = field_find(sample, name);
    const bool is_host = ocors_span_is_equal_nocase(name, OCORS_SPAN_LITERAL("Host"));

    value = ocors_span_trim(value); /* what is around a value is not part of it */
    if (!value_is_sendable(value)) {
        return "the value has a control character: httpd answers 400";
    }
    if (name.length + sizeof(": ") - 1 + value.length > LINE_LENGTH_MAX) {
        return "the field is longer than 8,191 bytes: httpd answers 400";
    }
    if (is_host && field != NULL) {
        return "there are two Host fields: httpd answers 400";
    }
    if (is_host && !authority_is_valid(value)) {
        return "this is not a host, or its port is not from 1 to 65535: httpd answers 400";
    }
    if (field != NULL) {
        char *joined = ocors_memory_format("%s, %.*s", field->value, (int)value.length,
                                           value.length > 0 ? value.bytes : "");

        free(field->value);
        field->value = joined;
        return NULL;
    }
    sample->fields = ocors_memory_grow(sample->fields, sample->field_count,
                                       sizeof(*sample->fields));
    sample->fields[sample->field_count++] = (ocors_sample_field_t){ .name = copy(name),
                                                                    .value = copy(value) };
    return NULL;
}

const char *ocors_sample_add_field(ocors_sample_t *sample, const char *field)
{
    const char *colon = strchr(field, ':');

    if (colon == NULL || !ocors_token_is_valid(ocors_span_make(field, (size_t)(colon - field)))) {
        return "expected NAME: VALUE, as in \"Access-Control-Request-Method: PUT\"";
    }
    return ocors_sample_add(sample, ocors_span_make(field, (size_t)(colon - field)),
                            ocors_span_from_string(colon + 1));
}

/* ---- The URL --------------------------------------------------------------------------------- */

static const struct {
    ocors_span_t prefix;
    ocors_span_t port; /* browsers leave it out */
    bool is_https;
} schemes[] = {
    { OCORS_SPAN_INITIALISER("http://"), OCORS_SPAN_INITIALISER(":80"), false },
    { OCORS_SPAN_INITIALISER("https://"), OCORS_SPAN_INITIALISER(":443"), true },
};

/* Takes host and port, which end at a path, a query or a fragment. */
static bool authority_take(ocors_sample_t *sample, ocors_span_t text, ocors_span_t usual_port)
{
    ocors_span_t host, port;
    char *field;

    for (size_t i = text.length; i > 0; i--) {
        if (text.bytes[i - 1] == '@') { /* user and password are not in the Host field */
            text = ocors_span_make(text.bytes + i, text.length - i);
            break;
        }
    }
    if (text.length > 0 && text.bytes[text.length - 1] == ':') {
        text.length--; /* browsers leave an empty port out */
    }
    if (!authority_is_valid(text) || !authority_split(text, &host, &port)) {
        return false;
    }
    if (ocors_span_is_equal(port, usual_port)) {
        port.length = 0;
    }
    sample->host = copy(host);
    for (char *at = sample->host; *at != '\0'; at++) {
        *at = ocors_ascii_lower(*at);
    }
    if (field_find(sample, OCORS_SPAN_LITERAL("Host")) == NULL) {
        field = ocors_memory_format("%s%.*s", sample->host, (int)port.length, port.bytes);
        (void)ocors_sample_add(sample, OCORS_SPAN_LITERAL("Host"), ocors_span_from_string(field));
        free(field);
    }
    return true;
}

/* Takes scheme and authority from the front of an absolute URL; *url becomes what is behind. */
static const char *url_take_front(ocors_sample_t *sample, const char **url)
{
    for (size_t i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++) {
        const char *at = *url + schemes[i].prefix.length;

        if (strlen(*url) < schemes[i].prefix.length
            || !ocors_span_is_equal_nocase(ocors_span_make(*url, schemes[i].prefix.length),
                                           schemes[i].prefix)) {
            continue;
        }
        sample->is_https = schemes[i].is_https;
        *url = at + strcspn(at, "/?#");
        return authority_take(sample, ocors_span_make(at, (size_t)(*url - at)), schemes[i].port)
                   ? NULL
                   : "the URL has no host, or a host or a port that httpd answers with 400";
    }
    return "expected http://HOST/PATH, https://HOST/PATH or /PATH";
}

const char *ocors_sample_set_url(ocors_sample_t *sample, const char *url)
{
    const char *error = NULL;
    const char *rest = url;
    size_t length;

    if (ocors_span_has_control(ocors_span_from_string(url)) || strchr(url, ' ') != NULL) {
        return "a URL has no blanks and no control characters: httpd answers 400";
    }
    if (url[0] != '/' && (error = url_take_front(sample, &rest)) != NULL) {
        return error;
    }
    if (strlen(sample->method) + sizeof("  HTTP/1.1") - 1 + strcspn(rest, "#") > LINE_LENGTH_MAX) {
        return "the request line is longer than 8,191 bytes: httpd answers 414";
    }
    length = strcspn(rest, "?#");
    free(sample->line);
    free(sample->uri);
    sample->line = length > 0 ? copy(ocors_span_make(rest, length)) : ocors_memory_format("/");
    sample->uri = ocors_memory_get(strlen(sample->line) + 1, 1);
    if (rest[length] == '?') {
        sample->query = copy(ocors_span_make(rest + length + 1, strcspn(rest + length + 1, "#")));
    }
    return ocors_uri_make(ocors_span_from_string(sample->line), sample->uri)
               ? NULL
               : "httpd answers this path itself: it climbs above the root, or has an escape that "
                 "is not complete";
}

/* ---- What the policy reads ------------------------------------------------------------------- */

void ocors_sample_sources(const ocors_sample_t *sample,
                          ocors_source_t sources[OCORS_SOURCES_DEFAULT_COUNT])
{
    for (size_t i = 0; i < OCORS_SOURCES_DEFAULT_COUNT; i++) {
        sources[i] = ocors_sources_default[i];
        switch (sources[i].kind) {
        case OCORS_SOURCE_BEARER:
            sources[i].value = ocors_sample_field(sample, "Authorization");
            break;
        case OCORS_SOURCE_QUERY:
            sources[i].value = ocors_span_from_string(sample->query);
            break;
        case OCORS_SOURCE_HEADER:
            sources[i].value = ocors_sample_field(sample, sources[i].name.bytes);
            break;
        }
    }
}

bool ocors_sample_own(const ocors_sample_t *sample, ocors_span_t *name, ocors_own_names_t *names,
                      ocors_own_t *own)
{
    if (sample->host == NULL) {
        return false;
    }
    *name = ocors_span_from_string(sample->host);
    if (name->bytes[name->length - 1] == '.') {
        name->length--; /* a trailing dot is passed over in names (R10) */
    }
    *names = (ocors_own_names_t){ .names = name, .name_count = 1, .is_https = sample->is_https };
    *own = (ocors_own_t){
        .names = names,
        .asked = ocors_sample_field(sample, "Host"),
        .fetch_site = ocors_sample_field(sample, "Sec-Fetch-Site"),
        .is_tls = sample->is_https,
    };
    return true;
}
