/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A URL path in both readings (C5, R12) against a list of its segments. Fields: the path as httpd
 * passes it on, and that of the request line, which is the same if there is none.
 */
#include "fuzz.h"
#include "ocors_url_loose.h"
#include "ocors_url_name.h"
#include "ocors_url_path.h"

/* The longest path that the lists are made of: their making is slow. */
#define LIST_MAX 512

/* Segments, one after the other. They point into `text`, which the list owns. */
typedef struct list_t {
    ocors_span_t text;
    ocors_span_t items[LIST_MAX + 1];
    size_t count;
    bool has_steps, climbs; /* a ".."; one that has nothing to remove */
} list_t;

/* ---- Reading 2, a step at a time ------------------------------------------------------------- */

/* Decodes each escape once; true: there was one. */
static bool decode_once(ocors_span_t *text)
{
    char *to = (char *)(uintptr_t)text->bytes;
    size_t length = 0;

    for (size_t i = 0; i < text->length;) {
        const int value = text->length - i > 2 ? ocors_escape_value(text->bytes + i) : -1;

        to[length++] = value >= 0 ? (char)value : text->bytes[i];
        i += value >= 0 ? 3 : 1;
    }
    const bool found = length < text->length;

    text->length = length;
    return found;
}

/* Removes TAB, LF and CR, as the URL standard does. */
static void remove_breaks(ocors_span_t *text)
{
    char *to = (char *)(uintptr_t)text->bytes;
    size_t length = 0;

    for (size_t i = 0; i < text->length; i++) {
        if (text->bytes[i] != '\t' && text->bytes[i] != '\n' && text->bytes[i] != '\r') {
            to[length++] = text->bytes[i];
        }
    }
    text->length = length;
}

static void make_loose(ocors_span_t path, list_t *list)
{
    list->text = fuzz_copy(path);
    list->count = 0;
    list->has_steps = list->climbs = false;
    do {
        remove_breaks(&list->text);
    } while (decode_once(&list->text));
    for (size_t i = 0; i < list->text.length; i++) {
        if (list->text.bytes[i] == '\\') {
            ((char *)(uintptr_t)list->text.bytes)[i] = '/';
        }
    }
    ocors_span_t rest = list->text;

    while (rest.bytes != NULL) {
        ocors_span_t segment = fuzz_cut(&rest, OCORS_SPAN_LITERAL("/"));

        segment = fuzz_cut(&segment, OCORS_SPAN_LITERAL(";"));
        const ocors_span_t bare = ocors_url_name_trim(segment, false);

        if (ocors_span_is_equal(bare, OCORS_SPAN_LITERAL(".."))) {
            list->has_steps = true;
            list->climbs = list->climbs || list->count == 0;
            list->count -= list->count > 0;
        }
        else if (bare.length > 0 && !ocors_span_is_equal(bare, OCORS_SPAN_LITERAL("."))) {
            list->items[list->count++] = segment;
        }
    }
}

static size_t count_of(ocors_span_t text, char c)
{
    size_t count = 0;

    for (size_t i = 0; i < text.length; i++) {
        count += text.bytes[i] == c;
    }
    return count;
}

/* Whether an escape is in an escape: "%2541". */
static bool has_deep_escape(ocors_span_t path)
{
    (void)fuzz_cut(&path, OCORS_SPAN_LITERAL("%25"));
    return path.bytes != NULL;
}

/* Compares reading 2 with the list, and says where the path must be ambiguous. */
static void check_list(ocors_span_t path, const ocors_url_loose_t *loose)
{
    list_t list;
    size_t at = 0;

    make_loose(path, &list);
    /* A session of ASP.NET, "(S(...))", goes with the '/' before it: the list does not know it. */
    if (!fuzz_has(list.text, '(')) {
        const bool has_separator = count_of(list.text, '/') > count_of(path, '/');

        FUZZ_CHECK(loose->is_ambiguous || !list.climbs);
        FUZZ_CHECK(loose->is_ambiguous || !list.has_steps || !has_separator);
        FUZZ_CHECK(loose->is_ambiguous || !list.has_steps || !has_deep_escape(path));
        for (size_t i = 0; i < list.count && !loose->is_ambiguous; i++) {
            FUZZ_CHECK(ocors_span_is_equal(ocors_segment_next(loose->path, &at), list.items[i]));
        }
        FUZZ_CHECK(loose->is_ambiguous || at == loose->path.length);
    }
    fuzz_free(list.text);
}

