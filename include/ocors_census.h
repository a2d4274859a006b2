/* SPDX-License-Identifier: Apache-2.0 */
/* How many different things came in a minute, in bounded memory, whatever a client sends. */
#ifndef OCORS_CENSUS_H
#define OCORS_CENSUS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

/*
 *   kinds     a set: each kind of refusals once, as long as there is room
 *   origins   one bit for the hash of each origin: how many bits are clear says about how many
 *             origins there were (Whang, Vander-Zanden, Taylor: A linear-time probabilistic
 * counting algorithm, 1990)
 *
 * It lies in memory that all workers share, and begins as zeros. Each step is one atomic operation,
 * and leaves nothing half done. A worker may have written anything: numbers are wrong then, and
 * nothing else is.
 */
#define OCORS_CENSUS_KINDS   4096  /* kinds that are told apart; a power of two */
#define OCORS_CENSUS_LINES   64    /* kinds that have a line of the log */
#define OCORS_CENSUS_ORIGINS 65536 /* bits; a power of two */

typedef struct ocors_census_t {
    _Atomic uint64_t kinds[OCORS_CENSUS_KINDS]; /* 0: free */
    _Atomic uint64_t origins[OCORS_CENSUS_ORIGINS / 64];
    _Atomic uint32_t kind_count;
    _Atomic uint32_t is_full; /* a kind found no room: there were more */
} ocors_census_t;

/*
 * Counts a kind, which is not 0. True: it is new, and one of the first OCORS_CENSUS_LINES. Of
 * several that ask at once for one kind, one gets true.
 */
bool ocors_census_kind(ocors_census_t *census, uint64_t kind);

/* How many kinds were too many for lines. *is_more: there were more than that. */
uint32_t ocors_census_unlogged(const ocors_census_t *census, bool *is_more);

/* Counts an origin by its hash, whose bits are evenly distributed. */
void ocors_census_origin(ocors_census_t *census, uint64_t hash);

/*
 * About how many origins were counted: 2% wrong at 100,000. More than 760,000 are said to be about
 * that many.
 */
uint64_t ocors_census_origins(const ocors_census_t *census);

/* Begins anew. What workers count meanwhile may be lost. */
void ocors_census_clear(ocors_census_t *census);

#endif
