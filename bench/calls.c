/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Single calls of the core, each in a function call_NAME() of its own, which callgrind counts:
 *
 *   valgrind --tool=callgrind --collect-atstart=no --toggle-collect='call_*' --dump-after=done
 *
 * The program prints the labels in the order of the dumps, of which done() makes one after each
 * call. Each call is made twice: the second is what counts, as the first one resolves symbols.
 * What a call gives is checked.
 */
#include <string.h>

#include "bench_image.h"
#include "ocors_client.h"
#include "ocors_decide.h"
#include "ocors_glob.h"
#include "ocors_headers.h"
#include "ocors_jwt.h"
#include "ocors_origin.h"

#define ORIGINS  1000
#define KNOWN    "https://shop-00000500.example"
#define UNKNOWN  "https://elsewhere.example"
#define PER_NAME "authorization, content-type, x-dw-client-id"
/* {"alg":"RS256","typ":"JWT"} and
 * {"iss":"client-00","sub":"cc-slas::zzte_053::scid:client-00::usid:0f3a",
 * "aud":"ocapi","exp":1700000000,"iat":1700000000,"roles":["a","b"],"name":"A customer of the
 * shop"} */
#define TOKEN                                                                                       \
    "eyJhbGciOiJSUzI1NiIsInR5cCI6IkpXVCJ9."                                                         \
    "eyJpc3MiOiJjbGllbnQtMDAiLCJzdWIiOiJjYy1zbGFzOjp6enRlXzA1Mzo6c2NpZDpjbGllbnQtMDA6OnVzaWQ6MGYzY" \
    "SIsImF1ZCI6Im9jYXBpIiwiZXhwIjoxNzAwMDAwMDAwLCJpYXQiOjE3MDAwMDAwMDAsInJvbGVzIjpbImEiLCJiIl0sIm" \
    "5hbWUiOiJBIGN1c3RvbWVyIG9mIHRoZSBzaG9wIn0.c2lnbmF0dXJl"
#define QUERY "expand=prices&start=0&count=25&locale=de-DE&client_id=client-00"

static ocors_policy_t policy;
static ocors_decision_t preflight;
static ocors_span_t known, unknown, token, names;
static char buffer[4096];

/* A document of some clients, each with its share of the origins, and two resources. */
static void load(void)
{
    char *text = bench_checked(malloc(ORIGINS * 64)), *at = text;
    size_t size;

    at += sprintf(at, "{\"_v\":\"19.1\",\"clients\":[");
    for (unsigned client = 0; client < 20; client++) {
        at += sprintf(
            at,
            "%s{\"client_id\":\"client-%02u\",\"resources\":[{\"resource_id\":\"/file\",\"methods\":"
            "[\"get\",\"post\"]},{\"resource_id\":\"/baskets/*\",\"methods\":[\"patch\"]}],"
            "\"allowed_origins\":[",
            client > 0 ? "," : "", client);
        for (unsigned i = 0; i < ORIGINS / 20; i++) {
            at += sprintf(at, "%s\"https://shop-%08u.example\"", i > 0 ? "," : "",
                          client * (ORIGINS / 20) + i);
        }
        at += sprintf(at, "]}");
    }
    at += sprintf(at, "]}");
    void *bytes = bench_build_image(ocors_span_make(text, (size_t)(at - text)), "calls", &size);
    if (!ocors_image_open(bytes, size, &policy.layers[0])) {
        bench_fail("a damaged image", "");
    }
    policy.layer_count = 1;
    free(text);
    known = ocors_span_from_string(KNOWN);
    unknown = ocors_span_from_string(UNKNOWN);
    token = ocors_span_from_string(TOKEN);
    names = ocors_span_from_string(PER_NAME);
}

/* Whether a request of these facts has the verdict. */
static bool decides(const char *method, ocors_span_t origin, const char *asked,
                    ocors_verdict_t verdict, ocors_decision_t *decision)
{
    const ocors_facts_t facts = {
        .method = ocors_span_from_string(method),
        .has_origin = true,
        .origin = origin,
        .request_method = ocors_span_from_string(asked),
        .path = OCORS_SPAN_INITIALISER("/baskets/1"),
    };

    ocors_decide(&policy, 1, &facts, buffer, decision);
    return decision->verdict == verdict;
}

/* ---- The calls; each says whether the answer is right ------------------------------------------
 */

/* Not ours, and never changed: what this compiler makes of loops over bytes and of tables, against
 * which the others are set where the compiler is another one. */
