/* SPDX-License-Identifier: Apache-2.0 */
/* Which documents, which policies. Owns nothing: what it collects is the generation's. */

#include "ocors_load.h"

#include <apr_general.h>
#include <apr_strings.h>
#include <http_config.h>
#include <http_core.h>
#include <http_log.h>

#include "messages.h"
#include "ocors_fingerprint.h"
#include "ocors_hold.h"
#include "ocors_image.h"
#include "ocors_store.h"

APLOG_USE_MODULE(ocapi_cors);

/* A file that changes whenever it is read is taken as it was read last. */
#define REFRESHES_MAX 5

/* Takes what is known of a document that has not changed, or must not. */
static bool document_take(ocors_document_t *document, bool is_held)
{
    const ocors_generation_t *generation = ocors_generation();
    const ocors_snapshot_document_t *known = apr_hash_get(generation->known_documents,
                                                          document->path, APR_HASH_KEY_STRING);
    const void *image = known == NULL ? NULL
                                      : ocors_snapshot_image(ocors_store_snapshot(), known->image,
                                                             known->image_size);

    if (is_held) {
        document->file = known != NULL ? known->file : (ocors_snapshot_file_t){ .inode = 0 };
    }
    else if (generation->is_look) {
        return true;
    }
    if (!generation->is_again && image != NULL
        && !ocors_image_verify(image, (size_t)known->image_size)) {
        return false; /* damaged: the file is asked */
    }
    return known != NULL && ocors_document_recall(document, known, image);
}

/* Takes what the first reading of a start has judged, whatever has become of the file since. */
static bool document_take_earlier(ocors_document_t *document)
{
    const ocors_generation_t *before = ocors_generation_earlier();
    ocors_document_t *earlier = before == NULL ? NULL
                                               : apr_hash_get(before->documents_by_path,
                                                              document->path, APR_HASH_KEY_STRING);

    if (earlier != NULL) {
        ocors_document_take(document, earlier, ocors_generation()->pool);
    }
    return earlier != NULL;
}

static ocors_document_t *document_load(const char *path)
{
    ocors_generation_t *generation = ocors_generation();
    ocors_document_t *document = apr_hash_get(generation->documents_by_path, path,
                                              APR_HASH_KEY_STRING);

    if (document == NULL) {
        const apr_time_t started = apr_time_now();

        document = ocors_document_create(path, generation->pool);
        document->where = generation->where;
        document->number = (uint32_t)generation->documents->nelts;
        APR_ARRAY_PUSH(generation->documents, ocors_document_t *) = document;
        apr_hash_set(generation->documents_by_path, document->path, APR_HASH_KEY_STRING, document);
        const bool is_held = ocors_hold_has(document->path, &document->file);

        if (!document_take_earlier(document) && !document_take(document, is_held) && !is_held) {
            ocors_document_judge(document, generation->seed, generation->pool);
        }
        generation->spent += generation->is_look ? 0 : apr_time_now() - started;
    }
    return document;
}

static bool policy_is_good(const ocors_generation_policy_t *policy)
{
    for (uint32_t i = 0; i < policy->document_count; i++) {
        if (policy->documents[i]->image.bytes == NULL) {
            return false;
        }
    }
    return true;
}

/* What is in force while a document is bad: what its owner had before, whole, or nothing. */
static void policy_keep(ocors_generation_policy_t *policy, apr_pool_t *pool)
{
    const ocors_generation_t *generation = ocors_generation();
    const ocors_snapshot_t *snapshot = ocors_store_snapshot();
    const ocors_snapshot_policy_t *last = apr_hash_get(generation->known_policies, policy->owner,
                                                       APR_HASH_KEY_STRING);

    policy->layer_count = last != NULL ? last->layer_count : 0;
    policy->layers = apr_palloc(pool, policy->layer_count * sizeof(*policy->layers));
    for (uint32_t i = 0; i < policy->layer_count; i++) {
        const ocors_snapshot_layer_t *layer = &snapshot->layers[last->first_layer + i];

        policy->layers[i] = (ocors_document_image_t){
            .bytes = ocors_snapshot_image(snapshot, layer->image, layer->image_size),
            .size = (size_t)layer->image_size,
        };
        if (policy->layers[i].bytes == NULL
            || (!generation->is_again
                && !ocors_image_verify(policy->layers[i].bytes, policy->layers[i].size))) {
            policy->layer_count = 0; /* half a policy is none, and a damaged one stops no other */
        }
    }
    for (uint32_t i = 0; i < policy->document_count; i++) {
        ocors_document_t *document = policy->documents[i];

        if (document->image.bytes == NULL) {
            document->kept_policies += policy->layer_count > 0;
            document->closed_policies += policy->layer_count == 0;
        }
    }
}

