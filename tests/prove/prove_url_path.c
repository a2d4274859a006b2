/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Both readings of a path of any bytes, asked for as it is passed on and otherwise. Reading 2 of a
 * short path is any that the contract of ocors_url_loosen() allows, of a longer one the path
 * itself; two names may be equal or not. Targets of their own prove url_loose.c and url_name.c.
 */
#include "ocors_url_path.h"

#include "ocors_url_loose.h"
#include "ocors_url_name.h"
#include "prove.h"

static const char *const shapes[] = { "/s/?/dw/a",  "/s/Sites-?-Site/dw/a", "/s/?-Site/dw/shop",
                                      "/dw/shop/?", "/dw/data/v?_1/%2f",    NULL };

ocors_url_loose_t ocors_url_loosen(ocors_span_t text, char *buffer)
{
    ocors_url_loose_t loose = { .path = { buffer, 0 } };
    int length = (int)text.length;

    prove_read(text);
    memcpy(buffer, text.bytes, text.length);
    if (text.length <= BOUND) {
        length = Frama_C_interval(0, (int)text.length + 1);
        /*@ split length; */
        for (int i = 0; i < length; i++) {
            buffer[i] = (char)Frama_C_interval(-128, 127);
        }
    }
    loose.path.length = (size_t)length;
    loose.is_ambiguous = Frama_C_interval(0, 1) != 0;
    loose.has_parameter = Frama_C_interval(0, 1) != 0;
    return loose;
}

bool ocors_url_is_loose(ocors_span_t path)
{
    prove_read(path);
    return Frama_C_interval(0, 1) != 0;
}

ocors_span_t ocors_url_name_trim(ocors_span_t name, bool with_dots)
{
    (void)with_dots;
    return prove_part(name);
}

bool ocors_url_name_is(ocors_span_t name, ocors_span_t word)
{
    (void)word;
    prove_read(name);
    return name.bytes != NULL && Frama_C_interval(0, 1) != 0;
}

size_t ocors_url_name_prefix(ocors_span_t name, ocors_span_t word)
{
    int length = Frama_C_interval(0, (int)name.length);

    (void)word;
    prove_read(name);
    /*@ split length; */
    return (size_t)length;
}

static void prove_result(const ocors_url_path_t *path)
{
    ocors_span_t rest;

    prove_read(path->plain.site);
    prove_read(path->loose.site);
    (void)ocors_url_path_split(path, &rest);
    prove_read(rest);
    ocors_url_path_is_outside(path);
}

static void prove_once(ocors_span_t uri)
{
    ocors_url_path_t path;

    ocors_url_path_parse(uri, &path);
    prove_result(&path);
}

static void prove_slashes(ocors_span_t uri)
{
    char *const slashes = malloc(uri.length);

    prove_read(ocors_url_path_decode_slashes(uri, slashes));
    free(slashes);
}

static void prove_twice(ocors_span_t uri, ocors_span_t line)
{
    ocors_url_path_t path;
    char *const buffer = malloc(ocors_url_path_buffer_size(uri, line));

    ocors_url_path_read(uri, line, buffer, &path);
    prove_result(&path);
    free(buffer);
}

static void prove_plain(ocors_span_t uri)
{
    char *const text = malloc(uri.length + 1);
    ocors_url_path_t path;

    memcpy(text, uri.bytes, uri.length);
    text[uri.length] = '\0';
    if (ocors_url_path_read_plain(text, &path)) {
        prove_result(&path);
    }
    (void)ocors_url_path_begins_inside(text);
    free(text);
}

static void prove(ocors_span_t uri)
{
    const ocors_span_t other = prove_span(2);

    prove_once(uri);
    prove_slashes(uri);
    prove_plain(uri);
    prove_twice(uri, uri);
    prove_twice(uri, other);
    free((char *)other.bytes);
}
