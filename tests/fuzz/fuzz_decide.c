/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The decision of layered policies against loops over strings: verdict, allowed origin, methods and
 * reason. Fields: method, Origin, Access-Control-Request-Method, path, the client ("": none, "?":
 * ambiguous), the version, and up to six documents as lines (fuzz_documents.h). A document that
 * begins with a line "=" begins the second policy.
 */
#include "fuzz.h"
#include "fuzz_documents.h"
#include "ocors_decide.h"

#define DOCUMENTS_AT  6
#define DOCUMENTS_MAX 6

/* The layers of one policy, as the loops read them. */
typedef struct layers_t {
    const fuzz_document_t *documents;
    size_t count;
} layers_t;

typedef struct world_t {
    layers_t layers[OCORS_DECIDE_POLICIES_MAX];
    size_t count; /* of the policies */
    const ocors_facts_t *facts;
} world_t;

/* ---- The loops ------------------------------------------------------------------------------- */

/* A client of the settings by its id; NULL: there is none. */
static const ocors_client_t *client_of(const ocors_settings_t *settings, ocors_span_t id)
{
    for (size_t i = 0; i < settings->client_count; i++) {
        if (ocors_span_is_equal(settings->clients[i].id, id)) {
            return &settings->clients[i];
        }
    }
    return NULL;
}

/* C4: whether a later layer has a client of this id. */
static bool is_replaced(const layers_t *layers, size_t layer, ocors_span_t id)
{
    for (size_t i = layer + 1; i < layers->count; i++) {
        if (client_of(layers->documents[i].settings, id) != NULL) {
            return true;
        }
    }
    return false;
}

static bool client_lists(const ocors_settings_t *settings, const ocors_client_t *client,
                         ocors_span_t origin)
{
    for (size_t i = 0; i < client->origin_count; i++) {
        if (ocors_span_is_equal(settings->origins[client->first_origin + i], origin)) {
            return true;
        }
    }
    return false;
}

/* Is shown each client in force; a true answer ends the loop. */
typedef bool ask_t(void *context, const ocors_settings_t *settings, const ocors_client_t *client);

/* The clients in force of one policy, of one id if that is not NULL. */
static bool each_client(const layers_t *layers, const ocors_span_t *id, ask_t *ask, void *context)
{
    for (size_t layer = 0; layer < layers->count; layer++) {
        const ocors_settings_t *settings = layers->documents[layer].settings;

        for (size_t i = 0; i < settings->client_count; i++) {
            const ocors_client_t *client = &settings->clients[i];

            if ((id == NULL || ocors_span_is_equal(*id, client->id))
                && !is_replaced(layers, layer, client->id) && ask(context, settings, client)) {
                return true;
            }
        }
    }
    return false;
}

static bool always(void *context, const ocors_settings_t *settings, const ocors_client_t *client)
{
    (void)context, (void)settings, (void)client;
    return true;
}

static bool lists(void *context, const ocors_settings_t *settings, const ocors_client_t *client)
{
    return client_lists(settings, client, *(const ocors_span_t *)context);
}

static bool policy_knows(const world_t *world, size_t policy)
{
    return world->facts->named.kind == OCORS_CLIENT_NAMED
           && each_client(&world->layers[policy], &world->facts->named.id, always, NULL);
}

static bool is_known(const world_t *world)
{
    bool knows = false;

    for (size_t i = 0; i < world->count; i++) {
        knows = knows || policy_knows(world, i);
    }
    return knows;
}

/* C2, C3: whether the list that applies has the origin. */
static bool is_listed(const world_t *world, ocors_span_t origin)
{
    const ocors_named_client_t *named = &world->facts->named;
    bool has = false;

    for (size_t i = 0; i < world->count && named->kind != OCORS_CLIENT_AMBIGUOUS; i++) {
        has = has
              || each_client(&world->layers[i],
                             named->kind == OCORS_CLIENT_NAMED ? &named->id : NULL, lists, &origin);
    }
    return has;
}