/* Its layers, by its documents as they are: whole and new, or what is kept, or none. */
static void policy_settle(ocors_generation_policy_t *policy)
{
    ocors_generation_t *generation = ocors_generation();

    if (!generation->is_look && !policy_is_good(policy)) {
        policy_keep(policy, generation->pool);
        return;
    }
    policy->layer_count = policy->document_count;
    policy->layers = apr_palloc(generation->pool, policy->layer_count * sizeof(*policy->layers));
    for (uint32_t i = 0; i < policy->layer_count; i++) {
        policy->layers[i] = policy->documents[i]->image;
    }
}

/* A policy of this generation, new or known to it. */
static ocors_generation_policy_t *policy_load(const char *owner, const char *const *paths,
                                              uint32_t path_count)
{
    ocors_generation_t *generation = ocors_generation();
    ocors_generation_policy_t *policy = apr_hash_get(generation->policies_by_owner, owner,
                                                     APR_HASH_KEY_STRING);

    if (policy != NULL) {
        return policy;
    }
    policy = apr_pcalloc(generation->pool, sizeof(*policy));
    policy->owner = apr_pstrdup(generation->pool, owner);
    policy->settings = UINT32_MAX;
    policy->document_count = path_count;
    policy->documents = apr_palloc(generation->pool, path_count * sizeof(*policy->documents));
    for (uint32_t i = 0; i < path_count; i++) {
        policy->documents[i] = document_load(paths[i]);
    }
    policy_settle(policy);
    policy->number = (uint32_t)generation->policies->nelts;
    apr_hash_set(generation->policies_by_owner, policy->owner, APR_HASH_KEY_STRING, policy);
    APR_ARRAY_PUSH(generation->policies, ocors_generation_policy_t *) = policy;
    return policy;
}

uint32_t ocors_load_policy(const char *owner, const char *const *paths, uint32_t path_count)
{
    return policy_load(owner, paths, path_count)->number;
}

uint32_t ocors_load_settings(const char *const *paths, uint32_t path_count)
{
    ocors_generation_t *generation = ocors_generation();
    const char *owner = "";
    ocors_generation_policy_t *policy;

    for (uint32_t i = 0; i < path_count; i++) {
        owner = apr_pstrcat(generation->pool, owner, paths[i], "\n", NULL);
    }
    policy = policy_load(owner, paths, path_count);
    if (policy->settings == UINT32_MAX) {
        policy->settings = (uint32_t)generation->settings->nelts;
        APR_ARRAY_PUSH(generation->settings, uint32_t) = policy->number;
    }
    return policy->settings;
}

uint32_t ocors_load_earlier_policy(uint32_t earlier)
{
    const ocors_generation_policy_t *policy = APR_ARRAY_IDX(
        ocors_generation_earlier()->policies, (int)earlier, const ocors_generation_policy_t *);
    const char **paths = apr_palloc(ocors_generation()->pool,
                                    policy->document_count * sizeof(*paths));

    for (uint32_t i = 0; i < policy->document_count; i++) {
        paths[i] = policy->documents[i]->path;
    }
    return ocors_load_policy(policy->owner, paths, policy->document_count);
}

bool ocors_load_is_known(const char *path)
{
    return apr_hash_get(ocors_generation()->known_documents, path, APR_HASH_KEY_STRING) != NULL;
}

bool ocors_load_is_known_policy(const char *owner)
{
    return apr_hash_get(ocors_generation()->known_policies, owner, APR_HASH_KEY_STRING) != NULL;
}

uint32_t ocors_load_add_tree(const ocors_generation_tree_t *tree)
{
    APR_ARRAY_PUSH(ocors_generation()->trees, const ocors_generation_tree_t *) = tree;
    return (uint32_t)ocors_generation()->trees->nelts - 1;
}

bool ocors_load_find_tree(const ocors_generation_t *generation, const char *directory,
                          uint32_t *number)
{
    const apr_array_header_t *trees = generation->trees;

    for (int i = 0; i < trees->nelts; i++) {
        const ocors_generation_tree_t *tree = APR_ARRAY_IDX(trees, i,
                                                            const ocors_generation_tree_t *);

        if (strcmp(tree->directory, directory) == 0) {
            *number = (uint32_t)i;
            return true;
        }
    }
    return false;
}

void ocors_load_add_problem(const char *text)
{
    ocors_generation_t *generation = ocors_generation();

    APR_ARRAY_PUSH(generation->problems, ocors_generation_problem_t) = (ocors_generation_problem_t){
        .where = generation->where,
        .text = apr_pstrdup(generation->pool, text),
    };
}

