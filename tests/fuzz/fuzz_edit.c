/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What `ocapi-cors allow` and `revoke` change in the text of a document. Fields: the client's id,
 * the origin, the text. The edited text is the old document with, or without, that origin, and to
 * revoke what was allowed gives the text of before.
 */
#include "fuzz.h"
#include "fuzz_documents.h"
#include "ocors_origin.h"
#include "ocors_settings_edit.h"

/* The text after an edit, the caller's to free; bytes == NULL: there was nothing to edit. */
static ocors_span_t edit(ocors_span_t text, ocors_span_t id, const ocors_origin_t *origin,
                         ocors_edit_action_t action, ocors_edit_result_t *result)
{
    char *room = fuzz_allocate(text.length);
    ocors_span_t edited = { NULL, 0 };
    ocors_splice_t splice;

    *result = ocors_settings_edit(text, id, origin, action, room, &splice);
    if (*result == OCORS_EDIT_SPLICE) {
        FUZZ_CHECK(splice.piece_count <= OCORS_EDIT_PIECES_MAX);
        FUZZ_CHECK(splice.offset <= text.length && splice.removed <= text.length - splice.offset);
        edited.length = ocors_splice_length(text, &splice);
        edited.bytes = fuzz_allocate(edited.length);
        ocors_splice_apply(text, &splice, (char *)(uintptr_t)edited.bytes);
    }
    fuzz_release(room);
    return edited;
}

static const ocors_client_t *client_of(const ocors_settings_t *settings, ocors_span_t id)
{
    for (size_t i = 0; i < settings->client_count; i++) {
        if (ocors_span_is_equal(settings->clients[i].id, id)) {
            return &settings->clients[i];
        }
    }
    return NULL;
}

static size_t count_of(const ocors_settings_t *settings, const ocors_client_t *client,
                       ocors_span_t origin)
{
    size_t count = 0;

    for (size_t i = 0; i < client->origin_count; i++) {
        count += ocors_span_is_equal(settings->origins[client->first_origin + i], origin);
    }
    return count;
}

/* Whether one client lists, without `origin`, what the other one lists, in the same order. */
static void check_same_origins(const ocors_settings_t *a, const ocors_client_t *of_a,
                               const ocors_settings_t *b, const ocors_client_t *of_b,
                               ocors_span_t origin)
{
    size_t at = 0;

    for (size_t i = 0; i < of_a->origin_count; i++) {
        const ocors_span_t text = a->origins[of_a->first_origin + i];

        if (ocors_span_is_equal(text, origin)) {
            continue;
        }
        while (at < of_b->origin_count
               && ocors_span_is_equal(b->origins[of_b->first_origin + at], origin)) {
            at++;
        }
        FUZZ_CHECK(at < of_b->origin_count
                   && ocors_span_is_equal(b->origins[of_b->first_origin + at], text));
        at++;
    }
    while (at < of_b->origin_count) {
        FUZZ_CHECK(ocors_span_is_equal(b->origins[of_b->first_origin + at++], origin));
    }
}

/* The two documents differ in that origin of that client alone. */
static void check_difference(const ocors_settings_t *a, const ocors_settings_t *b, ocors_span_t id,
                             ocors_span_t origin)
{
    FUZZ_CHECK(a->client_count == b->client_count && a->resource_count == b->resource_count
               && a->header_count == b->header_count);
    FUZZ_CHECK(ocors_span_is_equal(a->version, b->version));
    for (size_t i = 0; i < a->client_count; i++) {
        const ocors_client_t *of_a = &a->clients[i], *of_b = &b->clients[i];
        const bool is_edited = ocors_span_is_equal(of_a->id, id);

        FUZZ_CHECK(ocors_span_is_equal(of_a->id, of_b->id));
        FUZZ_CHECK(of_a->resource_count == of_b->resource_count
                   && of_a->first_resource == of_b->first_resource
                   && of_a->header_count == of_b->header_count);
        FUZZ_CHECK(is_edited || of_a->origin_count == of_b->origin_count);
        check_same_origins(a, of_a, b, of_b, is_edited ? origin : ocors_span_make("", 0));
    }
    for (size_t i = 0; i < a->resource_count; i++) {
        FUZZ_CHECK(ocors_span_is_equal(a->resources[i].pattern, b->resources[i].pattern)
                   && a->resources[i].methods == b->resources[i].methods);
    }
    for (size_t i = 0; i < a->header_count; i++) {
        FUZZ_CHECK(ocors_span_is_equal(a->headers[i].value, b->headers[i].value));
    }
}

