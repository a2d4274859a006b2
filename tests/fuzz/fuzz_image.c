/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The bytes of an image, raw or damaged, into open, verify, every reader and the decision. The
 * first byte of an input says which bytes: 'r' its rest; 'p' a real image with the rest as patches;
 * 'c' the same with a checksum that is right.
 */
#include "fuzz.h"
#include "fuzz_documents.h"
#include "ocors_image_layout.h"
#include "ocors_image_verify.h"

static const char lines[] = "c aaaa\n"
                            "o https://a.example\n"
                            "o https://b.example:8443\n"
                            "o http://a.example\n"
                            "o https://a.example:8443\n"
                            "r 1 - - /baskets/{id}/items\n"
                            "r 5 18.1 19.5 /baskets/**\n"
                            "h x-dw-content-security-policy frame-ancestors 'self'\n"
                            "c a\n"
                            "o https://a.example\n"
                            "r 32 - - /baskets/*/items\n"
                            "c bbbb\n";

/* A real image, made once. */
static ocors_span_t base(void)
{
    static fuzz_document_t document;

    if (document.bytes == NULL) {
        fuzz_document_make(OCORS_SPAN_LITERAL(lines), &document);
    }
    return ocors_span_make(document.bytes, document.size);
}

/* What holds of an image that is sound. */
static void check_sound(const ocors_image_t *image)
{
    ocors_image_origin_t origin;
    ocors_image_client_t client;
    ocors_image_list_t list;
    ocors_response_header_t header;

    for (uint32_t i = 0; i < image->origin_count; i++) {
        FUZZ_CHECK(ocors_image_read_origin(image, i, &origin));
        for (uint32_t k = 0; k < origin.client_count; k++) {
            FUZZ_CHECK(origin.clients[k] < image->client_count);
        }
    }
    for (uint32_t i = 0; i < image->client_count; i++) {
        FUZZ_CHECK(ocors_image_read_client(image, i, &client));
        FUZZ_CHECK(client.first_header + (uint64_t)client.header_count <= image->header_count);
    }
    for (uint32_t i = 0; i < image->list_count; i++) {
        FUZZ_CHECK(ocors_image_read_list(image, i, &list));
        FUZZ_CHECK(list.first_resource + (uint64_t)list.resource_count <= image->resource_count);
    }
    for (uint32_t i = 0; i < image->header_count; i++) {
        FUZZ_CHECK(ocors_image_read_header(image, i, &header));
    }
    FUZZ_CHECK(!ocors_image_read_client(image, image->client_count, &client));
    FUZZ_CHECK(!ocors_image_read_origin(image, image->origin_count, &origin));
}

void fuzz_image(ocors_span_t input)
{
    const char mode = input.length > 0 ? input.bytes[0] : 'r';
    const ocors_span_t rest = ocors_span_from(input, input.length > 0 ? 1 : 0);
    const ocors_span_t from = mode == 'p' || mode == 'c' ? base() : rest;
    char *const bytes = fuzz_aligned_copy(from);
    ocors_image_t image;

    if (mode == 'p' || mode == 'c') {
        fuzz_patch(bytes, from.length, rest);
    }
    if (mode == 'c') {
        ocors_image_header_t header;

        memcpy(&header, bytes, sizeof(header));
        header.checksum = ocors_image_checksum(bytes, from.length, header.seed);
        memcpy(bytes, &header, sizeof(header));
    }
    const bool is_sound = ocors_image_verify(bytes, from.length);
    const bool opens = ocors_image_open(bytes, from.length, &image);

    FUZZ_CHECK(opens || !is_sound);
    if (opens) {
        ocors_policy_t policies[2] = { { .layers = { image }, .layer_count = 1 },
                                       { .layers = { image, image }, .layer_count = 2 } };

        fuzz_image_use(&image);
        fuzz_policies_use(policies, 2);
    }
    if (is_sound) {
        check_sound(&image);
    }
    fuzz_release(bytes);
}
