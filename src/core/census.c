/* SPDX-License-Identifier: Apache-2.0 */
/* A set of kinds and a bitmap of origins, in shared memory. */

#include "ocors_census.h"

#define PROBES 64 /* places of a kind: the set is nearly full before one has none */

bool ocors_census_kind(ocors_census_t *census, uint64_t kind)
{
    for (uint32_t i = 0; i < PROBES; i++) {
        _Atomic uint64_t *at = &census->kinds[(kind + i) % OCORS_CENSUS_KINDS];
        uint64_t found = atomic_load_explicit(at, memory_order_relaxed);

        if (found == 0
            && atomic_compare_exchange_strong_explicit(at, &found, kind, memory_order_relaxed,
                                                       memory_order_relaxed)) {
            return atomic_fetch_add_explicit(&census->kind_count, 1, memory_order_relaxed)
                   < OCORS_CENSUS_LINES;
        }
        if (found == kind) {
            return false;
        }
    }
    atomic_store_explicit(&census->is_full, 1, memory_order_relaxed);
    return false;
}

uint32_t ocors_census_unlogged(const ocors_census_t *census, bool *is_more)
{
    const uint32_t count = atomic_load_explicit(&census->kind_count, memory_order_relaxed);

    *is_more = atomic_load_explicit(&census->is_full, memory_order_relaxed) != 0;
    return count > OCORS_CENSUS_LINES ? count - OCORS_CENSUS_LINES : 0;
}

void ocors_census_origin(ocors_census_t *census, uint64_t hash)
{
    _Atomic uint64_t *at = &census->origins[hash % OCORS_CENSUS_ORIGINS / 64];
    const uint64_t bit = UINT64_C(1) << hash % 64;

    if ((atomic_load_explicit(at, memory_order_relaxed) & bit) == 0) {
        atomic_fetch_or_explicit(at, bit, memory_order_relaxed);
    }
}

uint64_t ocors_census_origins(const ocors_census_t *census)
{
    uint32_t clear = OCORS_CENSUS_ORIGINS;
    double expected = 0;

    for (uint32_t i = 0; i < OCORS_CENSUS_ORIGINS / 64; i++) {
        uint64_t word = atomic_load_explicit(&census->origins[i], memory_order_relaxed);

        for (; word != 0; word &= word - 1) {
            clear--;
        }
    }
    /* While n bits are clear, one of OCORS_CENSUS_ORIGINS / n origins sets another bit. */
    for (uint32_t n = OCORS_CENSUS_ORIGINS; n > clear; n--) {
        expected += (double)OCORS_CENSUS_ORIGINS / n;
    }
    return (uint64_t)(expected + 0.5);
}

void ocors_census_clear(ocors_census_t *census)
{
    for (uint32_t i = 0; i < OCORS_CENSUS_KINDS; i++) {
        atomic_store_explicit(&census->kinds[i], 0, memory_order_relaxed);
    }
    for (uint32_t i = 0; i < OCORS_CENSUS_ORIGINS / 64; i++) {
        atomic_store_explicit(&census->origins[i], 0, memory_order_relaxed);
    }
    atomic_store_explicit(&census->kind_count, 0, memory_order_relaxed);
    atomic_store_explicit(&census->is_full, 0, memory_order_relaxed);
}
