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

/* The segment that ends at `end`. */
static ocors_span_t segment_before(ocors_span_t path, size_t end)
{
    size_t start = end;

    while (start > 0 && path.bytes[start - 1] != '/') {
        start--;
    }
    return ocors_span_make(path.bytes + start, end - start);
}

/*
 * Whether another address follows: "s/{x}/dw", "dw/shop" or "dw/data"; behind another API, also
 * "dw/{any}". The API, which ends at `behind`, may be the first segment of all but the last.
 */
static bool address_follows(ocors_span_t path, size_t behind, ocors_api_t api)
{
    ocors_span_t before = { NULL, 0 }, last = segment_before(path, behind);

    for (ocors_span_t segment = segment_next(path, &behind); segment.bytes != NULL;
         segment = segment_next(path, &behind)) {
        if ((name_is_s(before, READING_LOOSE) && name_is_dw(segment, READING_LOOSE))
            || (name_is_dw(last, READING_LOOSE)
                && (api_of(segment, READING_LOOSE) != OCORS_API_OTHER
                    || (api == OCORS_API_OTHER && before.bytes != NULL)))) {
            return true;
        }
        before = last;
        last = segment;
    }
    return false;
}

/*
 * Whether the API of reading 2, which ends at `behind`, is another "dw", and its site is not that
 * of reading 1: to an application that reads less leniently, the address may begin there.
 */
static bool address_moves(const ocors_url_path_t *path, ocors_span_t loose, size_t behind)
{
    return !ocors_span_is_equal(path->plain.site, path->loose.site)
           && name_is_dw(segment_before(loose, behind), READING_LOOSE);
}

/*
 * Whether an application that decodes the path, and then reads it byte for byte, finds an address
 * whose site is that of neither reading.
 */
static bool address_differs(const ocors_url_path_t *path, ocors_span_t loose)
{
    ocors_address_t strict;
    size_t behind;
    bool ends;

    if (!address_find(loose, READING_PLAIN, &strict, &behind, &ends)) {
        return false;
    }
    if (strict.site.bytes == NULL) {
        return path->plain.site.bytes != NULL && path->loose.site.bytes != NULL;
    }
    return !ocors_span_is_equal(strict.site, path->plain.site)
           && !ocors_span_is_equal(site_unwrap(strict.site, READING_LOOSE), path->loose.site);
}

/* A "v19_1" segment. */
static bool version_parse(ocors_span_t segment, ocors_version_t *version)
{
    return segment.length >= 4 && segment.length <= 16 && segment.bytes[0] == 'v'
           && ocors_version_parse_by(ocors_span_from(segment, 1), '_', version);
}

/* Reading 1. */
void ocors_url_path_parse(ocors_span_t uri, ocors_url_path_t *path)
{
    bool ends;

    *path = (ocors_url_path_t){ .whole = uri };
    (void)address_find(uri, READING_PLAIN, &path->plain, &path->behind, &ends);
    path->loose = path->plain;
}

ocors_version_t ocors_url_path_split(const ocors_url_path_t *path, ocors_span_t *rest)
{
    size_t behind = path->behind;
    ocors_version_t version;

    *rest = path->whole;
    if (path->plain.api == OCORS_API_OUTSIDE
        || !version_parse(segment_next(path->whole, &behind), &version)) {
        return 0;
    }
    *rest = behind < path->whole.length ? ocors_span_from(path->whole, behind)
                                        : OCORS_SPAN_LITERAL("/");
    return version;
}

bool ocors_url_path_begins_inside(const char *uri)
{
    if (uri[0] == '/' && uri[1] == 's' && uri[2] == '/') {
        uri = strchr(uri + 3, '/');
    }
    return uri != NULL && uri[0] == '/' && uri[1] == 'd' && uri[2] == 'w' && uri[3] == '/'
           && uri[4] != '/' && uri[4] != '.' && uri[4] != '\0';
}

/* ---- A plain path: every application reads it alike ------------------------------------------ */

/* The bytes of names that no application decodes, folds to others, or takes for a separator. */
#define IS_PLAIN(byte)                                                                             \
    (((byte) >= '0' && (byte) <= '9') || ((byte) >= 'A' && (byte) <= 'Z')                          \
     || ((byte) >= 'a' && (byte) <= 'z') || (byte) == '-' || (byte) == '_' || (byte) == '.')

static const unsigned char is_plain[256] = OCORS_TABLE(IS_PLAIN);

