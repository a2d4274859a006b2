/* SPDX-License-Identifier: Apache-2.0 */
/* Which changes the system tells of. Owns nothing. */

#include "ocors_told.h"

#ifdef __linux__

#include <sys/vfs.h>

bool ocors_told_below(const char *path, dev_t *device)
{
    struct statfs info;
    struct stat folder;

    *device = stat(path, &folder) == 0 ? folder.st_dev : 0;
    if (statfs(path, &info) != 0) {
        return false;
    }
    switch ((unsigned long)info.f_type & 0xffffffffUL) {
    case 0xef53:     /* ext2, ext3, ext4 */
    case 0x58465342: /* xfs */
    case 0x9123683e: /* btrfs */
    case 0x2fc12fc1: /* zfs */
    case 0x01021994: /* tmpfs */
    case 0x794c7630: /* overlay */
        return true;
    default:
        return false;
    }
}

bool ocors_told_of(const struct statx *info)
{
    bool is_mounted = false;

#ifdef STATX_ATTR_MOUNT_ROOT
    is_mounted = (info->stx_attributes & STATX_ATTR_MOUNT_ROOT) != 0;
#endif
    return !S_ISREG(info->stx_mode) || (!is_mounted && info->stx_nlink <= 1);
}

#endif
