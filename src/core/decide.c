/* SPDX-License-Identifier: Apache-2.0 */
/* (policy, facts) -> decision. Pure: no allocation, no lock, no system call. */

#include "ocors_decide.h"

#include "ocors_near_miss.h"
#include "ocors_origin.h"
#include "ocors_path_methods.h"

/* The inputs of one decision, looked up once. */
typedef struct judge_t {
    const ocors_policy_t *policies;
    size_t policy_count;
    const ocors_facts_t *facts;
    const ocors_image_t *only; /* the one image that lists origins, for most requests; or NULL */
    /* For each policy: whether it has the client that the request names (C2), and which it is. */
    bool has_client[OCORS_DECIDE_POLICIES_MAX];
    ocors_policy_client_t clients[OCORS_DECIDE_POLICIES_MAX];
} judge_t;

/* The members of an Origin header: as sent, and as configured once they are allowed. */
typedef struct members_t {
    ocors_span_t items[OCORS_DECIDE_MEMBERS_MAX];
    uint64_t hashes[OCORS_DECIDE_MEMBERS_MAX]; /* for the first policy */
    size_t count;
    uint32_t repeated; /* bit n: an earlier one is equal to the member of index n */
} members_t;

/* Whether the list that applies in one policy has the origin (C2, C3); its configured text. */
static bool policy_has(const judge_t *judge, size_t which, uint64_t hash, ocors_span_t text,
                       ocors_span_t *configured)
{
    const ocors_policy_t *policy = &judge->policies[which];

    switch (judge->facts->named.kind) {
    case OCORS_CLIENT_NONE:
        return ocors_policy_lists(policy, hash, text, configured);
    case OCORS_CLIENT_NAMED:
        return judge->has_client[which]
               && ocors_policy_client_lists(policy, &judge->clients[which], hash, text, configured);
    case OCORS_CLIENT_AMBIGUOUS:
        break;
    }
    return false;
}

/* The hash of a text for a policy; `first` is that for the first one. */
static inline uint64_t hash_for(const judge_t *judge, size_t which, uint64_t first,
                                ocors_span_t text)
{
    return which == 0 ? first : ocors_policy_hash(&judge->policies[which], text);
}

/* Whether any policy has the origin; `hash` is for the first one. */
static bool policies_have(const judge_t *judge, uint64_t hash, ocors_span_t text,
                          ocors_span_t *configured)
{
    for (size_t i = 0; i < judge->policy_count; i++) {
        if (policy_has(judge, i, hash_for(judge, i, hash, text), text, configured)) {
            return true;
        }
    }
    return false;
}

static inline bool list_has(const judge_t *judge, uint64_t hash, ocors_span_t text,
                            ocors_span_t *configured)
{
    if (text.length == 0 || text.length > OCORS_ORIGIN_MAX) {
        return false;
    }
    return judge->only != NULL ? ocors_image_lists(judge->only, hash, text, configured)
                               : policies_have(judge, hash, text, configured);
}

/* Whether the site lists the origin for any client. */
static bool site_has(const judge_t *judge, ocors_span_t text)
{
    ocors_span_t configured;

    for (size_t i = 0; i < judge->policy_count && text.length <= OCORS_ORIGIN_MAX; i++) {
        const ocors_policy_t *policy = &judge->policies[i];

        if (ocors_policy_lists(policy, ocors_policy_hash(policy, text), text, &configured)) {
            return true;
        }
    }
    return false;
}

/* C2: whether a document has the client that the request names. */
static bool client_is_known(const judge_t *judge)
{
    for (size_t i = 0; i < judge->policy_count; i++) {
        if (judge->has_client[i]) {
            return true;
        }
    }
    return false;
}

/* R10: whether the whole value, or one member of a list (R6), is an own origin. */
static const ocors_own_t *own_of(const ocors_facts_t *facts)
{
    return facts->own == NULL && facts->ask_own != NULL ? facts->ask_own(facts->asker) : facts->own;
}

static bool origin_is_own(const ocors_facts_t *facts, ocors_decision_t *decision)
{
    const ocors_own_t *own = own_of(facts);

    if (own == NULL || !ocors_own_is_near(own, facts->origin)) {
        return false;
    }
    decision->is_near_own = true;
    decision->origin_hash = 0;
    return ocors_own_is_own(own, facts->origin);
}

static bool member_is_own(const ocors_facts_t *facts, ocors_span_t member)
{
    const ocors_own_t *own = own_of(facts);

    return own != NULL && ocors_own_is_own_member(own, member);
}

/*
 * R6: reads the members of a list and hashes them for the first policy; one space separates
 * members. False: there are too many.
 */
