/* SPDX-License-Identifier: Apache-2.0 */
/* What a process gives up that only reads files, and publishes what it has read. */
#ifndef OCORS_CONFINE_H
#define OCORS_CONFINE_H

#include <httpd.h>

/*
 * Gives up, for the life of the calling process, which has one thread, what it inherited from the
 * parent and has no use for:
 *   - the listening sockets, and each file or pipe that is open for writing and is not the error
 *     log of `server` or one of the three standard descriptors (access logs, piped logs);
 *   - on Linux, all capabilities but CAP_DAC_READ_SEARCH, by which root reads what others own; the
 *     gain of new ones by exec; and core dumps and debuggers of its user (not dumpable).
 * A capability that the process did not have is not gained. A failure is logged to `server` (a
 * warning, OCORS0030), and the process goes on with what it could not give up.
 */
void ocors_confine(server_rec *server);

#endif
