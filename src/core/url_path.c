/* SPDX-License-Identifier: Apache-2.0 */
/* Two readings of a URL path. All of it is an attacker's input. */

#include "ocors_url_path.h"

/* How names are compared: as they stand (reading 1), or loosely (reading 2). */
typedef enum {
    READING_PLAIN,
    READING_LOOSE
} reading_t;

/* What a path is once dot segments are resolved, and what was met on the way (R12). */
typedef struct resolved_t {
    ocors_span_t path;  /* segments, each with a '/' before it */
    bool has_dw;        /* a "dw", be it taken back */
    bool has_dots;      /* a ".." */
    bool climbs;        /* a ".." above the root */
    bool takes_back;    /* a ".." behind a complete address, that took a part of it */
    bool has_separator; /* an encoded '/', or a '\' */
    bool splits;        /* an encoded separator behind a ';', before the address was complete */
    bool has_parameter; /* a ';' before the API of a path with a "dw" */
    bool vanishes;      /* in a path with a "dw": a ".." behind a segment that this reading does not
                           have, or with blanks around it; or such a segment beside an encoded separator before the API */
} resolved_t;

/* ---- Characters ------------------------------------------------------------------------------ */

static int hex_value(char c)
{
    if (ocors_ascii_is_digit(c)) {
        return c - '0';
    }
    c = ocors_ascii_lower(c);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The first character in lower case; `at` moves behind it. Two letters are another's lower case. */
static char fold_next(ocors_span_t text, size_t *at)
{
    const ocors_span_t rest = ocors_span_make(text.bytes + *at, text.length - *at);

    if (ocors_span_has_prefix(rest, OCORS_SPAN_LITERAL("\xc5\xbf"))) {
        *at += 2;
        return 's'; /* U+017F */
    }
    if (ocors_span_has_prefix(rest, OCORS_SPAN_LITERAL("\xe2\x84\xaa"))) {
        *at += 3;
        return 'k'; /* U+212A */
    }
    return ocors_ascii_lower(text.bytes[(*at)++]);
}

static bool is_blank(char c)
{
    return (unsigned char)c <= 0x20;
}

static ocors_span_t trim(ocors_span_t text, bool with_dots)
{
    while (text.length > 0 && (is_blank(*text.bytes) || (with_dots && *text.bytes == '.'))) {
        text.bytes++;
        text.length--;
    }
    while (text.length > 0
           && (is_blank(text.bytes[text.length - 1])
               || (with_dots && text.bytes[text.length - 1] == '.'))) {
        text.length--;
    }
    return text;
}

/* How much of the text's beginning is this word (in lower case), whatever its case; 0: none. */
static size_t prefix_length(ocors_span_t text, ocors_span_t word)
{
    size_t at = 0;

    for (size_t i = 0; i < word.length; i++) {
        if (at == text.length || fold_next(text, &at) != word.bytes[i]) {
            return 0;
        }
    }
    return at;
}

/* ---- Names ----------------------------------------------------------------------------------- */

/* The next segment that is neither empty nor "."; bytes NULL at the end. `at` moves behind it. */
static ocors_span_t segment_next(ocors_span_t path, size_t *at)
{
    for (;;) {
        while (*at < path.length && path.bytes[*at] == '/') {
            ++*at;
        }
        const size_t start = *at;
        while (*at < path.length && path.bytes[*at] != '/') {
            ++*at;
        }
        if (*at == start) {
            return ocors_span_make(NULL, 0);
        }
        if (*at - start != 1 || path.bytes[start] != '.') {
            return ocors_span_make(path.bytes + start, *at - start);
        }
    }
}

/* Whether a segment is this name, which is in lower case. */
static bool name_is(ocors_span_t segment, ocors_span_t name, reading_t reading)
{
    if (reading == READING_PLAIN || segment.bytes == NULL) {
        return ocors_span_is_equal(segment, name);
    }
    segment = trim(segment, true);
    return segment.length >= name.length && prefix_length(segment, name) == segment.length;
}

static bool name_is_s(ocors_span_t segment, reading_t reading)
{
    return name_is(segment, OCORS_SPAN_LITERAL("s"), reading);
}

static bool name_is_dw(ocors_span_t segment, reading_t reading)
{
    return name_is(segment, OCORS_SPAN_LITERAL("dw"), reading);
}

static ocors_api_t api_of(ocors_span_t segment, reading_t reading)
{
    return name_is(segment, OCORS_SPAN_LITERAL("shop"), reading)   ? OCORS_API_SHOP
           : name_is(segment, OCORS_SPAN_LITERAL("data"), reading) ? OCORS_API_DATA
                                                                   : OCORS_API_OTHER;
}

/* The bytes of "-Site" at the end of a segment; 0: it does not end so. */
static size_t suffix_length(ocors_span_t segment, reading_t reading)
{
    const ocors_span_t plain = OCORS_SPAN_LITERAL("-Site"), folded = OCORS_SPAN_LITERAL("-site");

    for (size_t length = 5; length <= 6 && length <= segment.length; length++) {
        const ocors_span_t end = ocors_span_make(segment.bytes + segment.length - length, length);

        if (reading == READING_PLAIN ? ocors_span_is_equal(end, plain)
                                     : prefix_length(end, folded) == length) {
            return length;
        }
    }
    return 0;
}

/* "Sites-{site}-Site" names the site that it wraps. */
static ocors_span_t site_unwrap(ocors_span_t segment, reading_t reading)
{
    const ocors_span_t plain = OCORS_SPAN_LITERAL("Sites-");
    const ocors_span_t trimmed = reading == READING_LOOSE ? trim(segment, true) : segment;
    const size_t after = suffix_length(trimmed, reading);
    size_t before;

    if (after == 0) {
        return segment;
    }
    before = reading == READING_LOOSE ? prefix_length(trimmed, OCORS_SPAN_LITERAL("sites-"))
                                      : ocors_span_has_prefix(trimmed, plain) ? plain.length : 0;
    return before > 0 && trimmed.length > before + after
               ? ocors_span_make(trimmed.bytes + before, trimmed.length - before - after)
               : segment;
}

/* ---- Addresses ------------------------------------------------------------------------------- */

/*
 * The address of a path: its first "s/{site}/dw/{api}" or "dw/{api}". `behind` is where the rest
 * begins. False: it has none; `ends` says whether there is a "dw" with nothing behind it.
 */
static bool address_find(ocors_span_t path, reading_t reading, ocors_address_t *address,
                         size_t *behind, bool *ends)
{
    size_t at = 0;

    *address = (ocors_address_t){ .api = OCORS_API_OUTSIDE };
    *ends = false;
    for (ocors_span_t segment = segment_next(path, &at); segment.bytes != NULL;
         segment = segment_next(path, &at)) {
        size_t ahead = at;
        ocors_span_t site = { NULL, 0 };

        if (name_is_s(segment, reading)) {
            site = segment_next(path, &ahead); /* of any name, "dw" too */
            if (!name_is_dw(segment_next(path, &ahead), reading)) {
                continue;
            }
        }
        else if (!name_is_dw(segment, reading)) {
            continue;
        }
        const ocors_span_t api = segment_next(path, &ahead);
        if (api.bytes == NULL) {
            *ends = true;
            return false;
        }
        address->site = site.bytes != NULL ? site_unwrap(site, reading) : site;
        address->api = api_of(api, reading);
        *behind = ahead;
        return true;
    }
    return false;
}

/* Whether another address follows: "s/{x}/dw", "dw/shop" or "dw/data". */
static bool address_follows(ocors_span_t path, size_t at)
{
    ocors_span_t before = { NULL, 0 }, last = { NULL, 0 };

    for (ocors_span_t segment = segment_next(path, &at); segment.bytes != NULL;
         segment = segment_next(path, &at)) {
        if ((name_is_s(before, READING_LOOSE) && name_is_dw(segment, READING_LOOSE))
            || (name_is_dw(last, READING_LOOSE)
                && api_of(segment, READING_LOOSE) != OCORS_API_OTHER)) {
            return true;
        }
        before = last;
        last = segment;
    }
    return false;
}

/* A "v19_1" segment. */
static bool version_parse(ocors_span_t segment, ocors_version_t *version)
{
    char text[16];
    char *separator;

    if (segment.bytes == NULL || segment.length < 4 || segment.length > sizeof(text)
        || segment.bytes[0] != 'v') {
        return false;
    }
    memcpy(text, segment.bytes + 1, segment.length - 1);
    separator = memchr(text, '_', segment.length - 1);
    if (separator == NULL) {
        return false;
    }
    *separator = '.';
    return ocors_version_parse(ocors_span_make(text, segment.length - 1), version);
}

void ocors_url_path_parse(ocors_span_t uri, ocors_url_path_t *path)
{
    ocors_version_t version;
    size_t behind;
    bool ends;

    *path = (ocors_url_path_t){ .rest = uri };
    if (address_find(uri, READING_PLAIN, &path->plain, &behind, &ends)
        && version_parse(segment_next(uri, &behind), &version)) {
        path->version = version;
        path->rest = behind < uri.length
                         ? ocors_span_make(uri.bytes + behind, uri.length - behind)
                         : OCORS_SPAN_LITERAL("/");
    }
    path->loose = path->plain;
}

/* ---- Reading 2 ------------------------------------------------------------------------------- */

/* What decode() meets on its way. */
typedef struct decoded_t {
    ocors_span_t path;
    bool is_deep;      /* an escape within an escape */
    bool steps_differ; /* two ".." that are not spelled alike, so that some resolve but one of them */
} decoded_t;

/* Whether a decoded segment is a ".." once its parameters, and blanks around it, are cut. */
static bool is_step(ocors_span_t segment)
{
    const char *parameter = segment.length > 0 ? memchr(segment.bytes, ';', segment.length) : NULL;

    if (parameter != NULL) {
        segment.length = (size_t)(parameter - segment.bytes);
    }
    return ocors_span_is_equal(trim(segment, false), OCORS_SPAN_LITERAL(".."));
}

/*
 * Decodes escapes until none is left, into at most text.length bytes. A '/' that was encoded becomes
 * a '\\', which is a separator that the request line does not have as such. Every escape takes two
 * bytes away, so that the whole is linear.
 */
static decoded_t decode(ocors_span_t text, char *to)
{
    decoded_t decoded = { .is_deep = false };
    ocors_span_t step = { NULL, 0 };
    size_t length = 0;

    for (size_t at = 0; at < text.length; at++) {
        const size_t start = at, begin = length;

        for (; at < text.length && text.bytes[at] != '/'; at++) {
            to[length++] = text.bytes[at];
            while (length - begin >= 3 && to[length - 3] == '%' && hex_value(to[length - 2]) >= 0
                   && hex_value(to[length - 1]) >= 0) {
                const char c = (char)(unsigned char)(hex_value(to[length - 2]) * 16
                                                     + hex_value(to[length - 1]));

                decoded.is_deep = decoded.is_deep || c == '%';
                length -= 2;
                to[length - 1] = c == '/' ? '\\' : c;
            }
        }
        if (is_step(ocors_span_make(to + begin, length - begin))) {
            const ocors_span_t spelling = ocors_span_make(text.bytes + start, at - start);

            decoded.steps_differ = decoded.steps_differ
                                   || (step.bytes != NULL && !ocors_span_is_equal(step, spelling));
            step = spelling;
        }
        if (at < text.length) {
            to[length++] = '/';
        }
    }
    decoded.path = ocors_span_make(to, length);
    return decoded;
}

/* Where the last segment of a resolved path begins, with its '/'. */
static size_t last_segment(const char *path, size_t length)
{
    while (length > 0 && path[length - 1] != '/') {
        length--;
    }
    return length > 0 ? length - 1 : 0;
}

/* Takes the last segment of a resolved path away; `complete` is where its first "dw" ends, or 0. */
static size_t segment_drop(resolved_t *resolved, const char *path, size_t length, size_t complete)
{
    const size_t start = last_segment(path, length);

    resolved->has_dots = true;
    resolved->climbs = resolved->climbs || length == 0;
    resolved->takes_back = resolved->takes_back || (complete > 0 && start <= complete);
    return start;
}

/* Whether the segment of a resolved path that ends here is a "dw". */
static bool ends_with_dw(const char *path, size_t length)
{
    const size_t start = last_segment(path, length);

    return length > 0
           && name_is_dw(ocors_span_make(path + start + 1, length - start - 1), READING_LOOSE);
}

/* Resolves what decode() gave, in its own place: a resolved path is never longer. */
static resolved_t resolve(ocors_span_t decoded, char *path)
{
    resolved_t resolved = { .has_dots = false };
    size_t length = 0;   /* of the resolved path */
    size_t complete = 0; /* where its first "dw" ends; 0: it has none */
    bool has_api = false;
    bool is_watched = true, has_parameter = false; /* of a segment of the request line */
    bool has_vanished = false; /* a segment that reading 2 does not have, and others may have */
    size_t at = 0;

    while (at < decoded.length) {
        const char separator = decoded.bytes[at];
        size_t stop;

        if (separator == '/') {
            is_watched = !has_api;
            has_parameter = false;
        }
        else if (separator == '\\') {
            resolved.has_separator = true;
            resolved.splits = resolved.splits || (is_watched && has_parameter);
        }
        at += separator == '/' || separator == '\\';
        ocors_span_t segment = ocors_span_make(decoded.bytes + at, 0);
        for (stop = at; stop < decoded.length && decoded.bytes[stop] != '/'
                        && decoded.bytes[stop] != '\\'; stop++) {
            has_parameter = has_parameter || decoded.bytes[stop] == ';';
        }
        const char *parameter = memchr(segment.bytes, ';', stop - at);
        segment.length = parameter != NULL ? (size_t)(parameter - segment.bytes) : stop - at;
        at = stop;
        resolved.has_parameter = resolved.has_parameter || (parameter != NULL && !has_api);
        const ocors_span_t bare = trim(segment, false);
        if (bare.length == 0 || ocors_span_is_equal(bare, OCORS_SPAN_LITERAL("."))) {
            has_vanished = true;
            resolved.vanishes = resolved.vanishes
                                || (!has_api && length > 0
                                    && (separator == '\\'
                                        || (stop < decoded.length && decoded.bytes[stop] == '\\')));
            continue;
        }
        if (ocors_span_is_equal(bare, OCORS_SPAN_LITERAL(".."))) {
            resolved.vanishes = resolved.vanishes || has_vanished || bare.length != segment.length;
            length = segment_drop(&resolved, path, length, complete);
            continue;
        }
        has_api = has_api || ends_with_dw(path, length);
        path[length++] = '/';
        memmove(path + length, segment.bytes, segment.length);
        length += segment.length;
        if (complete == 0 && ends_with_dw(path, length)) {
            complete = length;
        }
    }
    resolved.has_dw = complete > 0;
    resolved.has_parameter = resolved.has_parameter && complete > 0;
    resolved.vanishes = resolved.vanishes && complete > 0;
    resolved.path = ocors_span_make(path, length);
    return resolved;
}

/*
 * Reads one path loosely into `room`; whether what it holds is ambiguous by itself. `has_parameter`:
 * there is a ';' before its API.
 */
static bool read_loosely(ocors_span_t text, char *room, ocors_span_t *loose, bool *has_parameter)
{
    const decoded_t decoded = decode(text, room + 1);
    const resolved_t resolved = resolve(decoded.path, room);

    *loose = resolved.path;
    *has_parameter = resolved.has_parameter;
    return resolved.splits || resolved.vanishes || resolved.takes_back || resolved.climbs
           || (resolved.has_dots && (resolved.has_separator || decoded.is_deep))
           || (resolved.has_dw && decoded.steps_differ);
}

size_t ocors_url_path_room(ocors_span_t uri, ocors_span_t line)
{
    return (uri.length > line.length ? uri.length : line.length) + 1;
}

/* Whether reading 2 leaves a path as it is: most have nothing to decode, to cut or to resolve. */
static bool path_is_resolved(ocors_span_t path)
{
    for (size_t i = 0; i < path.length; i++) {
        const char c = path.bytes[i];

        if (is_blank(c) || c == '%' || c == ';' || c == '\\'
            || (c == '.' && i > 0 && path.bytes[i - 1] == '/')) {
            return false;
        }
    }
    return true;
}

void ocors_url_path_read(ocors_span_t uri, ocors_span_t line, char *room, ocors_url_path_t *path)
{
    const bool is_as_asked = ocors_span_is_equal(uri, line);
    ocors_span_t loose = uri;
    size_t behind = 0;
    bool ends;

    ocors_url_path_parse(uri, path);
    if (!is_as_asked || !path_is_resolved(uri)) {
        bool is_cut = false, has_parameter; /* mapping=servlet takes parameters from the path */

        path->is_ambiguous = !is_as_asked && read_loosely(line, room, &loose, &is_cut);
        path->is_ambiguous = read_loosely(uri, room, &loose, &has_parameter) || path->is_ambiguous
                             || (is_cut && !has_parameter);
    }
    if (address_find(loose, READING_LOOSE, &path->loose, &behind, &ends)) {
        path->is_ambiguous = path->is_ambiguous || address_follows(loose, behind);
    }
    path->is_ambiguous = path->is_ambiguous || ends || path->plain.api != path->loose.api;
}

bool ocors_url_path_is_outside(const ocors_url_path_t *path)
{
    return !path->is_ambiguous && path->plain.api == OCORS_API_OUTSIDE;
}

size_t ocors_site_key(ocors_span_t id, char key[OCORS_SITE_KEY_MAX])
{
    size_t length = 0;

    id = trim(id, true);
    for (size_t at = 0; at < id.length;) {
        if (length == OCORS_SITE_KEY_MAX) {
            return 0;
        }
        key[length++] = fold_next(id, &at);
    }
    return length;
}
