/* SPDX-License-Identifier: Apache-2.0 */
/* Keys of patterns and of paths. */

#include "ocors_resource_key.h"

#include "ocors_hash.h"

/* What a key of all segments begins with, and what each further one is mixed with. */
#define WHOLE UINT64_C(0x8ebc6af09c88c6e3)
#define STEP  UINT64_C(0x589965cc75374cc3)

/* `first` and `last`: the hash of a segment, or 0: it has a wildcard. */
static uint64_t key_of(uint32_t count, uint64_t first, uint64_t last)
{
    return ocors_hash_mix(ocors_hash_mix(first ^ count, STEP) ^ last, WHOLE);
}

static bool has_wildcard(ocors_span_t segment)
{
    return memchr(segment.bytes, '*', segment.length) != NULL
           || memchr(segment.bytes, '?', segment.length) != NULL;
}

ocors_resource_shape_t ocors_resource_shape(uint64_t seed, ocors_span_t pattern)
{
    ocors_resource_shape_t shape = { .whole = WHOLE, .is_plain = true };
    bool has_any = false;
    size_t at = 0;

    for (ocors_span_t segment = ocors_segment_next(pattern, &at); segment.bytes != NULL;
         segment = ocors_segment_next(pattern, &at)) {
        const bool is_wild = has_wildcard(segment);

        shape.ends[1] = is_wild ? 0 : ocors_hash(seed, segment);
        shape.ends[0] = shape.count++ == 0 ? shape.ends[1] : shape.ends[0];
        shape.whole = ocors_hash_mix(shape.whole ^ shape.ends[1], STEP);
        shape.is_plain = shape.is_plain && !is_wild;
        has_any = has_any || ocors_span_is_equal(segment, OCORS_SPAN_LITERAL("**"));
    }
    shape.count = has_any ? OCORS_RESOURCE_ANY_COUNT : shape.count;
    return shape;
}

uint64_t ocors_resource_key(uint64_t seed, ocors_span_t pattern)
{
    const ocors_resource_shape_t shape = ocors_resource_shape(seed, pattern);

    return shape.is_plain ? shape.whole : key_of(shape.count, shape.ends[0], shape.ends[1]);
}

void ocors_resource_keys_of(uint64_t seed, const ocors_segments_t *path,
                            ocors_resource_keys_t *keys)
{
    const uint32_t counts[] = { (uint32_t)path->count, OCORS_RESOURCE_ANY_COUNT };
    uint64_t whole = WHOLE, first = 0, last = 0;

    for (size_t i = 0; i < path->count; i++) {
        last = ocors_hash(seed, path->items[i]);
        first = i == 0 ? last : first;
        whole = ocors_hash_mix(whole ^ last, STEP);
    }
    keys->items[0] = whole;
    keys->count = 1;
    for (unsigned i = 0; i < 2; i++) {
        keys->items[keys->count++] = key_of(counts[i], 0, 0);
        if (path->count > 0) {
            keys->items[keys->count++] = key_of(counts[i], first, 0);
            keys->items[keys->count++] = key_of(counts[i], 0, last);
            keys->items[keys->count++] = key_of(counts[i], first, last);
        }
    }
}
