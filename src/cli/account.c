/* SPDX-License-Identifier: Apache-2.0 */
/* Who decided a described request, and why: for people. */

#include "ocors_account.h"

#include "ocors_print.h"

/* So many clients that list an origin are named; the others are counted. */
#define CLIENTS_MAX 8

static const char *const sentences[] = {
    [OCORS_REASON_NONE] = "nothing is refused or withheld",
    [OCORS_REASON_NO_POLICY] = "no document speaks for this API",
    [OCORS_REASON_PATH_AMBIGUOUS] = "the path can be read in two ways",
    [OCORS_REASON_EMPTY_ORIGIN] = "the Origin is empty",
    [OCORS_REASON_NULL_ORIGIN] = "null is a sandboxed frame, a file or a redirect",
    [OCORS_REASON_SEVERAL_LINES] = "there are several Origin fields, or a comma in one",
    [OCORS_REASON_AMBIGUOUS_CLIENT] = "client_id is given twice, with different values",
    [OCORS_REASON_UNKNOWN_CLIENT] = "no document has the client that the request names",
    [OCORS_REASON_LIST_MEMBER] = "one of several origins is not allowed",
    [OCORS_REASON_OTHER_CLIENT] = "another client lists the origin, not the named one",
    [OCORS_REASON_OWN_HOST_UNKNOWN] = "the asked host, or the origin's, is not a configured name",
    [OCORS_REASON_OWN_SCHEME_DIFFERS] = "the origin has the asked host and a weaker scheme",
    [OCORS_REASON_OWN_PORT_DIFFERS] = "the origin has the asked host and another port",
    [OCORS_REASON_PORT_DIFFERS] = "the scheme and the host are listed with another port",
    [OCORS_REASON_TRAILING_SLASH] = "the origin is listed; browsers send it without a slash",
    [OCORS_REASON_CASE_DIFFERS] = "the origin is listed; browsers send it in lower case",
    [OCORS_REASON_SCHEME_DIFFERS] = "the host and the port are listed with another scheme",
    [OCORS_REASON_MALFORMED] = "this is not an origin in the form that browsers send",
    [OCORS_REASON_NOT_LISTED] = "no list that counts has the origin",
    [OCORS_REASON_METHOD_MALFORMED] = "Access-Control-Request-Method is not a method",
};

_Static_assert(sizeof(sentences) / sizeof(sentences[0]) == OCORS_REASON_COUNT,
               "each reason has its sentence");

const char *ocors_account_reason(ocors_reason_t reason)
{
    return sentences[reason];
}

static void print_quoted(FILE *out, ocors_span_t text)
{
    fputc('"', out);
    ocors_print_text(out, text);
    fputc('"', out);
}

static bool is_named(const ocors_trial_t *trial)
{
    return trial->facts.named.kind == OCORS_CLIENT_NAMED;
}

/* ---- The client ------------------------------------------------------------------------------ */

static bool client_is_known(const ocors_trial_t *trial)
{
    ocors_policy_client_t client;

    for (size_t i = 0; i < trial->policies->count; i++) {
        if (ocors_policy_find_client(&trial->policies->items[i], trial->facts.named.id, &client)) {
            return true;
        }
    }
    return false;
}

static void print_client(FILE *out, const ocors_trial_t *trial)
{
    fputs("client:   ", out);
    switch (trial->facts.named.kind) {
    case OCORS_CLIENT_NONE:
        fputs("none is named: the lists of all clients count", out);
        break;
    case OCORS_CLIENT_NAMED:
        print_quoted(out, trial->facts.named.id);
        fputs(client_is_known(trial) ? ": its own list counts" : ": no document has it", out);
        break;
    case OCORS_CLIENT_AMBIGUOUS:
        fputs("two are named: no list counts", out);
        break;
    }
    fputc('\n', out);
}

/* ---- Who lists an origin --------------------------------------------------------------------- */

/* A walk over the clients in force (C4) that list an origin. */
typedef struct listing_t {
    FILE *out;
    const ocors_trial_t *trial;
    bool is_any_client; /* else only the client that the request names, if it names one */
    size_t count;
} listing_t;

static void list_client(listing_t *listing, size_t policy, uint32_t layer, uint32_t client,
                        ocors_span_t origin)
{
    const ocors_policies_t *policies = listing->trial->policies;
    ocors_image_client_t record;

    if (ocors_policy_is_replaced(&policies->items[policy], layer, client)
        || !ocors_image_read_client(&policies->items[policy].layers[layer], client, &record)
        || (!listing->is_any_client && is_named(listing->trial)
            && !ocors_span_is_equal(record.id, listing->trial->facts.named.id))) {
        return;
    }
    if (listing->count++ >= CLIENTS_MAX) {
        return;
    }
    fputs("decided:  client ", listing->out);
    print_quoted(listing->out, record.id);
    fputs(" of ", listing->out);
    ocors_print_string(listing->out, policies->layers[policy][layer].path);
    fputs(" lists ", listing->out);
    ocors_print_text(listing->out, origin);
    fputc('\n', listing->out);
}

