/* SPDX-License-Identifier: Apache-2.0 */
/* Folders of the file system, by their paths. */
#ifndef OCORS_FOLDER_H
#define OCORS_FOLDER_H

#include <stddef.h>
#include <string.h>

/* What is behind a folder in a path: "" if it is the folder, "/NAME..." if it is below. Else NULL.
 */
static inline const char *ocors_folder_rest(const char *folder, const char *path)
{
    const size_t length = strlen(folder);

    return strncmp(path, folder, length) == 0 && (path[length] == '\0' || path[length] == '/')
               ? path + length
               : NULL;
}

#endif
