/* SPDX-License-Identifier: Apache-2.0 */
/* What the system tells of changes. Owns the inotify descriptor. */

#include "ocors_notify.h"

#ifdef __linux__

#include <errno.h>
#include <poll.h>
#include <sys/inotify.h>
#include <unistd.h>

#include <apr_strings.h>
#include <http_config.h>
#include <http_log.h>

#include "ocors_messages.h"
#include "ocors_ways.h"

APLOG_USE_MODULE(ocapi_cors);

/* Changes that are told together. */
#define QUIET_TIME    apr_time_from_msec(50)
#define TOGETHER_TIME apr_time_from_msec(150)

/* Where more paths than this change together, all is taken to have changed. */
#define PATHS_MAX  64

#define COMPLETE   (IN_CLOSE_WRITE | IN_MOVED_TO)
#define INCOMPLETE (IN_CREATE | IN_MOVED_FROM | IN_DELETE | IN_MODIFY)

struct ocors_notify_t {
    int descriptor;
    apr_pool_t *pool;
    server_rec *server;
    ocors_ways_t *ways, *before; /* of this round; of the one before, while it is replaced */
    bool is_said;                /* that not all is told */
};

/* Said once in the life of the process. */
static void say(ocors_notify_t *notify, const char *what, apr_status_t status)
{
    if (what != NULL && !notify->is_said) {
        ap_log_error(APLOG_MARK, APLOG_INFO, status, notify->server,
                     OCORS_LOG_UNTOLD
                     "%s: the system does not tell of all changes; a look every OcapiCorsReload "
                     "finds them",
                     what);
        notify->is_said = true;
    }
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
    notify->ways = ocors_ways_create(pool, notify->descriptor);
    return notify;
}

void ocors_notify_begin(ocors_notify_t *notify)
{
    if (notify != NULL) {
        notify->before = notify->ways;
        notify->ways = ocors_ways_create(notify->pool, notify->descriptor);
    }
}

void ocors_notify_end(ocors_notify_t *notify)
{
    if (notify != NULL) {
        ocors_ways_destroy(notify->before, notify->ways);
    }
}

static bool is_told(ocors_notify_t *notify, bool is_told_of)
{
    apr_status_t status;

    if (!is_told_of) {
        const char *what = ocors_ways_untold(notify->ways, &status);

        say(notify, what, status);
    }
    return is_told_of;
}

bool ocors_notify_watch_path(ocors_notify_t *notify, const char *path)
{
    return notify != NULL && is_told(notify, ocors_ways_add(notify->ways, path));
}

bool ocors_notify_watch_folder(ocors_notify_t *notify, const char *path)
{
    return notify != NULL && is_told(notify, ocors_ways_add_folder(notify->ways, path));
}

/* ---- Being told ------------------------------------------------------------------------------ */

/* What an event is noted in. */
typedef struct told_t {
    ocors_notify_t *notify;
    apr_pool_t *pool;
    ocors_changes_t *changes;
    uint32_t mask;
} told_t;

static void add_to(const told_t *told, apr_hash_t *set, const char *path)
{
    apr_hash_set(set, apr_pstrdup(told->pool, path), APR_HASH_KEY_STRING, "");
}

/*
 * A path, or something below it, has changed. The last event says whether it is complete. Whether
 * it was noted by itself.
 */
static bool note_path(const told_t *told, const char *path)
{
    ocors_changes_t *changes = told->changes;

    if ((told->mask & COMPLETE) != 0) {
        add_to(told, changes->complete, path);
    }
    else if ((told->mask & INCOMPLETE) != 0) {
        ocors_ways_remove(changes->complete, path);
    }
    changes->is_all = changes->is_all || apr_hash_count(changes->paths) >= PATHS_MAX;
    if (!changes->is_all) {
        add_to(told, changes->paths, path);
    }
    return !changes->is_all;
}

static void note_name(const told_t *told, const ocors_ways_name_t *name)
{
    ocors_ways_t *ways = told->notify->ways;

    told->changes->is_all = told->changes->is_all || name->is_all;
    for (int i = 0; name->folders != NULL && i < name->folders->nelts; i++) {
        const char *path = APR_ARRAY_IDX(name->folders, i, const char *);

        if (note_path(told, path)) {
            ocors_ways_forget_below(ways, path);
        }
    }
    for (int i = 0; name->paths != NULL && i < name->paths->nelts; i++) {
        const char *path = APR_ARRAY_IDX(name->paths, i, const char *);

        (void)note_path(told, path);
        ocors_ways_forget(ways, path);
    }
}

/* All names in a folder are watched, by these paths. */
static void note_whole(const told_t *told, const apr_array_header_t *wholes, const char *name)
{
    for (int i = 0; wholes != NULL && i < wholes->nelts; i++) {
        const char *folder = APR_ARRAY_IDX(wholes, i, const char *);

        (void)note_path(told, apr_pstrcat(told->pool, folder, "/", name, NULL));
    }
}

/* Whether an event matters. */
static bool note(const told_t *told, const struct inotify_event *event)
{
    ocors_ways_t *ways = told->notify->ways;
    ocors_ways_folder_t *folder = ocors_ways_folder(ways, event->wd);
    const ocors_ways_name_t *name;

    if ((event->mask & (IN_Q_OVERFLOW | IN_UNMOUNT)) != 0) {
        apr_hash_clear(told->changes->complete); /* what was written since is not known */
        told->changes->is_all = true;
        return true;
    }
    if (folder == NULL) {
        return false; /* it is not watched any more */
    }
    if ((event->mask & IN_IGNORED) != 0) {
        ocors_ways_end_folder(ways, event->wd);
        return false; /* the folder is gone: its name in the folder above tells */
    }
    if (event->len == 0) {
        return false; /* the folder's own owner, mode or time: so does its name */
    }
    name = ocors_ways_name(ways, event->wd, event->name);
    if (name != NULL) {
        note_name(told, name);
    }
    note_whole(told, folder->wholes, event->name);
    return name != NULL || folder->wholes != NULL;
}

/* Takes what has been told. Whether anything of it matters. */
static bool drain(ocors_notify_t *notify, apr_pool_t *pool, ocors_changes_t *changes)
{
    _Alignas(struct inotify_event) char events[16384];
    bool matters = false;
    ssize_t size;

    while ((size = read(notify->descriptor, events, sizeof(events))) > 0) {
        for (ssize_t at = 0; at < size;) {
            const struct inotify_event *event = (const void *)(events + at);
            const told_t told = {
                .notify = notify,
                .pool = pool,
                .changes = changes,
                .mask = event->mask,
            };

            if (note(&told, event)) {
                matters = true;
                changes->is_urgent = changes->is_urgent
                                     || (event->mask & ~(uint32_t)IN_MODIFY) != 0;
            }
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

bool ocors_notify_wait(ocors_notify_t *notify, apr_interval_time_t time, apr_pool_t *pool,
                       ocors_changes_t *changes)
{
    apr_time_t first, passed = 0;

    if (notify == NULL) {
        apr_sleep(time);
        return false;
    }
    if (!is_told_within(notify, time) || !drain(notify, pool, changes)) {
        return false;
    }
    first = apr_time_now();
    while (passed >= 0 && passed < TOGETHER_TIME
           && is_told_within(notify, TOGETHER_TIME - passed < QUIET_TIME ? TOGETHER_TIME - passed
                                                                         : QUIET_TIME)) {
        (void)drain(notify, pool, changes);
        passed = apr_time_now() - first;
    }
    return true;
}

#endif