/* Prints the clients in force that list an origin; returns how many there are. */
static size_t print_listing(FILE *out, const ocors_trial_t *trial, ocors_span_t origin,
                            bool is_any_client)
{
    listing_t listing = { .out = out, .trial = trial, .is_any_client = is_any_client };

    for (size_t i = 0; i < trial->policies->count; i++) {
        const ocors_policy_t *policy = &trial->policies->items[i];
        const uint64_t hash = ocors_policy_hash(policy, origin);

        for (uint32_t layer = 0; layer < policy->layer_count; layer++) {
            ocors_image_origin_t found;

            if (!ocors_image_find_origin(&policy->layers[layer], hash, origin, &found)) {
                continue;
            }
            for (uint32_t k = 0; k < found.client_count; k++) {
                list_client(&listing, i, layer, found.clients[k], origin);
            }
        }
    }
    if (listing.count > CLIENTS_MAX) {
        fprintf(out, "decided:  %zu more clients list ", listing.count - CLIENTS_MAX);
        ocors_print_text(out, origin);
        fputc('\n', out);
    }
    return listing.count;
}

/* The members of an allowed origin, each with who lists it; one that nobody lists is own (R6). */
static void print_allowed(FILE *out, const ocors_trial_t *trial)
{
    ocors_span_t rest = trial->decision.allowed_origin;

    while (rest.length > 0) {
        const char *space = memchr(rest.bytes, ' ', rest.length);
        const size_t length = space != NULL ? (size_t)(space - rest.bytes) : rest.length;
        const ocors_span_t member = ocors_span_make(rest.bytes, length);

        if (print_listing(out, trial, member, false) == 0) {
            fputs("decided:  ", out);
            ocors_print_text(out, member);
            fputs(" is the server's own origin (R10)\n", out);
        }
        rest = ocors_span_make(rest.bytes + length + (space != NULL ? 1 : 0),
                               rest.length - length - (space != NULL ? 1 : 0));
    }
}

/* ---- Whose lists do not have it -------------------------------------------------------------- */

/* The documents of a policy, as a list in a sentence. */
static void print_documents(FILE *out, const ocors_trial_t *trial, size_t policy)
{
    for (uint32_t layer = 0; layer < trial->policies->items[policy].layer_count; layer++) {
        fputs(layer > 0 ? ", " : "", out);
        ocors_print_string(out, trial->policies->layers[policy][layer].path);
    }
}

/* Names the client's document; a client that no document has is looked for in all of them. */
static void print_without_client(FILE *out, const ocors_trial_t *trial, size_t policy)
{
    ocors_policy_client_t client;

    if (ocors_policy_find_client(&trial->policies->items[policy], trial->facts.named.id, &client)) {
        fputs("client ", out);
        print_quoted(out, trial->facts.named.id);
        fputs(" of ", out);
        ocors_print_string(out, trial->policies->layers[policy][client.layer].path);
        fputs(" does not list it\n", out);
        return;
    }
    print_documents(out, trial, policy);
    fputs(trial->policies->items[policy].layer_count == 1 ? ": it has no such client\n"
                                                          : ": they have no such client\n",
          out);
}

/* Whether the lists were asked, and did not have the origin. */
static bool lists_were_asked(ocors_reason_t reason)
{
    switch (reason) {
    case OCORS_REASON_NONE:
    case OCORS_REASON_NO_POLICY:
    case OCORS_REASON_PATH_AMBIGUOUS:
    case OCORS_REASON_EMPTY_ORIGIN:
    case OCORS_REASON_NULL_ORIGIN:
    case OCORS_REASON_SEVERAL_LINES:
    case OCORS_REASON_AMBIGUOUS_CLIENT:
    case OCORS_REASON_LIST_MEMBER:
    case OCORS_REASON_METHOD_MALFORMED:
        return false; /* the reason says it all */
    default:
        return true;
    }
}

static void print_not_allowed(FILE *out, const ocors_trial_t *trial)
{
    const ocors_reason_t reason = trial->decision.reason;

    for (size_t i = 0; i < trial->policies->count && lists_were_asked(reason); i++) {
        fputs("decided:  ", out);
        if (is_named(trial)) {
            print_without_client(out, trial, i);
            continue;
        }
        fputs("no client in force of ", out);
        print_documents(out, trial, i);
        fputs(" lists it\n", out);
    }
    if (reason == OCORS_REASON_OTHER_CLIENT) {
        (void)print_listing(out, trial, trial->facts.origin, true);
    }
}

void ocors_account_print(FILE *out, const ocors_trial_t *trial)
{
    const ocors_decision_t *decision = &trial->decision;

    print_client(out, trial);
    switch (decision->verdict) {
    case OCORS_VERDICT_NONE:
        fputs(trial->facts.has_origin
                  ? "decided:  the origin is the server's own, and no list has it (R10)\n"
                  : "decided:  without an Origin a request is not cross-origin (R1)\n",
              out);
        break;
    case OCORS_VERDICT_ALLOW:
    case OCORS_VERDICT_PREFLIGHT_ALLOW:
        print_allowed(out, trial);
        break;
    default:
        print_not_allowed(out, trial);
        break;
    }
    if (decision->nearest.length > 0) {
        fputs("nearest:  ", out);
        ocors_print_text(out, decision->nearest);
        fputc('\n', out);
    }
}
