/* SPDX-License-Identifier: Apache-2.0 */
/* Reading 2 of a URL path: decoded, then resolved, in one buffer. Clients choose every byte. */

#include "ocors_url_loose.h"

#include "ocors_url_name.h"

/* ---- Decoding -------------------------------------------------------------------------------- */

/* What decode() returns: the path, and what it found. */
typedef struct decoded_t {
    ocors_span_t path;
    bool is_deep;      /* an escape within an escape */
    bool steps_differ; /* two ".." are not spelled alike: some applications resolve only one */
} decoded_t;

/* A segment without its parameters; `has_parameter`: whether it has any. */
static ocors_span_t cut(ocors_span_t segment, bool *has_parameter)
{
    const char *parameter = segment.length > 0 ? memchr(segment.bytes, ';', segment.length) : NULL;

    *has_parameter = parameter != NULL;
    return parameter != NULL ? ocors_span_make(segment.bytes, (size_t)(parameter - segment.bytes))
                             : segment;
}

static bool is_step(ocors_span_t segment)
{
    return ocors_span_is_equal(ocors_url_name_trim(segment, false), OCORS_SPAN_LITERAL(".."));
}

/*
 * Decodes a segment until no escape is left; returns its length. An encoded '/' becomes a '\': a
 * '/' separates segments of the text. TAB, LF and CR are removed, as by the URL standard. Each
 * escape makes the text two or three bytes shorter.
 */
static size_t decode_segment(ocors_span_t segment, char *to, bool *is_deep)
{
    size_t length = 0;
    int value;

    for (size_t i = 0; i < segment.length; i++) {
        const char plain = segment.bytes[i];

        if (plain == '\t' || plain == '\n' || plain == '\r') {
            continue; /* httpd has decoded it */
        }
        to[length++] = plain;
        while (length >= 3 && (value = ocors_escape_value(to + length - 3)) >= 0) {
            const char c = (char)(unsigned char)value;

            *is_deep = *is_deep || c == '%';
            length -= 3;
            if (c != '\t' && c != '\n' && c != '\r') {
                to[length++] = c == '/' ? '\\' : c;
            }
        }
    }
    return length;
}

static decoded_t decode(ocors_span_t text, char *to)
{
    decoded_t decoded = { .path = { to, 0 } };
    ocors_span_t step = { NULL, 0 };

    for (size_t at = 0; at < text.length; at++) {
        const char *const end = memchr(text.bytes + at, '/', text.length - at);
        const ocors_span_t segment = ocors_span_make(
            text.bytes + at, (end != NULL ? (size_t)(end - text.bytes) : text.length) - at);
        char *const start = to + decoded.path.length;
        const size_t length = decode_segment(segment, start, &decoded.is_deep);
        bool has_parameter;

        if (is_step(cut(ocors_span_make(start, length), &has_parameter))) {
            decoded.steps_differ = decoded.steps_differ
                                   || (step.bytes != NULL && !ocors_span_is_equal(step, segment));
            step = segment;
        }
        decoded.path.length += length;
        if (end != NULL) {
            to[decoded.path.length++] = '/';
        }
        at += segment.length;
    }
    return decoded;
}

/* ---- Resolving ------------------------------------------------------------------------------- */

/* The path that is resolved so far, and what was found in it. */
typedef struct resolver_t {
    char *path; /* each segment with a '/' before it */
    size_t length;
    size_t dw_end;      /* the end of the first "dw"; 0: none */
    bool has_api;       /* a segment follows the "dw" */
    bool is_watched;    /* the current segment of the text is before the API ... */
    bool has_semicolon; /* ... and has a ';' so far */
    bool has_vanished;  /* a segment was dropped */
    bool has_steps, has_separator, has_parameter;
    bool has_session;   /* a "(S(...))" before the API, which ASP.NET removes from a path */
    bool splits;        /* an encoded separator after a ';', before the API */
    bool vanishes;      /* a dropped segment before a "..", or next to an encoded separator */
    bool is_taken_back; /* a ".." removed a part of an address, or climbs above the root */
} resolver_t;

/* The start of the last segment, with its '/'. */
static size_t last_segment(const resolver_t *resolver)
{
    size_t start = resolver->length;

    while (start > 0 && resolver->path[start - 1] != '/') {
        start--;
    }
    return start > 0 ? start - 1 : 0;
}

static void separator_take(resolver_t *resolver, char separator)
{
    if (separator == '/') {
        resolver->is_watched = !resolver->has_api;
        resolver->has_semicolon = false;
        return;
    }
    resolver->has_separator = true;
    resolver->splits = resolver->splits || (resolver->is_watched && resolver->has_semicolon);
}

/* A ".." removes the last segment. */
static void step_take(resolver_t *resolver, bool has_blanks)
{
    const size_t start = last_segment(resolver);

    resolver->has_steps = true;
    resolver->vanishes = resolver->vanishes || resolver->has_vanished || has_blanks;
    resolver->is_taken_back = resolver->is_taken_back || resolver->length == 0
                              || (resolver->dw_end > 0 && start <= resolver->dw_end);
    resolver->length = start;
}

