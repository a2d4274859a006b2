/* SPDX-License-Identifier: Apache-2.0 */
/* Facts of a request -> the client application that it names. All of it is an attacker's input. */

#include "ocors_client.h"

#include "ocors_json_text.h"
#include "ocors_jwt.h"

const ocors_source_t ocors_sources_default[OCORS_SOURCES_DEFAULT_COUNT] = {
    { .kind = OCORS_SOURCE_BEARER, .name = OCORS_SPAN_INITIALISER("iss") },
    { .kind = OCORS_SOURCE_QUERY, .name = OCORS_SPAN_INITIALISER("client_id") },
    { .kind = OCORS_SOURCE_HEADER, .name = OCORS_SPAN_INITIALISER("x-dw-client-id") },
};

/* Room for decoded bytes; it is as long as all that can be decoded into it. */
typedef struct room_t {
    char *at;
} room_t;

/* The id after "scid:" among the parts of a SLAS `sub`, "cc-slas::org::scid:ID::usid:...". */
static ocors_span_t slas_client(ocors_span_t sub)
{
    static const ocors_span_t mark = OCORS_SPAN_INITIALISER("scid:");
    const char *const end = sub.bytes != NULL ? sub.bytes + sub.length : NULL;

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
static bool bearer_identify(policies_t policies, const ocors_source_t *source, room_t *room,
                            ocors_span_t *id)
{
    static const ocors_span_t scheme = OCORS_SPAN_INITIALISER("Bearer ");
    ocors_span_t token = source->value;
    ocors_jwt_t jwt;

    if (!ocors_span_has_prefix(token, scheme) /* as nearly all spell it */
        && (token.length < scheme.length
            || !ocors_span_is_equal_nocase(ocors_span_make(token.bytes, scheme.length), scheme))) {
        return false;
    }
    token.bytes += scheme.length;
    token.length -= scheme.length;
    while (token.length > 0 && *token.bytes == ' ') {
        token.bytes++;
        token.length--;
    }
    if (!ocors_jwt_read(token, source->name, room->at, &jwt)) {
        return false;
    }
    *id = jwt.claim;
    if (is_known(policies, *id)) {
        return true;
    }
    *id = slas_client(jwt.sub);
    return is_known(policies, *id);
}

/* application/x-www-form-urlencoded, as the URL standard parses it: what is not an escape is
 * unchanged. */
static ocors_span_t form_decode(ocors_span_t text, room_t *room)
{
    char *const start = room->at;

    for (size_t i = 0; i < text.length; i++) {
        char c = text.bytes[i];

        if (c == '+') {
            c = ' ';
        }
        else if (c == '%' && text.length - i > 2 && ocors_escape_value(text.bytes + i) >= 0) {
            c = (char)(unsigned char)ocors_escape_value(text.bytes + i);
            i += 2;
        }
        *room->at++ = c;
    }
    return ocors_span_make(start, (size_t)(room->at - start));
}

/* Whether decoding changes nothing. */
static bool is_plain(ocors_span_t text)
{
    return text.length == 0
           || (memchr(text.bytes, '%', text.length) == NULL
               && memchr(text.bytes, '+', text.length) == NULL);
}

/*
 * Whether a parameter may have a name: both begin with the same byte, or the parameter's with one
 * that is decoded. Most parameters cost no more.
 */
static bool may_be_named(ocors_span_t pair, ocors_span_t name)
{
    return pair.length > name.length
           && (pair.bytes[0] == name.bytes[0] || pair.bytes[0] == '%' || pair.bytes[0] == '+');
}

/* The parameter of this name; two different ones are ambiguous, empty ones are none (C2). */
static ocors_named_client_t query_identify(const ocors_source_t *source, room_t *room)
{
    ocors_named_client_t named = { .kind = OCORS_CLIENT_NONE };
    ocors_span_t rest = source->value;

    while (rest.length > 0) {
        const char *stop = memchr(rest.bytes, '&', rest.length);
        ocors_span_t pair = { rest.bytes,
                              stop != NULL ? (size_t)(stop - rest.bytes) : rest.length };
        const size_t step = stop != NULL ? pair.length + 1 : pair.length;
        char *const before = room->at;

        rest.bytes += step;
        rest.length -= step;
        if (!may_be_named(pair, source->name)) {
            continue;
        }
        const char *equals = memchr(pair.bytes, '=', pair.length);
        if (equals == NULL) {
            continue;
        }
        ocors_span_t name = ocors_span_make(pair.bytes, (size_t)(equals - pair.bytes));
        if (!is_plain(name)) {
            name = form_decode(name, room);
            room->at = before;
        }
        if (!ocors_span_is_equal(name, source->name)) {
            continue;
        }
        ocors_span_t id = ocors_span_make(equals + 1,
                                          pair.length - (size_t)(equals + 1 - pair.bytes));
        if (!is_plain(id)) {
            id = form_decode(id, room);
        }
        if (id.length == 0) {
            continue;
        }
        if (named.kind == OCORS_CLIENT_NAMED && !ocors_span_is_equal(named.id, id)) {
            return (ocors_named_client_t){ .kind = OCORS_CLIENT_AMBIGUOUS };
        }
        named = (ocors_named_client_t){ .kind = OCORS_CLIENT_NAMED, .id = id };
    }
    return named;
}

size_t ocors_client_room(const ocors_source_t *sources, size_t count)
{
    size_t room = OCORS_JSON_PADDING;

    for (size_t i = 0; i < count; i++) {
        room += sources[i].value.length;
    }
    return room;
}

ocors_named_client_t ocors_client_identify(const ocors_policy_t *policies, size_t policy_count,
                                           const ocors_source_t *sources, size_t count,
                                           char *room_bytes)
{
    const policies_t known = { .items = policies, .count = policy_count };
    room_t room = { .at = room_bytes };

    for (size_t i = 0; i < count; i++) {
        ocors_named_client_t named = { .kind = OCORS_CLIENT_NONE };

        switch (sources[i].kind) {
        case OCORS_SOURCE_BEARER:
            if (bearer_identify(known, &sources[i], &room, &named.id)) {
                named.kind = OCORS_CLIENT_NAMED;
            }
            break;
        case OCORS_SOURCE_QUERY:
            named = query_identify(&sources[i], &room);
            break;
        case OCORS_SOURCE_HEADER:
            if (sources[i].value.length > 0) {
                named = (ocors_named_client_t){ .kind = OCORS_CLIENT_NAMED,
                                                .id = sources[i].value };
            }
            break;
        }
        if (named.kind != OCORS_CLIENT_NONE) {
            named.source = (uint32_t)i + 1;
            return named;
        }
    }
    return (ocors_named_client_t){ .kind = OCORS_CLIENT_NONE };
}
