/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The client that a request names (C1, C2) against loops and json-c. Fields: Authorization, the
 * query, x-dw-client-id, the ids that are known (a line each), and the payload of a token: if there
 * is one, Authorization is such a token.
 */
#include <json-c/json.h>

#include "fuzz.h"
#include "fuzz_documents.h"
#include "fuzz_json.h"
#include "ocors_base64.h"
#include "ocors_client.h"
#include "ocors_json_text.h"
#include "ocors_jwt.h"

/* ---- Tokens ---------------------------------------------------------------------------------- */

/* RFC 4648 section 5, without padding. */
static void encode(ocors_span_t bytes, fuzz_text_t *text)
{
    static const char alphabet[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

    for (size_t at = 0; at < bytes.length; at += 3) {
        const size_t count = bytes.length - at < 3 ? bytes.length - at : 3;
        unsigned long word = 0;

        for (size_t i = 0; i < 3; i++) {
            word = word << 8 | (i < count ? (unsigned char)bytes.bytes[at + i] : 0);
        }
        for (size_t i = 0; i <= count; i++) {
            fuzz_put(text, &alphabet[word >> (18 - 6 * i) & 63], 1);
        }
    }
}

static ocors_span_t make_token(ocors_span_t payload)
{
    fuzz_text_t text = { .bytes = NULL };

    fuzz_put(&text, "Bearer eyJ9.", 12);
    encode(payload, &text);
    fuzz_put(&text, ".c2ln", 5);
    const ocors_span_t token = fuzz_copy(fuzz_text_span(&text));

    free(text.bytes);
    return token;
}

/* The object that json-c reads; NULL: it is not one. */
static struct json_object *read_object(ocors_span_t payload)
{
    struct json_tokener *tokener = json_tokener_new_ex(OCORS_JSON_DEPTH_MAX + 1);
    struct json_object *root;

    FUZZ_CHECK(tokener != NULL);
    json_tokener_set_flags(tokener, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
    root = json_tokener_parse_ex(tokener, payload.bytes, (int)payload.length);
    if (json_tokener_get_error(tokener) != json_tokener_success
        || !json_object_is_type(root, json_type_object)) {
        (void)json_object_put(root);
        root = NULL;
    }
    json_tokener_free(tokener);
    return root;
}

static size_t count_of(ocors_span_t text, const char *characters)
{
    size_t count = 0;

    for (size_t i = 0; i < text.length; i++) {
        count += text.bytes[i] != '\0' && strchr(characters, text.bytes[i]) != NULL;
    }
    return count;
}

/* What so many bytes take that are slow to read. */
static size_t slow_price(size_t length)
{
    return length / 32 + 1;
}

/* The length of the string at the front of a text, from quote to quote. */
static size_t string_length(ocors_span_t text)
{
    size_t length = 1;

    while (text.bytes[length] != '"') {
        length += text.bytes[length] == '\\' ? 2 : 1;
    }
    return length + 1;
}

/* What a string takes beside what each name and value takes. */
static size_t string_price(ocors_span_t inner, bool is_compared)
{
    for (size_t i = 0; i < inner.length; i++) {
        if (inner.bytes[i] == '\\' || (unsigned char)inner.bytes[i] >= 0x80) {
            return slow_price(inner.length - i) + (is_compared ? slow_price(inner.length) : 0);
        }
    }
    return 0;
}

/* What a payload that is JSON takes (R13): its names and values, and more if they are slow to read.
 */
static size_t price_of(ocors_span_t payload)
{
    bool is_object[OCORS_JSON_DEPTH_MAX + 1] = { false };
    bool is_name = false;
    size_t depth = 0, price = 0;

    while (payload.length > 0) {
        const char c = *payload.bytes;
        size_t length = 1;

        if (strchr(" \t\n\r", c) != NULL) {
            while (length < payload.length && strchr(" \t\n\r", payload.bytes[length]) != NULL) {
                length++;
            }
            price += length > 1 ? slow_price(length - 2) : 0;
        }
        else if (c == ']' || c == '}') {
            depth--;
            is_name = false;
        }
        else if (c == ',' || c == ':') {
            is_name = c == ',' && is_object[depth];
        }
        else {
            price += is_name ? 2 : depth > 0 && !is_object[depth];
            if (c == '[' || c == '{') {
                is_object[++depth] = c == '{';
                is_name = c == '{';
            }
            else if (c == '"') {
                length = string_length(payload);
                price += string_price(ocors_span_make(payload.bytes + 1, length - 2),
                                      is_name && depth == 1);
            }
            else {
                while (length < payload.length
                       && strchr(",]} \t\n\r", payload.bytes[length]) == NULL) {
                    length++;
                }
                price += c < ':' && count_of(ocors_span_make(payload.bytes, length), ".eE") > 0;
            }
        }
        payload = ocors_span_from(payload, length);
    }
    return price;
}

/* A claim is the string that json-c has; empty, where it is not one or the token says it badly. */
static void check_claim(struct json_object *root, const char *name, ocors_span_t claim)
{
    struct json_object *member = json_object_object_get(root, name);
    const ocors_span_t text = json_object_is_type(member, json_type_string)
                                  ? ocors_span_make(json_object_get_string(member),
                                                    (size_t)json_object_get_string_len(member))
                                  : ocors_span_make(NULL, 0);

    if (claim.length > 0) {
        FUZZ_CHECK(ocors_span_is_equal(claim, text));
    }
    else {
        FUZZ_CHECK(text.length == 0 || text.length > OCORS_JWT_CLAIM_MAX);
    }
}

static void check_token(ocors_span_t token, ocors_span_t payload)
{
    char *buffer = fuzz_allocate(token.length - 7 + OCORS_JSON_PADDING);
    const bool has_escape = fuzz_has(payload, '\\');
    ocors_jwt_t jwt;
    const bool is_read = ocors_jwt_read(ocors_span_from(token, 7), OCORS_SPAN_LITERAL("iss"),
                                        buffer, &jwt);
    struct json_object *root = read_object(payload);
    ocors_json_text_t text = ocors_json_text_make(payload);

    if (fuzz_is_json(payload) && ocors_json_take(&text, '{')) {
        FUZZ_CHECK(is_read == (price_of(payload) <= OCORS_JWT_VALUES_MAX));
    }
    /* Escapes are judged only in what is asked for. The payload itself is one level more. */
    else if (!has_escape && count_of(payload, "[{") < OCORS_JSON_DEPTH_MAX) {
        FUZZ_CHECK(!is_read);
    }
    FUZZ_CHECK(!is_read || root != NULL || has_escape
               || count_of(payload, "[{") >= OCORS_JSON_DEPTH_MAX);
    if (is_read && root != NULL && !has_escape) {
        check_claim(root, "iss", jwt.claim);
        check_claim(root, "sub", jwt.sub);
    }
    if (is_read) { /* a claim that is asked for twice is decoded once */
        const ocors_span_t sub = fuzz_copy(jwt.sub);

        FUZZ_CHECK(
            ocors_jwt_read(ocors_span_from(token, 7), OCORS_SPAN_LITERAL("sub"), buffer, &jwt));
        FUZZ_CHECK(ocors_span_is_equal(jwt.claim, sub) && ocors_span_is_equal(jwt.sub, sub));
        fuzz_free(sub);
    }
    (void)json_object_put(root);
    fuzz_release(buffer);
}

/* ---- Naming ---------------------------------------------------------------------------------- */

static bool is_known(const fuzz_document_t *document, ocors_span_t id)
{
    uint32_t element;

    return id.length > 0 && ocors_settings_find_client(document->settings, id, &element);
}

/* The client of a token, by its claims. */
static ocors_span_t of_token(const fuzz_document_t *document, ocors_span_t value, char *buffer)
{
    static const char separators[] = "::", mark[] = "scid:";
    ocors_jwt_t jwt;
    size_t start = 7;

    if (value.length < 7
        || !ocors_span_is_equal_nocase(ocors_span_make(value.bytes, 7),
                                       OCORS_SPAN_LITERAL("bearer "))) {
        return ocors_span_make(NULL, 0);
    }
    while (start < value.length && value.bytes[start] == ' ') {
        start++;
    }
    if (!ocors_jwt_read(ocors_span_from(value, start), OCORS_SPAN_LITERAL("iss"), buffer, &jwt)) {
        return ocors_span_make(NULL, 0);
    }
    if (is_known(document, jwt.claim)) {
        return jwt.claim;
    }
    while (jwt.sub.bytes != NULL) {
        const ocors_span_t part = fuzz_cut(&jwt.sub, OCORS_SPAN_LITERAL(separators));

        if (ocors_span_has_prefix(part, OCORS_SPAN_LITERAL(mark))) {
            const ocors_span_t id = ocors_span_from(part, sizeof(mark) - 1);

            return is_known(document, id) ? id : ocors_span_make(NULL, 0);
        }
    }
    return ocors_span_make(NULL, 0);
}

/* A part of a form, decoded, in memory of its own. */
static ocors_span_t decode_form(ocors_span_t part)
{
    fuzz_text_t text = { .bytes = NULL };

    for (size_t i = 0; i < part.length; i++) {
        char c = part.bytes[i] == '+' ? ' ' : part.bytes[i];

        if (c == '%' && i + 2 < part.length && ocors_ascii_hex_value(part.bytes[i + 1]) >= 0
            && ocors_ascii_hex_value(part.bytes[i + 2]) >= 0) {
            c = (char)(ocors_ascii_hex_value(part.bytes[i + 1]) * 16
                       + ocors_ascii_hex_value(part.bytes[i + 2]));
            i += 2;
        }
        fuzz_put(&text, &c, 1);
    }
    const ocors_span_t decoded = fuzz_copy(fuzz_text_span(&text));

    free(text.bytes);
    return decoded;
}

/* What the query says: *id is freed by the caller. */
static ocors_naming_t of_query(ocors_span_t query, ocors_span_t *id)
{
    ocors_naming_t kind = OCORS_CLIENT_NONE;

    *id = ocors_span_make(NULL, 0);
    while (query.bytes != NULL) {
        ocors_span_t value = fuzz_cut(&query, OCORS_SPAN_LITERAL("&"));
        const ocors_span_t name = decode_form(fuzz_cut(&value, OCORS_SPAN_LITERAL("=")));
        const bool is_wanted = ocors_span_is_equal(name, OCORS_SPAN_LITERAL("client_id"));

        fuzz_free(name);
        if (!is_wanted || value.length == 0) {
            continue;
        }
        const ocors_span_t decoded = decode_form(value);

        if (kind == OCORS_CLIENT_NONE) {
            kind = OCORS_CLIENT_NAMED;
            *id = decoded;
            continue;
        }
        if (!ocors_span_is_equal(decoded, *id)) {
            kind = OCORS_CLIENT_AMBIGUOUS;
        }
        fuzz_free(decoded);
    }
    return kind;
}

static void check_naming(const fuzz_document_t *document, const ocors_span_t values[3])
{
    ocors_policy_t policy;
    ocors_source_t sources[OCORS_SOURCES_DEFAULT_COUNT];
    ocors_span_t id;

    fuzz_policy_make(document, 1, &policy);
    for (size_t i = 0; i < OCORS_SOURCES_DEFAULT_COUNT; i++) {
        sources[i] = ocors_sources_default[i];
        sources[i].value = values[i];
    }
    char *room = fuzz_allocate(ocors_client_room(sources, OCORS_SOURCES_DEFAULT_COUNT));
    char *buffer = fuzz_allocate(values[0].length + OCORS_JSON_PADDING);
    const ocors_named_client_t named = ocors_client_identify(&policy, 1, sources,
                                                             OCORS_SOURCES_DEFAULT_COUNT, room);
    const ocors_span_t claimed = of_token(document, values[0], buffer);
    const ocors_naming_t asked = of_query(values[1], &id);
    const ocors_naming_t wanted = claimed.length > 0           ? OCORS_CLIENT_NAMED
                                  : asked != OCORS_CLIENT_NONE ? asked
                                  : values[2].length > 0       ? OCORS_CLIENT_NAMED
                                                               : OCORS_CLIENT_NONE;

    FUZZ_CHECK(named.kind == wanted);
    if (wanted == OCORS_CLIENT_NAMED) {
        FUZZ_CHECK(ocors_span_is_equal(named.id, claimed.length > 0           ? claimed
                                                 : asked != OCORS_CLIENT_NONE ? id
                                                                              : values[2]));
    }
    fuzz_free(id);
    fuzz_release(buffer);
    fuzz_release(room);
}

/* A document whose clients have these ids. */
static void make_document(ocors_span_t ids, fuzz_document_t *document)
{
    fuzz_text_t lines = { .bytes = NULL };

    while (ids.bytes != NULL) {
        const ocors_span_t id = fuzz_cut(&ids, OCORS_SPAN_LITERAL("\n"));

        fuzz_put(&lines, "c ", 2);
        fuzz_put(&lines, id.bytes, id.length);
        fuzz_put(&lines, "\n", 1);
    }
    fuzz_document_make(fuzz_text_span(&lines), document);
    free(lines.bytes);
}

void fuzz_client(ocors_span_t input)
{
    fuzz_fields_t fields = fuzz_split(input, 5);
    fuzz_document_t document;

    make_document(fields.items[3], &document);
    if (fields.items[4].length > 0) {
        fuzz_free(fields.items[0]);
        fields.items[0] = make_token(fields.items[4]);
        check_token(fields.items[0], fields.items[4]);
    }
    check_naming(&document, fields.items);
    fuzz_document_free(&document);
    fuzz_fields_free(&fields);
}
