/* SPDX-License-Identifier: Apache-2.0 */
/* A generation -> a snapshot in shared memory. */
#ifndef OCORS_PUBLISH_H
#define OCORS_PUBLISH_H

#include <stdbool.h>
#include <stdint.h>

#include <httpd.h>

/*
 * Each publishes what ocors_generation() collected, logs what was found and what is in force,
 * and ends the generation.
 */

/*
 * At a start or a restart, before workers are forked: into a segment of its own, which has
 * `cache_size` bytes, or, where that is 0, room to grow. OK. Where it does not fit, or no memory
 * can be had: at a start an HTTP status; at a restart what is in force stays, and workers find it
 * by the new configuration's numbers. `pool` lives as long as the workers' configuration.
 */
int ocors_publish_anew(apr_pool_t *pool, apr_pool_t *process_pool, server_rec *server,
                       uint64_t cache_size);

/*
 * At a start: rejects the documents, the largest first, for which `cache_size` bytes (0: any) have
 * no room, so that they are judged as any other that cannot be used.
 */
void ocors_publish_fit(uint64_t cache_size);

/*
 * At the first reading of a start: whether there is memory for what ocors_publish_anew() will want
 * at the second, whose failure nobody would see. Says so on the terminal where there is none.
 */
bool ocors_publish_try(uint64_t cache_size);

/*
 * While the server runs: into spare room of the segment in force; one atomic store makes it the
 * snapshot of every worker's next request.
 */
typedef enum {
    OCORS_PUBLISHED,
    OCORS_PUBLISH_NOTHING_NEW, /* the reading found what is in force */
    OCORS_PUBLISH_NO_ROOM      /* nothing has changed; room may come back as readers go */
} ocors_publish_result_t;

/*
 * A document for which there is no room is held as it is in force (ocors_hold_document()), the
 * largest one, so that the others can be published at the next occasion; said in the log if
 * `is_first`.
 */
ocors_publish_result_t ocors_publish_again(apr_pool_t *process_pool, server_rec *server,
                                           bool is_first);

#endif
