/* SPDX-License-Identifier: Apache-2.0 */
/* Looks for the listed origin that a refused one nearly is. */

#include "ocors_near_miss.h"

#include "ocors_authority.h"
#include "ocors_origin.h"

/* Of the origins of one host: schemes, and ports of a scheme below and above the asked one. */
#define SCHEMES_MAX 8
#define PORTS_MAX   8

/* How near a listed origin is; the least is the nearest. */
typedef enum {
    RANK_SCHEME, /* another scheme, the same port */
    RANK_PORT,   /* the same scheme, another port */
    RANK_HOST,   /* both differ */
    RANK_NONE
} rank_t;

typedef struct search_t {
    const ocors_near_list_t *list; /* of the layer that is searched */
    uint32_t layer;
    const ocors_image_t *image;
    ocors_image_host_t host;
    ocors_origin_parts_t asked;
    uint16_t port; /* of the asked origin, or its scheme's default */
    rank_t rank;   /* of the nearest so far */
    uint32_t distance;
    ocors_span_t nearest;
} search_t;

/* Whether an origin of a layer is on the list. */
static bool list_has(const ocors_near_list_t *list, uint32_t layer,
                     const ocors_image_origin_t *origin)
{
    if (list->client == NULL) {
        return ocors_policy_allows(list->policy, layer, origin);
    }
    return list->client->layer == layer
           && ocors_image_origin_has_client(origin, list->client->index);
}

/* Whether a list has the origin; its configured text. */
static bool lists_have(const ocors_near_list_t *lists, size_t count, ocors_span_t text,
                       ocors_span_t *configured)
{
    for (size_t i = 0; i < count; i++) {
        const ocors_policy_t *policy = lists[i].policy;
        const uint64_t hash = ocors_policy_hash(policy, text);

        if (lists[i].client == NULL
                ? ocors_policy_lists(policy, hash, text, configured)
                : ocors_policy_client_lists(policy, lists[i].client, hash, text, configured)) {
            return true;
        }
    }
    return false;
}

/* Reads the parts of an origin of the host. False: there is none, or the image is damaged. */
static bool read_place(const search_t *search, uint32_t place, ocors_image_origin_t *origin,
                       ocors_origin_parts_t *parts)
{
    return ocors_image_host_origin(search->image, &search->host, place, origin)
           && ocors_authority_split(origin->text, parts);
}

/*
 * The first place from `low` on at which scheme and port are not below these. What a damaged image
 * says may be out of order: the search ends all the same.
 */
static uint32_t find_place(const search_t *search, uint32_t low, ocors_span_t scheme, uint32_t port)
{
    uint32_t high = search->host.count;

    while (low < high) {
        const uint32_t middle = low + (high - low) / 2;
        ocors_image_origin_t origin;
        ocors_origin_parts_t parts;

        if (!read_place(search, middle, &origin, &parts)) {
            return search->host.count;
        }
        const int order = ocors_span_compare(parts.scheme, scheme);

        if (order < 0 || (order == 0 && ocors_authority_port(&parts) < port)) {
            low = middle + 1;
        }
        else {
            high = middle;
        }
    }
    return low;
}

/* Judges one origin of the host. False: it is of another scheme, or there is none. */
static bool try_place(search_t *search, uint32_t place, ocors_span_t scheme)
{
    ocors_image_origin_t origin;
    ocors_origin_parts_t parts;

    if (!read_place(search, place, &origin, &parts) || !ocors_span_is_equal(parts.scheme, scheme)) {
        return false;
    }
    const uint16_t port = ocors_authority_port(&parts);
    const bool is_scheme = ocors_span_is_equal(scheme, search->asked.scheme);
    const bool is_port = parts.authority.port == search->asked.authority.port
                         || port == search->port;
    const rank_t rank = is_scheme ? RANK_PORT : is_port ? RANK_SCHEME : RANK_HOST;
    const uint32_t distance = port > search->port ? (uint32_t)port - search->port
                                                  : (uint32_t)search->port - port;

    if ((rank < search->rank || (rank == search->rank && distance < search->distance))
        && list_has(search->list, search->layer, &origin)) {
        search->rank = rank;
        search->distance = distance;
        search->nearest = origin.text;
    }
    return true;
}

