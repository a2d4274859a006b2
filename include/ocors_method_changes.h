/* SPDX-License-Identifier: Apache-2.0 */
/* Which methods of which paths a client gets and loses. */
#ifndef OCORS_METHOD_CHANGES_H
#define OCORS_METHOD_CHANGES_H

#include <stdint.h>

#include "ocors_resource_walk.h"
#include "ocors_sentences.h"
#include "ocors_span.h"

/*
 * Compares the methods that a request of the client gets (M1 to M3), for a path of each resource
 * that only one side has, for that of each other resource that a pattern of only one side matches,
 * and for each version at which a resource begins or ends. A path that no resource names has the
 * default of OcapiCorsMethods: a first resource can take methods away, and the last one can give
 * some.
 *
 * The cost is the product of the paths and of all resources, and of the paths and the versions,
 * which counts more, as each version of a path may have a sentence. It is taken from *work. If that
 * has less, a sentence that begins with "? " says that the methods are not compared.
 */
#define OCORS_METHOD_CHANGES_WORK ((uint64_t)400 * 1000 * 1000)
void ocors_method_changes_find(ocors_sentences_t *changes, ocors_span_t client,
                               ocors_client_resources_t before, ocors_client_resources_t after,
                               uint64_t *work);

#endif
