/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The protocol between the one publisher and the readers.
 *
 *   reader:  E1  area = current                   publisher:  P1  area != current, and every
 *            E2  inside[area] += 1                                inside[area] is 0: it is free
 *            E3  does current still name the area?            P2  write the area's snapshot
 *                no: inside[area] -= 1, again                 P3  current = area
 *            R   read the snapshot
 *            L   inside[area] -= 1
 *
 * Claim: no reader is in R while P2 writes to the area that it reads.
 *
 * E1, E2, E3, P1 and P3 are sequentially consistent, so that all of them have one order. Take a
 * reader between E3 and L, and P1 of its area, which found the area not current and 0 everywhere.
 *  - P1 after L: the reader is gone. P1's acquire sees L's release, so that its reads are over.
 *  - P1 between E2 and L: impossible, as the reader's own count is not 0.
 *  - P1 before E2: at P1 the area was not current, and at E3 it was. So the P3 that ends this
 *    publication lies between them; its writing is done, and E3's acquire sees it whole. The next
 *    P1 of this area comes after a P3 of another area, hence after E3, and is a case above.
 * An area that is left and published again between E1 and E3 (ABA) does no harm for that reason:
 * nothing of the snapshot is read before E3. Only the publisher writes `current`, so that it knows
 * its value between P1 and P3; another publisher begins only when this one is dead and waited for.
 *
 * A reader that is stopped between E2 and L keeps its one area, also if the area is not current any
 * more. A reader that is killed is counted until the publisher's side hears of its death and clears
 * its counts (ocors_epoch_release): from then on it executes nothing. A count can be too high, and
 * never too low: reuse waits.
 *
 * tests/unit/test_epoch.c walks through every interleaving of this file's own code, and shows that
 * it finds the fault of a weaker protocol.
 */

#include "ocors_epoch.h"

#define AREA_BITS 4
#define AREA_MASK ((UINT32_C(1) << AREA_BITS) - 1)

_Static_assert(OCORS_EPOCH_AREAS < AREA_MASK, "the number of an area fits");
_Static_assert(sizeof(ocors_epoch_reader_t) == 64, "a reader is a cache line");

/* The area that a value of `current` names. */
static uint32_t area_of(uint32_t current)
{
    const uint32_t number = current & AREA_MASK;

    return number == 0 || number > OCORS_EPOCH_AREAS ? OCORS_EPOCH_AREAS : number - 1;
}

ocors_epoch_reader_t *ocors_epoch_take(ocors_epoch_reader_t *readers, uint32_t count,
                                       uint64_t owner)
{
    for (uint32_t i = 0; i + 1 < count; i++) {
        uint64_t nobody = 0;

        if (atomic_compare_exchange_strong(&readers[i].owner, &nobody, owner)) {
            return &readers[i];
        }
    }
    return &readers[count - 1];
}

void ocors_epoch_release(ocors_epoch_reader_t *readers, uint32_t count, uint64_t owner)
{
    for (uint32_t i = 0; i < count && owner != 0; i++) { /* 0 owns the shared one */
        if (atomic_load_explicit(&readers[i].owner, memory_order_acquire) != owner) {
            continue;
        }
        for (uint32_t area = 0; area < OCORS_EPOCH_AREAS; area++) {
            atomic_store_explicit(&readers[i].inside[area], 0, memory_order_seq_cst);
        }
        atomic_store_explicit(&readers[i].owner, 0, memory_order_release);
    }
}

uint32_t ocors_epoch_pin(const ocors_epoch_head_t *head, ocors_epoch_reader_t *reader)
{
    uint32_t current = atomic_load_explicit(&head->current, memory_order_seq_cst);

    for (;;) {
        const uint32_t area = area_of(current);

        if (area == OCORS_EPOCH_AREAS) {
            return area;
        }
        atomic_fetch_add_explicit(&reader->inside[area], 1, memory_order_seq_cst);
        current = atomic_load_explicit(&head->current, memory_order_seq_cst);
        if (area_of(current) == area) {
            return area;
        }
        atomic_fetch_sub_explicit(&reader->inside[area], 1, memory_order_release);
    }
}

void ocors_epoch_unpin(ocors_epoch_reader_t *reader, uint32_t area)
{
    atomic_fetch_sub_explicit(&reader->inside[area], 1, memory_order_release);
}

uint32_t ocors_epoch_current(const ocors_epoch_head_t *head)
{
    return area_of(atomic_load_explicit(&head->current, memory_order_relaxed));
}

bool ocors_epoch_is_free(const ocors_epoch_head_t *head, const ocors_epoch_reader_t *readers,
                         uint32_t count, uint32_t area)
{
    if (ocors_epoch_current(head) == area) {
        return false;
    }
    for (uint32_t i = 0; i < count; i++) {
        if (atomic_load_explicit(&readers[i].inside[area], memory_order_seq_cst) != 0) {
            return false;
        }
    }
    return true;
}

void ocors_epoch_publish(ocors_epoch_head_t *head, uint32_t area, uint32_t hint)
{
    atomic_store_explicit(&head->current, hint << AREA_BITS | (area + 1), memory_order_seq_cst);
}