static bool members_read(members_t *members, const judge_t *judge)
{
    const char *at = judge->facts->origin.bytes;
    const char *const end = at + judge->facts->origin.length;
    const bool has_seed = judge->policy_count > 0 && judge->policies->layer_count > 0;
    const uint64_t seed = has_seed ? judge->policies->layers->seed : 0;

    for (size_t i = 0; i < OCORS_DECIDE_MEMBERS_MAX; i++) {
        const char *const space = memchr(at, ' ', (size_t)(end - at));
        const ocors_span_t member = ocors_span_make(at,
                                                    (size_t)((space != NULL ? space : end) - at));

        members->items[i] = member;
        members->hashes[i] = ocors_hash(seed, member);
        if (space == NULL) {
            members->count = i + 1;
            return true;
        }
        at = space + 1;
    }
    return false;
}

/* The index of the first member that is equal to the one of this index; all before are allowed. */
static size_t members_find(const members_t *members, size_t index)
{
    size_t i = 0;

    while (i < index
           && (members->hashes[i] != members->hashes[index]
               || !ocors_span_is_equal(members->items[i], members->items[index]))) {
        i++;
    }
    return i;
}

/* Whether one member of a list is allowed; then it has its configured text. */
static inline bool member_is_allowed(const judge_t *judge, uint64_t hash, ocors_span_t *member)
{
    /* An own origin is serialised, so that R9 holds. */
    return list_has(judge, hash, *member, member) || member_is_own(judge->facts, *member);
}

/* Whether all members of a list are allowed (R6). Equal ones are judged once. */
static bool members_are_allowed(members_t *members, const judge_t *judge)
{
    uint64_t seen = 0; /* the lowest six bits of the hashes: bit n, one has n there */

    members->repeated = 0;
    for (size_t i = 0; i < members->count; i++) {
        const uint64_t hash = members->hashes[i], bit = UINT64_C(1) << (hash & 63);
        const size_t first = (seen & bit) != 0 ? members_find(members, i) : i;

        if (first < i) {
            members->items[i] = members->items[first];
            members->repeated |= UINT32_C(1) << i;
        }
        else if (!member_is_allowed(judge, hash, &members->items[i])) {
            return false;
        }
        seen |= bit;
    }
    return true;
}

/* Writes the members as a list. Returns its length; the text is never longer than the header. */
static size_t members_write(const members_t *members, char *buffer)
{
    char *to = buffer;

    for (size_t i = 0; i < members->count; i++) {
        memcpy(to, members->items[i].bytes, members->items[i].length);
        to += members->items[i].length;
        *to++ = ' ';
    }
    *--to = '\0';
    return (size_t)(to - buffer);
}

/*
 * Judges an Origin header and writes it as configured into the caller's buffer. The first member of
 * a list that is not allowed ends the judgement. An own member of a list is allowed; a single own
 * origin is not cross-origin (R10).
 */
static bool origin_is_allowed(const judge_t *judge, char *buffer, members_t *members,
                              ocors_decision_t *decision)
{
    const ocors_span_t origin = judge->facts->origin;

    if (judge->facts->is_path_ambiguous || origin.length == 0) {
        return false;
    }
    if (memchr(origin.bytes, ' ', origin.length) != NULL) {
        if (!members_read(members, judge) || !members_are_allowed(members, judge)) {
            return false;
        }
        decision->allowed_origin = ocors_span_make(buffer, members_write(members, buffer));
        return true;
    }
    members->hashes[0] = judge->policy_count > 0 ? ocors_policy_hash(judge->policies, origin) : 0;
    decision->origin_hash = members->hashes[0];
    if (!list_has(judge, members->hashes[0], origin, &members->items[0])) {
        return false;
    }
    members->count = 1;
    members->repeated = 0;
    memcpy(buffer, members->items[0].bytes, members->items[0].length);
    buffer[members->items[0].length] = '\0';
    decision->allowed_origin = ocors_span_make(buffer, members->items[0].length);
    return true;
}

/* Why the origin is not equal to a listed one, and which listed one is nearest. */
static ocors_reason_t near_miss(const judge_t *judge, ocors_span_t *nearest)
{
    ocors_near_list_t lists[OCORS_DECIDE_POLICIES_MAX];
    ocors_near_miss_t miss;
    size_t count = 0;

    for (size_t i = 0; i < judge->policy_count; i++) {
        const bool is_named = judge->facts->named.kind == OCORS_CLIENT_NAMED;

        if (!is_named || judge->has_client[i]) {
            lists[count++] = (ocors_near_list_t){ &judge->policies[i],
                                                  is_named ? &judge->clients[i] : NULL };
        }
    }
    ocors_near_miss_find(lists, count, judge->facts->origin, &miss);
    *nearest = miss.nearest;
    return miss.reason;
}

