/* SPDX-License-Identifier: Apache-2.0 */
/* Two readings of a URL path. Clients choose every byte. */

#include "ocors_url_path.h"

#include "ocors_table.h"
#include "ocors_url_loose.h"
#include "ocors_url_name.h"

/* How names are compared: byte for byte (reading 1), or leniently (reading 2). */
typedef enum {
    READING_PLAIN,
    READING_LOOSE
} reading_t;

/* ---- Names ----------------------------------------------------------------------------------- */

/* The next segment that is neither empty nor "."; bytes NULL: none. *at moves past it. */
static ocors_span_t segment_next(ocors_span_t path, size_t *at)
{
    ocors_span_t segment;

    do {
        segment = ocors_segment_next(path, at);
    } while (segment.length == 1 && segment.bytes[0] == '.');
    return segment;
}

/* Whether a segment is this name; the name is in lower case. */
static bool name_is(ocors_span_t segment, ocors_span_t name, reading_t reading)
{
    return reading == READING_PLAIN ? ocors_span_is_equal(segment, name)
                                    : ocors_url_name_is(segment, name);
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

/* The length of "-Site" at the end of a segment; 0: the segment ends otherwise. */
static size_t suffix_length(ocors_span_t segment, reading_t reading)
{
    const ocors_span_t plain = OCORS_SPAN_LITERAL("-Site"), folded = OCORS_SPAN_LITERAL("-site");

    for (size_t length = 5; length <= 7 && length <= segment.length; length++) {
        const ocors_span_t end = ocors_span_make(segment.bytes + segment.length - length, length);

        if (reading == READING_PLAIN ? ocors_span_is_equal(end, plain)
                                     : ocors_url_name_prefix(end, folded) == length) {
            return length;
        }
    }
    return 0;
}

/* The site of a segment: of "Sites-{site}-Site" the part between. */
static ocors_span_t site_unwrap(ocors_span_t segment, reading_t reading)
{
    const ocors_span_t plain = OCORS_SPAN_LITERAL("Sites-");
    const ocors_span_t trimmed = reading == READING_LOOSE ? ocors_url_name_trim(segment, true)
                                                          : segment;
    const size_t after = suffix_length(trimmed, reading);
    size_t before;

    if (after == 0) {
        return segment;
    }
    before = reading == READING_LOOSE ? ocors_url_name_prefix(trimmed, OCORS_SPAN_LITERAL("sites-"))
             : ocors_span_has_prefix(trimmed, plain) ? plain.length
                                                     : 0;
    return before > 0 && trimmed.length > before + after
               ? ocors_span_make(trimmed.bytes + before, trimmed.length - before - after)
               : segment;
}

/* ---- Addresses ------------------------------------------------------------------------------- */

/*
 * The address of a path: its first "s/{site}/dw/{api}" or "dw/{api}". *behind is where the rest
 * begins. False: the path has none; *ends: the path ends at a "dw".
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

/* Reading 1. *behind: where the rest after the API begins, if the path names one. */
static void parse(ocors_span_t uri, ocors_url_path_t *path, size_t *behind_api)
{
    ocors_version_t version;
    size_t behind = 0;
    bool ends;

    *path = (ocors_url_path_t){ .rest = uri };
    const bool is_found = address_find(uri, READING_PLAIN, &path->plain, &behind, &ends);
    *behind_api = behind;
    if (is_found && version_parse(segment_next(uri, &behind), &version)) {
        path->version = version;
        path->rest = behind < uri.length ? ocors_span_make(uri.bytes + behind, uri.length - behind)
                                         : OCORS_SPAN_LITERAL("/");
    }
    path->loose = path->plain;
}

void ocors_url_path_parse(ocors_span_t uri, ocors_url_path_t *path)
{
    size_t behind;

    parse(uri, path, &behind);
}

/* ---- A path of which both readings are the same, as most are ----------------------------------
 */

/* Bytes that no reading changes, and that nobody removes from around a name. */
#define IS_SIMPLE(byte)                                                                            \
    (((byte) >= '0' && (byte) <= '9') || ((byte) >= 'A' && (byte) <= 'Z')                          \
     || ((byte) >= 'a' && (byte) <= 'z') || (byte) == '-' || (byte) == '_' || (byte) == '/')

static const unsigned char is_simple[256] = OCORS_TABLE(IS_SIMPLE);

static bool bytes_are_simple(ocors_span_t path)
{
    unsigned all = 1;

    for (size_t i = 0; i < path.length; i++) {
        all &= is_simple[(unsigned char)path.bytes[i]];
    }
    return all != 0;
}

/* Whether a segment of the rest, which begins with a '/', may be a "dw" in any case. */
static bool dw_may_follow(ocors_span_t rest)
{
    while (rest.length > 2) {
        if ((rest.bytes[1] | 0x20) == 'd' && (rest.bytes[2] | 0x20) == 'w') {
            return true;
        }
        const char *slash = memchr(rest.bytes + 1, '/', rest.length - 1);
        if (slash == NULL) {
            break;
        }
        rest = ocors_span_from(rest, (size_t)(slash - rest.bytes));
    }
    return false;
}

/* Whether reading 2 may find "Sites-{site}-Site" in a site that reading 1 has taken whole. */
static bool site_may_be_wrapped(ocors_span_t site)
{
    const ocors_span_t end = OCORS_SPAN_LITERAL("-site");

    return site.length >= end.length && (site.bytes[0] | 0x20) == 's'
           && ocors_span_is_equal_nocase(ocors_span_from(site, site.length - end.length), end);
}

/*
 * Whether reading 2 of a path finds what reading 1 has found: the path begins with its address, and
 * no reading can find another one.
 */
static bool is_read_alike(ocors_span_t uri, const ocors_address_t *address, size_t behind)
{
    static const ocors_span_t site = OCORS_SPAN_INITIALISER("/s/"),
                              wrapped = OCORS_SPAN_INITIALISER("/s/Sites-"),
                              none = OCORS_SPAN_INITIALISER("/dw/");
    const size_t place = address->site.bytes != NULL ? (size_t)(address->site.bytes - uri.bytes)
                                                     : 0;
    bool is_first;

    if (address->api != OCORS_API_SHOP && address->api != OCORS_API_DATA) {
        return false;
    }
    if (place == 0) {
        is_first = ocors_span_has_prefix(uri, none);
    }
    else if (place == site.length) {
        is_first = ocors_span_has_prefix(uri, site) && !site_may_be_wrapped(address->site);
    }
    else {
        is_first = place == wrapped.length && ocors_span_has_prefix(uri, wrapped);
    }
    return is_first && bytes_are_simple(uri) && !dw_may_follow(ocors_span_from(uri, behind));
}

size_t ocors_url_path_buffer_size(ocors_span_t uri, ocors_span_t line)
{
    return (uri.length > line.length ? uri.length : line.length) + 1;
}

/* Writes reading 2 of the path to *loose. True: it, or that of the request line, is ambiguous. */
static bool read_loosely(ocors_span_t uri, ocors_span_t line, char *buffer, ocors_span_t *loose)
{
    const bool is_as_asked = ocors_span_is_equal(uri, line);
    ocors_url_loose_t asked = { .is_ambiguous = false };

    *loose = uri;
    if (is_as_asked && ocors_url_is_loose(uri)) {
        return false;
    }
    if (!is_as_asked) {
        asked = ocors_url_loosen(line, buffer);
    }
    const ocors_url_loose_t passed = ocors_url_loosen(uri, buffer);
    *loose = passed.path;
    return passed.is_ambiguous || asked.is_ambiguous
           || (asked.has_parameter && !passed.has_parameter); /* mapping=servlet has cut it */
}

void ocors_url_path_read(ocors_span_t uri, ocors_span_t line, char *buffer, ocors_url_path_t *path)
{
    ocors_span_t loose;
    size_t behind;
    bool ends;

    parse(uri, path, &behind);
    if (ocors_span_is_equal(uri, line) && is_read_alike(uri, &path->plain, behind)) {
        return;
    }
    path->is_ambiguous = read_loosely(uri, line, buffer, &loose);
    if (address_find(loose, READING_LOOSE, &path->loose, &behind, &ends)) {
        path->is_ambiguous = path->is_ambiguous || address_follows(loose, behind);
    }
    path->is_ambiguous = path->is_ambiguous || ends || path->plain.api != path->loose.api;
}

bool ocors_url_path_is_outside(const ocors_url_path_t *path)
{
    return !path->is_ambiguous && path->plain.api == OCORS_API_OUTSIDE;
}

ocors_span_t ocors_url_path_decode_slashes(ocors_span_t path, char *buffer)
{
    char *to = buffer;

    for (size_t i = 0; i < path.length; to++) {
        const char *from = path.bytes + i;
        const bool is_slash = path.length - i > 2 && from[0] == '%' && from[1] == '2'
                              && (from[2] | 0x20) == 'f';

        *to = is_slash ? '/' : *from;
        i += is_slash ? 3 : 1;
    }
    return ocors_span_make(buffer, (size_t)(to - buffer));
}
