/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the system tells of changes. Owns the inotify descriptor, and which names matter to us.
 *
 * Folders are watched, not files: a file that is replaced is another one. Whether a file is still
 * being written to is not told, and not asked for.
 */

#include "ocors_notify.h"

#ifdef __linux__

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <apr_hash.h>
#include <apr_strings.h>
#include <http_config.h>
#include <http_log.h>

#include "messages.h"

APLOG_USE_MODULE(ocapi_cors);

/* Files that change together: */
#define QUIET_TIME    apr_time_from_msec(50)
#define TOGETHER_TIME apr_time_from_msec(150)

/* As many as the kernel follows. */
#define LINKS_MAX 40

/* A name in a folder, by the folder's number. */
#define KEY_FORMAT "%d/%s"

#define COMPLETE   (IN_CLOSE_WRITE | IN_MOVED_TO)
#define WATCHED                                                                                    \
    (COMPLETE | IN_MOVED_FROM | IN_CREATE | IN_DELETE | IN_ATTRIB | IN_DELETE_SELF | IN_MOVE_SELF)

typedef struct folder_t {
    int number; /* the kernel's; below 0: it is not watched */
    bool is_whole;
} folder_t;

/* What a round has named. */
typedef struct round_t {
    apr_pool_t *pool;
    apr_hash_t *folders; /* path without links -> folder_t */
    apr_hash_t *numbers; /* number -> folder_t */
    apr_hash_t *names;   /* key() of the names that matter */
    apr_hash_t *plain;   /* paths of folders that are no links */
} round_t;

struct ocors_notify_t {
    int descriptor;
    apr_pool_t *pool, *complete_pool;
    server_rec *server;
    round_t round, before;
    apr_hash_t *complete; /* key() of the names that were told as complete */
    bool is_stale;
    bool is_said; /* that not all is told */
};

/* File systems whose changes are all made through this kernel. */
static bool tells(const char *path)
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

/* Said once in the life of the process. */
static void say(ocors_notify_t *notify, const char *what, apr_status_t status)
{
    if (!notify->is_said) {
        ap_log_error(APLOG_MARK, APLOG_INFO, status, notify->server,
                     OCORS_LOG_UNTOLD
                     "%s: not all changes are told by the system; they are found by the look every "
                     "OcapiCorsReload",
                     what);
        notify->is_said = true;
    }
}

static const char *key(apr_pool_t *pool, int number, const char *name)
{
    return apr_psprintf(pool, KEY_FORMAT, number, name);
}

static void add_to(apr_hash_t *set, const char *string)
{
    apr_hash_set(set, string, APR_HASH_KEY_STRING, "");
}

static bool has(apr_hash_t *set, const char *string)
{
    return apr_hash_get(set, string, APR_HASH_KEY_STRING) != NULL;
}

static void round_begin(ocors_notify_t *notify)
{
    round_t *round = &notify->round;

    apr_pool_create(&round->pool, notify->pool);
    round->folders = apr_hash_make(round->pool);
    round->numbers = apr_hash_make(round->pool);
    round->names = apr_hash_make(round->pool);
    round->plain = apr_hash_make(round->pool);
}

ocors_notify_t *ocors_notify_create(apr_pool_t *pool, server_rec *server)
{
    ocors_notify_t *notify = apr_pcalloc(pool, sizeof(*notify));

    notify->server = server;
    notify->descriptor = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    if (notify->descriptor < 0) {
        say(notify, "inotify", errno);
        return NULL;
    }
    notify->pool = pool;
    apr_pool_create(&notify->complete_pool, pool);
    notify->complete = apr_hash_make(notify->complete_pool);
    round_begin(notify);
    notify->is_stale = true;
    return notify;
}

void ocors_notify_begin(ocors_notify_t *notify)
{
    notify->before = notify->round;
    round_begin(notify);
    notify->is_stale = false;
}

