/* SPDX-License-Identifier: Apache-2.0 */
/* Space-Saving in shared memory. */

#include "ocors_sketch.h"

#include <stdlib.h>
#include <string.h>

#include "ocors_utf8.h"

/* ---- For workers ----------------------------------------------------------------------------- */

void ocors_sketch_note_texts(ocors_sketch_note_t *note, ocors_span_t origin, ocors_span_t nearest)
{
    origin = ocors_utf8_cut(origin, OCORS_SKETCH_TEXT_MAX);
    nearest = ocors_utf8_cut(nearest, OCORS_SKETCH_TEXT_MAX);
    note->origin_length = (uint8_t)origin.length;
    note->nearest_length = (uint8_t)nearest.length;
    if (note->origin_length > 0) {
        memcpy(note->origin_text, origin.bytes, note->origin_length);
    }
    if (note->nearest_length > 0) {
        memcpy(note->nearest_text, nearest.bytes, note->nearest_length);
    }
}

/* The way of a key; else a free one; else the one with the least count. */
static unsigned way_for(const ocors_sketch_set_t *set, uint64_t key)
{
    unsigned least = 0;
    uint64_t least_count = UINT64_MAX;

    for (unsigned way = 0; way < OCORS_SKETCH_WAYS; way++) {
        const uint64_t other = atomic_load_explicit(&set->keys[way], memory_order_relaxed);
        const uint64_t count = other == 0
                                   ? 0
                                   : atomic_load_explicit(&set->counts[way], memory_order_relaxed);

        if (other == key) {
            return way;
        }
        if (count < least_count) {
            least = way;
            least_count = count;
        }
    }
    return least;
}

/* Writes an entry. A reader sees by the version that it is not whole. */
static void write_entry(ocors_sketch_entry_t *entry, uint64_t key, uint64_t error,
                        const ocors_sketch_note_t *note)
{
    const uint32_t version = atomic_load_explicit(&entry->version, memory_order_relaxed) | 1;

    atomic_store_explicit(&entry->version, version, memory_order_relaxed);
    atomic_thread_fence(memory_order_release);
    entry->key = key;
    entry->error = error;
    entry->note = *note;
    atomic_store_explicit(&entry->version, version + 1, memory_order_release);
}

/* Whether a stamp is not an earlier one. */
static bool is_since(uint64_t stamp, uint64_t earlier)
{
    return stamp - earlier < UINT64_C(1) << 63;
}

/* Where the refusals of an entry count. */
static size_t place_of(const ocors_sketch_note_t *note)
{
    return ocors_counters_place(ocors_counters_band(note->row, note->is_report != 0),
                                (ocors_reason_t)note->reason);
}

/*
 * Gives a way to a new key: it goes on from the count of the one that loses it. Without a mark
 * nobody finds the way. A refusal that found it before counts there a moment later: in the sketch
 * it counts for the new key, in the counters for its own site and reason.
 */
static void take_way(ocors_sketch_set_t *set, unsigned way, uint64_t key, uint64_t minute,
                     const ocors_sketch_note_t *note)
{
    const bool was_free = atomic_load_explicit(&set->keys[way], memory_order_relaxed) == 0;
    const uint64_t stamp = atomic_load_explicit(&set->stamps[way], memory_order_relaxed);

    if (!was_free && is_since(stamp, minute)) {
        atomic_fetch_add_explicit(&set->evicted, 1, memory_order_relaxed);
    }
    if (was_free) {
        atomic_store_explicit(&set->counts[way], 0, memory_order_relaxed);
    }
    atomic_store_explicit(&set->marks[way], 0, memory_order_relaxed);
    atomic_store_explicit(&set->keys[way], 0, memory_order_relaxed);
    write_entry(&set->entries[way], key,
                atomic_load_explicit(&set->counts[way], memory_order_relaxed), note);
}

bool ocors_sketch_enter(ocors_sketch_set_t *set, uint64_t key, uint64_t stamp, uint64_t minute,
                        const ocors_sketch_note_t *note, uint32_t owner)
{
    uint32_t nobody = 0;
    unsigned way;

    if (!atomic_compare_exchange_strong_explicit(&set->owner, &nobody, owner, memory_order_acquire,
                                                 memory_order_relaxed)) {
        return false;
    }
    way = way_for(set, key);
    if (atomic_load_explicit(&set->keys[way], memory_order_relaxed) == key) {
        write_entry(&set->entries[way], key, set->entries[way].error, note);
    }
    else {
        take_way(set, way, key, minute, note);
    }
    atomic_store_explicit(&set->stamps[way], stamp, memory_order_relaxed);
    atomic_fetch_add_explicit(&set->counts[way], 1, memory_order_relaxed);
    atomic_store_explicit(&set->keys[way], key, memory_order_release);
    /* Who finds this mark adds to the count that was stored above. */
    atomic_store_explicit(&set->marks[way], ocors_sketch_mark(key, stamp) | place_of(note),
                          memory_order_release);
    atomic_store_explicit(&set->owner, 0, memory_order_release);
    return true;
}

