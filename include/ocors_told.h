/* SPDX-License-Identifier: Apache-2.0 */
/* Whether the system tells of all changes of a folder, or of a file, that is watched by inotify. */
#ifndef OCORS_TOLD_H
#define OCORS_TOLD_H

#include <stdbool.h>

#ifdef __linux__

#include <sys/stat.h>

/*
 * Whether the file system of a folder is one whose changes are all made through this kernel.
 * *device is its device; 0: the device is not known.
 */
bool ocors_told_below(const char *path, dev_t *device);

/*
 * Whether all changes of what was found at a path, whose links were not followed, are told to the
 * folder it is in. Wants STATX_TYPE and STATX_NLINK. A file with another name (a hard link, or a
 * file that is mounted there, as containers have it) may be written to by that name.
 */
bool ocors_told_of(const struct statx *info);

#endif

#endif
