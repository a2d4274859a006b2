/* SPDX-License-Identifier: Apache-2.0 */
/* Facts of a request -> the client application that it names. All of it is an attacker's input. */

#include "ocors_client.h"

#include "ocors_utf8.h"

/* Where a reading of JSON is. It goes forward only, and gives up at what is no JSON (RFC 8259). */
typedef struct cursor_t {
    const char *at;
    const char *end;
} cursor_t;

/* Deeper than this, a token is passed over: nothing that names a client looks so. */
#define JSON_DEPTH_MAX 64

/* Room for decoded bytes; it is as long as all that can be decoded into it. */
typedef struct room_t {
    char *at;
} room_t;

static int base64_value(char c)
{
    if (c >= 'A' && c <= 'Z') {
        return c - 'A';
    }
    if (c >= 'a' && c <= 'z') {
        return c - 'a' + 26;
    }
    if (ocors_ascii_is_digit(c)) {
        return c - '0' + 52;
    }
    return c == '-' || c == '+' ? 62 : c == '_' || c == '/' ? 63 : -1;
}

/* RFC 4648 sections 4 and 5, either alphabet, with padding or without. False: it is neither. */
static bool base64_decode(ocors_span_t text, room_t *room, ocors_span_t *decoded)
{
    char *const start = room->at;
    unsigned bits = 0;
    int held = 0;

    /* Padding fills up the last four, or is left out. */
    if (text.length > 0 && text.length % 4 == 0) {
        text.length -= text.bytes[text.length - 1] != '='   ? 0
                       : text.bytes[text.length - 2] == '=' ? 2
                                                            : 1;
    }
    if (text.length % 4 == 1) {
        return false;
    }
    for (size_t i = 0; i < text.length; i++) {
        const int value = base64_value(text.bytes[i]);

        if (value < 0) {
            return false;
        }
        bits = (bits << 6 | (unsigned)value) & 0xffff;
        held += 6;
        if (held >= 8) {
            held -= 8;
            *room->at++ = (char)(unsigned char)(bits >> held & 0xff);
        }
    }
    *decoded = ocors_span_make(start, (size_t)(room->at - start));
    return true;
}

static void cursor_skip_blank(cursor_t *cursor)
{
    while (cursor->at < cursor->end
           && (*cursor->at == ' ' || *cursor->at == '\t' || *cursor->at == '\n'
               || *cursor->at == '\r')) {
        cursor->at++;
    }
}

static bool cursor_take(cursor_t *cursor, char c)
{
    cursor_skip_blank(cursor);
    if (cursor->at == cursor->end || *cursor->at != c) {
        return false;
    }
    cursor->at++;
    return true;
}

/* A string from its quote; `inner` is what stands between the quotes. */
static bool cursor_take_string(cursor_t *cursor, ocors_span_t *inner)
{
    if (!cursor_take(cursor, '"')) {
        return false;
    }
    inner->bytes = cursor->at;
    while (cursor->at < cursor->end && *cursor->at != '"') {
        if ((unsigned char)*cursor->at < 0x20) {
            return false;
        }
        const ocors_span_t rest = ocors_span_make(cursor->at, (size_t)(cursor->end - cursor->at));
        const size_t length = *rest.bytes == '\\' && rest.length > 1 ? 2 : ocors_utf8_length(rest);

        if (length == 0) {
            return false;
        }
        cursor->at += length;
    }
    if (cursor->at == cursor->end) {
        return false;
    }
    inner->length = (size_t)(cursor->at++ - inner->bytes);
    return true;
}

static bool cursor_take_digits(cursor_t *cursor)
{
    const char *const start = cursor->at;

    while (cursor->at < cursor->end && ocors_ascii_is_digit(*cursor->at)) {
        cursor->at++;
    }
    return cursor->at > start;
}

static bool cursor_take_byte(cursor_t *cursor, const char *any)
{
    if (cursor->at == cursor->end || *cursor->at == '\0' || strchr(any, *cursor->at) == NULL) {
        return false;
    }
    cursor->at++;
    return true;
}

