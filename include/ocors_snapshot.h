/* SPDX-License-Identifier: Apache-2.0 */
/* A snapshot: all that is in force at a time, as tables and images in one area of shared memory. */
#ifndef OCORS_SNAPSHOT_H
#define OCORS_SNAPSHOT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "ocors_key.h"
#include "ocors_policy.h"
#include "ocors_slots.h"
#include "ocors_span.h"
#include "ocors_url_path.h"

/*
 *   area
 *   +--------+--------+-----------+----------+-------+-------+-------+--------+----------+------+-
 *   | header | images | documents | policies | trees | sites | slots | layers | replaced | text |
 *   +--------+--------+-----------+----------+-------+-------+-------+--------+----------+------+-
 *    <---------------------- tables_size: up to here, and padding -----------------> images ...
 *
 *   slots     --the key's hash----------------------------> policies of lists
 *             --hash of the tree's key and the site's key-> sites (R12)
 *             --hash of the path--------------------------> documents
 *   sites     --> their tree, and a policy for each API
 *   policies  --> layers: images, global first
 *   replaced  --> for each layer, which of its clients a later one replaces: bits, in words
 *   documents --> their image; and which file it was, for the next reading
 *
 * A snapshot needs nothing outside its area, and nothing of the past is stored elsewhere. Images
 * count their places from the area's first byte, text references from the first byte of the text.
 * References between tables are indexes. Numbers are this machine's.
 *
 * Any process that maps the area may write to it once somebody has got hold of it. For that reason
 * a reader copies each record before it checks it, and checks it before it uses it.
 */
#define OCORS_SNAPSHOT_MAGIC "ocorssnp"
/* Another number whenever a record or the header changes: another version of the module reads them.
 */
#define OCORS_SNAPSHOT_FORMAT 8

/* An index that leads nowhere: a document without an image, an API without a policy. */
#define OCORS_SNAPSHOT_NONE UINT32_MAX

/* The least multiple of `unit` that is not below `size`; 0 if 64 bits do not hold it. */
static inline uint64_t ocors_round_up(uint64_t size, uint64_t unit)
{
    return (size + unit - 1) / unit * unit;
}

typedef struct ocors_snapshot_text_t {
    uint32_t at, length;
} ocors_snapshot_text_t;

/* Which file it was, by what stat says; all zero: there was none. Times in microseconds. */
typedef struct ocors_snapshot_file_t {
    int64_t modified, changed, size;
    uint64_t inode, device;
} ocors_snapshot_file_t;

/* Whether nothing tells two files apart. Two that are not there are equal. */
static inline bool ocors_snapshot_file_is_same(const ocors_snapshot_file_t *a,
                                               const ocors_snapshot_file_t *b)
{
    return memcmp(a, b, sizeof(*a)) == 0;
}

typedef struct ocors_snapshot_image_t {
    uint64_t at; /* a multiple of OCORS_IMAGE_ALIGNMENT */
    uint64_t size;
    uint64_t check; /* of its bytes, by the store's secret (ocors_store_check()) */
} ocors_snapshot_image_t;

typedef struct ocors_snapshot_document_t {
    ocors_snapshot_file_t file;
    int64_t since; /* when this file, or this error, came: microseconds since 1970 */
    ocors_snapshot_text_t path;
    ocors_snapshot_text_t error; /* the first of a document that cannot be used; may be left out */
    uint32_t image;              /* or OCORS_SNAPSHOT_NONE: the document cannot be used */
    uint32_t kept_policies, closed_policies; /* what the log said of it (ocors_document.h) */
    uint8_t is_transient;   /* its error may go away although the file is unchanged */
    uint8_t has_no_room;    /* its image, if it has one, is that of the file before */
    uint16_t has_been_good; /* this one, or one of its path before, had an image */
} ocors_snapshot_document_t;