void ocors_sketch_release(ocors_sketch_t *sketch, uint32_t owner)
{
    for (unsigned i = 0; i < OCORS_SKETCH_STRIPES * OCORS_SKETCH_SETS; i++) {
        uint32_t expected = owner;

        atomic_compare_exchange_strong_explicit(
            &sketch->sets[i / OCORS_SKETCH_STRIPES][i % OCORS_SKETCH_STRIPES].owner, &expected, 0,
            memory_order_release, memory_order_relaxed);
    }
}

/* ---- For readers ----------------------------------------------------------------------------- */

/* How often an entry is read again that changes meanwhile. */
#define READ_TRIES 4

void ocors_sketch_note_read(const ocors_sketch_note_t *from, ocors_sketch_note_t *note)
{
    memcpy(note, from, sizeof(*note));
    note->row %= OCORS_COUNTERS_ROWS;
    note->verdict %= OCORS_VERDICT_COUNT;
    note->reason %= OCORS_REASON_COUNT;
    note->is_report = note->is_report != 0;
    if (note->origin_length > OCORS_SKETCH_TEXT_MAX) {
        note->origin_length = OCORS_SKETCH_TEXT_MAX;
    }
    if (note->nearest_length > OCORS_SKETCH_TEXT_MAX) {
        note->nearest_length = OCORS_SKETCH_TEXT_MAX;
    }
}

/* Copies the error and the note of a key. False: the entry is another one's by now. */
static bool read_entry(const ocors_sketch_entry_t *entry, uint64_t key, uint64_t *error,
                       ocors_sketch_note_t *note)
{
    for (unsigned i = 0; i < READ_TRIES; i++) {
        const uint32_t version = atomic_load_explicit(&entry->version, memory_order_acquire);
        const uint64_t found = entry->key;

        *error = entry->error;
        if (note != NULL) {
            ocors_sketch_note_read(&entry->note, note);
        }
        atomic_thread_fence(memory_order_acquire);
        if ((version & 1) == 0
            && atomic_load_explicit(&entry->version, memory_order_relaxed) == version) {
            return found == key;
        }
    }
    return false;
}

/* Reads a way. False: it has no whole entry. */
static bool read_way(const ocors_sketch_set_t *set, unsigned way, uint64_t *key, uint64_t *count,
                     uint64_t *error)
{
    *key = atomic_load_explicit(&set->keys[way], memory_order_acquire);
    *count = atomic_load_explicit(&set->counts[way], memory_order_relaxed);
    if (*key == 0 || !read_entry(&set->entries[way], *key, error, NULL)) {
        return false;
    }
    if (*error > *count) {
        *error = *count;
    }
    return true;
}

/* What a set may have forgotten of a key that it lacks. */
static uint64_t least_of(const ocors_sketch_set_t *set)
{
    uint64_t least = UINT64_MAX;

    for (unsigned way = 0; way < OCORS_SKETCH_WAYS; way++) {
        const uint64_t count = atomic_load_explicit(&set->counts[way], memory_order_relaxed);

        if (atomic_load_explicit(&set->keys[way], memory_order_relaxed) == 0) {
            return 0;
        }
        least = count < least ? count : least;
    }
    return least;
}

static bool has_key(const ocors_sketch_set_t *set, uint64_t key)
{
    for (unsigned way = 0; way < OCORS_SKETCH_WAYS; way++) {
        if (atomic_load_explicit(&set->keys[way], memory_order_relaxed) == key) {
            return true;
        }
    }
    return false;
}

/* Whether an earlier stripe has the key, where it was summed up already. */
static bool is_summed(const ocors_sketch_t *sketch, unsigned stripe, unsigned set, uint64_t key)
{
    for (unsigned i = 0; i < stripe; i++) {
        if (has_key(&sketch->sets[set][i], key)) {
            return true;
        }
    }
    return false;
}

