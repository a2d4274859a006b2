/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Policies across configuration passes. Owns the generations: the one in force, the one that is
 * being read, and, at a server's start, the first of its two readings.
 *
 * All of it hangs on the process pool through httpd's retained data, and httpd unmaps this module
 * between two readings: nothing here may point at a string literal or a function of ours.
 */

#include "ocors_load.h"

#include <apr_general.h>
#include <apr_strings.h>
#include <http_config.h>
#include <http_core.h>
#include <http_log.h>

#include "messages.h"

APLOG_USE_MODULE(ocapi_cors);

/* Another number whenever what is retained changes: the next module must not take it for its own. */
#define RETAINED_KEY "mod_ocapi_cors.load.1"

typedef struct policy_t {
    const char *key; /* its documents' paths, each followed by a line end */
    uint32_t number;
    ocors_document_t **documents;
    uint32_t document_count;
    ocors_document_image_t *layers; /* the documents' images, or the last good ones, or none */
    uint32_t layer_count;
} policy_t;

typedef struct generation_t {
    apr_pool_t *pool;
    apr_hash_t *documents;         /* path -> ocors_document_t */
    apr_hash_t *policies_by_key;   /* key -> policy_t, of those whose documents are all good */
    apr_hash_t *policies_by_owner; /* owner -> policy_t, of all */
    apr_array_header_t *policies;  /* of policy_t *, by number */
    apr_array_header_t *trees;     /* of const ocors_tree_t *, by number */
} generation_t;

typedef struct retained_t {
    generation_t *current; /* in force */
    generation_t *pending; /* being read */
    generation_t *earlier; /* read before it, and never published */
    uint64_t seed;         /* of all images: random, so that no document can be made to collide */
    uint32_t published;
} retained_t;

static retained_t *retained;

static policy_t *policy_at(const generation_t *generation, uint32_t number)
{
    return APR_ARRAY_IDX(generation->policies, number, policy_t *);
}

/* A generation has an allocator of its own, so that its end gives the memory back. */
static generation_t *generation_create(apr_pool_t *process_pool)
{
    apr_allocator_t *allocator;
    apr_pool_t *pool;
    generation_t *generation;

    if (apr_allocator_create(&allocator) != APR_SUCCESS
        || apr_pool_create_ex(&pool, process_pool, NULL, allocator) != APR_SUCCESS) {
        ap_abort_on_oom();
    }
    apr_allocator_owner_set(allocator, pool);
    generation = apr_pcalloc(pool, sizeof(*generation));
    generation->pool = pool;
    generation->documents = apr_hash_make(pool);
    generation->policies_by_key = apr_hash_make(pool);
    generation->policies_by_owner = apr_hash_make(pool);
    generation->policies = apr_array_make(pool, 4, sizeof(policy_t *));
    generation->trees = apr_array_make(pool, 1, sizeof(const ocors_tree_t *));
    return generation;
}

static void generation_destroy(generation_t *generation)
{
    if (generation == NULL) {
        return;
    }
    for (apr_hash_index_t *at = apr_hash_first(generation->pool, generation->documents); at != NULL;
         at = apr_hash_next(at)) {
        void *document;

        apr_hash_this(at, NULL, NULL, &document);
        ocors_document_free_image(document);
    }
    apr_pool_destroy(generation->pool);
}

void ocors_load_begin(apr_pool_t *process_pool)
{
    retained = ap_retained_data_get(RETAINED_KEY);
    if (retained == NULL) {
        retained = ap_retained_data_create(RETAINED_KEY, sizeof(*retained));
        if (apr_generate_random_bytes((unsigned char *)&retained->seed, sizeof(retained->seed))
            != APR_SUCCESS) {
            retained->seed = (uint64_t)apr_time_now();
        }
    }
    generation_destroy(retained->earlier);
    retained->earlier = retained->pending;
    retained->pending = generation_create(process_pool);
}

/* Takes what another generation knows of a document. */
static bool document_take(ocors_document_t *document, const generation_t *from, apr_pool_t *pool)
{
    ocors_document_t *known = from == NULL ? NULL
                                           : apr_hash_get(from->documents, document->path,
                                                          APR_HASH_KEY_STRING);

    return known != NULL && ocors_document_take(document, known, pool);
}