typedef struct ocors_snapshot_policy_t {
    ocors_key_t key;                   /* of a list; all zero: of a site, by which it is found */
    uint32_t first_layer, layer_count; /* layers: indexes of images */
} ocors_snapshot_policy_t;

typedef struct ocors_snapshot_tree_t {
    ocors_key_t key;
    uint32_t first_site, site_count; /* sites: by name, in byte order; "" is the first */
} ocors_snapshot_tree_t;

typedef struct ocors_snapshot_site_t {
    ocors_snapshot_text_t name; /* empty: the organisation */
    uint32_t tree;
    uint32_t policies[OCORS_API_COUNT]; /* or OCORS_SNAPSHOT_NONE: the API allows nothing */
    uint32_t row;                       /* in the counters */
} ocors_snapshot_site_t;

typedef struct ocors_snapshot_header_t {
    char magic[8];
    uint32_t format;
    uint32_t generation;  /* from 1, over the life of the server */
    uint64_t serial;      /* of the publication: no other one in this store has it */
    uint64_t tables_size; /* of header and tables, padding included: the first image's place */
    uint64_t size;        /* of the snapshot: tables and images */
    uint64_t seed;        /* of the slots of sites and documents, and of all images */
    uint64_t origin_count,
        client_count; /* of the images that are layers; one that is several layers counts once */
    int64_t published, duration; /* microseconds: since 1970, and what loading took */
    uint32_t image_count, document_count, policy_count, tree_count, site_count;
    uint32_t list_policy_count; /* of the policies */
    uint32_t slot_count;        /* a power of two */
    uint32_t layer_count, replaced_words, text_size;
    uint32_t has_response_headers;           /* a client of some layer has some */
    unsigned char digest[OCORS_DIGEST_SIZE]; /* of the documents in force: equal in all the fleet */
} ocors_snapshot_header_t;

/*
 * What later layers of a policy replace of one of its layers, by the place of the layer: a bit for
 * each client, set if a later layer has it too.
 */
typedef struct ocors_snapshot_replaced_t {
    uint32_t first_word; /* or OCORS_SNAPSHOT_NONE: a last layer, or one that has no bits */
    uint32_t count;      /* of the bits that are set */
} ocors_snapshot_replaced_t;

/* Words of bits for so many clients; one at least, which distinguishes them from no bits. */
static inline uint32_t ocors_snapshot_replaced_words(uint32_t client_count)
{
    return client_count / 32 + 1;
}

/* An opened snapshot: where its tables are. It is valid as long as the snapshot. */
typedef struct ocors_snapshot_t {
    ocors_snapshot_header_t header; /* a copy, and checked: what others write later is too late */
    const char *area;
    const ocors_snapshot_image_t *images;
    const ocors_snapshot_document_t *documents;
    const ocors_snapshot_policy_t *policies;
    const ocors_snapshot_tree_t *trees;
    const ocors_snapshot_site_t *sites;
    const ocors_slot_t *slots; /* numbers of policies, then of sites, then of documents */
    const uint32_t *layers;
    const ocors_snapshot_replaced_t *replaced; /* of each layer */
    const uint32_t *replaced_words;
    const char *text;
} ocors_snapshot_t;

/* A snapshot of generation 0 that has nothing: what is in force before anything is. */
extern const ocors_snapshot_t ocors_snapshot_empty;

/*
 * Completes a header in which the counts of images, documents, policies (those of lists, too),
 * trees, sites, layers and words of bits and the size of the text are set: magic, format, the count
 * of slots, and tables_size. The images, each at a multiple of OCORS_IMAGE_ALIGNMENT, and `size`
 * are the caller's.
 */
void ocors_snapshot_complete(ocors_snapshot_header_t *header);

/*
 * Opens the snapshot of an area: constant time. `tables` is the area itself, or a copy of its
 * tables (ocors_store.h); it is aligned to 8 bytes, the area to OCORS_IMAGE_ALIGNMENT. False:
 * it is not a snapshot of this format, or does not lie within these sizes. Whoever writes one
 * opens it too, once the header is complete.
 */
