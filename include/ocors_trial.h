/* SPDX-License-Identifier: Apache-2.0 */
/* A described request, decided as a worker decides it. */
#ifndef OCORS_TRIAL_H
#define OCORS_TRIAL_H

#include <stdbool.h>

#include "ocors_decide.h"
#include "ocors_policies.h"
#include "ocors_sample.h"
#include "ocors_url_path.h"

/* The request is the caller's, and so are the policies. */
typedef struct ocors_trial_t {
    const ocors_sample_t *sample;
    const ocors_policies_t *policies;
    ocors_url_path_t path;
    bool is_outside;   /* the path is outside /dw/, and a tree has no policy for it (1.7) */
    bool has_own_host; /* R10 is judged: the URL has a host */
    ocors_span_t own_name;
    ocors_own_names_t own_names;
    ocors_own_t own;
    ocors_facts_t facts;
    ocors_span_t client_field; /* the header field that names the client; empty: none does */
    ocors_decision_t decision;
    char *buffers[4]; /* what the members above point into */
} ocors_trial_t;

/* Reads the path of a request; `is_tree`: twice, as the documents are a tree (R12). */
void ocors_trial_begin(ocors_trial_t *trial, const ocors_sample_t *sample, bool is_tree);

/* Decides by policies and the defaults of all directives. For a path that is not outside. */
void ocors_trial_judge(ocors_trial_t *trial, const ocors_policies_t *policies);
void ocors_trial_free(ocors_trial_t *trial);

/* Whether the module answers the request itself, as it does a preflight and a refusal. */
bool ocors_trial_is_answered(const ocors_trial_t *trial);

#endif
