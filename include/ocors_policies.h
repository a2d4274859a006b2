/* SPDX-License-Identifier: Apache-2.0 */
/* The policies that judge a path, made of documents as the server makes them (C4, C5). */
#ifndef OCORS_POLICIES_H
#define OCORS_POLICIES_H

#include <stdbool.h>
#include <stddef.h>

#include "ocors_options.h"
#include "ocors_policy.h"
#include "ocors_sites.h"
#include "ocors_url_path.h"

/* A document of a policy, and its image. */
typedef struct ocors_policies_layer_t {
    const char *path; /* the caller's, or the tree's */
    void *image;
} ocors_policies_layer_t;

typedef struct ocors_policies_t {
    ocors_policy_t items[OCORS_API_COUNT];
    ocors_policies_layer_t layers[OCORS_API_COUNT][OCORS_POLICY_LAYERS_MAX];
    size_t count;
    bool is_path_ambiguous; /* R12: nothing is allowed */
    const char *site;       /* of a tree: the one that judges; "": the organisation; NULL: none */
    ocors_sites_t tree;     /* of a tree: what is there */
} ocors_policies_t;

/*
 * Reads documents, at most OCORS_POLICY_LAYERS_MAX, as one policy, the first document first. What
 * is wrong with one is printed on standard error. Returns EXIT_GOOD, EXIT_ERRORS if a document is
 * bad, EXIT_UNUSABLE if one cannot be read. The policies are freed in any case.
 */
int ocors_policies_read(ocors_policies_t *policies, const char *const *paths, size_t count);

/*
 * The same for a path and a tree: reads the documents of the site that the path names, and of the
 * organisation. An error of the tree itself is printed, too: the server would not start with it.
 * `path` NULL: no document is read, as for a path outside /dw/.
 */
int ocors_policies_read_tree(ocors_policies_t *policies, const char *directory,
                             const ocors_url_path_t *path);
void ocors_policies_free(ocors_policies_t *policies);

#endif
