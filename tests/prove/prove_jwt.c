/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A token with any payload, into a buffer of the size that its contract asks for; and what is not
 * one. A text is the payload as it is: base64 is a target of its own. All of the buffer is written
 * before: where a claim ends in it, Eva knows by a bound only.
 */
#include "ocors_base64.h"
#include "ocors_jwt.h"
#include "prove.h"

static const char *const shapes[] = {
    "{\"iss\":\"??\"}", "{\"sub\":\"??\"}", "{\"i\\u00??s\":1}", "{\"?\":[?]}", "{\"a\":?,?", NULL,
};

/* What base64 decodes is at most as long as the payload of a token. */
bool ocors_base64_decode(ocors_span_t text, char *buffer, ocors_span_t *decoded)
{
    prove_read(text);
    for (size_t i = 0; i < text.length; i++) {
        buffer[i] = text.bytes[i];
    }
    *decoded = ocors_span_make(buffer, text.length);
    return true;
}

/* Eva takes a claim that is not there, and one that is, for one pair of a pointer and a length. */
static void read_claim(ocors_span_t claim)
{
    if (claim.bytes != NULL) {
        prove_read(claim);
    }
}

static void prove(ocors_span_t text)
{
    const ocors_span_t names[] = { OCORS_SPAN_LITERAL("iss"), OCORS_SPAN_LITERAL("\xc3\xa9") };
    char *const token = malloc(text.length + 1);
    char *const buffer = prove_bytes(text.length + 1 + OCORS_JSON_PADDING);
    ocors_jwt_t jwt;

    token[0] = '.';
    for (size_t i = 0; i < text.length; i++) {
        token[i + 1] = text.bytes[i];
    }
    for (size_t i = 0; i < 2; i++) {
        if (ocors_jwt_read(ocors_span_make(token, text.length + 1), names[i], buffer, &jwt)) {
            read_claim(jwt.claim);
            read_claim(jwt.sub);
        }
    }
    if (ocors_jwt_read(text, names[0], buffer, &jwt)) {
        read_claim(jwt.claim);
    }
    free(buffer);
    free(token);
}
