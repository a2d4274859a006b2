/* SPDX-License-Identifier: Apache-2.0 */
/* A generation of policies in the making. */
#ifndef OCORS_GENERATION_H
#define OCORS_GENERATION_H

#include <stdbool.h>
#include <stdint.h>

#include <apr_hash.h>
#include <httpd.h>

#include "ocors_document.h"
#include "ocors_snapshot.h"

/*
 * A generation is what one reading asks for: of the configuration (a restart), or of what is in
 * force, once more (a timed reload). It begins empty, collects policies and trees, and ends as an
 * snapshot (ocors_publish.h). What was before it is known from the snapshot in force alone.
 *
 * What must outlive the configuration pool hangs on the process pool and holds no pointer into this
 * module: httpd unmaps it between two readings.
 */
typedef struct ocors_generation_policy_t {
    const char *owner; /* whose policy it is, across generations */
    uint32_t number;
    uint32_t settings; /* its number as a list of the configuration, or UINT32_MAX */
    ocors_document_t **documents;
    uint32_t document_count;
    ocors_document_image_t *layers; /* the documents' images, or the last good ones, or none */
    uint32_t layer_count;
} ocors_generation_policy_t;

typedef struct ocors_generation_site_t {
    const char *name; /* "" for the organisation itself */
    uint32_t policies[OCORS_API_COUNT];
} ocors_generation_site_t;

typedef struct ocors_generation_tree_t {
    const char *directory;
    apr_array_header_t *sites; /* of ocors_generation_site_t, by name in byte order; "" is first */
} ocors_generation_tree_t;

/* What is wrong with a tree's folders. */
typedef struct ocors_generation_problem_t {
    const char *where, *text;
} ocors_generation_problem_t;

typedef struct ocors_generation_t {
    apr_pool_t *pool;
    const char *where;             /* whose list is being read: "CONF:LINE: DIRECTIVE"; or NULL */
    uint64_t seed;                 /* of its images */
    apr_time_t spent;              /* on reading documents, in microseconds */
    bool is_again;                 /* it repeats what is in force */
    bool is_look;                  /* nothing is read: only which files there are */
    apr_array_header_t *documents; /* of ocors_document_t *, by number */
    apr_array_header_t *policies;  /* of ocors_generation_policy_t *, by number */
    apr_array_header_t *settings;  /* of uint32_t: the policies of the configuration's lists */
    apr_array_header_t *trees;     /* of const ocors_generation_tree_t *, by number */
    apr_array_header_t *problems;  /* of ocors_generation_problem_t, each text once */
    apr_hash_t *documents_by_path, *policies_by_owner;
    apr_hash_t *known_documents, *known_policies; /* records of the snapshot in force */
} ocors_generation_t;

/* Begins the generation of a new reading of the configuration (pre_config). */
void ocors_generation_begin(apr_pool_t *process_pool);

/* Begins one that repeats what is in force; a look reads no file. */
void ocors_generation_begin_again(apr_pool_t *process_pool, bool is_look);

/* The one that is being collected. */
ocors_generation_t *ocors_generation(void);

/* At a start, the first reading of the configuration, which was published to nobody; else NULL. */
const ocors_generation_t *ocors_generation_earlier(void);

/* Ends it: its images on the heap, and all else. */
void ocors_generation_end(void);

#endif
