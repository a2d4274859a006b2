/* SPDX-License-Identifier: Apache-2.0 */
/* Settings -> an image. */
#ifndef OCORS_IMAGE_BUILD_H
#define OCORS_IMAGE_BUILD_H

#include "ocors_image.h"
#include "ocors_result.h"
#include "ocors_settings.h"

/*
 * Builds the image of a document. *bytes is malloc'd, aligned, *size bytes long, and the caller's
 * to free. `seed` hashes its tables; images that serve one policy share one seed.
 * OCORS_INVALID: the image would need 4 GiB or more. Linear in the document.
 */
ocors_result_t ocors_image_build(const ocors_settings_t *settings, uint64_t seed, void **bytes,
                                 size_t *size);

#endif