/* The way of a key. OCORS_SKETCH_WAYS: the set has no whole entry of it. */
static unsigned find_way(const ocors_sketch_set_t *set, uint64_t key, uint64_t *count,
                         uint64_t *error)
{
    unsigned way = 0;
    uint64_t other;

    while (way < OCORS_SKETCH_WAYS && !(read_way(set, way, &other, count, error) && other == key)) {
        way++;
    }
    return way;
}

/*
 * Sums up what all stripes say of the key of an item. The note is the newest one: an older one's
 * reason may not hold any more. False: no entry is whole.
 */
static bool sum_up(const ocors_sketch_t *sketch, unsigned set, ocors_sketch_item_t *item)
{
    bool has_note = false;
    uint64_t newest = 0;

    for (unsigned i = 0; i < OCORS_SKETCH_STRIPES; i++) {
        const ocors_sketch_set_t *at = &sketch->sets[set][i];
        uint64_t count = 0, error = 0, error_again;
        const unsigned way = find_way(at, item->key, &count, &error);

        if (way == OCORS_SKETCH_WAYS) {
            count = error = least_of(at);
        }
        else {
            const uint64_t stamp = atomic_load_explicit(&at->stamps[way], memory_order_relaxed);

            if ((!has_note || is_since(stamp, newest))
                && read_entry(&at->entries[way], item->key, &error_again, &item->note)) {
                has_note = true;
                newest = stamp;
            }
        }
        item->count += count;
        item->error += error;
    }
    return has_note;
}

/* Puts an item into its place. The last one is given up if there is no room. */
static size_t insert(ocors_sketch_item_t *items, size_t count, size_t max,
                     const ocors_sketch_item_t *item)
{
    size_t at = count;

    while (at > 0 && items[at - 1].count - items[at - 1].error < item->count - item->error) {
        at--;
    }
    if (at >= max) {
        return count;
    }
    count += count < max ? 1 : 0;
    memmove(&items[at + 1], &items[at], (count - at - 1) * sizeof(*items));
    items[at] = *item;
    return count;
}

size_t ocors_sketch_top(const ocors_sketch_t *sketch, bool is_report, ocors_sketch_item_t *items,
                        size_t max, size_t *left_out)
{
    size_t count = 0, found = 0;

    for (unsigned i = 0; i < OCORS_SKETCH_SETS * OCORS_SKETCH_STRIPES * OCORS_SKETCH_WAYS; i++) {
        const unsigned way = i % OCORS_SKETCH_WAYS;
        const unsigned stripe = i / OCORS_SKETCH_WAYS % OCORS_SKETCH_STRIPES;
        const unsigned set = i / OCORS_SKETCH_WAYS / OCORS_SKETCH_STRIPES;
        const ocors_sketch_set_t *at = &sketch->sets[set][stripe];
        ocors_sketch_item_t item = { .key = atomic_load_explicit(&at->keys[way],
                                                                 memory_order_relaxed) };

        if (item.key != 0 && !is_summed(sketch, stripe, set, item.key) && sum_up(sketch, set, &item)
            && (item.note.is_report != 0) == is_report) {
            count = insert(items, count, max, &item);
            found++;
        }
    }
    *left_out = found - count;
    return count;
}

static int compare_hashes(const void *a, const void *b)
{
    const uint64_t left = *(const uint64_t *)a, right = *(const uint64_t *)b;

    return (left > right) - (left < right);
}

size_t ocors_sketch_origins(const ocors_sketch_t *sketch, uint64_t minute, uint64_t *evicted)
{
    uint64_t hashes[OCORS_SKETCH_STRIPES * OCORS_SKETCH_SETS * OCORS_SKETCH_WAYS];
    size_t count = 0, distinct = 0;

    *evicted = 0;
    for (unsigned i = 0; i < OCORS_SKETCH_STRIPES * OCORS_SKETCH_SETS; i++) {
        const ocors_sketch_set_t *set =
            &sketch->sets[i / OCORS_SKETCH_STRIPES][i % OCORS_SKETCH_STRIPES];

        *evicted += atomic_load_explicit(&set->evicted, memory_order_relaxed);
        for (unsigned way = 0; way < OCORS_SKETCH_WAYS; way++) {
            const uint64_t stamp = atomic_load_explicit(&set->stamps[way], memory_order_relaxed);

            if (atomic_load_explicit(&set->keys[way], memory_order_relaxed) != 0
                && is_since(stamp, minute)) {
                hashes[count++] = set->entries[way].note.origin;
            }
        }
    }
    qsort(hashes, count, sizeof(hashes[0]), compare_hashes);
    for (size_t i = 0; i < count; i++) {
        distinct += i == 0 || hashes[i] != hashes[i - 1];
    }
    return distinct;
}
