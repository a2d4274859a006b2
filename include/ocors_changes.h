/* SPDX-License-Identifier: Apache-2.0 */
/* What comes and goes between two policies, in words. */
#ifndef OCORS_CHANGES_H
#define OCORS_CHANGES_H

#include "ocors_layers.h"
#include "ocors_sentences.h"

/*
 * Compares two policies: their clients, the origins that each allows, and the methods of the paths
 * that its resources name (ocors_method_changes.h). Each sentence begins with "+ " or "- ", or with
 * "? " if its methods are too many to compare. It may hold any text of the documents, and its
 * subject is the client's id. Linear in clients and origins.
 */
void ocors_changes_find(ocors_sentences_t *changes, const ocors_layers_t *before,
                        const ocors_layers_t *after);

#endif
