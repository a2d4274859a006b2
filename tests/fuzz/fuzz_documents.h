/* SPDX-License-Identifier: Apache-2.0 */
/* Documents, policies and snapshots for targets, and what reads all of an image. */
#ifndef OCORS_FUZZ_DOCUMENTS_H
#define OCORS_FUZZ_DOCUMENTS_H

#include <stdbool.h>
#include <stddef.h>

#include "ocors_image.h"
#include "ocors_policy.h"
#include "ocors_settings.h"
#include "ocors_snapshot.h"
#include "ocors_span.h"

/* The seed of every image: those of one policy share one. */
#define FUZZ_SEED UINT64_C(0x0123456789abcdef)

/* A document and its image. */
typedef struct fuzz_document_t {
    ocors_settings_t *settings;
    void *bytes; /* the image */
    size_t size;
    ocors_image_t image;
} fuzz_document_t;

/*
 * Makes a document of lines, which a fuzzer changes with more success than JSON. The first byte of
 * a line says what it is; a line that the rules refuse, or of another kind, is passed over.
 *
 *   c ID                            begins a client
 *   o ORIGIN                        of the client
 *   r METHODS FROM UNTIL PATTERN    of the client; METHODS: a digit for GET (1), POST (4) and
 *                                   others, added up; FROM and UNTIL: a version or -
 *   h NAME VALUE                    of the client
 */
void fuzz_document_make(ocors_span_t lines, fuzz_document_t *document);

/* Reads a JSON text as a document. False: it is refused, and there is nothing to free. */
bool fuzz_document_parse(ocors_span_t text, fuzz_document_t *document);

void fuzz_document_free(fuzz_document_t *document);

/* Layers documents, the first one first. The policy has views of their images. */
void fuzz_policy_make(const fuzz_document_t *documents, size_t count, ocors_policy_t *policy);

/*
 * Asks an image and policies of it, which may be damaged, all that there is to ask, with a fixed
 * set of names and with what the image itself has.
 */
void fuzz_image_use(const ocors_image_t *image);
void fuzz_policies_use(const ocors_policy_t *policies, size_t count);

/* The area of a snapshot, aligned, for free(); a list policy of key 'p' and a tree of key 't'. */
void *fuzz_snapshot_make(const fuzz_document_t *documents, size_t count, size_t *size);

ocors_key_t fuzz_key(char first);

/* A copy with the alignment of an image, of exactly its size, for free(). */
void *fuzz_aligned_copy(ocors_span_t bytes);

/*
 * Writes patches over bytes: each is a place of two bytes, the lower one first and counted modulo
 * the size, a length of one byte, and as many bytes.
 */
void fuzz_patch(char *bytes, size_t size, ocors_span_t patches);

#endif