void ocors_notify_end(ocors_notify_t *notify)
{
    apr_hash_index_t *index = apr_hash_first(notify->before.pool, notify->before.numbers);

    for (; index != NULL; index = apr_hash_next(index)) {
        const folder_t *folder = apr_hash_this_val(index);

        if (apr_hash_get(notify->round.numbers, &folder->number, sizeof(folder->number)) == NULL) {
            (void)inotify_rm_watch(notify->descriptor, folder->number); /* or the kernel did */
        }
    }
    apr_pool_destroy(notify->before.pool);
}

static folder_t *watch_folder(ocors_notify_t *notify, const char *path)
{
    round_t *round = &notify->round;
    folder_t *folder = apr_hash_get(round->folders, path, APR_HASH_KEY_STRING), *same;

    if (folder != NULL) {
        return folder;
    }
    folder = apr_pcalloc(round->pool, sizeof(*folder));
    folder->number = inotify_add_watch(notify->descriptor, path, WATCHED | IN_ONLYDIR);
    if (folder->number < 0 && errno != ENOENT && errno != ENOTDIR) {
        say(notify, path, errno);
    }
    else if (folder->number >= 0 && !tells(path)) {
        say(notify, path, 0);
    }
    if (folder->number >= 0) {
        /* One folder may have two paths (a bind mount), and has one number. */
        same = apr_hash_get(round->numbers, &folder->number, sizeof(folder->number));
        folder = same != NULL ? same : folder;
        apr_hash_set(round->numbers, &folder->number, sizeof(folder->number), folder);
    }
    apr_hash_set(round->folders, apr_pstrdup(round->pool, path), APR_HASH_KEY_STRING, folder);
    return folder;
}

static void watch_name(ocors_notify_t *notify, const char *path, const char *name)
{
    add_to(notify->round.names, key(notify->round.pool, watch_folder(notify, path)->number, name));
}

static bool name_is_complete(const ocors_notify_t *notify, apr_pool_t *scratch, const char *path,
                             const char *name)
{
    const folder_t *folder = apr_hash_get(notify->round.folders, path, APR_HASH_KEY_STRING);

    return folder != NULL && has(notify->complete, key(scratch, folder->number, name));
}

static const char *parent_of(apr_pool_t *pool, const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash == path ? "/" : apr_pstrmemdup(pool, path, (apr_size_t)(slash - path));
}

/*
 * Goes the way of an absolute path, as the kernel does. With `adds`, each link, the end and what is
 * missing is watched for; without, the answer is whether a name on the way was told as complete.
 */
static bool walk(ocors_notify_t *notify, const char *path, bool adds, apr_pool_t *scratch)
{
    const char *folder = "/";
    char target[PATH_MAX];

    for (int links = 0; links <= LINKS_MAX;) {
        const size_t length = strcspn(path, "/");
        const char *name = apr_pstrmemdup(scratch, path, length), *full;
        const bool is_last = path[length] == '\0';
        ssize_t size;

        path += length + (is_last ? 0 : 1);
        if (strcmp(name, "..") == 0) {
            folder = parent_of(scratch, folder);
        }
        if (name[0] == '\0' || strcmp(name, ".") == 0 || strcmp(name, "..") == 0) {
            if (is_last) {
                break;
            }
            continue;
        }
        if (!adds && name_is_complete(notify, scratch, folder, name)) {
            return true;
        }
        full = apr_pstrcat(scratch, folder, folder[1] == '\0' ? "" : "/", name, NULL);
        if (adds && !is_last && has(notify->round.plain, full)) {
            folder = full;
            continue;
        }
        size = readlink(full, target, sizeof(target));
        if (adds && (is_last || size >= 0 || errno != EINVAL)) {
            /* Asked again, as it may have changed before it was watched. */
            watch_name(notify, folder, name);
            size = readlink(full, target, sizeof(target));
        }
        if (size >= 0) {
            const char *led = apr_pstrmemdup(scratch, target, (apr_size_t)size);

            folder = led[0] == '/' ? "/" : folder;
            path = is_last ? led : apr_pstrcat(scratch, led, "/", path, NULL);
            links++;
            continue;
        }
        if (is_last || errno != EINVAL) {
            break;
        }
        folder = full;
        if (adds) {
            add_to(notify->round.plain, apr_pstrdup(notify->round.pool, full));
        }
    }
    return false;
}

