/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Confinement: a process that reads documents as root keeps the right to read, and no other. Owns
 * nothing.
 *
 * The system calls are made directly: libcap would be a package more for one call.
 */

#include "ocors_confine.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#ifdef __linux__
#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#endif

#include <ap_listen.h>
#include <apr_portable.h>
#include <http_config.h>
#include <http_log.h>

#include "ocors_messages.h"

APLOG_USE_MODULE(ocapi_cors);

/* Sockets stay: syslog and log providers write to them; those of connections are in the workers. */
static bool writes_to_file(int descriptor)
{
    const int flags = fcntl(descriptor, F_GETFL);
    struct stat state;

    return flags >= 0 && (flags & O_ACCMODE) != O_RDONLY && fstat(descriptor, &state) == 0
           && (S_ISREG(state.st_mode) || S_ISFIFO(state.st_mode));
}

/* Without /proc they stay open. */
static void close_files(server_rec *server)
{
    DIR *descriptors = opendir("/proc/self/fd");
    const struct dirent *entry;
    apr_os_file_t error_log = STDERR_FILENO;

    if (descriptors == NULL) {
        return;
    }
    if (server->error_log != NULL) {
        (void)apr_os_file_get(&error_log, server->error_log);
    }
    while ((entry = readdir(descriptors)) != NULL) {
        const int descriptor = (int)strtol(entry->d_name, NULL, 10); /* "." and "..": 0 */

        if (descriptor > STDERR_FILENO && descriptor != error_log && writes_to_file(descriptor)) {
            (void)close(descriptor);
        }
    }
    (void)closedir(descriptors);
}

#ifdef __linux__
/* Permitted and effective: CAP_DAC_READ_SEARCH if it was permitted; nothing is inherited. */
static bool reduce_capabilities(void)
{
    struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
    struct __user_cap_data_struct sets[_LINUX_CAPABILITY_U32S_3] = { { 0 } };
    const int last = CAP_TO_INDEX(CAP_DAC_READ_SEARCH);

    if (syscall(SYS_capget, &header, sets) != 0) {
        return false;
    }
    for (int i = 0; i < _LINUX_CAPABILITY_U32S_3; i++) {
        sets[i].permitted &= i == last ? CAP_TO_MASK(CAP_DAC_READ_SEARCH) : 0;
        sets[i].effective = sets[i].permitted;
        sets[i].inheritable = 0;
    }
    return syscall(SYS_capset, &header, sets) == 0;
}

static bool give_up_privileges(void)
{
    /* no_new_privs: what a program file grants is not gained by running it. */
    const bool is_kept = prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0;
    const bool is_hidden = prctl(PR_SET_DUMPABLE, 0) == 0;

    return reduce_capabilities() && is_kept && is_hidden;
}
#endif

void ocors_confine(server_rec *server)
{
    ap_close_listeners();
    close_files(server);
#ifdef __linux__
    if (!give_up_privileges()) {
        ap_log_error(APLOG_MARK, APLOG_WARNING, APR_FROM_OS_ERROR(errno), server,
                     OCORS_LOG_NOT_CONFINED
                     "the process that watches the documents keeps privileges that it does not "
                     "need");
    }
#endif
}
