/* SPDX-License-Identifier: Apache-2.0 */
/* A settings document on disk: which file it is, what was found in it, and its image. */
#ifndef OCORS_DOCUMENT_H
#define OCORS_DOCUMENT_H

#include <stdbool.h>
#include <stdint.h>

#include <httpd.h>

#include "ocors_report.h"
#include "ocors_snapshot.h"

/* An image of a document. A collection has each image once. */
typedef struct ocors_document_image_t {
    const void *bytes;
    size_t size;
    bool is_on_heap; /* malloc'd, and its document's to free; else it is in an area of the store */
    bool is_damaged; /* it is in an area, and somebody has changed it */
    uint64_t check;  /* of an image in an area, by the private part (ocors_store_check()) */
    uint32_t index;  /* in the snapshot that is planned (ocors_snapshot_write.h) */
} ocors_document_image_t;

/* What was found, as a line for the administrator. */
typedef struct ocors_document_line_t {
    ocors_severity_t severity;
    const char *text;
} ocors_document_line_t;

/* What a document is to its collection. */
typedef enum {
    OCORS_DOCUMENT_IN_FORCE, /* its file is the one in force */
    OCORS_DOCUMENT_DEFERRED, /* its file is another one, and is deferred */
    OCORS_DOCUMENT_UNREAD,   /* its file is not the one in force, and is to be judged */
    OCORS_DOCUMENT_JUDGED,   /* its file was read */
    OCORS_DOCUMENT_FOLDER    /* it has no file: an error of a tree, at the path of a folder */
} ocors_document_state_t;

typedef struct ocors_document_t {
    const char *path;
    const char *where; /* the first directive that names it: "CONF:LINE: DIRECTIVE" */
    const ocors_snapshot_document_t *before; /* its record in force; NULL: there is none */
    ocors_snapshot_file_t file; /* which file it is; all zero: there is none; a value that no file
                                   has: it may have changed since it was read */
    ocors_document_image_t *image; /* NULL: the document cannot be used */
    apr_array_header_t *lines;     /* of ocors_document_line_t; of very many findings, some */
    uint32_t error_count;
    const char *error; /* the first; NULL: it can be used */
    int64_t since;     /* since when it is so, in microseconds since 1970; 0: since now */
    ocors_document_state_t state;
    bool is_transient; /* its error may go away although the file is unchanged */
    bool has_no_room;  /* it gave way (ocors_publish.h) */
    /* If it cannot be used: policies that keep their previous version, and that allow nothing. */
    uint32_t kept_policies, closed_policies;
} ocors_document_t;

/*
 * Reads and judges it, also again: file -> text -> settings -> image. Fills in file, lines and
 * image, which is hashed by `seed`.
 */
void ocors_document_judge(ocors_document_t *document, uint64_t seed, apr_pool_t *pool);

/* Adds an error that was not found in its file. */
void ocors_document_add_error(ocors_document_t *document, const char *text);

/* It has to be read again, though the file may be the same. */
void ocors_document_doubt(ocors_document_t *document);

/* Whether the file of its path is another one now. */
bool ocors_document_is_stale(const ocors_document_t *document, apr_pool_t *pool);

/*
 * Tells its errors where the administrator is, at a start the terminal, each with the directive
 * that names the document. Returns how many there are; 0: the document can be used.
 */
uint32_t ocors_document_tell(ocors_document_t *document);

/* Its record in force, if the file is the same; else NULL. */
const ocors_snapshot_document_t *ocors_document_same(const ocors_document_t *document);

/*
 * Logs its lines, `with_errors` or without, and what becomes of its policies, unless that was said
 * of the same file. The errors of a file that was tried again in vain are not repeated (A26).
 */
void ocors_document_log(const ocors_document_t *document, server_rec *server, bool with_errors);

/* The document has no image then; the bytes of one on the heap are freed. */
void ocors_document_free_image(ocors_document_t *document);

#endif