/* R6: whether every member is listed. */
static bool is_allowed(const world_t *world)
{
    ocors_span_t rest = world->facts->origin;

    if (world->facts->is_path_ambiguous) {
        return false;
    }
    if (rest.length == 0) {
        return false;
    }
    for (size_t count = 1; rest.bytes != NULL; count++) {
        if (count > OCORS_DECIDE_MEMBERS_MAX
            || !is_listed(world, fuzz_cut(&rest, OCORS_SPAN_LITERAL(" ")))) {
            return false;
        }
    }
    return true;
}

typedef struct methods_t {
    const world_t *world;
    ocors_segments_t path;
    ocors_span_t origin; /* whose listing clients count; bytes == NULL: all clients */
    ocors_methods_t found;
} methods_t;

static bool add_methods(void *context, const ocors_settings_t *settings,
                        const ocors_client_t *client)
{
    methods_t *methods = context;
    const ocors_version_t version = methods->world->facts->version;

    if (methods->origin.bytes != NULL && !client_lists(settings, client, methods->origin)) {
        return false;
    }
    for (size_t i = 0; i < client->resource_count; i++) {
        const ocors_resource_t *resource = &settings->resources[client->first_resource + i];

        if ((version == 0 || (version >= resource->from && version < resource->until))
            && ocors_resource_is_match(resource->pattern, &methods->path)) {
            methods->found |= resource->methods;
        }
    }
    if ((methods->found & OCORS_METHOD_GET) != 0) {
        methods->found |= OCORS_METHOD_HEAD; /* M1: GET brings it */
    }
    return false;
}

/* M1: the methods of a preflight; 0: the section's list. */
static ocors_methods_t find_methods(const world_t *world, bool allowed)
{
    methods_t methods = { .world = world };

    if (!ocors_resource_path_split(world->facts->path, &methods.path)) {
        return 0;
    }
    const bool known = is_known(world);

    for (size_t i = 0; i < world->count; i++) {
        ocors_span_t rest = allowed ? world->facts->origin : ocors_span_make("", 0);

        if (policy_knows(world, i)) {
            each_client(&world->layers[i], &world->facts->named.id, add_methods, &methods);
            continue;
        }
        while (!known && rest.bytes != NULL) {
            const ocors_span_t member = fuzz_cut(&rest, OCORS_SPAN_LITERAL(" "));

            methods.origin = allowed ? member : ocors_span_make(NULL, 0);
            each_client(&world->layers[i], NULL, add_methods, &methods);
        }
        methods.origin = ocors_span_make(NULL, 0);
    }
    return methods.found;
}

static ocors_verdict_t find_verdict(const world_t *world, bool allowed)
{
    static const char *const safe[] = { "GET", "HEAD", "OPTIONS" };
    const ocors_span_t method = world->facts->method;

    if (!world->facts->has_origin) {
        return OCORS_VERDICT_NONE;
    }
    if (ocors_span_is_equal(method, OCORS_SPAN_LITERAL("OPTIONS"))
        && world->facts->request_method.length > 0) {
        return allowed && ocors_token_is_valid(world->facts->request_method)
                   ? OCORS_VERDICT_PREFLIGHT_ALLOW
                   : OCORS_VERDICT_PREFLIGHT_WITHHOLD;
    }
    if (allowed) {
        return OCORS_VERDICT_ALLOW;
    }
    for (size_t i = 0; i < sizeof(safe) / sizeof(safe[0]); i++) {
        if (ocors_span_is_equal(method, ocors_span_from_string(safe[i]))) {
            return OCORS_VERDICT_WITHHOLD;
        }
    }
    return OCORS_VERDICT_REFUSE;
}

/* ---- The comparison -------------------------------------------------------------------------- */

static bool is_preflight(ocors_verdict_t verdict)
{
    return verdict == OCORS_VERDICT_PREFLIGHT_ALLOW || verdict == OCORS_VERDICT_PREFLIGHT_WITHHOLD;
}

/* The nearest origin is one that some client in force lists. */
static void check_reason(const world_t *world, const ocors_decision_t *decision)
{
    ocors_span_t nearest = decision->nearest;
    bool is_there = nearest.length == 0;

    FUZZ_CHECK(decision->reason < OCORS_REASON_COUNT);
    FUZZ_CHECK((decision->reason == OCORS_REASON_NONE)
               == (decision->verdict == OCORS_VERDICT_NONE
                   || decision->verdict == OCORS_VERDICT_ALLOW
                   || decision->verdict == OCORS_VERDICT_PREFLIGHT_ALLOW));
    for (size_t i = 0; i < world->count; i++) {
        is_there = is_there || each_client(&world->layers[i], NULL, lists, &nearest);
    }
    FUZZ_CHECK(is_there);
}

