/* SPDX-License-Identifier: Apache-2.0 */
/* Differences between a collection and what is in force. Owns nothing. */

#include "ocors_difference.h"

#include <stdlib.h>

#include <apr_hash.h>
#include <apr_strings.h>

#include "ocors_image.h"

/* As many names are in a line, and as many lines are made. */
#define NAMES_MAX 8
#define LINES_MAX 32

/* Names that came, or went. */
typedef struct names_t {
    const char *text; /* the first few, separated by commas; NULL: none */
    unsigned count;
} names_t;

static void names_add(apr_pool_t *pool, names_t *names, const char *name)
{
    if (names->count < NAMES_MAX) {
        names->text = names->text == NULL ? name : apr_pstrcat(pool, names->text, ", ", name, NULL);
    }
    names->count++;
}

/* "; origins added: A, B and 3 more" behind `line`. */
static const char *names_append(apr_pool_t *pool, const char *line, const char *what,
                                const names_t *names)
{
    if (names->count == 0) {
        return line;
    }
    line = apr_pstrcat(pool, line, line[0] != '\0' ? "; " : "", what, ": ", names->text, NULL);
    return names->count > NAMES_MAX
               ? apr_psprintf(pool, "%s and %u more", line, names->count - NAMES_MAX)
               : line;
}

static void line_add(apr_array_header_t *lines, const char *of, const char *text)
{
    if (text[0] != '\0') {
        APR_ARRAY_PUSH(lines, const char *) = apr_pstrcat(lines->pool, of, ": ", text, NULL);
    }
}

/* ---- Sites ----------------------------------------------------------------------------------- */

/* Adds the names of the sites in force from one index up to another. */
static void names_add_in_force(const ocors_snapshot_t *in_force, apr_pool_t *pool, names_t *names,
                               uint32_t from, uint32_t end)
{
    for (uint32_t site = from; site < end; site++) {
        const ocors_span_t name = ocors_snapshot_text(in_force, in_force->sites[site].name);

        names_add(pool, names, apr_pstrmemdup(pool, name.bytes, name.length));
    }
}

static void compare_trees(const ocors_collection_t *collection, const ocors_tree_t *tree,
                          apr_array_header_t *lines)
{
    const ocors_snapshot_t *in_force = collection->in_force;
    const ocors_snapshot_tree_t *record;
    names_t added = { .text = NULL }, removed = { .text = NULL };
    uint32_t next;

    if (!ocors_snapshot_find_tree(in_force, &tree->list->key, &next)) {
        return;
    }
    record = &in_force->trees[next];
    next = record->first_site;
    for (int i = 0; i < tree->sites->nelts; i++) { /* both are in byte order */
        const ocors_tree_site_t *site = ocors_tree_site(tree, i);

        if (site->in_force == OCORS_SNAPSHOT_NONE) {
            names_add(lines->pool, &added, site->name);
        }
        else {
            names_add_in_force(in_force, lines->pool, &removed, next, site->in_force);
            next = site->in_force + 1;
        }
    }
    names_add_in_force(in_force, lines->pool, &removed, next,
                       record->first_site + record->site_count);
    line_add(lines, tree->list->paths[0],
             names_append(lines->pool, names_append(lines->pool, "", "sites added", &added),
                          "sites removed", &removed));
}

/* ---- Documents ------------------------------------------------------------------------------- */

static const char *quote(apr_pool_t *pool, ocors_span_t text)
{
    return apr_psprintf(pool, "\"%.*s\"", (int)text.length, text.bytes);
}

/* The clients of one image that another does not have. */
static void compare_clients(apr_pool_t *pool, const ocors_image_t *image,
                            const ocors_image_t *other, names_t *names)
{
    ocors_image_client_t client;
    uint32_t same;

    for (uint32_t i = 0; i < image->client_count && ocors_image_read_client(image, i, &client);
         i++) {
        if (!ocors_image_find_client(other, ocors_image_hash(other, client.id), client.id, &same)) {
            names_add(pool, names, names->count < NAMES_MAX ? quote(pool, client.id) : "");
        }
    }
}

/* Whether a client of an image lists an origin in another image, too. */
static bool lists_too(const ocors_image_t *other, const ocors_image_origin_t *origin,
                      bool has_origin, ocors_span_t id)
{
    uint32_t client;

    return has_origin && ocors_image_find_client(other, ocors_image_hash(other, id), id, &client)
           && ocors_image_origin_has_client(origin, client);
}

/* The origins that a client of one image lists, and not in the other. */
static void compare_origins(apr_pool_t *pool, const ocors_image_t *image,
                            const ocors_image_t *other, names_t *names)
{
    ocors_image_origin_t origin, same;

    for (uint32_t i = 0; i < image->origin_count && ocors_image_read_origin(image, i, &origin);
         i++) {
        const bool has_origin = ocors_image_find_origin(other, ocors_image_hash(other, origin.text),
                                                        origin.text, &same);

        for (uint32_t k = 0; k < origin.client_count; k++) {
            ocors_image_client_t client;

            if (ocors_image_read_client(image, origin.clients[k], &client)
                && !lists_too(other, &same, has_origin, client.id)) {
                names_add(pool, names,
                          names->count < NAMES_MAX
                              ? apr_psprintf(pool, "%.*s (client %s)", (int)origin.text.length,
                                             origin.text.bytes, quote(pool, client.id))
                              : "");
            }
        }
    }
}

