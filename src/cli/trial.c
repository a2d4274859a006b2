/* SPDX-License-Identifier: Apache-2.0 */
/* A described request, decided as a worker decides it. */

#include "ocors_trial.h"

#include <stdlib.h>

#include "ocors_memory.h"

enum {
    BUFFER_PATH,
    BUFFER_RESOURCE,
    BUFFER_CLIENT,
    BUFFER_ORIGIN
};

static char *buffer_get(ocors_trial_t *trial, unsigned which, size_t size)
{
    trial->buffers[which] = ocors_memory_get(size, 1);
    return trial->buffers[which];
}

void ocors_trial_begin(ocors_trial_t *trial, const ocors_sample_t *sample, bool is_tree)
{
    const ocors_span_t uri = ocors_span_from_string(sample->uri);
    const ocors_span_t line = ocors_span_from_string(sample->line);

    *trial = (ocors_trial_t){ .sample = sample };
    if (is_tree) {
        ocors_url_path_read(uri, line,
                            buffer_get(trial, BUFFER_PATH, ocors_url_path_buffer_size(uri, line)),
                            &trial->path);
        trial->is_outside = ocors_url_path_is_outside(&trial->path);
    }
    else {
        ocors_url_path_parse(uri, &trial->path);
    }
}

/* C1 */
static void identify_client(ocors_trial_t *trial)
{
    ocors_source_t sources[OCORS_SOURCES_DEFAULT_COUNT];

    ocors_sample_sources(trial->sample, sources);
    trial->facts.named = ocors_client_identify(
        trial->policies->items, trial->policies->count, sources, OCORS_SOURCES_DEFAULT_COUNT,
        buffer_get(trial, BUFFER_CLIENT, ocors_client_room(sources, OCORS_SOURCES_DEFAULT_COUNT)));
    if (trial->facts.named.source > 0) {
        trial->client_field = ocors_source_field(&sources[trial->facts.named.source - 1]);
    }
}

/* M1: the path to match with resources, and the version; without one it is the whole path. */
static ocors_span_t resource_of(ocors_trial_t *trial)
{
    ocors_span_t rest;

    trial->facts.version = ocors_url_path_split(&trial->path, &rest);

    return ocors_url_path_has_escape(rest) ? ocors_url_path_decode_slashes(
               rest, buffer_get(trial, BUFFER_RESOURCE, rest.length))
                                           : rest;
}

void ocors_trial_judge(ocors_trial_t *trial, const ocors_policies_t *policies)
{
    const ocors_sample_t *sample = trial->sample;
    ocors_facts_t *facts = &trial->facts;

    trial->policies = policies;
    identify_client(trial);
    trial->has_own_host = ocors_sample_own(sample, &trial->own_name, &trial->own_names,
                                           &trial->own);
    facts->own = trial->has_own_host ? &trial->own : NULL;
    facts->method = ocors_span_from_string(sample->method);
    facts->origin = ocors_sample_field(sample, "Origin");
    facts->has_origin = facts->origin.bytes != NULL;
    facts->is_path_ambiguous = policies->is_path_ambiguous;
    facts->wants_reason = true;
    facts->request_method = ocors_sample_field(sample, "Access-Control-Request-Method");
    facts->path = resource_of(trial);
    ocors_decide(policies->items, policies->count, facts,
                 buffer_get(trial, BUFFER_ORIGIN, facts->origin.length + 1), &trial->decision);
}

void ocors_trial_free(ocors_trial_t *trial)
{
    for (size_t i = 0; i < sizeof(trial->buffers) / sizeof(trial->buffers[0]); i++) {
        free(trial->buffers[i]);
    }
}

bool ocors_trial_is_answered(const ocors_trial_t *trial)
{
    switch (trial->decision.verdict) {
    case OCORS_VERDICT_REFUSE:
    case OCORS_VERDICT_PREFLIGHT_ALLOW:
    case OCORS_VERDICT_PREFLIGHT_WITHHOLD:
        return true;
    default:
        return false;
    }
}
