/* SPDX-License-Identifier: Apache-2.0 */
/* Listings. Owns the answers of the file system. */

#include "ocors_listing.h"

#include <apr_file_io.h>
#include <apr_hash.h>
#include <apr_strings.h>

/* The answers of one path, each asked for when it is wanted. */
typedef struct entry_t {
    bool is_told; /* the system tells of every change */
    bool has_listed, has_link, has_names;
    ocors_listed_t listed;
    bool is_there; /* a name of its folder, also a link that leads nowhere */
    char *names;   /* a buffer of the listing's, which a later answer uses again */
    size_t names_size;
    apr_status_t names_status;
} entry_t;

struct ocors_listing_t {
    apr_pool_t *pool;
    apr_pool_t *entries_pool;
    apr_hash_t *entries; /* path -> entry_t */
    ocors_notify_t *notify;
    bool is_told;
};

ocors_listing_t *ocors_listing_create(apr_pool_t *pool, ocors_notify_t *notify)
{
    ocors_listing_t *listing = apr_pcalloc(pool, sizeof(*listing));

    listing->pool = pool;
    apr_pool_create(&listing->entries_pool, pool);
    listing->entries = apr_hash_make(listing->entries_pool);
    listing->notify = notify;
    return listing;
}

static void entry_forget(entry_t *entry)
{
    entry->has_listed = entry->has_link = entry->has_names = false;
}

void ocors_listing_begin(ocors_listing_t *listing)
{
    apr_hash_index_t *index = apr_hash_first(NULL, listing->entries);

    listing->is_told = true;
    for (; index != NULL; index = apr_hash_next(index)) {
        entry_t *entry = apr_hash_this_val(index);

        if (!entry->is_told) {
            entry_forget(entry);
        }
    }
}

bool ocors_listing_is_told(const ocors_listing_t *listing)
{
    return listing->is_told;
}

void ocors_listing_forget(ocors_listing_t *listing, const char *path)
{
    const size_t length = path != NULL ? strlen(path) : 0;
    apr_hash_index_t *index;

    if (path == NULL) {
        apr_pool_clear(listing->entries_pool);
        listing->entries = apr_hash_make(listing->entries_pool);
        return;
    }
    for (index = apr_hash_first(NULL, listing->entries); index != NULL;
         index = apr_hash_next(index)) {
        const char *each = apr_hash_this_key(index);

        if (strncmp(each, path, length) == 0 && (each[length] == '\0' || each[length] == '/')) {
            entry_forget(apr_hash_this_val(index));
        }
    }
}

void ocors_listing_forget_file(ocors_listing_t *listing, const char *path)
{
    entry_t *entry = apr_hash_get(listing->entries, path, APR_HASH_KEY_STRING);

    if (entry != NULL) {
        entry->has_listed = entry->has_link = false;
    }
}

void ocors_listing_forget_names(ocors_listing_t *listing, const char *path)
{
    entry_t *entry = apr_hash_get(listing->entries, path, APR_HASH_KEY_STRING);

    if (entry != NULL) {
        entry->has_names = false;
    }
}

/* The entry of a path, which is watched before anything is asked. */
static entry_t *entry_of(ocors_listing_t *listing, const char *path)
{
    entry_t *entry = apr_hash_get(listing->entries, path, APR_HASH_KEY_STRING);

    if (entry == NULL) {
        entry = apr_pcalloc(listing->entries_pool, sizeof(*entry));
        apr_hash_set(listing->entries, apr_pstrdup(listing->entries_pool, path),
                     APR_HASH_KEY_STRING, entry);
    }
    if (!entry->has_listed && !entry->has_link && !entry->has_names) {
        entry->is_told = ocors_notify_watch_path(listing->notify, path);
    }
    listing->is_told = listing->is_told && entry->is_told;
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
            .status = apr_stat(&info, path, OCORS_LISTING_WANTED, listing->entries_pool),
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
                                             listing->entries_pool);

        entry->is_there = !APR_STATUS_IS_ENOENT(status) && !APR_STATUS_IS_ENOTDIR(status);
        entry->has_link = true;
    }
    return entry->is_there;
}

/* Writes a name, and the end of the names, behind `length` bytes of them. */
static size_t names_add(entry_t *entry, size_t length, const char *name, apr_pool_t *pool)
{
    const size_t size = strlen(name) + 1;

    if (length + size + 1 > entry->names_size) {
        char *larger = apr_palloc(pool, 2 * (length + size + 1));

        memcpy(larger, entry->names, length);
        entry->names = larger;
        entry->names_size = 2 * (length + size + 1);
    }
    memcpy(entry->names + length, name, size);
    entry->names[length + size] = '\0';
    return length + size;
}

/* Reads a folder. While it is open it uses 32 KiB of a pool, which goes back with it. */
static apr_status_t names_list(ocors_listing_t *listing, const char *path, entry_t *entry)
{
    size_t length = 0;
    apr_pool_t *scratch;
    apr_finfo_t info;
    apr_dir_t *folder;
    apr_status_t status;

    if (entry->names == NULL) {
        entry->names_size = 64; /* few names in most folders, and very many folders */
        entry->names = apr_palloc(listing->entries_pool, entry->names_size);
    }
    entry->names[0] = '\0';
    apr_pool_create(&scratch, listing->pool);
    status = apr_dir_open(&folder, path, scratch);
    if (status == APR_SUCCESS) {
        while ((status = apr_dir_read(&info, APR_FINFO_NAME, folder)) == APR_SUCCESS) {
            if (strcmp(info.name, ".") != 0 && strcmp(info.name, "..") != 0) {
                length = names_add(entry, length, info.name, listing->entries_pool);
            }
        }
        status = APR_STATUS_IS_ENOENT(status) ? APR_SUCCESS : status; /* the end of the folder */
    }
    apr_pool_destroy(scratch); /* which closes the folder */
    return status;
}

const char *ocors_listing_names(ocors_listing_t *listing, const char *path, apr_status_t *status)
{
    entry_t *entry = entry_of(listing, path);

    if (!entry->has_names) {
        entry->is_told = ocors_notify_watch_folder(listing->notify, path) && entry->is_told;
        listing->is_told = listing->is_told && entry->is_told;
        entry->names_status = names_list(listing, path, entry);
        entry->has_names = true;
    }
    *status = entry->names_status;
    return entry->names_status == APR_SUCCESS ? entry->names : "";
}