static bool reference(void)
{
    unsigned char counts[256] = { 0 };
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    size_t words = 0;

    for (size_t i = 0; i < token.length; i++) {
        const unsigned char byte = (unsigned char)token.bytes[i];

        hash = (hash ^ byte) * UINT64_C(0x100000001b3);
        counts[byte]++;
        if ((byte >= 'a' && byte <= 'z') || (byte >= '0' && byte <= '9')) {
            words += counts[byte ^ (hash & 15)] > 3;
        }
        else if (byte == '.' || byte == '&') {
            words++;
        }
    }
    return hash != words;
}

static bool hash(void)
{
    return ocors_image_hash(&policy.layers[0], known) != 0;
}

static bool find_origin(void)
{
    ocors_image_origin_t origin;

    return ocors_image_find_origin(&policy.layers[0], ocors_image_hash(&policy.layers[0], known),
                                   known, &origin);
}

static bool miss_origin(void)
{
    ocors_image_origin_t origin;

    return !ocors_image_find_origin(&policy.layers[0], ocors_image_hash(&policy.layers[0], unknown),
                                    unknown, &origin);
}

static bool parse_origin(void)
{
    ocors_origin_t origin;

    return ocors_origin_canonicalise(known, &origin) == OCORS_ORIGIN_OK;
}

static bool glob(void)
{
    return ocors_glob_is_match(ocors_span_from_string("*-00000*.example"), known);
}

static bool jwt(void)
{
    ocors_jwt_t claims;

    return ocors_jwt_read(token, ocors_span_from_string("iss"), buffer, &claims)
           && claims.claim.length == 9;
}

static bool identify(void)
{
    ocors_source_t sources[OCORS_SOURCES_DEFAULT_COUNT];

    memcpy(sources, ocors_sources_default, sizeof(sources));
    sources[1].value = ocors_span_from_string(QUERY);
    return ocors_client_identify(&policy, 1, sources, OCORS_SOURCES_DEFAULT_COUNT, buffer).kind
           == OCORS_CLIENT_NAMED;
}

static bool decide_allowed(void)
{
    ocors_decision_t decision;

    return decides("GET", known, "", OCORS_VERDICT_ALLOW, &decision);
}

static bool decide_unknown(void)
{
    ocors_decision_t decision;

    return decides("GET", unknown, "", OCORS_VERDICT_WITHHOLD, &decision);
}

static bool decide_preflight(void)
{
    return decides("OPTIONS", known, "PATCH", OCORS_VERDICT_PREFLIGHT_ALLOW, &preflight);
}

static bool decide_refused(void)
{
    ocors_decision_t decision;

    return decides("POST", unknown, "", OCORS_VERDICT_REFUSE, &decision);
}

static bool preflight_headers(void)
{
    static char room[4096];
    ocors_headers_t headers;

    ocors_headers_make(&preflight, &ocors_header_policy_default, names, room, &headers);
    return headers.count == 5;
}

/* Label, function: in the order of the table, and each after those whose answer it takes. */
#define CALLS(X)                                                                                   \
    X("reference (no call of the module)", reference)                                              \
    X("hash of an origin", hash)                                                                   \
    X("index, listed origin (with the hash)", find_origin)                                         \
    X("index, other origin (with the hash)", miss_origin)                                          \
    X("an origin -> its serialised form", parse_origin)                                            \
    X("glob with two `*`", glob)                                                                   \
    X("bearer token, 330 bytes", jwt)                                                              \
    X("client named by a query of five parameters", identify)                                      \
    X("decision, GET allowed", decide_allowed)                                                     \
    X("decision, GET unknown", decide_unknown)                                                     \
    X("decision, preflight", decide_preflight)                                                     \
    X("decision, POST refused", decide_refused)                                                    \
    X("fields of a preflight with three names", preflight_headers)

#define DEFINE(label, name)                                                                        \
    bool call_##name(void);                                                                        \
    __attribute__((noinline)) bool call_##name(void)                                               \
    {                                                                                              \
        return name();                                                                             \
    }
#define RUN(label, name)                                                                           \
    if (!done(call_##name()) || !done(call_##name())) {                                            \
        bench_fail("a wrong answer", label);                                                       \
    }                                                                                              \
    puts(label);

bool done(bool is_right);
__attribute__((noinline)) bool done(bool is_right)
{
    __asm__ volatile("");
    return is_right;
}

CALLS(DEFINE)

int main(void)
{
    load();
    CALLS(RUN)
    return 0;
}