/* The origins of one scheme around the asked port. `scheme` begins at the place `first`. */
static void try_scheme(search_t *search, uint32_t first, ocors_span_t scheme)
{
    /* A default port is named by no origin: of another scheme it is that scheme's own. */
    const ocors_origin_parts_t same = { .scheme = scheme,
                                        .authority = { .port = search->asked.authority.port } };
    const uint32_t place = find_place(search, first, scheme, ocors_authority_port(&same));

    for (uint32_t i = 0; i < PORTS_MAX && try_place(search, place + i, scheme); i++) {
    }
    for (uint32_t i = 1;
         i <= PORTS_MAX && i <= place - first && try_place(search, place - i, scheme); i++) {
    }
}

/* Looks among the origins of the host in one layer. */
static void search_layer(search_t *search, uint64_t hash)
{
    ocors_image_origin_t origin;
    ocors_origin_parts_t parts;
    uint32_t place = 0;

    if (!ocors_image_find_host(search->image, hash, search->asked.authority.host, &search->host)) {
        return;
    }
    for (unsigned i = 0; i < SCHEMES_MAX && read_place(search, place, &origin, &parts); i++) {
        try_scheme(search, place, parts.scheme);
        place = find_place(search, place, parts.scheme, UINT16_MAX + 1);
    }
}

static void search_lists(search_t *search, const ocors_near_list_t *lists, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const ocors_policy_t *policy = lists[i].policy;
        const uint64_t hash = ocors_policy_hash(policy, search->asked.authority.host);

        search->list = &lists[i];
        for (search->layer = 0; search->layer < policy->layer_count; search->layer++) {
            search->image = &policy->layers[search->layer];
            search_layer(search, hash);
        }
    }
}

/* The reason where the serialised form is listed; NONE: it is the form that was sent. */
static ocors_reason_t form_reason(unsigned changes)
{
    return (changes & OCORS_ORIGIN_CHANGED_CASE) != 0    ? OCORS_REASON_CASE_DIFFERS
           : (changes & OCORS_ORIGIN_CHANGED_SLASH) != 0 ? OCORS_REASON_TRAILING_SLASH
           : (changes & OCORS_ORIGIN_CHANGED_PORT) != 0  ? OCORS_REASON_PORT_DIFFERS
                                                         : OCORS_REASON_NONE;
}

void ocors_near_miss_find(const ocors_near_list_t *lists, size_t count, ocors_span_t origin,
                          ocors_near_miss_t *miss)
{
    search_t search = { .rank = RANK_NONE };
    ocors_origin_t canonical;

    *miss = (ocors_near_miss_t){ .reason = OCORS_REASON_MALFORMED };
    if (ocors_origin_canonicalise(origin, &canonical) != OCORS_ORIGIN_OK) {
        return;
    }
    const ocors_span_t text = ocors_span_make(canonical.bytes, canonical.length);
    if (canonical.changes != 0 && lists_have(lists, count, text, &miss->nearest)) {
        miss->reason = form_reason(canonical.changes);
        return;
    }
    if (!ocors_authority_split(text, &search.asked)) {
        return;
    }
    search.port = ocors_authority_port(&search.asked);
    search_lists(&search, lists, count);
    miss->nearest = search.nearest;
    miss->reason = search.rank == RANK_SCHEME ? OCORS_REASON_SCHEME_DIFFERS
                   : search.rank == RANK_PORT ? OCORS_REASON_PORT_DIFFERS
                   : canonical.changes != 0   ? OCORS_REASON_MALFORMED
                                              : OCORS_REASON_NOT_LISTED;
}
