/* SPDX-License-Identifier: Apache-2.0 */
/* What tells whether two collections asked for the same files and folders. */
#ifndef OCORS_FINGERPRINT_H
#define OCORS_FINGERPRINT_H

#include <stdbool.h>
#include <stdint.h>

#include "ocors_load.h"

/*
 * Of the same files and folders, as they were, asked for in whatever order. With `as_found`: and
 * reading them failed in the same passing way (ocors_document_t.is_passing).
 */
uint64_t ocors_fingerprint(const ocors_generation_t *generation, bool as_found);

/* The same of what was wrong with folders alone. */
uint64_t ocors_fingerprint_problems(const ocors_generation_t *generation);

#endif
