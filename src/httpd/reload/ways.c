/* SPDX-License-Identifier: Apache-2.0 */
/* The ways of watched paths. Owns the inotify descriptor, and which folders and names matter. */

#include "ocors_ways.h"

#ifdef __linux__

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <apr_strings.h>
#include <http_config.h>
#include <http_log.h>

#include "ocors_folder.h"
#include "ocors_messages.h"
#include "ocors_told.h"

APLOG_USE_MODULE(ocapi_cors);

/* What is told of the folders of a way, and of the last one, in which files are written to. */
#define NAMES (IN_MOVED_FROM | IN_MOVED_TO | IN_CREATE | IN_DELETE | IN_ATTRIB | IN_ONLYDIR)
#define FILES (IN_MODIFY | IN_CLOSE_WRITE)

/* As many links as the kernel follows. */
#define LINKS_MAX 40

/* A name in a folder, by the folder's number; with room for the longest. */
#define KEY_FORMAT "%d/%s"
#define KEY_SIZE   (NAME_MAX + 16)

/* A folder that is watched. */
typedef struct folder_t {
    const struct folder_t *above; /* NULL: the root, or not known yet */
    dev_t device;                 /* of its file system; 0: not known */
    int number;                   /* the kernel's; below 0: the folder is not watched */
    bool has_files;               /* the system tells of files that are written to */
    bool is_told;                 /* the system tells of its changes */
} folder_t;

struct ocors_ways_t {
    server_rec *server;
    bool is_said;        /* that not all is told: once in the life of the process */
    apr_pool_t *pool;    /* of what is watched */
    apr_pool_t *scratch; /* of one way */
    int descriptor;      /* below 0: there is none */
    apr_hash_t *folders; /* path without links -> folder_t */
    apr_hash_t *names;   /* key -> paths that change with it */
    apr_hash_t *plain;   /* path without links of a folder, not of a link -> paths of its name */
    apr_hash_t *watched; /* path as it was asked for -> "?": it is not told; "/": its names, too */
};

static void note_untold(ocors_ways_t *ways, const char *what, apr_status_t status)
{
    if (!ways->is_said) {
        ap_log_error(APLOG_MARK, APLOG_INFO, status, ways->server,
                     OCORS_LOG_UNTOLD
                     "%s: the system does not tell of all changes; a look every OcapiCorsReload "
                     "finds them",
                     what);
        ways->is_said = true;
    }
}

ocors_ways_t *ocors_ways_create(apr_pool_t *pool, server_rec *server)
{
    ocors_ways_t *ways = apr_pcalloc(pool, sizeof(*ways));

    ways->server = server;
    apr_pool_create(&ways->pool, pool);
    ways->descriptor = -1;
    return ways;
}

void ocors_ways_begin(ocors_ways_t *ways)
{
    if (ways->descriptor >= 0) {
        (void)close(ways->descriptor);
    }
    apr_pool_clear(ways->pool);
    apr_pool_create(&ways->scratch, ways->pool);
    ways->folders = apr_hash_make(ways->pool);
    ways->names = apr_hash_make(ways->pool);
    ways->plain = apr_hash_make(ways->pool);
    ways->watched = apr_hash_make(ways->pool);
    ways->descriptor = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    if (ways->descriptor < 0) {
        note_untold(ways, "inotify", errno);
    }
}

/* ---- The tables ------------------------------------------------------------------------------ */

/* Watches a folder of this path without links, also one that was watched and may be another now. */
static void watch_folder(ocors_ways_t *ways, folder_t *folder, const char *path)
{
    const folder_t *above = folder->above;
    const bool is_same = above != NULL && above->number >= 0 && folder->device != 0
                         && above->device == folder->device;

    /* One folder may have two paths (a bind mount, or a rename), and has one number. */
    folder->number = inotify_add_watch(ways->descriptor, path,
                                       NAMES | IN_MASK_ADD | (folder->has_files ? FILES : 0));
    if (folder->number < 0) {
        /* What is gone, or is a file, changes with its name in the folder above. */
        folder->is_told = errno == ENOENT || errno == ENOTDIR;
    }
    else { /* the file system of the folder above has been asked */
        folder->is_told = is_same ? above->is_told : ocors_told_below(path, &folder->device);
    }
    if (!folder->is_told) {
        note_untold(ways, path, folder->number < 0 ? errno : 0);
    }
}

