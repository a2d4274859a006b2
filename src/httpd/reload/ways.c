/* SPDX-License-Identifier: Apache-2.0 */
/* The ways of watched paths. Owns which folders and names matter. */

#include "ocors_ways.h"

#ifdef __linux__

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <apr_strings.h>

#include "ocors_folder.h"

#define WATCHED                                                                                    \
    (IN_MODIFY | IN_CLOSE_WRITE | IN_MOVED_FROM | IN_MOVED_TO | IN_CREATE | IN_DELETE | IN_ATTRIB  \
     | IN_ONLYDIR)

/* As many links as the kernel follows. */
#define LINKS_MAX 40

/* Where more paths than this change with a name, all is taken to change. */
#define PATHS_MAX 64

/* A name in a folder, by the folder's number; with room for the longest. */
#define KEY_FORMAT "%d/%s"
#define KEY_SIZE   (NAME_MAX + 16)

struct ocors_ways_t {
    int descriptor;
    apr_pool_t *pool;
    apr_hash_t *folders; /* path without links -> ocors_ways_folder_t */
    apr_hash_t *numbers; /* number -> ocors_ways_folder_t */
    apr_hash_t *names;   /* key -> ocors_ways_name_t */
    apr_hash_t *plain; /* path without links -> ocors_ways_name_t of a folder that is not a link */
    apr_hash_t *watched; /* path as it was asked for -> "" told, or "?" not told */
    const char *untold;
    apr_status_t untold_status;
};

ocors_ways_t *ocors_ways_create(apr_pool_t *pool, int descriptor)
{
    ocors_ways_t *ways = apr_palloc(pool, sizeof(*ways));

    *ways = (ocors_ways_t){
        .descriptor = descriptor,
        .pool = pool,
        .folders = apr_hash_make(pool),
        .numbers = apr_hash_make(pool),
        .names = apr_hash_make(pool),
        .plain = apr_hash_make(pool),
        .watched = apr_hash_make(pool),
    };
    return ways;
}

/* ---- What is told ---------------------------------------------------------------------------- */