/* A number, or one of the three words. */
static bool cursor_take_word(cursor_t *cursor)
{
    static const ocors_span_t words[] = {
        OCORS_SPAN_INITIALISER("true"),
        OCORS_SPAN_INITIALISER("false"),
        OCORS_SPAN_INITIALISER("null"),
    };
    const ocors_span_t rest = ocors_span_make(cursor->at, (size_t)(cursor->end - cursor->at));

    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (ocors_span_has_prefix(rest, words[i])) {
            cursor->at += words[i].length;
            return true;
        }
    }
    cursor_take_byte(cursor, "-");
    if (!cursor_take_byte(cursor, "0") && !cursor_take_digits(cursor)) {
        return false;
    }
    if (cursor_take_byte(cursor, ".") && !cursor_take_digits(cursor)) {
        return false;
    }
    if (cursor_take_byte(cursor, "eE")) {
        cursor_take_byte(cursor, "+-");
        return cursor_take_digits(cursor);
    }
    return true;
}

/* The name of a member and its colon. */
static bool cursor_take_name(cursor_t *cursor, ocors_span_t *name)
{
    return cursor_take_string(cursor, name) && cursor_take(cursor, ':');
}

/* Any value. What is open is a bit each: 1 an object, 0 an array. */
static bool cursor_skip_value(cursor_t *cursor)
{
    uint64_t is_object = 0;
    unsigned depth = 0;
    ocors_span_t inner;

    for (;;) {
        cursor_skip_blank(cursor);
        const bool opens_object = cursor_take_byte(cursor, "{");

        if (opens_object || cursor_take_byte(cursor, "[")) {
            if (++depth > JSON_DEPTH_MAX) {
                return false;
            }
            is_object = is_object << 1 | opens_object;
            if (!cursor_take(cursor, opens_object ? '}' : ']')) {
                if (opens_object && !cursor_take_name(cursor, &inner)) {
                    return false;
                }
                continue; /* its first value */
            }
            depth--;
            is_object >>= 1;
        }
        else if (cursor->at < cursor->end && *cursor->at == '"' ? !cursor_take_string(cursor, &inner)
                                                                 : !cursor_take_word(cursor)) {
            return false;
        }
        while (depth > 0 && cursor_take(cursor, (is_object & 1) != 0 ? '}' : ']')) {
            depth--;
            is_object >>= 1;
        }
        if (depth == 0) {
            return true;
        }
        if (!cursor_take(cursor, ',')
            || ((is_object & 1) != 0 && !cursor_take_name(cursor, &inner))) {
            return false;
        }
    }
}