static const char *compare_images(apr_pool_t *pool, const ocors_image_t *now,
                                  const ocors_image_t *before)
{
    names_t clients_added = { .text = NULL }, clients_removed = { .text = NULL };
    names_t origins_added = { .text = NULL }, origins_removed = { .text = NULL };
    const char *line = "";

    compare_clients(pool, now, before, &clients_added);
    compare_clients(pool, before, now, &clients_removed);
    compare_origins(pool, now, before, &origins_added);
    compare_origins(pool, before, now, &origins_removed);
    line = names_append(pool, line, "clients added", &clients_added);
    line = names_append(pool, line, "clients removed", &clients_removed);
    line = names_append(pool, line, "origins added", &origins_added);
    return names_append(pool, line, "origins removed", &origins_removed);
}

/* The image that a policy had of its document n; NONE: there was none, or nobody can tell. */
static uint32_t image_before(const ocors_collection_t *collection,
                             const ocors_collection_policy_t *policy, uint32_t n)
{
    const ocors_snapshot_policy_t *before = policy->before;
    const ocors_snapshot_document_t *document = policy->documents[n]->before;

    if (before != NULL && before->layer_count == policy->document_count) {
        return collection->in_force->layers[before->first_layer + n];
    }
    return document != NULL ? document->image : OCORS_SNAPSHOT_NONE;
}

/* The documents that some policy has otherwise than before, and the images before. */
static apr_hash_t *changed_documents(apr_pool_t *pool, const ocors_collection_t *collection)
{
    apr_hash_t *changed = apr_hash_make(pool);

    for (int i = 0; i < collection->policies->nelts; i++) {
        const ocors_collection_policy_t *policy = ocors_collection_policy(collection, i);

        for (uint32_t n = 0; n < policy->document_count; n++) {
            ocors_document_t *const *document = &policy->documents[n];
            const uint32_t before = image_before(collection, policy, n);

            if (policy->layer_count == policy->document_count && (*document)->image != NULL
                && policy->layers[n] == (*document)->image
                && policy->layers[n] != ocors_collection_image(collection, before)) {
                apr_hash_set(changed, document, sizeof(*document),
                             apr_pmemdup(pool, &before, sizeof(before)));
            }
        }
    }
    return changed;
}

/* A checked copy of an image in force; NULL: there is none, or it is damaged. */
static void *copy_before(const ocors_snapshot_t *snapshot, const ocors_store_t *in_force,
                         uint32_t image, size_t *size)
{
    const void *bytes = ocors_snapshot_image(snapshot, image, size);

    return bytes == NULL ? NULL
                         : ocors_store_copy(in_force, bytes, *size, snapshot->images[image].check);
}

/* What a document in force says otherwise than its image before. */
static const char *compare_document(apr_pool_t *pool, const ocors_collection_t *collection,
                                    const ocors_store_t *in_force, const ocors_document_t *document,
                                    uint32_t image)
{
    ocors_image_t now, before;
    const char *line;
    size_t size = 0;
    void *copy;

    if (!ocors_image_open(document->image->bytes, document->image->size, &now)) {
        return "";
    }
    copy = copy_before(collection->in_force, in_force, image, &size);
    if (copy != NULL && ocors_image_open(copy, size, &before)) {
        line = compare_images(pool, &now, &before);
    }
    else {
        line = apr_psprintf(pool, "this document is now in force: clients: %u; origins: %u",
                            now.client_count, now.origin_count);
    }
    free(copy);
    return line;
}

apr_array_header_t *ocors_difference_make(apr_pool_t *pool, const ocors_collection_t *collection,
                                          const ocors_store_t *in_force)
{
    apr_array_header_t *lines = apr_array_make(pool, 4, sizeof(const char *));
    apr_hash_t *changed;
    unsigned more = 0;

    if (collection->in_force->header.generation == 0) {
        return lines;
    }
    for (int i = 0; i < collection->trees->nelts; i++) {
        compare_trees(collection, APR_ARRAY_IDX(collection->trees, i, const ocors_tree_t *), lines);
    }
    changed = changed_documents(pool, collection);
    for (int i = 0; i < collection->documents->nelts; i++) {
        const ocors_document_t *document = APR_ARRAY_IDX(collection->documents, i,
                                                         const ocors_document_t *);
        const uint32_t *image = apr_hash_get(changed, &document, sizeof(document));

        if (document->image == NULL || (image == NULL && !document->image->is_on_heap)) {
            continue;
        }
        if (lines->nelts < LINES_MAX) {
            line_add(lines, document->path,
                     image != NULL
                         ? compare_document(pool, collection, in_force, document, *image)
                         : "this document was read, and is not in force: its policies wait for "
                           "another document");
        }
        else {
            more++;
        }
    }
    if (more > 0) {
        APR_ARRAY_PUSH(lines, const char *) = apr_psprintf(pool, "more documents were read: %u",
                                                           more);
    }
    return lines;
}