void ocors_notify_watch_path(ocors_notify_t *notify, const char *path)
{
    apr_pool_t *scratch;

    apr_pool_create(&scratch, notify->round.pool);
    (void)walk(notify, path, true, scratch);
    apr_pool_destroy(scratch);
}

void ocors_notify_watch_folder(ocors_notify_t *notify, const char *path)
{
    char real[PATH_MAX];

    ocors_notify_watch_path(notify, path);
    if (realpath(path, real) != NULL) {
        watch_folder(notify, real)->is_whole = true;
    }
}

bool ocors_notify_is_complete(const ocors_notify_t *notify, const char *path)
{
    apr_pool_t *scratch;
    bool is_complete;

    if (notify == NULL || apr_hash_count(notify->complete) == 0) {
        return false;
    }
    apr_pool_create(&scratch, notify->complete_pool);
    is_complete = walk((ocors_notify_t *)(uintptr_t)notify, path, false, scratch);
    apr_pool_destroy(scratch);
    return is_complete;
}

void ocors_notify_forget(ocors_notify_t *notify)
{
    if (notify != NULL && apr_hash_count(notify->complete) > 0) {
        apr_pool_clear(notify->complete_pool);
        notify->complete = apr_hash_make(notify->complete_pool);
    }
}

bool ocors_notify_is_stale(const ocors_notify_t *notify)
{
    return notify != NULL && notify->is_stale;
}

/* Whether an event matters. */
static bool note(ocors_notify_t *notify, const struct inotify_event *event)
{
    const folder_t *folder;
    char name[NAME_MAX + 16]; /* no memory for what does not matter */

    if ((event->mask & IN_Q_OVERFLOW) != 0) {
        say(notify, "inotify", 0);
        ocors_notify_forget(notify);
        notify->is_stale = true;
        return true;
    }
    folder = apr_hash_get(notify->round.numbers, &event->wd, sizeof(event->wd));
    if (folder == NULL || (event->mask & IN_IGNORED) != 0) {
        return false; /* it is not watched any more */
    }
    if (event->len == 0) { /* the folder itself */
        notify->is_stale = true;
        return true;
    }
    apr_snprintf(name, sizeof(name), KEY_FORMAT, event->wd, event->name);
    if (!folder->is_whole && !has(notify->round.names, name)) {
        return false;
    }
    if ((event->mask & COMPLETE) != 0) {
        add_to(notify->complete, apr_pstrdup(notify->complete_pool, name));
    }
    if ((event->mask & (IN_CLOSE_WRITE | IN_ATTRIB)) == 0) {
        notify->is_stale = true;
    }
    return true;
}

/* Takes what has been told. */
static bool drain(ocors_notify_t *notify)
{
    _Alignas(struct inotify_event) char events[16384];
    bool matters = false;
    ssize_t size;

    while ((size = read(notify->descriptor, events, sizeof(events))) > 0) {
        for (ssize_t at = 0; at < size;) {
            const struct inotify_event *event = (const void *)(events + at);

            matters = note(notify, event) || matters;
            at += (ssize_t)(sizeof(*event) + event->len);
        }
    }
    return matters;
}

static bool is_told_within(ocors_notify_t *notify, apr_interval_time_t time)
{
    struct pollfd descriptor = { .fd = notify->descriptor, .events = POLLIN };

    return poll(&descriptor, 1, (int)((time + 999) / 1000)) > 0;
}

bool ocors_notify_wait(ocors_notify_t *notify, apr_interval_time_t time)
{
    apr_time_t first, passed = 0;

    if (notify == NULL) {
        apr_sleep(time);
        return false;
    }
    if (!is_told_within(notify, time) || !drain(notify)) {
        return false;
    }
    first = apr_time_now();
    while (passed >= 0 && passed < TOGETHER_TIME
           && is_told_within(notify, TOGETHER_TIME - passed < QUIET_TIME ? TOGETHER_TIME - passed
                                                                         : QUIET_TIME)) {
        (void)drain(notify);
        passed = apr_time_now() - first;
    }
    return true;
}

#endif