/* A removed "dw" makes the path ambiguous, whatever replaces it. */
static void name_take(resolver_t *resolver, ocors_span_t name)
{
    resolver->has_api = resolver->has_api
                        || (resolver->dw_end > 0 && resolver->length == resolver->dw_end);
    if (resolver->dw_end == 0 && ocors_url_name_is(name, OCORS_SPAN_LITERAL("dw"))) {
        resolver->dw_end = resolver->length + 1 + name.length;
    }
    resolver->path[resolver->length++] = '/';
    memmove(resolver->path + resolver->length, name.bytes, name.length);
    resolver->length += name.length;
}

/* What follows "(S(...))" or "(A(...)F(...))" at a segment's start; bytes NULL: not a session. */
static ocors_span_t behind_session(ocors_span_t name)
{
    if (name.length < 5 || name.bytes[0] != '(' || !ocors_ascii_is_alpha(name.bytes[1])
        || name.bytes[2] != '(') {
        return ocors_span_make(NULL, 0);
    }
    for (size_t end = 5; end <= name.length; end++) {
        if (name.bytes[end - 2] == ')' && name.bytes[end - 1] == ')') {
            return ocors_span_make(name.bytes + end, name.length - end);
        }
    }
    return ocors_span_make(NULL, 0);
}

/* Removes a session with the '/' before it; `rest` continues the segment before it. */
static void session_take(resolver_t *resolver, ocors_span_t rest)
{
    const size_t start = last_segment(resolver);

    resolver->has_session = true;
    memmove(resolver->path + resolver->length, rest.bytes, rest.length);
    resolver->length += rest.length;
    if (resolver->dw_end == 0 && resolver->length > start
        && ocors_url_name_is(
            ocors_span_make(resolver->path + start + 1, resolver->length - start - 1),
            OCORS_SPAN_LITERAL("dw"))) {
        resolver->dw_end = resolver->length;
    }
}

/* Appends a segment; `is_split`: an encoded separator is next to it. */
static void segment_take(resolver_t *resolver, ocors_span_t segment, bool is_split)
{
    bool has_parameter;
    const ocors_span_t name = cut(segment, &has_parameter);
    const ocors_span_t bare = ocors_url_name_trim(name, false);
    const ocors_span_t rest = resolver->has_api ? ocors_span_make(NULL, 0) : behind_session(name);

    resolver->has_semicolon = resolver->has_semicolon || has_parameter;
    resolver->has_parameter = resolver->has_parameter || (has_parameter && !resolver->has_api);
    if (bare.length == 0 || ocors_span_is_equal(bare, OCORS_SPAN_LITERAL("."))) {
        resolver->has_vanished = true;
        resolver->vanishes = resolver->vanishes
                             || (is_split && !resolver->has_api && resolver->length > 0);
    }
    else if (rest.bytes != NULL && resolver->length > 0) {
        session_take(resolver, rest);
    }
    else if (is_step(bare)) {
        step_take(resolver, bare.length != name.length);
    }
    else {
        name_take(resolver, name);
    }
}

static bool is_separator(char c)
{
    return c == '/' || c == '\\';
}

/* Resolves what decode() wrote. The result is never longer: it may begin one byte before. */
static void resolve(ocors_span_t decoded, resolver_t *resolver)
{
    size_t at = 0;

    while (at < decoded.length) {
        const char before = decoded.bytes[at];
        size_t start = at;

        if (is_separator(before)) {
            separator_take(resolver, before);
            start++;
        }
        for (at = start; at < decoded.length && !is_separator(decoded.bytes[at]);) {
            at++;
        }
        segment_take(resolver, ocors_span_make(decoded.bytes + start, at - start),
                     before == '\\' || (at < decoded.length && decoded.bytes[at] == '\\'));
    }
}

ocors_url_loose_t ocors_url_loosen(ocors_span_t text, char *buffer)
{
    const decoded_t decoded = decode(text, buffer + 1);
    resolver_t resolver = { .path = buffer, .is_watched = true };

    resolve(decoded.path, &resolver);
    return (ocors_url_loose_t){
        .path = ocors_span_make(buffer, resolver.length),
        .is_ambiguous = resolver.splits || resolver.is_taken_back
                        || (resolver.has_steps && (resolver.has_separator || decoded.is_deep))
                        || (resolver.dw_end > 0
                            && (resolver.vanishes || resolver.has_session || decoded.steps_differ)),
        .has_parameter = resolver.dw_end > 0 && resolver.has_parameter,
    };
}

bool ocors_url_is_loose(ocors_span_t path)
{
    for (size_t i = 0; i < path.length; i++) {
        const char c = path.bytes[i];

        /* What is beyond ASCII may be a blank: httpd passes it on as it came. */
        if ((unsigned char)c <= 0x20 || (unsigned char)c > 0x7f || c == '%' || c == ';' || c == '\\'
            || ((c == '.' || c == '(') && i > 0 && path.bytes[i - 1] == '/')) {
            return false;
        }
    }
    return true;
}