static void check_loose(ocors_span_t path)
{
    char *buffer = fuzz_allocate(path.length + 1);
    const ocors_url_loose_t loose = ocors_url_loosen(path, buffer);

    FUZZ_CHECK(loose.path.length <= path.length + 1);
    /* The same segments, each with one '/' before it. httpd passes on no other path than these. */
    if (path.length > 0 && path.bytes[0] == '/' && ocors_url_is_loose(path)) {
        size_t same = 0, plain = 0;

        FUZZ_CHECK(!loose.is_ambiguous && !loose.has_parameter);
        do {
            const ocors_span_t segment = ocors_segment_next(path, &plain);

            FUZZ_CHECK(ocors_span_is_equal(ocors_segment_next(loose.path, &same), segment));
        } while (plain < path.length);
    }
    if (path.length <= LIST_MAX) {
        check_list(path, &loose);
    }
    fuzz_release(buffer);
}

/* ---- Addresses ------------------------------------------------------------------------------- */

/* The segments that reading 1 has: as they are, without those that are empty or ".". */
static void make_plain(ocors_span_t path, list_t *list)
{
    list->count = 0;
    while (path.bytes != NULL) {
        const ocors_span_t segment = fuzz_cut(&path, OCORS_SPAN_LITERAL("/"));

        if (segment.length > 0 && !ocors_span_is_equal(segment, OCORS_SPAN_LITERAL("."))) {
            list->items[list->count++] = segment;
        }
    }
}

static bool is_name(const list_t *list, size_t at, const char *name)
{
    return at < list->count && ocors_span_is_equal(list->items[at], ocors_span_from_string(name));
}

/* The site of "Sites-{site}-Site", or the segment. */
static ocors_span_t unwrap(ocors_span_t segment)
{
    if (segment.length > 11 && ocors_span_has_prefix(segment, OCORS_SPAN_LITERAL("Sites-"))
        && ocors_span_has_suffix(segment, OCORS_SPAN_LITERAL("-Site"))) {
        return ocors_span_make(segment.bytes + 6, segment.length - 11);
    }
    return segment;
}

/* "v19_1" as 19 << 16 | 1; 0: it is not one. */
static ocors_version_t version_of(ocors_span_t segment)
{
    ocors_version_t version = 0;
    fuzz_text_t text = { .bytes = NULL };

    if (segment.length < 2 || segment.length > 16 || segment.bytes[0] != 'v'
        || fuzz_has(segment, '.')) {
        return 0;
    }
    fuzz_put(&text, segment.bytes + 1, segment.length - 1);
    for (size_t i = 0; i < text.length; i++) {
        text.bytes[i] = text.bytes[i] == '_' ? '.' : text.bytes[i];
    }
    (void)ocors_version_parse(fuzz_text_span(&text), &version);
    free(text.bytes);
    return version;
}

/*
 * The address that a list of segments has: the first "s/{site}/dw/{api}" or "dw/{api}"; *api is the
 * last segment of it.
 */
static ocors_address_t address_of(const list_t *list, ocors_version_t *version, ocors_span_t *api)
{
    ocors_address_t address = { .api = OCORS_API_OUTSIDE };

    *version = 0;
    *api = ocors_span_make(NULL, 0);
    for (size_t i = 0; i < list->count && address.api == OCORS_API_OUTSIDE; i++) {
        const size_t dw = is_name(list, i, "s") ? i + 2 : i;

        if (!is_name(list, dw, "dw")) {
            continue;
        }
        if (dw + 1 >= list->count) {
            break;
        }
        *api = list->items[dw + 1];
        address.site = dw > i ? unwrap(list->items[i + 1]) : ocors_span_make(NULL, 0);
        address.api = is_name(list, dw + 1, "shop")   ? OCORS_API_SHOP
                      : is_name(list, dw + 1, "data") ? OCORS_API_DATA
                                                      : OCORS_API_OTHER;
        *version = dw + 2 < list->count ? version_of(list->items[dw + 2]) : 0;
    }
    return address;
}

