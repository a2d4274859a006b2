/* SPDX-License-Identifier: Apache-2.0 */
/* Listings. Owns the answers of the file system for one reading. */

#include "ocors_listing.h"

#include <apr_file_io.h>
#include <apr_hash.h>
#include <apr_strings.h>

/* Where times are whole seconds: ext3, ext4 with small inodes; FAT has every second one. */
#define WHOLE_TICK apr_time_from_sec(2)

struct ocors_listing_t {
    apr_pool_t *pool;
    apr_hash_t *listed; /* path -> ocors_listed_t */
    ocors_ways_t *ways;
    bool is_untold;
};

ocors_listing_t *ocors_listing_create(apr_pool_t *pool, ocors_ways_t *ways)
{
    ocors_listing_t *listing = apr_pcalloc(pool, sizeof(*listing));

    listing->pool = pool;
    listing->listed = apr_hash_make(pool);
    listing->ways = ways;
    return listing;
}

bool ocors_listing_is_told(const ocors_listing_t *listing)
{
    return !listing->is_untold;
}

ocors_snapshot_file_t ocors_listing_file(const apr_finfo_t *info)
{
    return (ocors_snapshot_file_t){
        .modified = info->mtime,
        .changed = info->ctime,
        .size = info->size,
        .inode = (uint64_t)info->inode,
        .device = (uint64_t)info->device,
    };
}

apr_interval_time_t ocors_listing_fresh_for(const ocors_snapshot_file_t *file, apr_time_t now)
{
    const apr_interval_time_t age = now - file->changed;
    const apr_interval_time_t tick = file->changed % APR_USEC_PER_SEC == 0 ? WHOLE_TICK
                                                                           : OCORS_LISTING_TICK;

    return age > -tick && age < tick ? tick - age : 0; /* more than a tick ahead: a wrong clock */
}

const ocors_listed_t *ocors_listing_stat(ocors_listing_t *listing, const char *path)
{
    ocors_listed_t *listed = apr_hash_get(listing->listed, path, APR_HASH_KEY_STRING);
    apr_finfo_t info;

    if (listed != NULL) {
        return listed;
    }
    listing->is_untold |= !ocors_ways_add(listing->ways, path);
    listed = apr_pcalloc(listing->pool, sizeof(*listed));
    listed->status = apr_stat(&info, path, OCORS_LISTING_WANTED | APR_FINFO_LINK, listing->pool);
    listed->is_there = !APR_STATUS_IS_ENOENT(listed->status)
                       && !APR_STATUS_IS_ENOTDIR(listed->status);
    if (listed->status == APR_SUCCESS && info.filetype == APR_LNK) {
        listed->status = apr_stat(&info, path, OCORS_LISTING_WANTED, listing->pool);
    }
    if (listed->status == APR_SUCCESS) {
        listed->type = info.filetype;
        listed->file = ocors_listing_file(&info);
    }
    apr_hash_set(listing->listed, apr_pstrdup(listing->pool, path), APR_HASH_KEY_STRING, listed);
    return listed;
}

const apr_array_header_t *ocors_listing_names(ocors_listing_t *listing, const char *path,
                                              apr_status_t *status)
{
    apr_array_header_t *names = apr_array_make(listing->pool, 4, sizeof(const char *));
    apr_pool_t *scratch; /* an open folder uses 32 KiB */
    apr_finfo_t info;
    apr_dir_t *folder;

    listing->is_untold |= !ocors_ways_add_folder(listing->ways, path);
    apr_pool_create(&scratch, listing->pool);
    *status = apr_dir_open(&folder, path, scratch);
    if (*status == APR_SUCCESS) {
        while ((*status = apr_dir_read(&info, APR_FINFO_NAME, folder)) == APR_SUCCESS) {
            if (strcmp(info.name, ".") != 0 && strcmp(info.name, "..") != 0) {
                APR_ARRAY_PUSH(names, const char *) = apr_pstrdup(listing->pool, info.name);
            }
        }
        if (APR_STATUS_IS_ENOENT(*status)) {
            *status = APR_SUCCESS; /* the end of the folder */
        }
    }
    apr_pool_destroy(scratch); /* which closes the folder */
    if (*status != APR_SUCCESS) {
        apr_array_clear(names);
    }
    return names;
}
