/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The process that watches documents. Owns it, and its looks: every few seconds, and when the
 * system tells of a change.
 *
 * It is a process of its own because the parent has no place for it: httpd's MPMs wake the parent's
 * modules about every ten seconds only (monitor), refuse threads in a parent that forks
 * (mod_watchdog), and must go on replacing workers while a large document is read. What it knows of
 * the past is the snapshot in force, so that it can be killed at any instruction, and whoever comes
 * after it, its successor or the parent at the next restart, goes on from there.
 */

#include "ocors_watch.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>
#ifdef __linux__
#include <sys/prctl.h>
#endif

#include <ap_listen.h>
#include <ap_mpm.h>
#include <apr_signal.h>
#include <apr_strings.h>
#include <apr_thread_proc.h>
#include <http_config.h>
#include <http_core.h>
#include <http_log.h>
#include <mpm_common.h>

#include "messages.h"
#include "ocors_fingerprint.h"
#include "ocors_hold.h"
#include "ocors_load.h"
#include "ocors_notify.h"
#include "ocors_publish.h"
#include "ocors_store.h"
#include "ocors_told.h"
#include "ocors_tree.h"

APLOG_USE_MODULE(ocapi_cors);

/* What `ps -o comm` shows. */
#define PROCESS_NAME "ocapi-cors"

/*
 * A change is read when it has been seen the same for this long: what is being written to in place
 * is not judged half way.
 */
#define SETTLE_TIME apr_time_from_msec(500)

/* After so many looks that each found something else, documents that do not rest are left out. */
#define UNSETTLED_MAX 10

/* How long it may sleep without a look at whether its parent still lives. */
#define NAP_TIME apr_time_from_sec(1)

/* What does not fit is tried again ever more rarely, down to every so many looks. */
#define PATIENCE_MAX 63

/* How long it is waited for when it has been killed: its file system may not answer. */
#define END_TIME apr_time_from_sec(1)

typedef struct watch_t {
    apr_proc_t process; /* pid 0: not running */
    apr_pool_t *pconf, *process_pool;
    server_rec *server;
    apr_interval_time_t interval;
    pid_t parent;
    /* In the process itself: */
    ocors_notify_t *notify; /* NULL: nothing is told */
    bool is_complete;       /* all that the last look found changed was told as complete */
    bool has_published;     /* since room was given back last */
    unsigned unsettled;     /* looks in a row that found another state than the one before */
    unsigned patience;      /* looks between two tries to find room for what is held, */
    unsigned waited;        /* and how many have been since the last */
    apr_pool_t *memory;     /* of: */
    apr_hash_t *files;      /* path -> ocors_snapshot_file_t, once much is unsettled */
} watch_t;

/* The one of this configuration; NULL: none. The module is mapped anew for the next. */
static watch_t *running;

static void start(watch_t *watch);

/* ---- In the process -------------------------------------------------------------------------- */

/* Collects what the snapshot in force was made of, once more, in the same order. */
static void collect(const watch_t *watch, bool is_look)
{
    const ocors_snapshot_t *snapshot;
    apr_pool_t *pool;

    ocors_generation_begin_again(watch->process_pool, is_look);
    pool = ocors_generation()->pool;
    snapshot = ocors_store_snapshot();
    for (uint32_t i = 0; i < snapshot->header.settings_count; i++) {
        const ocors_snapshot_policy_t *policy = &snapshot->policies[snapshot->settings[i]];
        const char **paths = apr_palloc(pool, policy->member_count * sizeof(*paths));

        for (uint32_t k = 0; k < policy->member_count; k++) {
            const uint32_t member = snapshot->members[policy->first_member + k];
            const ocors_span_t path = ocors_snapshot_text(snapshot,
                                                          snapshot->documents[member].path);

            paths[k] = apr_pstrmemdup(pool, path.bytes, path.length);
        }
        (void)ocors_load_settings(paths, policy->member_count);
    }
    for (uint32_t i = 0; i < snapshot->header.tree_count; i++) {
        const ocors_span_t directory = ocors_snapshot_text(snapshot, snapshot->trees[i].directory);

        (void)ocors_tree_load(apr_pstrmemdup(pool, directory.bytes, directory.length));
    }
}

