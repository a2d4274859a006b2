/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A query, a header and a bearer token of any bytes. What is below client.c is any that its
 * contracts allow: the claims of a token lie in the buffer, and any id may be known.
 */
#include "ocors_client.h"
#include "ocors_jwt.h"
#include "prove.h"

static const char *const shapes[] = {
    "id=??", "id=%2?&id=?", "i?=a&?d=b", "Bearer ???", NULL,
};

bool ocors_policy_find_client(const ocors_policy_t *policy, ocors_span_t id,
                              ocors_policy_client_t *client)
{
    (void)policy;
    (void)client;
    prove_read(id);
    return Frama_C_interval(0, 1) != 0;
}

bool ocors_jwt_read(ocors_span_t token, ocors_span_t name, char *buffer, ocors_jwt_t *jwt)
{
    (void)name;
    prove_read(token);
    *jwt = (ocors_jwt_t){ .claim = { NULL, 0 } };
    if (Frama_C_interval(0, 1) != 0) {
        return false;
    }
    for (size_t i = 0; i < token.length; i++) {
        buffer[i] = (char)Frama_C_interval(-128, 127);
    }
    jwt->claim = ocors_span_make(buffer, token.length);
    jwt->sub = prove_part(ocors_span_make(buffer, token.length));
    return true;
}

static void prove(ocors_span_t value)
{
    static const ocors_policy_t policy;
    const ocors_span_t name = OCORS_SPAN_LITERAL("id");
    const ocors_source_kind_t kinds[] = { OCORS_SOURCE_QUERY, OCORS_SOURCE_HEADER,
                                          OCORS_SOURCE_BEARER };

    for (size_t i = 0; i < 3; i++) {
        const ocors_source_t source = { .kind = kinds[i], .name = name, .value = value };
        char *const room = malloc(ocors_client_room(&source, 1));

        prove_read(ocors_client_identify(&policy, 1, &source, 1, room).id);
        free(room);
    }
}
