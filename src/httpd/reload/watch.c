/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The process that watches documents. Owns it.
 *
 * It is a process of its own because the parent has no place for it: httpd's MPMs wake the parent's
 * modules about every ten seconds only (monitor), refuse threads in a parent that forks
 * (mod_watchdog), and must go on replacing workers while a large document is read. What it knows of
 * the past is the snapshot in force, so that it can be killed at any instruction, and whoever comes
 * after it, its successor or the parent at the next restart, goes on from there.
 */

#include "ocors_watch.h"

#include <signal.h>
#include <stdbool.h>
#include <sys/wait.h>
#include <unistd.h>
#ifdef __linux__
#include <sys/prctl.h>
#endif

#include <ap_mpm.h>
#include <apr_signal.h>
#include <apr_strings.h>
#include <apr_thread_proc.h>
#include <http_config.h>
#include <http_core.h>
#include <http_log.h>
#include <mpm_common.h>

#include "ocors_confine.h"
#include "ocors_look.h"
#include "ocors_messages.h"

APLOG_USE_MODULE(ocapi_cors);

/* What `ps -o comm` shows. */
#define PROCESS_NAME "ocapi-cors"

/* How long it is waited for when it has been killed: its file system may not answer. */
#define END_TIME apr_time_from_sec(1)

typedef struct watch_t {
    apr_proc_t process; /* pid 0: not running */
    apr_pool_t *pconf;
    server_rec *server;
    const ocors_lists_t *lists;
    pid_t parent;
} watch_t;

/* The one of this configuration; NULL: none. The module is mapped anew for the next. */
static watch_t *running;

static void start(watch_t *watch);

/* What a process inherits from the parent and has no use for. */
static void settle_in(server_rec *server)
{
#ifdef __linux__
    (void)prctl(PR_SET_NAME, PROCESS_NAME);
#endif
    ocors_confine(server);
    apr_signal(SIGTERM, SIG_DFL);
    apr_signal(SIGPIPE, SIG_IGN); /* of an error log's program that ended */
    apr_signal(SIGXFSZ, SIG_IGN); /* of a log that may not grow; MPMs ignore it from their run on */
    apr_signal(SIGINT, SIG_IGN);  /* the terminal's, and the parent ends us anyway */
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
        settle_in(watch->server);
        ocors_look_on(watch->pconf, watch->server, watch->lists, watch->parent);
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

void ocors_watch_start(apr_pool_t *pconf, server_rec *server, const ocors_lists_t *lists)
{
    watch_t *watch = apr_pcalloc(pconf, sizeof(*watch));

    watch->pconf = pconf;
    watch->server = server;
    watch->lists = lists;
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