/* Holds a document whose file is another one than at the look before. */
static void note_file(watch_t *watch, const ocors_document_t *document)
{
    ocors_snapshot_file_t *before = apr_hash_get(watch->files, document->path, APR_HASH_KEY_STRING);

    if (before == NULL) {
        before = apr_pmemdup(watch->memory, &document->file, sizeof(document->file));
        apr_hash_set(watch->files, apr_pstrdup(watch->memory, document->path), APR_HASH_KEY_STRING,
                     before);
    }
    else if (!ocors_snapshot_file_is_same(before, &document->file)) {
        if (!ocors_hold_has(document->path, &document->file)) { /* not said yet */
            ocors_hold_document(watch->process_pool, document->path, NULL);
            ap_log_error(APLOG_MARK, APLOG_WARNING, 0, watch->server,
                         OCORS_LOG_RESTLESS
                         "%s: the file changes all the time; it is judged when it is still, and "
                         "the other documents do not wait for it",
                         document->path);
        }
        *before = document->file;
    }
}

/* What a look finds. Where much is unsettled, it is remembered which files there were. */
static uint64_t look(watch_t *watch)
{
    const ocors_generation_t *generation;
    uint64_t fingerprint;

    collect(watch, true);
    generation = ocors_generation();
    fingerprint = ocors_fingerprint(generation, false);
    watch->is_complete = ocors_told_is_complete(watch->notify);
    ocors_notify_forget(watch->notify);
    for (int i = 0; i < generation->documents->nelts && watch->unsettled >= UNSETTLED_MAX; i++) {
        const ocors_document_t *document = APR_ARRAY_IDX(generation->documents, i,
                                                         const ocors_document_t *);

        note_file(watch, document);
    }
    ocors_generation_end();
    return fingerprint;
}

/* Sleeps for `*left`, or until a change is told, and leaves the rest. False: the parent is gone. */
static bool rest(const watch_t *watch, apr_interval_time_t *left)
{
    bool is_told = false;

    while (*left > 0 && !is_told && getppid() == watch->parent) {
        const apr_interval_time_t nap = *left < NAP_TIME ? *left : NAP_TIME;
        const apr_time_t started = apr_time_now();
        apr_interval_time_t slept;

        is_told = ocors_notify_wait(watch->notify, nap);
        slept = apr_time_now() - started;
        *left -= slept > 0 && slept < nap ? slept : nap; /* whatever becomes of the clock */
    }
    return getppid() == watch->parent;
}

/* All documents are still: nothing is held for being restless, and nothing need be remembered. */
static void forget(watch_t *watch)
{
    watch->unsettled = 0;
    apr_pool_clear(watch->memory);
    watch->files = apr_hash_make(watch->memory);
}

/* Reads and publishes what a look found. False: it changed again while it was read. */
static bool reload(watch_t *watch, uint64_t found)
{
    ocors_publish_result_t result;

    collect(watch, false);
    if (ocors_fingerprint(ocors_generation(), false) != found) {
        ocors_generation_end();
        return false;
    }
    result = ocors_publish_again(watch->process_pool, watch->server, watch->patience == 0);
    watch->has_published = watch->has_published || result == OCORS_PUBLISHED;
    if (result == OCORS_PUBLISH_NO_ROOM) {
        watch->patience = watch->patience < PATIENCE_MAX ? 2 * watch->patience + 1
                                                         : watch->patience;
    }
    else if (!ocors_hold_has_any()) {
        watch->patience = 0;
    }
    return true;
}

/* Nothing has changed: what nobody uses goes back, and what is held gets its chance. */
static void settle_down(watch_t *watch)
{
    apr_pool_t *scratch;

    forget(watch);
    if (watch->has_published) {
        apr_pool_create(&scratch, watch->memory);
        ocors_store_trim(scratch);
        watch->has_published = false;
    }
    if (ocors_hold_has_any() && watch->waited++ >= watch->patience) {
        ocors_hold_release();
        watch->waited = 0;
    }
}

/* What a look has found is read at once, or once another, `settle` later, finds the same. */
static void run(watch_t *watch)
{
    const apr_interval_time_t settle = watch->interval < SETTLE_TIME ? watch->interval
                                                                     : SETTLE_TIME;
    apr_interval_time_t pause = watch->interval;
    uint64_t seen = 0; /* by a look that another is to follow; 0: by none */

    apr_pool_create(&watch->memory, watch->process_pool);
    forget(watch);
    watch->notify = ocors_notify_create(watch->process_pool, watch->server);
    for (;;) {
        bool is_timed;
        uint64_t found;

        if (ocors_notify_is_stale(watch->notify)) {
            ocors_told_renew(watch->notify, watch->process_pool);
            pause = pause < settle ? pause : settle; /* what came before it was watched for */
        }
        if (!rest(watch, &pause)) {
            return;
        }
        is_timed = pause <= 0;
        found = look(watch);
        if (found == ocors_store_snapshot()->header.fingerprint) {
            seen = 0;
            if (is_timed) {
                settle_down(watch);
                pause = watch->interval;
            }
        }
        else if ((watch->is_complete || (is_timed && found == seen)) && reload(watch, found)) {
            forget(watch);
            seen = 0;
            if (watch->notify != NULL) {
                ocors_told_renew(watch->notify, watch->process_pool);
            }
            pause = watch->notify != NULL ? settle : watch->interval;
        }
        else if (is_timed) {
            seen = found == seen ? 0 : found;
            pause = settle;
            watch->unsettled++;
        }
        else if (seen == 0) {
            seen = found;
            pause = settle;
        }
    }
}