static ocors_document_t *document_load(generation_t *generation, const char *path)
{
    ocors_document_t *document = apr_hash_get(generation->documents, path, APR_HASH_KEY_STRING);

    if (document == NULL) {
        document = ocors_document_create(path, generation->pool);
        apr_hash_set(generation->documents, document->path, APR_HASH_KEY_STRING, document);
        if (!document_take(document, retained->earlier, generation->pool)
            && !document_take(document, retained->current, generation->pool)) {
            ocors_document_judge(document, retained->seed, generation->pool);
        }
    }
    return document;
}

/* The errors of a policy's documents, a line each; none: all of them can be used. */
static apr_array_header_t *policy_errors(const policy_t *policy, apr_pool_t *pool)
{
    apr_array_header_t *lines = apr_array_make(pool, 4, sizeof(const char *));

    for (uint32_t i = 0; i < policy->document_count; i++) {
        const ocors_document_t *document = policy->documents[i];

        for (int k = 0; document->image.bytes == NULL && k < document->lines->nelts; k++) {
            const ocors_document_line_t *line = &APR_ARRAY_IDX(document->lines, k,
                                                               ocors_document_line_t);

            if (line->severity == OCORS_SEVERITY_ERROR) {
                APR_ARRAY_PUSH(lines, const char *) = line->text;
            }
        }
    }
    return lines;
}

/* What is in force while a document is bad: what its owner had before, whole, or nothing. */
static void policy_keep(policy_t *policy, const char *owner, apr_pool_t *pool)
{
    const policy_t *last = apr_hash_get(retained->current->policies_by_owner, owner,
                                        APR_HASH_KEY_STRING);

    policy->layer_count = last != NULL ? last->layer_count : 0;
    policy->layers = apr_pmemdup(pool, last != NULL ? last->layers : policy->layers,
                                 policy->layer_count * sizeof(*policy->layers));
    for (uint32_t i = 0; i < policy->document_count; i++) {
        ocors_document_t *document = policy->documents[i];

        if (document->image.bytes == NULL) {
            document->kept_policies += policy->layer_count > 0;
            document->closed_policies += policy->layer_count == 0;
        }
    }
}

const apr_array_header_t *ocors_load_policy(apr_pool_t *pool, const char *owner,
                                            const char *const *paths, uint32_t path_count,
                                            uint32_t *number)
{
    generation_t *generation = retained->pending;
    policy_t *policy = apr_pcalloc(generation->pool, sizeof(*policy));
    policy_t *known;
    apr_array_header_t *errors;

    policy->key = "";
    for (uint32_t i = 0; i < path_count; i++) {
        policy->key = apr_pstrcat(generation->pool, policy->key, paths[i], "\n", NULL);
    }
    owner = owner != NULL ? apr_pstrdup(generation->pool, owner) : policy->key;
    known = apr_hash_get(generation->policies_by_key, policy->key, APR_HASH_KEY_STRING);
    if (known == NULL) {
        known = apr_hash_get(generation->policies_by_owner, owner, APR_HASH_KEY_STRING);
    }
    if (known != NULL) {
        apr_hash_set(generation->policies_by_owner, owner, APR_HASH_KEY_STRING, known);
        *number = known->number;
        return NULL;
    }
    policy->document_count = policy->layer_count = path_count;
    policy->documents = apr_palloc(generation->pool, path_count * sizeof(*policy->documents));
    policy->layers = apr_palloc(generation->pool, path_count * sizeof(*policy->layers));
    for (uint32_t i = 0; i < path_count; i++) {
        policy->documents[i] = document_load(generation, paths[i]);
        policy->layers[i] = policy->documents[i]->image;
    }
    errors = policy_errors(policy, pool);
    if (errors->nelts > 0 && retained->current == NULL) {
        return errors;
    }
    if (errors->nelts > 0) {
        policy_keep(policy, owner, generation->pool);
    }
    else {
        apr_hash_set(generation->policies_by_key, policy->key, APR_HASH_KEY_STRING, policy);
    }
    policy->number = *number = (uint32_t)generation->policies->nelts;
    apr_hash_set(generation->policies_by_owner, owner, APR_HASH_KEY_STRING, policy);
    APR_ARRAY_PUSH(generation->policies, policy_t *) = policy;
    return NULL;
}

