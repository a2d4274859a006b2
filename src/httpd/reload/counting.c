/* SPDX-License-Identifier: Apache-2.0 */
/* The memory of what was counted. Owns the segment, and what is retained of it. */

#include "ocors_counting.h"

#include <time.h>
#include <unistd.h>

#include <apr_shm.h>
#include <apr_strings.h>
#include <http_config.h>
#include <http_core.h>
#include <http_log.h>

#include "ocors_census.h"
#include "ocors_hash.h"
#include "ocors_messages.h"

APLOG_USE_MODULE(ocapi_cors);

#define MINUTE       apr_time_from_sec(60)

#define STRIPES_MIN  4
#define STRIPES_MAX  64

#define SEGMENT_LINE 64

#define NAME_NONE    "-"
#define NAME_OTHER   "other"

/* A site's name, written once. */
typedef struct label_t {
    uint32_t length;
    char text[OCORS_COUNTING_SITE_MAX];
} label_t;

typedef struct segment_t {
    _Alignas(SEGMENT_LINE) _Atomic uint64_t minute; /* the first stamp of the current minute */
    _Atomic uint32_t row_count;                     /* labels that are written */
    label_t labels[OCORS_COUNTERS_ROWS];
    _Alignas(SEGMENT_LINE) ocors_census_t census; /* of this minute */
    _Atomic uint64_t first_minute; /* the minute whose first refusal is, or will be, `first` */
    _Atomic uint64_t first_state;  /* the minute whose first refusal is written */
    ocors_sketch_note_t first;
} segment_t; /* ocors_figures_t follows */

/* All but the stripes of counters. */
#define SEGMENT_FIXED (sizeof(segment_t) + sizeof(ocors_figures_t))

static ocors_figures_t *figures_of(segment_t *of)
{
    return (ocors_figures_t *)(void *)(of + 1);
}

/* What the parent has of the current minute; workers have a copy without meaning. */
typedef struct minute_t {
    apr_time_t begun;                 /* by monotonic_now() */
    ocors_counters_refused_t refused; /* totals of when it began */
    uint64_t evicted;
} minute_t;

/* What a later load of this module finds. The first four members are as in store.c. */
#define RETAINED_KEY     "mod_ocapi_cors.counting"
#define RETAINED_MAGIC   UINT32_C(0x6f636374)
#define RETAINED_VERSION 6

typedef struct retained_t {
    uint32_t magic, version;
    apr_size_t size;
    apr_pool_t *pool;
    segment_t *segment;
    uint32_t stripe_count; /* a power of two */
    minute_t minute;
} retained_t;

/* Of this process. */
static retained_t *retained;
static segment_t *segment; /* NULL: nothing is counted */
ocors_counting_t ocors_counting;

/* ---- For the parent, and the process that watches the documents -------------------------------
 */

/* Time that no setting of the clock changes. */
static apr_time_t monotonic_now(void)
{
    struct timespec now = { .tv_sec = 0 };

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return apr_time_from_sec(now.tv_sec) + now.tv_nsec / 1000;
}

/* Twice as many stripes as processors: two that write at once seldom meet. */
static uint32_t stripes_wanted(void)
{
    const long processors = sysconf(_SC_NPROCESSORS_ONLN);
    uint32_t count = STRIPES_MIN;

    while (count < STRIPES_MAX && (long)count < 2 * processors) {
        count *= 2;
    }
    return count;
}

/* Makes the memory. Pages that nobody writes to cost nothing. */
static void create(apr_pool_t *process_pool, server_rec *server)
{
    const uint32_t count = stripes_wanted();
    const apr_size_t size = SEGMENT_FIXED + count * sizeof(ocors_counters_stripe_t);
    apr_shm_t *memory;
    apr_status_t status;
    char *base;

    apr_pool_create(&retained->pool, process_pool);
    /* The address that apr_shm gives is not aligned: there is a line more than needed. */
    status = apr_shm_create(&memory, size + SEGMENT_LINE, NULL, retained->pool);
    if (status != APR_SUCCESS) {
        /* At a start the second reading says so: it has the error log. */
        if (ap_state_query(AP_SQ_MAIN_STATE) != AP_SQ_MS_CREATE_PRE_CONFIG) {
            ap_log_error(APLOG_MARK, APLOG_WARNING, status, server,
                         OCORS_LOG_NOT_COUNTED "the system has no shared memory of %" APR_SIZE_T_FMT
                                               " bytes for the counters: requests are not counted",
                         size);
        }
        apr_pool_destroy(retained->pool);
        retained->pool = NULL;
        return;
    }
    base = apr_shm_baseaddr_get(memory);
    base += (SEGMENT_LINE - (uintptr_t)base % SEGMENT_LINE) % SEGMENT_LINE;
    retained->segment = (segment_t *)(void *)base;
    retained->stripe_count = count;
    retained->segment->minute = OCORS_SKETCH_STAMP;
    figures_of(retained->segment)->sketch.stamp = OCORS_SKETCH_STAMP;
    retained->segment->row_count = OCORS_COUNTING_NONE + 1;
    retained->minute.begun = monotonic_now();
}

