/* SPDX-License-Identifier: Apache-2.0 */
/* A response as the place where escaped text goes. */
#ifndef OCORS_STATUS_PUT_H
#define OCORS_STATUS_PUT_H

#include <http_protocol.h>

/* An ocors_put_t; `to` is the request_rec. */
static inline void ocors_status_put(void *to, const char *bytes, size_t length)
{
    (void)ap_rwrite(bytes, (int)length, to);
}

#endif