/* R10: why an origin that looks like an own one is not own; NONE: it does not look like one. */
static ocors_reason_t own_reason(const ocors_facts_t *facts)
{
    const ocors_own_t *own = own_of(facts);

    switch (own != NULL ? ocors_own_miss(own, facts->origin) : OCORS_OWN_MISS_NONE) {
    case OCORS_OWN_MISS_HOST:
        return OCORS_REASON_OWN_HOST_UNKNOWN;
    case OCORS_OWN_MISS_SCHEME:
        return OCORS_REASON_OWN_SCHEME_DIFFERS;
    case OCORS_OWN_MISS_PORT:
        return OCORS_REASON_OWN_PORT_DIFFERS;
    case OCORS_OWN_MISS_NONE:
        break;
    }
    return OCORS_REASON_NONE;
}

/* Why the origin is not allowed. It costs more than all the rest of a decision. */
static ocors_reason_t reason_find(const judge_t *judge, ocors_span_t *nearest)
{
    const ocors_span_t text = judge->facts->origin;
    uint32_t layers = 0;

    if (judge->facts->is_path_ambiguous) {
        return OCORS_REASON_PATH_AMBIGUOUS;
    }
    for (size_t i = 0; i < judge->policy_count; i++) {
        layers += judge->policies[i].layer_count;
    }
    if (layers == 0) {
        return OCORS_REASON_NO_POLICY;
    }
    if (text.length == 0) {
        return OCORS_REASON_EMPTY_ORIGIN;
    }
    if (ocors_span_is_equal(text, OCORS_SPAN_LITERAL("null"))) {
        return OCORS_REASON_NULL_ORIGIN;
    }
    if (memchr(text.bytes, ',', text.length) != NULL) {
        return OCORS_REASON_SEVERAL_LINES;
    }
    if (judge->facts->named.kind == OCORS_CLIENT_AMBIGUOUS) {
        return OCORS_REASON_AMBIGUOUS_CLIENT;
    }
    if (judge->facts->named.kind == OCORS_CLIENT_NAMED && !client_is_known(judge)) {
        return OCORS_REASON_UNKNOWN_CLIENT;
    }
    if (memchr(text.bytes, ' ', text.length) != NULL) {
        return OCORS_REASON_LIST_MEMBER;
    }
    if (judge->facts->named.kind == OCORS_CLIENT_NAMED && site_has(judge, text)) {
        return OCORS_REASON_OTHER_CLIENT;
    }
    const ocors_reason_t own = own_reason(judge->facts);

    return own != OCORS_REASON_NONE ? own : near_miss(judge, nearest);
}

/* M1: adds the methods of one client, which has the list that is returned. */
static uint32_t methods_add_client(ocors_path_methods_t *found, const ocors_policy_t *policy,
                                   uint32_t layer, uint32_t index)
{
    ocors_image_client_t client;

    if (!ocors_image_read_client(&policy->layers[layer], index, &client)) {
        return OCORS_IMAGE_LIST_NONE;
    }
    ocors_path_methods_add(found, &policy->layers[layer], client.list);
    return client.list;
}

/*
 * M1: adds the methods of the clients in force among some of a layer, or among its first ones if
 * `clients` is NULL. `list` has what all of them have; it counts if no later layer replaces one. If
 * one does, the others' own lists count, up to one that is `list` itself: none has more.
 */
static void methods_add_clients(ocors_path_methods_t *found, const ocors_policy_t *policy,
                                uint32_t layer, const uint32_t *clients, uint32_t count,
                                uint32_t list)
{
    if (list != OCORS_IMAGE_LIST_NONE
        && !ocors_policy_has_replaced(policy, layer, clients, count)) {
        ocors_path_methods_add(found, &policy->layers[layer], list);
        return;
    }
    for (uint32_t at = ocors_policy_next_in_force(policy, layer, clients, 0, count); at < count;
         at = ocors_policy_next_in_force(policy, layer, clients, at + 1, count)) {
        const uint32_t client = clients != NULL ? clients[at] : at;

        if (methods_add_client(found, policy, layer, client) == list
            && list != OCORS_IMAGE_LIST_NONE) {
            break;
        }
    }
}

/* C3, M1: adds the methods of the clients in force that list an origin. */
static void methods_add_listing_clients(ocors_path_methods_t *found, const ocors_policy_t *policy,
                                        uint64_t hash, ocors_span_t member)
{
    for (uint32_t layer = 0; layer < policy->layer_count; layer++) {
        ocors_image_origin_t origin;

        if (ocors_image_find_origin(&policy->layers[layer], hash, member, &origin)) {
            methods_add_clients(found, policy, layer, origin.clients, origin.client_count,
                                ocors_image_origin_list(&policy->layers[layer], &origin));
        }
    }
}

/* M1, a refused origin: adds the methods of all clients of the site. */
static void methods_add_site(ocors_path_methods_t *found, const ocors_policy_t *policy)
{
    for (uint32_t layer = 0; layer < policy->layer_count; layer++) {
        const ocors_image_t *image = &policy->layers[layer];

        methods_add_clients(found, policy, layer, NULL, image->client_count, image->site_list);
    }
}