void ocors_counting_begin(apr_pool_t *process_pool, server_rec *server)
{
    retained = ap_retained_data_get(RETAINED_KEY);
    if (retained != NULL
        && (retained->magic != RETAINED_MAGIC || retained->version != RETAINED_VERSION
            || retained->size != SEGMENT_FIXED)) {
        if (retained->magic == RETAINED_MAGIC && retained->pool != NULL) {
            apr_pool_destroy(retained->pool);
        }
        retained = NULL;
    }
    if (retained == NULL) {
        retained = ap_retained_data_create(RETAINED_KEY, sizeof(*retained));
        retained->magic = RETAINED_MAGIC;
        retained->version = RETAINED_VERSION;
        retained->size = SEGMENT_FIXED;
    }
    if (retained->segment == NULL) {
        create(process_pool, server);
    }
    segment = retained->segment;
    ocors_counting = (ocors_counting_t){ .figures = NULL };
    if (segment != NULL) {
        ocors_counting = (ocors_counting_t){ .figures = figures_of(segment),
                                             .mask = retained->stripe_count - 1 };
    }
}

/* How many labels are written, whatever the memory says. */
static uint32_t label_count(void)
{
    const uint32_t count = atomic_load_explicit(&segment->row_count, memory_order_acquire);

    return count < OCORS_COUNTERS_ROWS ? count : OCORS_COUNTERS_ROWS;
}

uint32_t ocors_counting_row(const char *site)
{
    const size_t length = strlen(site);
    uint32_t row;

    if (segment == NULL || length > OCORS_COUNTING_SITE_MAX) {
        return OCORS_COUNTING_OTHER;
    }
    if (length == 0 || strcmp(site, NAME_NONE) == 0) {
        return OCORS_COUNTING_NONE;
    }
    if (strcmp(site, NAME_OTHER) == 0) {
        return OCORS_COUNTING_OTHER;
    }
    for (row = OCORS_COUNTING_NONE + 1; row < label_count(); row++) {
        const label_t *label = &segment->labels[row];

        if (label->length == length && memcmp(label->text, site, length) == 0) {
            return row;
        }
    }
    if (row >= OCORS_COUNTERS_ROWS) {
        return OCORS_COUNTING_OTHER;
    }
    memcpy(segment->labels[row].text, site, length);
    segment->labels[row].length = (uint32_t)length;
    atomic_store_explicit(&segment->row_count, row + 1, memory_order_release);
    return row;
}

/* Begins a stamp, and returns it. */
static uint64_t next_stamp(void)
{
    return atomic_fetch_add_explicit(&ocors_counting.figures->sketch.stamp, OCORS_SKETCH_STAMP,
                                     memory_order_relaxed)
           + OCORS_SKETCH_STAMP;
}

void ocors_counting_renew(void)
{
    if (segment != NULL) {
        (void)next_stamp();
    }
}

void ocors_counting_child_ended(pid_t pid)
{
    if (segment != NULL) {
        ocors_sketch_release(&ocors_counting.figures->sketch, (uint32_t)pid);
    }
}

/* ---- For workers ------------------------------------------------------------------------------
 */

/* Writes the first refusal of a minute; one worker does. */
static void note_first(uint64_t minute, const ocors_sketch_note_t *note)
{
    uint64_t before = atomic_load_explicit(&segment->first_minute, memory_order_relaxed);

    if (before != minute
        && atomic_compare_exchange_strong_explicit(&segment->first_minute, &before, minute,
                                                   memory_order_relaxed, memory_order_relaxed)) {
        segment->first = *note;
        atomic_store_explicit(&segment->first_state, minute, memory_order_release);
    }
}

void ocors_counting_begin_entry(long connection, uint64_t hash, uint64_t key,
                                ocors_refusal_t *refusal)
{
    *refusal = (ocors_refusal_t){ .set = NULL };
    if (segment != NULL) {
        ocors_sketch_t *const sketch = &ocors_counting.figures->sketch;

        *refusal = (ocors_refusal_t){
            .set = ocors_sketch_set(sketch, (uint64_t)connection, key),
            .key = key,
            .origin = hash,
            .stamp = atomic_load_explicit(&sketch->stamp, memory_order_relaxed),
        };
    }
}

