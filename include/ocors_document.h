/* SPDX-License-Identifier: Apache-2.0 */
/* A settings document on disk: which file it is, what was found in it, and its image. */
#ifndef OCORS_DOCUMENT_H
#define OCORS_DOCUMENT_H

#include <stdbool.h>
#include <stdint.h>

#include <httpd.h>

#include "ocors_snapshot.h"
#include "ocors_report.h"

/* An image: on the heap and its document's to free, or in the segment in force. */
typedef struct ocors_document_image_t {
    const void *bytes; /* NULL: there is none */
    size_t size;
    bool is_on_heap;
} ocors_document_image_t;

/* What was found, as a line for the administrator. */
typedef struct ocors_document_line_t {
    ocors_severity_t severity;
    const char *text;
} ocors_document_line_t;

typedef struct ocors_document_t {
    const char *path;
    const char *where; /* the directive that names it first: "CONF:LINE: DIRECTIVE"; or NULL */
    uint32_t number;   /* in its generation */
    ocors_snapshot_file_t file;   /* which file it is; all zero: there is none to look at */
    ocors_document_image_t image; /* bytes NULL: the document cannot be used */
    apr_array_header_t *lines;    /* of ocors_document_line_t; of very many findings, some */
    uint32_t error_count;
    bool has_changed; /* while it was read */
    bool is_passing;  /* its error is not the file's fault: read again at the next occasion */
    bool is_told;     /* its errors, by ocors_document_tell() */
    bool is_logged;
    /* Where it is bad: policies that keep their last good state for it, and that allow nothing. */
    uint32_t kept_policies, closed_policies;
    uint32_t kept_logged, closed_logged; /* what was said of them last */
} ocors_document_t;

/* Whether the file of this path is another now than the one that was judged. */
bool ocors_document_is_stale(const ocors_document_t *document, apr_pool_t *scratch);

/* A document of this absolute path, looked at but not read. All of it but the image is in `pool`.
 */
ocors_document_t *ocors_document_create(const char *path, apr_pool_t *pool);

/*
 * Reads and judges it, again if need be: file bytes -> JSON -> settings -> image. Fills in lines
 * and image.
 */
void ocors_document_judge(ocors_document_t *document, uint64_t seed, apr_pool_t *pool);

/* The document is left out for a reason that is not in its file: `text`, a line in `pool`. */
void ocors_document_reject(ocors_document_t *document, const char *text);

/*
 * Takes over what was judged of this path, whatever its file is now: the lines are copied, the
 * image changes hands.
 */
void ocors_document_take(ocors_document_t *document, ocors_document_t *known, apr_pool_t *pool);

/*
 * Takes over what a snapshot knows of the same file (same path, size, times, inode, device). False:
 * it is another file; nothing was taken. `image` is NULL, or in the snapshot's segment, and stays
 * there. What was found then has been logged, and is not known any more.
 */
bool ocors_document_recall(ocors_document_t *document, const ocors_snapshot_document_t *known,
                           const void *image);

/*
 * Tells its errors where the administrator is, at a start the terminal, each with the directive
 * that names the document. Returns how many there are; 0: the document can be used.
 */
uint32_t ocors_document_tell(ocors_document_t *document);

/*
 * Logs its lines, once, but for errors that were told, and what became of its policies, as often as
 * that changes.
 */
void ocors_document_log(ocors_document_t *document, server_rec *server);

/* Frees the image, if it is the document's. */
void ocors_document_free_image(ocors_document_t *document);

#endif