static void check(const world_t *world, const ocors_policy_t *policies)
{
    const ocors_facts_t *facts = world->facts;
    const bool allowed = facts->has_origin && is_allowed(world);
    char *buffer = fuzz_allocate(facts->origin.length + 1);
    ocors_decision_t decision, later;

    ocors_decide(policies, world->count, facts, buffer, &decision);
    FUZZ_CHECK(decision.verdict == find_verdict(world, allowed));
    FUZZ_CHECK(decision.is_client_known == (facts->has_origin && is_known(world)));
    FUZZ_CHECK(ocors_span_is_equal(decision.allowed_origin,
                                   allowed ? facts->origin : (ocors_span_t){ 0 }));
    if (is_preflight(decision.verdict)) {
        FUZZ_CHECK(decision.methods == find_methods(world, allowed));
        FUZZ_CHECK(decision.has_fallback_methods == (decision.methods == 0));
    }
    if (facts->wants_reason) {
        check_reason(world, &decision);
        if (decision.reason != OCORS_REASON_NONE
            && decision.reason != OCORS_REASON_METHOD_MALFORMED) {
            later = decision;
            ocors_decide_reason(policies, world->count, facts, &later);
            FUZZ_CHECK(later.reason == decision.reason
                       && ocors_span_is_equal(later.nearest, decision.nearest));
        }
    }
    fuzz_release(buffer);
}

/* Makes the documents; a line "=" at a document's beginning begins the second policy. */
static void make_world(const fuzz_fields_t *fields, fuzz_document_t *documents, world_t *world)
{
    size_t count = 0;

    for (size_t i = DOCUMENTS_AT; i < fields->count; i++) {
        const ocors_span_t lines = fields->items[i];
        const bool is_second = ocors_span_has_prefix(lines, OCORS_SPAN_LITERAL("=\n"));

        fuzz_document_make(lines, &documents[count]);
        if (world->count == 0 || (is_second && world->count < OCORS_DECIDE_POLICIES_MAX)) {
            world->layers[world->count++].documents = &documents[count];
        }
        world->layers[world->count - 1].count++;
        count++;
    }
}

void fuzz_decide(ocors_span_t input)
{
    fuzz_fields_t fields = fuzz_split(input, DOCUMENTS_AT + DOCUMENTS_MAX);
    fuzz_document_t documents[DOCUMENTS_MAX];
    ocors_policy_t policies[OCORS_DECIDE_POLICIES_MAX];
    ocors_facts_t facts = {
        .method = fields.items[0],
        .has_origin = true,
        .origin = fields.items[1],
        .request_method = fields.items[2],
        .path = fields.items[3],
        .named = { .kind = OCORS_CLIENT_NAMED, .id = fields.items[4] },
    };
    world_t world = { .facts = &facts };

    if (facts.named.id.length == 0) {
        facts.named.kind = OCORS_CLIENT_NONE;
    }
    else if (ocors_span_is_equal(facts.named.id, OCORS_SPAN_LITERAL("?"))) {
        facts.named.kind = OCORS_CLIENT_AMBIGUOUS;
    }
    (void)ocors_version_parse(fields.items[5], &facts.version);
    make_world(&fields, documents, &world);
    for (size_t i = 0; i < world.count; i++) {
        fuzz_policy_make(world.layers[i].documents, world.layers[i].count, &policies[i]);
    }
    for (unsigned i = 0; i < 8; i++) {
        facts.wants_reason = (i & 1) != 0;
        facts.is_path_ambiguous = (i & 2) != 0;
        facts.has_origin = (i & 4) == 0;
        check(&world, policies);
    }
    for (size_t i = DOCUMENTS_AT; i < fields.count; i++) {
        fuzz_document_free(&documents[i - DOCUMENTS_AT]);
    }
    fuzz_fields_free(&fields);
}
