/* SPDX-License-Identifier: Apache-2.0 */
/* The whole check of an image. */
#ifndef OCORS_IMAGE_VERIFY_H
#define OCORS_IMAGE_VERIFY_H

#include "ocors_image.h"

/* Opens an image and checks everything: the checksum and every record. Linear. */
bool ocors_image_verify(const void *bytes, size_t size);

#endif