void ocors_load_earlier_problems(void)
{
    const ocors_generation_t *before = ocors_generation_earlier();

    for (int i = 0; before != NULL && i < before->problems->nelts; i++) {
        ocors_load_add_problem(APR_ARRAY_IDX(before->problems, i, ocors_generation_problem_t).text);
    }
}

uint32_t ocors_load_tell(void)
{
    const ocors_generation_t *generation = ocors_generation();
    uint32_t errors = (uint32_t)generation->problems->nelts;

    for (int i = 0; i < generation->problems->nelts; i++) {
        const ocors_generation_problem_t *problem = &APR_ARRAY_IDX(generation->problems, i,
                                                                   ocors_generation_problem_t);

        ap_log_error(APLOG_MARK, APLOG_STARTUP | APLOG_ERR, 0, NULL, "%s: %s", problem->where,
                     problem->text);
    }
    for (int i = 0; i < generation->documents->nelts; i++) {
        errors += ocors_document_tell(APR_ARRAY_IDX(generation->documents, i, ocors_document_t *));
    }
    return errors;
}

void ocors_load_log(server_rec *server)
{
    const ocors_generation_t *generation = ocors_generation();
    const ocors_snapshot_t *snapshot = ocors_store_snapshot();
    const bool is_known = snapshot != NULL
                          && snapshot->header.problems == ocors_fingerprint_problems(generation);

    for (int i = 0; i < generation->problems->nelts && !is_known; i++) {
        ap_log_error(APLOG_MARK, APLOG_ERR, 0, server, OCORS_LOG_DOCUMENT_ERROR "%s",
                     APR_ARRAY_IDX(generation->problems, i, ocors_generation_problem_t).text);
    }
    for (int i = 0; i < generation->documents->nelts; i++) {
        ocors_document_log(APR_ARRAY_IDX(generation->documents, i, ocors_document_t *), server);
    }
}

/* Reads again what has changed since it was read; whether anything had. */
static bool documents_refresh(void)
{
    const ocors_generation_t *generation = ocors_generation();
    apr_pool_t *scratch;
    bool has_changed = false;

    apr_pool_create(&scratch, generation->pool);
    for (int i = 0; i < generation->documents->nelts; i++) {
        ocors_document_t *document = APR_ARRAY_IDX(generation->documents, i, ocors_document_t *);

        if (ocors_document_is_stale(document, scratch)) {
            ocors_document_judge(document, generation->seed, generation->pool);
            has_changed = true;
        }
        apr_pool_clear(scratch);
    }
    apr_pool_destroy(scratch);
    return has_changed;
}

/* Every policy once more, by its documents as they are now. */
static void policies_settle(void)
{
    const ocors_generation_t *generation = ocors_generation();

    for (int i = 0; i < generation->documents->nelts; i++) {
        ocors_document_t *document = APR_ARRAY_IDX(generation->documents, i, ocors_document_t *);

        document->kept_policies = document->closed_policies = 0;
    }
    for (int i = 0; i < generation->policies->nelts; i++) {
        policy_settle(APR_ARRAY_IDX(generation->policies, i, ocors_generation_policy_t *));
    }
}

void ocors_load_refresh(void)
{
    bool has_changed = false;

    for (int i = 0; i < REFRESHES_MAX && documents_refresh(); i++) {
        has_changed = true;
    }
    if (has_changed) {
        policies_settle();
    }
}

static ocors_document_t *largest_document(void)
{
    const apr_array_header_t *documents = ocors_generation()->documents;
    ocors_document_t *largest = NULL;

    for (int i = 0; i < documents->nelts; i++) {
        ocors_document_t *document = APR_ARRAY_IDX(documents, i, ocors_document_t *);

        if (document->image.bytes != NULL
            && (largest == NULL || document->image.size > largest->image.size)) {
            largest = document;
        }
    }
    return largest;
}

void ocors_load_fit(uint64_t needed, uint64_t allowed)
{
    ocors_generation_t *generation = ocors_generation();
    uint64_t left = needed;
    ocors_document_t *largest;

    while (left > allowed && (largest = largest_document()) != NULL) {
        left -= largest->image.size < left ? largest->image.size : left;
        ocors_document_reject(
            largest, apr_psprintf(generation->pool,
                                  "%s: this document does not fit: the "
                                  "policies need %" APR_UINT64_T_FMT " bytes of shared "
                                  "memory, and OcapiCorsCacheSize allows %" APR_UINT64_T_FMT,
                                  largest->path, needed, allowed));
    }
    policies_settle();
}