/* File systems whose changes are all made through this kernel. */
static bool file_system_tells(const char *path)
{
    struct statfs info;

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

/*
 * A file with another name (a hard link, or a file that is mounted there, as containers have it)
 * may be written to by that name, of which the folder of this one is not told.
 */
static bool file_has_other_names(const char *path)
{
    struct statx info;

    if (statx(AT_FDCWD, path, AT_SYMLINK_NOFOLLOW, STATX_TYPE | STATX_NLINK, &info) != 0
        || !S_ISREG(info.stx_mode)) {
        return false;
    }
#ifdef STATX_ATTR_MOUNT_ROOT
    if ((info.stx_attributes & STATX_ATTR_MOUNT_ROOT) != 0) {
        return true;
    }
#endif
    return info.stx_nlink > 1;
}

static void note_untold(ocors_ways_t *ways, const char *path, apr_status_t status)
{
    if (ways->untold == NULL) {
        ways->untold = apr_pstrdup(ways->pool, path);
        ways->untold_status = status;
    }
}

/* ---- The tables ------------------------------------------------------------------------------ */

/* The folder of a path without links. */
static ocors_ways_folder_t *add_folder(ocors_ways_t *ways, const char *path)
{
    ocors_ways_folder_t *folder = apr_hash_get(ways->folders, path, APR_HASH_KEY_STRING), *same;

    if (folder != NULL) {
        return folder;
    }
    folder = apr_pcalloc(ways->pool, sizeof(*folder));
    folder->number = inotify_add_watch(ways->descriptor, path, WATCHED);
    /* What is gone, or is a file, changes with its name in the folder above. */
    folder->is_told = folder->number >= 0 ? file_system_tells(path)
                                          : errno == ENOENT || errno == ENOTDIR;
    if (!folder->is_told) {
        note_untold(ways, path, folder->number < 0 ? errno : 0);
    }
    if (folder->number >= 0) {
        /* One folder may have two paths (a bind mount, or a rename), and has one number. */
        same = ocors_ways_folder(ways, folder->number);
        folder = same != NULL ? same : folder;
        apr_hash_set(ways->numbers, &folder->number, sizeof(folder->number), folder);
    }
    apr_hash_set(ways->folders, apr_pstrdup(ways->pool, path), APR_HASH_KEY_STRING, folder);
    return folder;
}

/* Adds a path, which lives as long as the ways, to an array. Whether there was room for it. */
static bool add_path(const ocors_ways_t *ways, apr_array_header_t **paths, const char *path)
{
    if (*paths == NULL) {
        *paths = apr_array_make(ways->pool, 1, sizeof(const char *));
    }
    for (int i = 0; i < (*paths)->nelts; i++) {
        if (strcmp(APR_ARRAY_IDX(*paths, i, const char *), path) == 0) {
            return true;
        }
    }
    if ((*paths)->nelts >= PATHS_MAX) {
        return false;
    }
    APR_ARRAY_PUSH(*paths, const char *) = path;
    return true;
}

static ocors_ways_name_t *add_name(ocors_ways_t *ways, const ocors_ways_folder_t *folder,
                                   const char *name)
{
    const char *key = apr_psprintf(ways->pool, KEY_FORMAT, folder->number, name);
    ocors_ways_name_t *added = apr_hash_get(ways->names, key, APR_HASH_KEY_STRING);

    if (added == NULL) {
        added = apr_pcalloc(ways->pool, sizeof(*added));
        apr_hash_set(ways->names, key, APR_HASH_KEY_STRING, added);
    }
    return added;
}

static void name_add_path(const ocors_ways_t *ways, ocors_ways_name_t *name, const char *path)
{
    name->is_all = name->is_all || !add_path(ways, &name->paths, path);
}

/* ---- A way ----------------------------------------------------------------------------------- */

static const char *parent_of(apr_pool_t *pool, const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash == path ? "/" : apr_pstrmemdup(pool, path, (apr_size_t)(slash - path));
}

/* Where a way has come to. */
typedef struct step_t {
    const char *path;   /* as it was asked for; lives as long as the ways */
    const char *folder; /* without links */
    const char *rest;   /* what is to be gone from there */
    bool is_own;        /* `folder` is a prefix of `path`: what changes below it is named by it */
    bool is_told;
} step_t;

/*
 * Watches the next name of a way, and steps into the folder, or to where the link leads. Whether
 * the way goes on; *links counts those that were followed.
 */
static bool watch_component(ocors_ways_t *ways, step_t *step, const char *component, bool is_last,
                            int *links, apr_pool_t *scratch)
{
    const char *full = apr_pstrcat(scratch, step->folder, step->folder[1] == '\0' ? "" : "/",
                                   component, NULL);
    const ocors_ways_folder_t *folder = add_folder(ways, step->folder);
    ocors_ways_name_t *name = is_last ? NULL : apr_hash_get(ways->plain, full, APR_HASH_KEY_STRING);
    char target[PATH_MAX];
    ssize_t size;

    step->is_told = step->is_told && folder->is_told;
    if (name == NULL) {
        name = add_name(ways, folder, component);
        size = readlink(full, target, sizeof(target)); /* asked for once it is watched */
        if (size < 0 && errno == EINVAL && !is_last) {
            full = apr_pstrdup(ways->pool, full);
            name->is_all = name->is_all || !add_path(ways, &name->folders, full);
            apr_hash_set(ways->plain, full, APR_HASH_KEY_STRING, name);
        }
        else {
            name_add_path(ways, name, step->path);
            if (size < 0) { /* the end, or nothing is there */
                if (is_last && errno == EINVAL && file_has_other_names(full)) {
                    note_untold(ways, full, 0);
                    step->is_told = false;
                }
                return false;
            }
            step->is_own = false;
            step->folder = target[0] == '/' ? "/" : step->folder;
            step->rest = apr_pstrcat(scratch, apr_pstrmemdup(scratch, target, (apr_size_t)size),
                                     is_last ? "" : "/", is_last ? "" : step->rest, NULL);
            (*links)++;
            return true;
        }
    }
    if (!step->is_own) {
        name_add_path(ways, name, step->path);
    }
    step->folder = full;
    return true;
}

/* Goes the way of a path, as the kernel does, and watches it. Whether all of it is told. */
static bool watch_way(ocors_ways_t *ways, const char *path, apr_pool_t *scratch)
{
    step_t step = {
        .path = path,
        .folder = "/",
        .rest = path,
        .is_own = true,
        .is_told = true,
    };
    bool goes_on = true;

    for (int links = 0; goes_on && links <= LINKS_MAX;) {
        const size_t length = strcspn(step.rest, "/");
        const char *component = apr_pstrmemdup(scratch, step.rest, length);
        const bool is_last = step.rest[length] == '\0';

        step.rest += length + (is_last ? 0 : 1);
        if (component[0] == '\0' || strcmp(component, ".") == 0) {
            step.is_own = step.is_own && component[0] == '\0' && step.folder[1] == '\0';
            goes_on = !is_last;
        }
        else if (strcmp(component, "..") == 0) {
            step.folder = parent_of(scratch, step.folder);
            step.is_own = false;
            goes_on = !is_last;
        }
        else {
            goes_on = watch_component(ways, &step, component, is_last, &links, scratch);
        }
    }
    return step.is_told;
}

bool ocors_ways_add(ocors_ways_t *ways, const char *path)
{
    const char *known = apr_hash_get(ways->watched, path, APR_HASH_KEY_STRING);
    apr_pool_t *scratch;
    bool is_told;

    if (known != NULL) {
        return known[0] == '\0';
    }
    path = apr_pstrdup(ways->pool, path);
    apr_pool_create(&scratch, ways->pool);
    is_told = watch_way(ways, path, scratch);
    apr_pool_destroy(scratch);
    apr_hash_set(ways->watched, path, APR_HASH_KEY_STRING, is_told ? "" : "?");
    return is_told;
}

bool ocors_ways_add_folder(ocors_ways_t *ways, const char *path)
{
    bool is_told = ocors_ways_add(ways, path);
    char real[PATH_MAX];

    if (realpath(path, real) != NULL) {
        ocors_ways_folder_t *folder = add_folder(ways, real);

        is_told = is_told && folder->is_told
                  && add_path(ways, &folder->wholes, apr_pstrdup(ways->pool, path));
    }
    return is_told;
}

void ocors_ways_remove(apr_hash_t *paths, const char *path)
{
    for (apr_hash_index_t *index = apr_hash_first(NULL, paths); index != NULL;
         index = apr_hash_next(index)) {
        const char *each = apr_hash_this_key(index);

        if (ocors_folder_rest(path, each) != NULL) {
            apr_hash_set(paths, each, APR_HASH_KEY_STRING, NULL);
        }
    }
}

void ocors_ways_forget(ocors_ways_t *ways, const char *path)
{
    apr_hash_set(ways->watched, path, APR_HASH_KEY_STRING, NULL);
}

void ocors_ways_forget_below(ocors_ways_t *ways, const char *path)
{
    ocors_ways_remove(ways->folders, path);
    ocors_ways_remove(ways->plain, path);
    ocors_ways_remove(ways->watched, path);
}

/* ---- For what is told ------------------------------------------------------------------------ */

ocors_ways_folder_t *ocors_ways_folder(const ocors_ways_t *ways, int number)
{
    return apr_hash_get(ways->numbers, &number, sizeof(number));
}

void ocors_ways_end_folder(ocors_ways_t *ways, int number)
{
    apr_hash_set(ways->numbers, &number, sizeof(number), NULL);
}

const ocors_ways_name_t *ocors_ways_name(const ocors_ways_t *ways, int number, const char *name)
{
    char key[KEY_SIZE]; /* no memory for what does not matter */

    apr_snprintf(key, sizeof(key), KEY_FORMAT, number, name);
    return apr_hash_get(ways->names, key, APR_HASH_KEY_STRING);
}

const char *ocors_ways_untold(const ocors_ways_t *ways, apr_status_t *status)
{
    *status = ways->untold_status;
    return ways->untold;
}

#endif