/* An edited text is a document, which has the origin or does not have it. */
static void check_edited(const fuzz_document_t *document, ocors_span_t edited, ocors_span_t id,
                         ocors_span_t origin, bool has_origin)
{
    fuzz_document_t after;

    FUZZ_CHECK(fuzz_document_parse(edited, &after));
    check_difference(document->settings, after.settings, id, origin);
    FUZZ_CHECK((count_of(after.settings, client_of(after.settings, id), origin) > 0) == has_origin);
    fuzz_document_free(&after);
}

/* To revoke what was allowed gives the old text; a list that was not there stays, empty. */
static void check_undone(const fuzz_document_t *document, ocors_span_t text, ocors_span_t allowed,
                         ocors_span_t id, const ocors_origin_t *origin)
{
    static const char key[] = "\"allowed_origins\"";
    const ocors_span_t form = ocors_span_make(origin->bytes, origin->length);
    ocors_edit_result_t result;
    const ocors_span_t undone = edit(allowed, id, origin, OCORS_EDIT_REVOKE, &result);

    FUZZ_CHECK(result == OCORS_EDIT_SPLICE);
    if (!ocors_span_is_equal(undone, text)) {
        ocors_span_t rest = undone, before = text;
        size_t more = 0;

        while (rest.bytes != NULL) {
            (void)fuzz_cut(&rest, OCORS_SPAN_LITERAL(key));
            more++;
        }
        while (before.bytes != NULL) {
            (void)fuzz_cut(&before, OCORS_SPAN_LITERAL(key));
            more--;
        }
        FUZZ_CHECK(more == 1);
        FUZZ_CHECK(client_of(document->settings, id)->origin_count == 0);
        check_edited(document, undone, id, form, false);
    }
    fuzz_free(undone);
}

static void check(const fuzz_document_t *document, ocors_span_t text, ocors_span_t id,
                  const ocors_origin_t *origin)
{
    const ocors_client_t *client = client_of(document->settings, id);
    const ocors_span_t form = ocors_span_make(origin->bytes, origin->length);
    const bool is_listed = client != NULL && count_of(document->settings, client, form) > 0;
    ocors_edit_result_t allows, revokes;
    const ocors_span_t allowed = edit(text, id, origin, OCORS_EDIT_ALLOW, &allows);
    const ocors_span_t revoked = edit(text, id, origin, OCORS_EDIT_REVOKE, &revokes);

    if (client == NULL) {
        FUZZ_CHECK(allows == OCORS_EDIT_NO_CLIENT && revokes == OCORS_EDIT_NO_CLIENT);
        return;
    }
    FUZZ_CHECK(allows == (is_listed ? OCORS_EDIT_ALREADY : OCORS_EDIT_SPLICE));
    FUZZ_CHECK(revokes == (is_listed ? OCORS_EDIT_SPLICE : OCORS_EDIT_ALREADY));
    if (is_listed) {
        check_edited(document, revoked, id, form, false);
    }
    else {
        check_edited(document, allowed, id, form, true);
        check_undone(document, text, allowed, id, origin);
    }
    fuzz_free(allowed);
    fuzz_free(revoked);
}

void fuzz_edit(ocors_span_t input)
{
    fuzz_fields_t fields = fuzz_split(input, 3);
    const ocors_span_t id = fields.items[0], text = fields.items[2];
    fuzz_document_t document;
    ocors_origin_t origin;
    ocors_edit_result_t result;

    if (id.length == 0 || ocors_origin_canonicalise(fields.items[1], &origin) != OCORS_ORIGIN_OK) {
        fuzz_fields_free(&fields);
        return;
    }
    if (fuzz_document_parse(text, &document)) {
        check(&document, text, id, &origin);
        fuzz_document_free(&document);
    }
    else if (text.length > 0) { /* a text that is not asked for, and does no harm */
        fuzz_free(edit(text, id, &origin, OCORS_EDIT_ALLOW, &result));
        fuzz_free(edit(text, id, &origin, OCORS_EDIT_REVOKE, &result));
    }
    fuzz_fields_free(&fields);
}
