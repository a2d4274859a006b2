/* SPDX-License-Identifier: Apache-2.0 */
/* One origin comes into, or goes out of, a client's list in the text of a settings document. */
#ifndef OCORS_SETTINGS_EDIT_H
#define OCORS_SETTINGS_EDIT_H

#include <stddef.h>

#include "ocors_origin.h"
#include "ocors_span.h"

typedef enum {
    OCORS_EDIT_ALLOW,
    OCORS_EDIT_REVOKE
} ocors_edit_action_t;

typedef enum {
    OCORS_EDIT_SPLICE,    /* *splice says what is to be changed */
    OCORS_EDIT_ALREADY,   /* the text says so already */
    OCORS_EDIT_NO_CLIENT, /* no client has the id */
    OCORS_EDIT_BAD_TEXT   /* the text is none that ocors_settings_parse() accepts */
} ocors_edit_result_t;

#define OCORS_EDIT_PIECES_MAX 10

/* `removed` bytes at `offset` give way to the pieces, which point to the text, the origin and the
 * room. */
typedef struct ocors_splice_t {
    size_t offset;
    size_t removed;
    ocors_span_t pieces[OCORS_EDIT_PIECES_MAX];
    size_t piece_count;
} ocors_splice_t;

/*
 * Finds the change that puts `origin` into allowed_origins of the client with this id, or takes it
 * out. `text` is a document that ocors_settings_parse() accepts. Ids are compared decoded, listed
 * origins in their serialised form, so that "https:\/\/A.example/" is https://a.example.
 *
 * An origin is put behind the last one, with what separates the last two. A list of lines that is
 * empty gets a line; a client without a list gets one behind its client_id. An origin is taken out
 * with the comma before it, or, where it is the first, with the comma behind it. Hence the splice
 * of OCORS_EDIT_REVOKE undoes that of OCORS_EDIT_ALLOW, but for a list that was not there: it
 * stays, empty. A list may have one origin several times: the splice of OCORS_EDIT_REVOKE takes all
 * of them out.
 *
 * `room` has text.length bytes, for what is decoded and for what the splice points to. Time is
 * linear in the text's length.
 */
ocors_edit_result_t ocors_settings_edit(ocors_span_t text, ocors_span_t client_id,
                                        const ocors_origin_t *origin, ocors_edit_action_t action,
                                        char *room, ocors_splice_t *splice);

/* The length of the text after the splice; writes as many bytes. */
size_t ocors_splice_length(ocors_span_t text, const ocors_splice_t *splice);
void ocors_splice_apply(ocors_span_t text, const ocors_splice_t *splice, char *edited);

#endif