static int hex_value(char c)
{
    if (ocors_ascii_is_digit(c)) {
        return c - '0';
    }
    c = ocors_ascii_lower(c);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The four digits of a \u escape; -1: they are not there. */
static int unicode_value(ocors_span_t text, size_t at)
{
    int value = 0;

    if (text.length - at < 4) {
        return -1;
    }
    for (size_t i = at; i < at + 4; i++) {
        const int digit = hex_value(text.bytes[i]);

        if (digit < 0) {
            return -1;
        }
        value = value * 16 + digit;
    }
    return value;
}

/*
 * Decodes what stands between the quotes of a string. Ids are ASCII: one with an escape beyond
 * that, or with a broken one, is none, and `decoded` is empty.
 */
static void string_decode(ocors_span_t inner, room_t *room, ocors_span_t *decoded)
{
    static const char escapes[] = "\"\"\\\\//b\bf\fn\nr\rt\t";
    char *const start = room->at;

    *decoded = ocors_span_make(start, 0);
    for (size_t i = 0; i < inner.length; i++) {
        char c = inner.bytes[i];

        if (c == '\\' && ++i < inner.length && inner.bytes[i] == 'u') {
            const int value = unicode_value(inner, i + 1);

            if (value < 0 || value > 0x7f) {
                return;
            }
            c = (char)value;
            i += 4;
        }
        else if (c == '\\') {
            size_t k = 0;

            while (k < sizeof(escapes) - 1 && (i == inner.length || escapes[k] != inner.bytes[i])) {
                k += 2;
            }
            if (k >= sizeof(escapes) - 1) {
                return;
            }
            c = escapes[k + 1];
        }
        *room->at++ = c;
    }
    decoded->length = (size_t)(room->at - start);
}

/*
 * The string member of this name at the top level of a JSON object, decoded; the last of several,
 * as most readers have it. Empty where there is none, and where the text is anything but one object.
 */
static ocors_span_t object_find_string(ocors_span_t text, ocors_span_t name, room_t *room)
{
    static const ocors_span_t none = { NULL, 0 };
    cursor_t cursor = { .at = text.bytes, .end = text.bytes + text.length };
    ocors_span_t found = none;
    ocors_span_t key;

    if (!cursor_take(&cursor, '{')) {
        return none;
    }
    for (bool is_first = true; !cursor_take(&cursor, '}'); is_first = false) {
        char *const before = room->at;

        if ((!is_first && !cursor_take(&cursor, ',')) || !cursor_take_name(&cursor, &key)) {
            return none;
        }
        string_decode(key, room, &key);
        const bool is_wanted = ocors_span_is_equal(key, name);
        room->at = before;
        cursor_skip_blank(&cursor);
        cursor_t value = cursor;

        if (!cursor_skip_value(&cursor)) {
            return none;
        }
        if (is_wanted) {
            found = none;
            if (cursor_take_string(&value, &key)) {
                string_decode(key, room, &found);
            }
        }
    }
    cursor_skip_blank(&cursor);
    return cursor.at == cursor.end ? found : none;
}

/* The id after "scid:" among the parts of a SLAS `sub`, "cc-slas::org::scid:ID::usid:...". */
static ocors_span_t slas_client(ocors_span_t sub)
{
    static const ocors_span_t mark = OCORS_SPAN_INITIALISER("scid:");
    const char *const end = sub.bytes + sub.length;

    for (const char *at = sub.bytes; at < end;) {
        const char *stop = at;

        while (stop < end && !(stop[0] == ':' && end - stop > 1 && stop[1] == ':')) {
            stop++;
        }
        if (ocors_span_has_prefix(ocors_span_make(at, (size_t)(stop - at)), mark)) {
            return ocors_span_make(at + mark.length, (size_t)(stop - at) - mark.length);
        }
        at = end - stop > 2 ? stop + 2 : end;
    }
    return ocors_span_make(NULL, 0);
}

/* Those whose clients count as known. */
typedef struct policies_t {
    const ocors_policy_t *items;
    size_t count;
} policies_t;

static bool is_known(policies_t policies, ocors_span_t id)
{
    ocors_policy_client_t client;

    for (size_t i = 0; i < policies.count && id.length > 0; i++) {
        if (ocors_policy_find_client(&policies.items[i], id, &client)) {
            return true;
        }
    }
    return false;
}

/* C1: the client of a bearer token, if it names one that is known. */
static bool bearer_identify(policies_t policies, const ocors_source_t *source,
                            room_t *room, ocors_span_t *id)
{
    static const ocors_span_t scheme = OCORS_SPAN_INITIALISER("bearer ");
    ocors_span_t token = source->value;
    ocors_span_t payload;
    const char *dot;

    if (token.length < scheme.length
        || !ocors_span_is_equal_nocase(ocors_span_make(token.bytes, scheme.length), scheme)) {
        return false;
    }
    token.bytes += scheme.length;
    token.length -= scheme.length;
    while (token.length > 0 && *token.bytes == ' ') {
        token.bytes++;
        token.length--;
    }
    dot = token.length > 0 ? memchr(token.bytes, '.', token.length) : NULL;
    if (dot == NULL) {
        return false; /* opaque */
    }
    payload = ocors_span_make(dot + 1, token.length - (size_t)(dot + 1 - token.bytes));
    dot = payload.length > 0 ? memchr(payload.bytes, '.', payload.length) : NULL;
    if (dot != NULL) {
        payload.length = (size_t)(dot - payload.bytes);
    }
    if (!base64_decode(payload, room, &payload)) {
        return false;
    }
    *id = object_find_string(payload, source->name, room);
    if (is_known(policies, *id)) {
        return true;
    }
    *id = slas_client(object_find_string(payload, OCORS_SPAN_LITERAL("sub"), room));
    return is_known(policies, *id);
}

/* application/x-www-form-urlencoded, as the URL standard parses it: what is no escape stays. */
static ocors_span_t form_decode(ocors_span_t text, room_t *room)
{
    char *const start = room->at;

    for (size_t i = 0; i < text.length; i++) {
        char c = text.bytes[i];

        if (c == '+') {
            c = ' ';
        }
        else if (c == '%' && text.length - i > 2 && hex_value(text.bytes[i + 1]) >= 0
                 && hex_value(text.bytes[i + 2]) >= 0) {
            c = (char)(unsigned char)(hex_value(text.bytes[i + 1]) * 16
                                      + hex_value(text.bytes[i + 2]));
            i += 2;
        }
        *room->at++ = c;
    }
    return ocors_span_make(start, (size_t)(room->at - start));
}

/* The parameter of this name; two different ones are ambiguous, empty ones are none (1.7). */
static ocors_claim_t query_identify(const ocors_source_t *source, room_t *room)
{
    ocors_claim_t claim = { .kind = OCORS_CLAIM_NONE };
    ocors_span_t rest = source->value;

    while (rest.length > 0) {
        const char *stop = memchr(rest.bytes, '&', rest.length);
        ocors_span_t pair = { rest.bytes, stop != NULL ? (size_t)(stop - rest.bytes) : rest.length };
        const size_t step = stop != NULL ? pair.length + 1 : pair.length;
        const char *equals = pair.length > 0 ? memchr(pair.bytes, '=', pair.length) : NULL;
        char *const before = room->at;

        rest.bytes += step;
        rest.length -= step;
        if (equals == NULL) {
            continue;
        }
        const ocors_span_t name = form_decode(
            ocors_span_make(pair.bytes, (size_t)(equals - pair.bytes)), room);
        const bool is_wanted = ocors_span_is_equal(name, source->name);
        room->at = before;
        if (!is_wanted) {
            continue;
        }
        const ocors_span_t id = form_decode(
            ocors_span_make(equals + 1, pair.length - (size_t)(equals + 1 - pair.bytes)), room);
        if (id.length == 0) {
            continue;
        }
        if (claim.kind == OCORS_CLAIM_NAMED && !ocors_span_is_equal(claim.id, id)) {
            return (ocors_claim_t){ .kind = OCORS_CLAIM_AMBIGUOUS };
        }
        claim = (ocors_claim_t){ .kind = OCORS_CLAIM_NAMED, .id = id };
    }
    return claim;
}

size_t ocors_client_room(const ocors_source_t *sources, size_t count)
{
    size_t room = 1;

    for (size_t i = 0; i < count; i++) {
        /* A bearer's payload, and what of it is decoded, once for each of two claims. */
        room += sources[i].value.length * (sources[i].kind == OCORS_SOURCE_BEARER ? 3 : 1);
    }
    return room;
}

ocors_claim_t ocors_client_identify(const ocors_policy_t *policies, size_t policy_count,
                                    const ocors_source_t *sources, size_t count, char *room_bytes)
{
    const policies_t known = { .items = policies, .count = policy_count };
    room_t room = { .at = room_bytes };

    for (size_t i = 0; i < count; i++) {
        ocors_claim_t claim = { .kind = OCORS_CLAIM_NONE };

        switch (sources[i].kind) {
        case OCORS_SOURCE_BEARER:
            if (bearer_identify(known, &sources[i], &room, &claim.id)) {
                claim.kind = OCORS_CLAIM_NAMED;
            }
            break;
        case OCORS_SOURCE_QUERY:
            claim = query_identify(&sources[i], &room);
            break;
        case OCORS_SOURCE_HEADER:
            if (sources[i].value.length > 0) {
                claim = (ocors_claim_t){ .kind = OCORS_CLAIM_NAMED, .id = sources[i].value };
            }
            break;
        }
        if (claim.kind != OCORS_CLAIM_NONE) {
            return claim;
        }
    }
    return (ocors_claim_t){ .kind = OCORS_CLAIM_NONE };
}