/* The folder of a path without links. */
static folder_t *add_folder(ocors_ways_t *ways, const char *path, const folder_t *above,
                            dev_t device, bool has_files)
{
    folder_t *folder = apr_hash_get(ways->folders, path, APR_HASH_KEY_STRING);
    const bool is_new = folder == NULL;

    if (is_new) {
        folder = apr_pcalloc(ways->pool, sizeof(*folder));
        folder->device = above != NULL ? device : 0;
        apr_hash_set(ways->folders, apr_pstrdup(ways->pool, path), APR_HASH_KEY_STRING, folder);
    }
    folder->above = above != NULL ? above : folder->above;
    if (is_new || (has_files && !folder->has_files)) {
        folder->has_files = has_files;
        watch_folder(ways, folder, path);
    }
    return folder;
}

/* What changes with a name in a folder, or, of "", with all its names. */
static apr_array_header_t *add_name(ocors_ways_t *ways, const folder_t *folder, const char *name)
{
    const char *key = apr_psprintf(ways->pool, KEY_FORMAT, folder->number, name);
    apr_array_header_t *paths = apr_hash_get(ways->names, key, APR_HASH_KEY_STRING);

    if (paths == NULL) {
        paths = apr_array_make(ways->pool, 1, sizeof(const char *));
        apr_hash_set(ways->names, key, APR_HASH_KEY_STRING, paths);
    }
    return paths;
}

/* The deepest folder that two absolute paths are in; "" is the root. */
static const char *common_folder(apr_pool_t *pool, const char *path, const char *other)
{
    size_t length = 0;

    for (size_t i = 0; path[i] == other[i] && path[i] != '\0'; i++) {
        length = path[i] == '/' ? i : length;
    }
    return apr_pstrmemdup(pool, path, length);
}

/*
 * Adds a path, which lives as long as what is watched. Where there are too many, the last one is
 * the folder that it and all later ones are in.
 */
static void add_path(ocors_ways_t *ways, apr_array_header_t *paths, const char *path)
{
    const char **last;

    for (int i = 0; i < paths->nelts; i++) {
        if (strcmp(APR_ARRAY_IDX(paths, i, const char *), path) == 0) {
            return;
        }
    }
    if (paths->nelts < OCORS_WAYS_PATHS_MAX) {
        APR_ARRAY_PUSH(paths, const char *) = path;
        return;
    }
    last = &APR_ARRAY_IDX(paths, OCORS_WAYS_PATHS_MAX - 1, const char *);
    if (ocors_folder_rest(*last, path) == NULL) {
        *last = common_folder(ways->pool, *last, path);
    }
}

/* ---- A way ----------------------------------------------------------------------------------- */

static const char *parent_of(apr_pool_t *pool, const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash == path ? "/" : apr_pstrmemdup(pool, path, (apr_size_t)(slash - path));
}

/* Where a way has come to. */
typedef struct step_t {
    const char *path;      /* as it was asked for; lives as long as the ways */
    const char *folder;    /* without links */
    const folder_t *above; /* the folder that it was found in; NULL: not known */
    dev_t device;          /* of its file system, if it was found in one; 0: not known */
    const char *rest;      /* what is to be gone from there */
    bool is_own; /* `folder` is a prefix of `path`: what changes below it is named by it */
    bool is_told;
} step_t;

/* Follows a link that was found in the folder of the way. Whether the way goes on. */
static bool follow_link(step_t *step, const char *full, bool is_last, apr_pool_t *scratch)
{
    char target[PATH_MAX];
    const ssize_t size = readlink(full, target, sizeof(target));

    if (size < 0) {
        return false; /* it has changed, which is told */
    }
    step->folder = size > 0 && target[0] == '/' ? "/" : step->folder;
    step->above = NULL;
    step->is_own = false;
    step->rest = apr_pstrcat(scratch, apr_pstrmemdup(scratch, target, (apr_size_t)size),
                             is_last ? "" : "/", is_last ? "" : step->rest, NULL);
    return true;
}

/*
 * Watches the next name of a way, and steps into the folder, or to where the link leads. Whether
 * the way goes on; *links counts those that were followed.
 */