/* The end of a name; two bytes at a time, as most of the time of a walk is spent here. */
static const char *skip_plain(const char *at)
{
    while (is_plain[(unsigned char)at[0]] != 0 && is_plain[(unsigned char)at[1]] != 0) {
        at += 2;
    }
    return at + is_plain[(unsigned char)*at]; /* 1 or 0 */
}

/*
 * The end of a segment of a plain path: plain bytes, one or more, of which the first and the last
 * are not dots. NULL: it is another one, or begins as "dw" does.
 */
static inline const char *skip_segment(const char *at)
{
    const char *const end = skip_plain(at);

    return end == at || at[0] == '.' || end[-1] == '.'
                   || ((at[0] | 0x20) == 'd' && (at[1] | 0x20) == 'w')
               ? NULL
               : end;
}

/* The end of a path that goes on with segments as above; a '/' may end it. NULL: it does not. */
static inline const char *skip_segments(const char *at)
{
    while (at != NULL && at[0] == '/' && at[1] != '\0') {
        at = skip_segment(at + 1);
    }
    return at == NULL ? NULL : at[0] == '\0' ? at : at[0] == '/' ? at + 1 : NULL;
}

/* Whether a path goes on with "/dw/". */
static inline bool goes_on_with_dw(const char *at)
{
    return at[0] == '/' && at[1] == 'd' && at[2] == 'w' && at[3] == '/';
}

/* What is behind the "s/{site}" that a plain path begins with; the path itself: it does not. */
static inline const char *skip_site(const char *uri, ocors_span_t *site)
{
    const bool begins_with_s = uri[0] == '/' && uri[1] == 's' && uri[2] == '/';
    const char *const end = begins_with_s ? skip_segment(uri + 3) : NULL;

    if (end == NULL || !goes_on_with_dw(end)) {
        return uri;
    }
    *site = ocors_span_make(uri + 3, (size_t)(end - uri) - 3);
    return end;
}

/* The end of a segment that is "shop" or "data". NULL: it is another one. */
static inline const char *skip_api(const char *at, ocors_api_t *api)
{
    if (at[0] == 's' && at[1] == 'h' && at[2] == 'o' && at[3] == 'p') {
        *api = OCORS_API_SHOP;
    }
    else if (at[0] == 'd' && at[1] == 'a' && at[2] == 't' && at[3] == 'a') {
        *api = OCORS_API_DATA;
    }
    else {
        return NULL;
    }
    return at[4] == '/' || at[4] == '\0' ? at + 4 : NULL;
}

/* The site of a plain path, without "Sites-" and "-Site". False: the readings may differ. */
static bool unwrap_plain(ocors_span_t *site)
{
    const ocors_span_t segment = *site, end = OCORS_SPAN_LITERAL("-site");

    if ((segment.bytes[0] | 0x20) != 's' || (segment.bytes[segment.length - 1] | 0x20) != 'e'
        || segment.length < end.length
        || !ocors_span_is_equal_nocase(ocors_span_from(segment, segment.length - end.length),
                                       end)) {
        return true;
    }
    *site = site_unwrap(segment, READING_PLAIN);
    return site->length < segment.length; /* in another case, only reading 2 unwraps it */
}

bool ocors_url_path_read_plain(const char *uri, ocors_url_path_t *path)
{
    ocors_address_t address = { .api = OCORS_API_OUTSIDE };
    const char *at = skip_site(uri, &address.site);

    path->behind = 0;
    if (goes_on_with_dw(at)) {
        at = skip_api(at + 4, &address.api); /* "Shop" is another API, and shop in reading 2 */
        if (at == NULL || (address.site.bytes != NULL && !unwrap_plain(&address.site))) {
            return false;
        }
        path->behind = (size_t)(at - uri);
    }
    at = skip_segments(at);
    if (at == NULL || at == uri) {
        return false;
    }
    path->whole = ocors_span_make(uri, (size_t)(at - uri));
    path->plain = path->loose = address;
    path->is_ambiguous = false;
    return true;
}

/* ---- Both readings --------------------------------------------------------------------------- */

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

    ocors_url_path_parse(uri, path);
    path->is_ambiguous = read_loosely(uri, line, buffer, &loose);
    if (address_find(loose, READING_LOOSE, &path->loose, &behind, &ends)) {
        path->is_ambiguous = path->is_ambiguous || address_follows(loose, behind, path->loose.api)
                             || address_moves(path, loose, behind) || address_differs(path, loose);
    }
    path->is_ambiguous = path->is_ambiguous || ends || path->plain.api != path->loose.api;
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
