/* SPDX-License-Identifier: Apache-2.0 */
/* The version, written once: configure.ac reads it from here, and plain apxs needs no configure. */
#ifndef OCORS_VERSION_H
#define OCORS_VERSION_H

#define OCORS_VERSION "1.0.0-rc1"

#endif