bool ocors_snapshot_open(const void *tables, uint64_t tables_size, const void *area,
                         uint64_t area_size, ocors_snapshot_t *snapshot);

/* The span of a text reference; the empty span if it leaves the text. */
ocors_span_t ocors_snapshot_text(const ocors_snapshot_t *snapshot, ocors_snapshot_text_t text);

/* The bytes of an image, within the area. NULL: the snapshot has no such image. */
const void *ocors_snapshot_image(const ocors_snapshot_t *snapshot, uint32_t index, size_t *size);

/*
 * Writes the slots of a snapshot, and what layers replace, once its other tables and its images are
 * written. A layer without words left is looked through by the ids of its clients.
 */
void ocors_snapshot_index(const ocors_snapshot_t *snapshot);

/* Finds the policy of a list by its key: one hash and one comparison. False: there is none. */
bool ocors_snapshot_find_policy(const ocors_snapshot_t *snapshot, const ocors_key_t *key,
                                uint32_t *index);

/* Opens a policy, whole. False: there is none, or it is damaged; it then has no layers. */
bool ocors_snapshot_read_policy(const ocors_snapshot_t *snapshot, uint32_t index,
                                ocors_policy_t *policy);

/* The index of the document of a path, for writers, by one hash. OCORS_SNAPSHOT_NONE: none. */
uint32_t ocors_snapshot_find_document(const ocors_snapshot_t *snapshot, ocors_span_t path);

/* Finds the tree of this key, for writers: linear, as there are few trees. False: there is none. */
bool ocors_snapshot_find_tree(const ocors_snapshot_t *snapshot, const ocors_key_t *key,
                              uint32_t *index);

/*
 * Finds a site of a tree by its id (R12), by one or two hashes, whatever the number of sites. An id
 * that the tree has exactly is that site. An id that differs from a site's only as R12 does not
 * tell apart is ambiguous: false. Any other id, "" and "-" among them, is the organisation.
 * OCORS_SNAPSHOT_NONE: the snapshot does not have the tree.
 */
bool ocors_snapshot_find_site(const ocors_snapshot_t *snapshot, const ocors_key_t *tree,
                              ocors_span_t id, uint32_t *site);

/*
 * Opens the policies that judge an API of a site (C5): one for shop and for data, both for any
 * other segment below /dw/. Returns how many. 0: nothing is allowed, as no document speaks for the
 * API, or there is no such site.
 */
size_t ocors_snapshot_read_site(const ocors_snapshot_t *snapshot, uint32_t site, ocors_api_t api,
                                ocors_policy_t policies[OCORS_API_COUNT]);

/*
 * The index of the policy that judges an API of a site, shop or data (C5). OCORS_SNAPSHOT_NONE:
 * nothing is allowed, as no document speaks for the API, or there is no such site.
 */
uint32_t ocors_snapshot_site_policy(const ocors_snapshot_t *snapshot, uint32_t site,
                                    ocors_api_t api);

/*
 * Finds the site whose policies judge a path (C5, R12), as ocors_snapshot_find_site() does. `site`
 * is the id that counts if the path names none. False: the path is ambiguous, or its readings lead
 * to different sites, and nothing is allowed. If the readings name two sites and the tree has
 * neither, the organisation decides. But if the tree has `site`, the path is ambiguous: an
 * application that finds no site in the path serves that one.
 */
bool ocors_snapshot_find_path(const ocors_snapshot_t *snapshot, const ocors_key_t *tree,
                              const ocors_url_path_t *path, ocors_span_t site, uint32_t *index);

/* The row of a site in the counters: any number, as a worker may have written it. 1: no site. */
uint32_t ocors_snapshot_site_row(const ocors_snapshot_t *snapshot, uint32_t site);

#endif