static void check_plain(ocors_span_t uri, const ocors_url_path_t *path)
{
    ocors_version_t version;
    ocors_span_t rest, api;
    list_t list;

    make_plain(uri, &list);
    const ocors_address_t wanted = address_of(&list, &version, &api);

    FUZZ_CHECK(path->plain.api == wanted.api);
    FUZZ_CHECK((path->plain.site.bytes == NULL) == (wanted.site.bytes == NULL));
    FUZZ_CHECK(ocors_span_is_equal(path->plain.site, wanted.site));
    FUZZ_CHECK(ocors_url_path_split(path, &rest) == version);
    FUZZ_CHECK(version != 0 || ocors_span_is_equal(rest, uri));
    FUZZ_CHECK(version == 0 || rest.bytes[0] == '/');
}

/*
 * What a path that is not ambiguous promises: both readings name one API, and where reading 2 has
 * nothing to change, one site.
 */
static void check_readings(ocors_span_t uri, ocors_span_t line)
{
    char *buffer = fuzz_allocate(ocors_url_path_buffer_size(uri, line));
    char first[OCORS_SITE_KEY_MAX], again[OCORS_SITE_KEY_MAX];
    ocors_url_path_t path, plain;

    ocors_url_path_parse(uri, &plain);
    FUZZ_CHECK(!plain.is_ambiguous && plain.loose.api == plain.plain.api);
    ocors_url_path_read(uri, line, buffer, &path);
    FUZZ_CHECK(path.plain.api == plain.plain.api && path.behind == plain.behind);
    FUZZ_CHECK(path.is_ambiguous || path.plain.api == path.loose.api);
    FUZZ_CHECK(!ocors_url_path_is_outside(&path)
               || (path.plain.api == OCORS_API_OUTSIDE && path.loose.api == OCORS_API_OUTSIDE));
    const size_t length = ocors_site_key(path.loose.site, first);

    FUZZ_CHECK(length <= OCORS_SITE_KEY_MAX);
    FUZZ_CHECK(ocors_site_key(ocors_span_make(first, length), again) == length
               && memcmp(first, again, length) == 0);
    fuzz_release(buffer);
}

/* A path that is read once is read as both readings read it. */
static void check_plain_path(ocors_span_t uri)
{
    char *text = fuzz_allocate(uri.length + 1);
    char *buffer = fuzz_allocate(ocors_url_path_buffer_size(uri, uri));
    ocors_url_path_t once, twice;

    if (uri.length > 0) {
        memcpy(text, uri.bytes, uri.length);
    }
    text[uri.length] = '\0';
    ocors_url_path_read(uri, uri, buffer, &twice);
    if (strlen(text) == uri.length) {
        FUZZ_CHECK(!ocors_url_path_begins_inside(text) || !ocors_url_path_is_outside(&twice));
        if (ocors_url_path_read_plain(text, &once)) {
            FUZZ_CHECK(!twice.is_ambiguous && once.behind == twice.behind);
            FUZZ_CHECK(once.plain.api == twice.plain.api && once.loose.api == twice.loose.api);
            FUZZ_CHECK(ocors_span_is_equal(once.plain.site, twice.plain.site));
            FUZZ_CHECK(ocors_span_is_equal(once.loose.site, twice.loose.site));
        }
    }
    fuzz_release(buffer);
    fuzz_release(text);
}

/* ---- Applications ---------------------------------------------------------------------------- */

/* How an application reads a path, of those that there are. */
typedef struct application_t {
    int decodings;              /* how often it decodes escapes */
    bool cuts_first, cuts_last; /* a parameter goes before, or after, the decoding */
    bool takes_backslash;       /* as a '/' */
    bool resolves;              /* ".." */
} application_t;

static void cut_parameters(ocors_span_t *text)
{
    char *to = (char *)(uintptr_t)text->bytes;
    bool is_cut = false;
    size_t length = 0;

    for (size_t i = 0; i < text->length; i++) {
        is_cut = text->bytes[i] != '/' && (is_cut || text->bytes[i] == ';');
        if (!is_cut) {
            to[length++] = text->bytes[i];
        }
    }
    text->length = length;
}

