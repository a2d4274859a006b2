/* SPDX-License-Identifier: Apache-2.0 */
/* Listings. Owns the answers of the file system for one reading. */

#include "ocors_listing.h"

#include <apr_file_io.h>
#include <apr_hash.h>
#include <apr_strings.h>

/* The answers of one path, each asked for when it is wanted. */
typedef struct entry_t {
    bool is_told; /* the system tells of every change */
    bool has_listed, has_link;
    ocors_listed_t listed;
    bool is_there;             /* a name of its folder, also a link that leads nowhere */
    apr_array_header_t *names; /* NULL: not asked for yet */
    apr_status_t names_status;
} entry_t;

struct ocors_listing_t {
    apr_pool_t *pool;
    apr_hash_t *entries; /* path -> entry_t */
    ocors_notify_t *notify;
    unsigned untold;
};

ocors_listing_t *ocors_listing_create(apr_pool_t *pool, ocors_notify_t *notify)
{
    ocors_listing_t *listing = apr_pcalloc(pool, sizeof(*listing));

    listing->pool = pool;
    listing->entries = apr_hash_make(pool);
    listing->notify = notify;
    return listing;
}

unsigned ocors_listing_untold(const ocors_listing_t *listing)
{
    return listing->untold;
}

/* The entry of a path, which is watched before anything is asked. */
static entry_t *entry_of(ocors_listing_t *listing, const char *path)
{
    entry_t *entry = apr_hash_get(listing->entries, path, APR_HASH_KEY_STRING);

    if (entry == NULL) {
        entry = apr_pcalloc(listing->pool, sizeof(*entry));
        entry->is_told = ocors_notify_watch_path(listing->notify, path);
        apr_hash_set(listing->entries, apr_pstrdup(listing->pool, path), APR_HASH_KEY_STRING,
                     entry);
    }
    listing->untold += !entry->is_told;
    return entry;
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

const ocors_listed_t *ocors_listing_stat(ocors_listing_t *listing, const char *path)
{
    entry_t *entry = entry_of(listing, path);
    apr_finfo_t info;

    if (!entry->has_listed) {
        entry->listed = (ocors_listed_t){
            .status = apr_stat(&info, path, OCORS_LISTING_WANTED, listing->pool),
        };
        if (entry->listed.status == APR_SUCCESS) {
            entry->listed.type = info.filetype;
            entry->listed.file = ocors_listing_file(&info);
        }
        entry->has_listed = true;
    }
    return &entry->listed;
}

bool ocors_listing_exists(ocors_listing_t *listing, const char *path)
{
    entry_t *entry = entry_of(listing, path);
    apr_finfo_t info;

    if (!entry->has_link) {
        const apr_status_t status = apr_stat(&info, path, APR_FINFO_TYPE | APR_FINFO_LINK,
                                             listing->pool);

        entry->is_there = !APR_STATUS_IS_ENOENT(status) && !APR_STATUS_IS_ENOTDIR(status);
        entry->has_link = true;
    }
    return entry->is_there;
}

/* Reads a folder. While it is open it uses 32 KiB of a pool, which goes back with it. */
static apr_status_t names_list(apr_array_header_t *names, const char *path)
{
    apr_pool_t *scratch;
    apr_finfo_t info;
    apr_dir_t *folder;
    apr_status_t status;

    apr_pool_create(&scratch, names->pool);
    status = apr_dir_open(&folder, path, scratch);
    if (status == APR_SUCCESS) {
        while ((status = apr_dir_read(&info, APR_FINFO_NAME, folder)) == APR_SUCCESS) {
            if (strcmp(info.name, ".") != 0 && strcmp(info.name, "..") != 0) {
                APR_ARRAY_PUSH(names, const char *) = apr_pstrdup(names->pool, info.name);
            }
        }
        status = APR_STATUS_IS_ENOENT(status) ? APR_SUCCESS : status; /* the end of the folder */
    }
    apr_pool_destroy(scratch); /* which closes the folder */
    return status;
}

const apr_array_header_t *ocors_listing_names(ocors_listing_t *listing, const char *path,
                                              apr_status_t *status)
{
    entry_t *entry = entry_of(listing, path);

    if (entry->names == NULL) {
        entry->is_told = ocors_notify_watch_folder(listing->notify, path) && entry->is_told;
        listing->untold += !entry->is_told;
        entry->names = apr_array_make(listing->pool, 4, sizeof(const char *));
        entry->names_status = names_list(entry->names, path);
        if (entry->names_status != APR_SUCCESS) {
            apr_array_clear(entry->names);
        }
    }
    *status = entry->names_status;
    return entry->names;
}