/* M1. `allowed`: the members of an allowed origin; NULL: the origin is not allowed. */
static void methods_find(const judge_t *judge, const members_t *allowed, ocors_decision_t *decision)
{
    const bool is_known = decision->is_client_known;
    ocors_path_methods_t found;

    ocors_path_methods_begin(&found, judge->facts->path, judge->facts->version);
    for (size_t i = 0; i < judge->policy_count && !found.is_too_much; i++) {
        const ocors_policy_t *policy = &judge->policies[i];

        if (judge->has_client[i]) {
            (void)methods_add_client(&found, policy, judge->clients[i].layer,
                                     judge->clients[i].index);
        }
        else if (allowed != NULL && !is_known) {
            for (size_t k = 0; k < allowed->count; k++) {
                if ((allowed->repeated >> k & 1) == 0) {
                    methods_add_listing_clients(
                        &found, policy, hash_for(judge, i, allowed->hashes[k], allowed->items[k]),
                        allowed->items[k]);
                }
            }
        }
        else if (!is_known) {
            methods_add_site(&found, policy);
        }
    }
    decision->methods = found.is_too_much ? 0 : found.methods; /* M2, R13 */
    decision->has_fallback_methods = decision->methods == 0;   /* M1, M3 */
}

static bool method_is_safe(ocors_span_t method)
{
    return (ocors_method_parse(method)
            & (OCORS_METHOD_GET | OCORS_METHOD_HEAD | OCORS_METHOD_OPTIONS))
           != 0;
}

/* P1, P2, P6; `allowed` as in methods_find(). */
static void decide_preflight(const judge_t *judge, const members_t *allowed,
                             ocors_decision_t *decision)
{
    methods_find(judge, allowed, decision);
    if (allowed == NULL) {
        decision->verdict = OCORS_VERDICT_PREFLIGHT_WITHHOLD;
        if (judge->facts->wants_reason) {
            decision->reason = reason_find(judge, &decision->nearest);
        }
    }
    else if (!ocors_token_is_valid(judge->facts->request_method)) {
        decision->verdict = OCORS_VERDICT_PREFLIGHT_WITHHOLD;
        decision->reason = OCORS_REASON_METHOD_MALFORMED;
    }
    else {
        decision->verdict = OCORS_VERDICT_PREFLIGHT_ALLOW;
    }
}

/* C2: looks for the client that the request names. */
static void find_clients(judge_t *judge)
{
    for (size_t i = 0; i < judge->policy_count; i++) {
        judge->has_client[i] = ocors_policy_find_client(&judge->policies[i], judge->facts->named.id,
                                                        &judge->clients[i]);
    }
}

void ocors_decide(const ocors_policy_t *policies, size_t policy_count, const ocors_facts_t *facts,
                  char *buffer, ocors_decision_t *decision)
{
    judge_t judge = { .policies = policies, .policy_count = policy_count, .facts = facts };
    members_t members;

    *decision = (ocors_decision_t){ .verdict = OCORS_VERDICT_NONE };
    if (!facts->has_origin) {
        return;
    }
    if (facts->named.kind == OCORS_CLIENT_NAMED) {
        find_clients(&judge);
        decision->is_client_known = client_is_known(&judge);
    }
    else if (facts->named.kind == OCORS_CLIENT_NONE && policy_count == 1
             && policies->layer_count == 1) {
        judge.only = policies->layers;
    }
    const bool is_allowed = origin_is_allowed(&judge, buffer, &members, decision);

    if (!is_allowed && origin_is_own(facts, decision)) {
        return; /* R10; the list goes first */
    }
    if (facts->request_method.length > 0
        && ocors_method_parse(facts->method) == OCORS_METHOD_OPTIONS) {
        decide_preflight(&judge, is_allowed ? &members : NULL, decision);
        return;
    }
    if (is_allowed) {
        decision->verdict = OCORS_VERDICT_ALLOW;
        return;
    }
    decision->verdict = method_is_safe(facts->method) ? OCORS_VERDICT_WITHHOLD
                                                      : OCORS_VERDICT_REFUSE;
    if (facts->wants_reason) {
        decision->reason = reason_find(&judge, &decision->nearest);
    }
}

void ocors_decide_reason(const ocors_policy_t *policies, size_t policy_count,
                         const ocors_facts_t *facts, ocors_decision_t *decision)
{
    judge_t judge = { .policies = policies, .policy_count = policy_count, .facts = facts };

    if (facts->named.kind == OCORS_CLIENT_NAMED) {
        find_clients(&judge);
    }
    decision->reason = reason_find(&judge, &decision->nearest);
}
