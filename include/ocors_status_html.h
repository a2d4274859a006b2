/* SPDX-License-Identifier: Apache-2.0 */
/* The status page for people. */
#ifndef OCORS_STATUS_HTML_H
#define OCORS_STATUS_HTML_H

#include "ocors_status_state.h"

/*
 * Writes the body, and sets Content-Type and a Content-Security-Policy. The page asks for nothing
 * else, runs no script, and escapes all that is not its own.
 */
void ocors_status_html(request_rec *r, const ocors_status_state_t *state);

/* A block of the page of mod_status: what is in force, in a few words. */
void ocors_status_html_block(request_rec *r, const ocors_status_state_t *state);

#endif