/* The segments that the application has; list->text is the caller's to free. */
static void read_as(const application_t *application, ocors_span_t path, list_t *list)
{
    list->text = fuzz_copy(path);
    if (application->cuts_first) {
        cut_parameters(&list->text);
    }
    for (int i = 0; i < application->decodings; i++) {
        (void)decode_once(&list->text);
    }
    for (size_t i = 0; i < list->text.length && application->takes_backslash; i++) {
        if (list->text.bytes[i] == '\\') {
            ((char *)(uintptr_t)list->text.bytes)[i] = '/';
        }
    }
    if (application->cuts_last) {
        cut_parameters(&list->text);
    }
    ocors_span_t rest = list->text;

    list->count = 0;
    while (rest.bytes != NULL) {
        const ocors_span_t segment = fuzz_cut(&rest, OCORS_SPAN_LITERAL("/"));

        if (application->resolves && ocors_span_is_equal(segment, OCORS_SPAN_LITERAL(".."))) {
            list->count -= list->count > 0;
        }
        else if (segment.length > 0 && !ocors_span_is_equal(segment, OCORS_SPAN_LITERAL("."))) {
            list->items[list->count++] = segment;
        }
    }
}

static bool is_same_site(ocors_span_t a, ocors_span_t b)
{
    char key_a[OCORS_SITE_KEY_MAX], key_b[OCORS_SITE_KEY_MAX];
    const size_t length = ocors_site_key(a, key_a);

    return length == ocors_site_key(b, key_b) && memcmp(key_a, key_b, length) == 0;
}

/* The site of "Sites-{site}-Site" in any case, as reading 2 takes it off, or the segment. */
static ocors_span_t unwrap_loosely(ocors_span_t segment)
{
    const size_t length = segment.length;

    return length > 11
                   && ocors_span_is_equal_nocase(ocors_span_make(segment.bytes, 6),
                                                 OCORS_SPAN_LITERAL("Sites-"))
                   && ocors_span_is_equal_nocase(ocors_span_make(segment.bytes + length - 5, 5),
                                                 OCORS_SPAN_LITERAL("-Site"))
               ? ocors_span_make(segment.bytes + 6, length - 11)
               : segment;
}

/* A name that no site or API has: a control character, or what is left of an escape or a parameter.
 */
static bool is_strange(ocors_span_t name)
{
    return ocors_span_has_control(name) || fuzz_has(name, '%') || fuzz_has(name, ';')
           || fuzz_has(name, '\\');
}

/*
 * R12: if a path is not ambiguous, no application finds an API in it that the readings do not name,
 * or a site that neither reading names. It may find none where reading 1 names one that there
 * cannot be: then the section's site decides (ocors_snapshot_find_path()).
 */
static void check_applications(ocors_span_t uri)
{
    char *buffer = fuzz_allocate(ocors_url_path_buffer_size(uri, uri));
    ocors_url_path_t path;
    list_t list;

    ocors_url_path_read(uri, uri, buffer, &path);
    for (unsigned i = 0; i < 48 && !path.is_ambiguous; i++) {
        const application_t application = { .decodings = (int)(i / 16),
                                            .cuts_first = (i & 1) != 0,
                                            .cuts_last = (i & 2) != 0,
                                            .takes_backslash = (i & 4) != 0,
                                            .resolves = (i & 8) != 0 };
        ocors_version_t version;
        ocors_span_t api;

        read_as(&application, uri, &list);
        const ocors_address_t found = address_of(&list, &version, &api);

        FUZZ_CHECK(found.api == OCORS_API_OUTSIDE || found.api == path.plain.api
                   || ocors_span_has_control(api));
        FUZZ_CHECK(found.api == OCORS_API_OUTSIDE || is_strange(found.site)
                   || (found.site.bytes == NULL && is_strange(path.plain.site))
                   || is_same_site(found.site, path.plain.site)
                   || is_same_site(found.site, path.loose.site)
                   || is_same_site(unwrap_loosely(found.site), path.loose.site));
        fuzz_free(list.text);
    }
    fuzz_release(buffer);
}

void fuzz_url_path(ocors_span_t input)
{
    fuzz_fields_t fields = fuzz_split(input, 2);
    const ocors_span_t uri = fields.items[0];
    const ocors_span_t line = fields.count > 1 ? fields.items[1] : uri;
    char *slashes = fuzz_allocate(uri.length);
    ocors_url_path_t path;

    check_loose(uri);
    check_readings(uri, line);
    check_plain_path(uri);
    if (uri.length <= LIST_MAX) {
        ocors_url_path_parse(uri, &path);
        check_plain(uri, &path);
        check_applications(uri);
    }
    FUZZ_CHECK(ocors_url_path_decode_slashes(uri, slashes).length <= uri.length);
    fuzz_release(slashes);
    fuzz_fields_free(&fields);
}