static bool watch_component(ocors_ways_t *ways, step_t *step, const char *component, bool is_last,
                            int *links, apr_pool_t *scratch)
{
    const char *full = apr_pstrcat(scratch, step->folder, step->folder[1] == '\0' ? "" : "/",
                                   component, NULL);
    const folder_t *folder = add_folder(ways, step->folder, step->above, step->device, is_last);
    apr_array_header_t *paths = is_last ? NULL
                                        : apr_hash_get(ways->plain, full, APR_HASH_KEY_STRING);
    struct statx info = { .stx_mode = 0 };

    step->is_told = step->is_told && folder->is_told;
    if (paths == NULL) {
        /* Asked for once it is watched. */
        const bool is_there =
            statx(AT_FDCWD, full, AT_SYMLINK_NOFOLLOW, STATX_TYPE | STATX_NLINK, &info) == 0;

        if (is_there ? is_last && !ocors_told_of(&info) : errno != ENOENT && errno != ENOTDIR) {
            note_untold(ways, full, is_there ? 0 : errno);
            step->is_told = false;
        }
        paths = add_name(ways, folder, component);
        if (!is_there || is_last || S_ISLNK(info.stx_mode)) {
            add_path(ways, paths, step->path);
            if (is_there && S_ISLNK(info.stx_mode)) {
                (*links)++;
                return follow_link(step, full, is_last, scratch);
            }
            return false; /* the end, or nothing is there */
        }
        full = apr_pstrdup(ways->pool, full);
        add_path(ways, paths, full);
        apr_hash_set(ways->plain, full, APR_HASH_KEY_STRING, paths);
    }
    if (!step->is_own) {
        add_path(ways, paths, step->path);
    }
    step->folder = full;
    step->above = folder;
    step->device = makedev(info.stx_dev_major, info.stx_dev_minor);
    return true;
}

/*
 * Begins a way: at the root, or, if the way of the path's folder is known and has no link, there.
 */
static step_t begin_way(ocors_ways_t *ways, const char *path, apr_pool_t *scratch)
{
    const char *parent = parent_of(scratch, path);
    const folder_t *folder = apr_hash_get(ways->folders, parent, APR_HASH_KEY_STRING);
    const bool is_known = folder != NULL && folder->above != NULL
                          && apr_hash_get(ways->plain, parent, APR_HASH_KEY_STRING) != NULL;
    step_t step = {
        .path = path,
        .folder = is_known ? parent : "/",
        .rest = is_known ? path + strlen(parent) + 1 : path,
        .is_own = true,
        .is_told = true,
    };

    for (; is_known && folder != NULL; folder = folder->above) {
        step.is_told = step.is_told && folder->is_told;
    }
    return step;
}

/* Goes the way of a path, as the kernel does, and watches it. Whether all of it is told. */
static bool watch_way(ocors_ways_t *ways, const char *path, apr_pool_t *scratch)
{
    step_t step = begin_way(ways, path, scratch);
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
            step.above = NULL;
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
    const char *known;
    bool is_told;

    if (ways == NULL || ways->descriptor < 0) {
        return false;
    }
    known = apr_hash_get(ways->watched, path, APR_HASH_KEY_STRING);
    if (known != NULL) {
        return known[0] != '?';
    }
    path = apr_pstrdup(ways->pool, path);
    is_told = watch_way(ways, path, ways->scratch);
    apr_pool_clear(ways->scratch);
    apr_hash_set(ways->watched, path, APR_HASH_KEY_STRING, is_told ? "" : "?");
    return is_told;
}

bool ocors_ways_add_folder(ocors_ways_t *ways, const char *path)
{
    bool is_told = ocors_ways_add(ways, path);
    char real[PATH_MAX];

    if (ways != NULL && ways->descriptor >= 0
        && strchr(apr_hash_get(ways->watched, path, APR_HASH_KEY_STRING), '/') == NULL
        && realpath(path, real) != NULL) {
        folder_t *folder = add_folder(ways, real, NULL, 0, false);

        folder->device = 0; /* it may be another one */
        watch_folder(ways, folder, real);
        add_path(ways, add_name(ways, folder, ""), apr_pstrdup(ways->pool, path));
        is_told = is_told && folder->is_told;
        apr_hash_set(ways->watched, path, APR_HASH_KEY_STRING, is_told ? "/" : "?/");
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
    if (apr_hash_get(ways->plain, path, APR_HASH_KEY_STRING) != NULL) {
        ocors_ways_remove(ways->folders, path);
        ocors_ways_remove(ways->plain, path);
        ocors_ways_remove(ways->watched, path);
    }
    apr_hash_set(ways->watched, path, APR_HASH_KEY_STRING, NULL);
}

/* ---- For what is told ------------------------------------------------------------------------ */

int ocors_ways_descriptor(const ocors_ways_t *ways)
{
    return ways->descriptor;
}

const apr_array_header_t *ocors_ways_name(const ocors_ways_t *ways, int number, const char *name)
{
    char key[KEY_SIZE]; /* no memory for what does not matter */

    apr_snprintf(key, sizeof(key), KEY_FORMAT, number, name);
    return apr_hash_get(ways->names, key, APR_HASH_KEY_STRING);
}

#endif
