/* SPDX-License-Identifier: Apache-2.0 */
/* The folders of a site archive: which sites and documents there are, as the server lists them. */
#ifndef OCORS_SITES_H
#define OCORS_SITES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "ocors_options.h"
#include "ocors_report.h"
#include "ocors_url_path.h"

/* A site, or the organisation. */
typedef struct ocors_sites_item_t {
    char *name;                   /* "": the organisation */
    char *paths[OCORS_API_COUNT]; /* NULL: it has no document for the API */
} ocors_sites_item_t;

/* What there is to say of a folder, or of a name in one. */
typedef struct ocors_sites_note_t {
    char *path;
    char *text;
    ocors_severity_t severity;
    bool is_unreadable; /* nobody can tell what is there */
} ocors_sites_note_t;

typedef struct ocors_sites_t {
    const char *directory;     /* the caller's */
    ocors_sites_item_t *sites; /* the organisation is the first, the others are in byte order */
    size_t site_count;
    ocors_sites_note_t *notes;
    size_t note_count;
} ocors_sites_t;

/* "shop", "data". */
const char *ocors_sites_api_name(unsigned api);

/*
 * Lists a tree as a start of the server does (C5): the names of sites, the documents that each has,
 * names that were meant to be others, and sites that R12 tells apart by their exact ids alone. No
 * document is opened, and no folder below a site's.
 */
void ocors_sites_list(ocors_sites_t *list, const char *directory);
void ocors_sites_free(ocors_sites_t *list);

/* EXIT_ERRORS if a note is an error, EXIT_UNUSABLE if nobody can tell what is there. */
int ocors_sites_status(const ocors_sites_t *list);

/* Prints the notes that are errors, for people. */
void ocors_sites_print_errors(const ocors_sites_t *list, FILE *out);

#endif