void ocors_load_log(server_rec *server)
{
    generation_t *generation = retained->pending;

    for (uint32_t i = 0; i < ocors_load_policy_count(); i++) {
        for (uint32_t k = 0; k < policy_at(generation, i)->document_count; k++) {
            ocors_document_log(policy_at(generation, i)->documents[k], server);
        }
    }
}

bool ocors_load_is_reload(void)
{
    return retained->current != NULL;
}

bool ocors_load_is_known(const char *path)
{
    return retained->current != NULL
           && apr_hash_get(retained->current->documents, path, APR_HASH_KEY_STRING) != NULL;
}

uint32_t ocors_load_add_tree(const ocors_tree_t *tree)
{
    APR_ARRAY_PUSH(retained->pending->trees, const ocors_tree_t *) = tree;
    return (uint32_t)retained->pending->trees->nelts - 1;
}

uint32_t ocors_load_tree_count(void)
{
    return (uint32_t)retained->pending->trees->nelts;
}

const ocors_tree_t *ocors_load_tree_in_force(const char *directory)
{
    for (int i = 0; retained->current != NULL && i < retained->current->trees->nelts; i++) {
        const ocors_tree_t *tree = APR_ARRAY_IDX(retained->current->trees, i, const ocors_tree_t *);

        if (strcmp(tree->directory, directory) == 0) {
            return tree;
        }
    }
    return NULL;
}

const ocors_tree_t *ocors_load_tree(uint32_t number)
{
    return APR_ARRAY_IDX(retained->pending->trees, number, const ocors_tree_t *);
}

uint32_t ocors_load_policy_count(void)
{
    return (uint32_t)retained->pending->policies->nelts;
}

uint32_t ocors_load_layer_count(uint32_t policy)
{
    return policy_at(retained->pending, policy)->layer_count;
}

const ocors_document_image_t *ocors_load_layer(uint32_t policy, uint32_t layer)
{
    return &policy_at(retained->pending, policy)->layers[layer];
}

apr_pool_t *ocors_load_pool(void)
{
    return retained->pending->pool;
}

/* Where an image is now; NULL: no layer has it. */
static const void *image_find(const ocors_document_image_t *image, apr_hash_t *moved)
{
    return apr_hash_get(moved, &image->bytes, sizeof(image->bytes));
}

/*
 * What a document has of its image from now on: the one copy in this generation's memory. One that
 * no layer shows stays on the heap; if it was in the memory of the generation that ends, it is
 * forgotten, and the file will be read again.
 */
static void document_settle(ocors_document_t *document, apr_hash_t *moved)
{
    const void *now = image_find(&document->image, moved);

    if (now != NULL) {
        const size_t size = document->image.size;

        ocors_document_free_image(document);
        document->image = (ocors_document_image_t){ .bytes = now, .size = size };
    }
    else if (!document->image.is_on_heap && document->image.bytes != NULL) {
        document->image.bytes = NULL;
        document->identity = (ocors_document_identity_t){ .inode = 0 };
    }
}

void ocors_load_publish(apr_hash_t *moved)
{
    generation_t *generation = retained->pending;

    for (uint32_t i = 0; i < ocors_load_policy_count(); i++) {
        policy_t *policy = policy_at(generation, i);

        for (uint32_t k = 0; k < policy->layer_count; k++) {
            policy->layers[k].bytes = image_find(&policy->layers[k], moved);
            policy->layers[k].is_on_heap = false;
        }
    }
    for (apr_hash_index_t *at = apr_hash_first(generation->pool, generation->documents); at != NULL;
         at = apr_hash_next(at)) {
        void *document;

        apr_hash_this(at, NULL, NULL, &document);
        document_settle(document, moved);
    }
    generation_destroy(retained->earlier);
    generation_destroy(retained->current);
    retained->earlier = NULL;
    retained->current = generation;
    retained->pending = NULL;
    retained->published++;
}

uint32_t ocors_load_generation(void)
{
    return retained->published;
}