void ocors_counting_enter(const ocors_refusal_t *refusal, ocors_sketch_note_t *note)
{
    uint64_t minute;

    if (segment == NULL || refusal->set == NULL) {
        return;
    }
    minute = atomic_load_explicit(&segment->minute, memory_order_relaxed);
    note->origin = refusal->origin;
    note_first(minute, note);
    ocors_census_origin(&segment->census, refusal->origin);
    (void)ocors_sketch_enter(refusal->set, refusal->key, refusal->stamp, minute, note,
                             (uint32_t)getpid());
}

bool ocors_counting_is_new(const ocors_refusal_t *refusal, ocors_reason_t reason)
{
    const uint64_t kind = ocors_hash_mix(refusal->key,
                                         UINT64_C(0x9e3779b97f4a7c15) + (uint64_t)reason);

    return segment != NULL && ocors_census_kind(&segment->census, kind != 0 ? kind : 1);
}

/* ---- For readers ------------------------------------------------------------------------------
 */

uint32_t ocors_counting_rows(void)
{
    return segment != NULL ? label_count() : 0;
}

const char *ocors_counting_site(apr_pool_t *pool, uint32_t row)
{
    uint32_t length;

    if (row == OCORS_COUNTING_NONE) {
        return NAME_NONE;
    }
    if (segment == NULL || row == OCORS_COUNTING_OTHER || row >= OCORS_COUNTERS_ROWS) {
        return NAME_OTHER;
    }
    length = *(const volatile uint32_t *)&segment->labels[row].length;
    return apr_pstrndup(pool, segment->labels[row].text,
                        length < OCORS_COUNTING_SITE_MAX ? length : OCORS_COUNTING_SITE_MAX);
}

uint64_t ocors_counting_sum(uint32_t row, bool is_report, ocors_verdict_t verdict,
                            ocors_reason_t reason)
{
    return segment != NULL
               ? ocors_counters_sum(ocors_counting.figures->stripes, ocors_counting.mask + 1, row,
                                    is_report, verdict, reason)
               : 0;
}

size_t ocors_counting_top(bool is_report, ocors_sketch_item_t *items, size_t max, size_t *left_out)
{
    *left_out = 0;
    return segment != NULL
               ? ocors_sketch_top(&ocors_counting.figures->sketch, is_report, items, max, left_out)
               : 0;
}

/* ---- For the parent: its summaries ------------------------------------------------------------
 */

static uint64_t larger(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

static uint64_t smaller(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

/* Fills in what was refused since the minute began. False: nothing. */
static bool minute_read(const minute_t *begun, minute_t *ended, ocors_counting_minute_t *minute)
{
    const uint64_t first = atomic_load_explicit(&segment->minute, memory_order_relaxed);
    ocors_counters_refused_t *const refused = &minute->refused;
    uint64_t evicted;

    ended->refused = ocors_counters_refused(ocors_counting.figures->stripes,
                                            ocors_counting.mask + 1);
    refused->refused = ended->refused.refused - begun->refused.refused;
    refused->withheld = ended->refused.withheld - begun->refused.withheld;
    refused->reported = ended->refused.reported - begun->refused.reported;
    if (refused->refused == 0 && refused->withheld == 0 && refused->reported == 0) {
        return false;
    }
    minute->origins = ocors_sketch_origins(&ocors_counting.figures->sketch, first, &evicted);
    minute->is_about = evicted != begun->evicted;
    /* A request that began in the minute before has its entry there. */
    minute->origins = larger(minute->origins,
                             minute->is_about ? ocors_census_origins(&segment->census) : 1);
    minute->origins = smaller(minute->origins,
                              refused->refused + refused->withheld + refused->reported);
    ended->evicted = evicted;
    minute->unlogged = ocors_census_unlogged(&segment->census, &minute->has_more_unlogged);
    minute->seconds = (uint32_t)apr_time_sec(ended->begun - begun->begun);
    minute->has_first = atomic_load_explicit(&segment->first_state, memory_order_acquire) == first;
    if (minute->has_first) {
        ocors_sketch_note_read(&segment->first, &minute->first);
    }
    return true;
}

bool ocors_counting_minute(bool is_end, ocors_counting_minute_t *minute)
{
    const apr_time_t now = monotonic_now();
    minute_t ended;

    if (segment == NULL || (!is_end && now - retained->minute.begun < MINUTE)) {
        return false;
    }
    ended = retained->minute;
    ended.begun = now;
    const bool has_any = minute_read(&retained->minute, &ended, minute);

    retained->minute = ended;
    if (has_any) {
        ocors_census_clear(&segment->census);
        atomic_store_explicit(&segment->minute, next_stamp(), memory_order_relaxed);
    }
    return has_any;
}

void ocors_counting_end(void)
{
    segment = NULL;
    ocors_counting = (ocors_counting_t){ .figures = NULL };
}