/* What a process inherits from the parent and has no use for. */
static void settle_in(void)
{
#ifdef __linux__
    (void)prctl(PR_SET_NAME, PROCESS_NAME);
#endif
    ap_close_listeners();
    apr_signal(SIGTERM, SIG_DFL);
    apr_signal(SIGINT, SIG_IGN); /* the terminal's, and the parent ends us anyway */
    apr_signal(SIGHUP, SIG_IGN);
    apr_signal(AP_SIG_GRACEFUL, SIG_IGN);
    apr_signal(AP_SIG_GRACEFUL_STOP, SIG_IGN);
}

/* ---- In the parent --------------------------------------------------------------------------- */

/* The MPM tells what became of a process that is none of its own. */
static void maintain(int reason, void *data, int status)
{
    watch_t *watch = data;
    int state = AP_MPMQ_STOPPING;

    switch (reason) {
    case APR_OC_REASON_DEATH:
    case APR_OC_REASON_LOST:
        watch->process.pid = 0;
        apr_proc_other_child_unregister(watch);
        (void)ap_mpm_query(AP_MPMQ_MPM_STATE, &state);
        if (state != AP_MPMQ_STOPPING) {
            ap_log_error(APLOG_MARK, APLOG_ERR, 0, watch->server,
                         OCORS_LOG_WATCH_DIED
                         "the process that watches the documents ended (status %d); it is started "
                         "again",
                         status);
            start(watch);
        }
        break;
    case APR_OC_REASON_RESTART:
        apr_proc_other_child_unregister(watch);
        break;
    default:
        break;
    }
}

/* Whether it is a child of ours that has not ended. (apr_proc_wait() reports a stopped one, too.)
 */
static bool is_alive(pid_t pid)
{
    return waitpid(pid, NULL, WNOHANG) == 0;
}

/*
 * It holds nothing that could be left half done. `httpd -X` has given up the rights to end it: it
 * finds its parent gone. A killed one that the kernel cannot end yet runs no instruction more.
 */
static apr_status_t stop(void *data)
{
    const apr_interval_time_t nap = apr_time_from_msec(1);
    watch_t *watch = data;

    if (watch->process.pid > 0 && getpid() == watch->parent && is_alive(watch->process.pid)
        && kill(watch->process.pid, SIGKILL) == 0) {
        for (apr_interval_time_t left = END_TIME; left > 0 && is_alive(watch->process.pid);
             left -= nap) {
            apr_sleep(nap);
        }
    }
    watch->process.pid = 0;
    running = NULL;
    return APR_SUCCESS;
}

static void start(watch_t *watch)
{
    const apr_status_t status = apr_proc_fork(&watch->process, watch->pconf);

    if (status == APR_INCHILD) {
        settle_in();
        run(watch);
        _exit(0); /* the parent's cleanups are not ours */
    }
    if (status != APR_INPARENT) {
        watch->process.pid = 0;
        ap_log_error(APLOG_MARK, APLOG_ERR, status, watch->server,
                     OCORS_LOG_WATCH_DIED
                     "the process that watches the documents cannot be started; it is tried again "
                     "in a while");
        return;
    }
    apr_proc_other_child_register(&watch->process, maintain, watch, NULL, watch->pconf);
}

void ocors_watch_start(apr_pool_t *pconf, apr_pool_t *process_pool, server_rec *server,
                       apr_interval_time_t interval)
{
    const ocors_snapshot_header_t *header = &ocors_store_snapshot()->header;
    watch_t *watch;

    if (header->settings_count + header->tree_count == 0) {
        return; /* there is nothing to look after */
    }
    watch = apr_pcalloc(pconf, sizeof(*watch));
    watch->pconf = pconf;
    watch->process_pool = process_pool;
    watch->server = server;
    watch->interval = interval;
    watch->parent = getpid();
    /* Registered before the process is, so that it ends it after the MPM has forgotten it. */
    apr_pool_cleanup_register(pconf, watch, stop, apr_pool_cleanup_null);
    start(watch);
    running = watch;
}

void ocors_watch_maintain(void)
{
    if (running != NULL && running->process.pid == 0) {
        start(running);
    }
}
