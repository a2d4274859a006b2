/* SPDX-License-Identifier: Apache-2.0 */
/* The store. Owns its memory, what is retained of it across restarts, and this process's reader. */

#include "ocors_store.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include <ap_mpm.h>
#include <apr_general.h>
#include <apr_shm.h>
#include <apr_siphash.h>
#include <http_config.h>
#include <http_core.h>
#include <http_log.h>

#include "ocors_image.h"
#include "ocors_messages.h"

APLOG_USE_MODULE(ocapi_cors);

/* While old processes end, more of them can be alive than the MPM's limit. */
#define READERS_TO_SPARE 16

/* A flag of the current snapshot (ocors_epoch.h): some client has response_headers. */
#define HINT_RESPONSE_HEADERS 1u

/* The first page of the private part. */
typedef struct private_page_t {
    _Atomic uint32_t current; /* 1 + the area; 0: nothing was published yet */
    unsigned char secret[APR_SIPHASH_KSIZE];
    _Atomic uint64_t serial; /* of the last publication */
} private_page_t;

struct ocors_store_t {
    apr_pool_t *pool;
    uint64_t area_size; /* of areas and rows; whole pages */
    ocors_epoch_reader_t *readers;
    uint32_t reader_count;
    ocors_epoch_head_t *head;
    char *areas;
    private_page_t *private_page;
    char *rows;
};

/*
 * What a later load of this module finds, of whatever version. The first four members are never
 * changed: a version that cannot read the rest destroys the pool and forgets the rest. The version
 * is raised when ocors_store_t, or what the memory holds beside snapshots, changes.
 */
#define RETAINED_KEY     "mod_ocapi_cors.store"
#define RETAINED_MAGIC   UINT32_C(0x6f637374)
#define RETAINED_VERSION 2

typedef struct retained_t {
    uint32_t magic, version;
    apr_size_t size;  /* of ocors_store_t */
    apr_pool_t *pool; /* the store's; NULL: there is none */
    ocors_store_t *store;
} retained_t;

/* Of this process. */
static retained_t *retained;
static ocors_store_t *in_use;
static ocors_epoch_reader_t *reader;

/* Of each thread that reads. */
static _Thread_local ocors_view_t view;

/* ---- For writers ----------------------------------------------------------------------------- */

static uint64_t page_size(void)
{
    return (uint64_t)sysconf(_SC_PAGESIZE);
}

/* As many readers as this MPM may have processes. */
static uint32_t readers_wanted(void)
{
    int processes = 0;

    if (ap_mpm_query(AP_MPMQ_HARD_LIMIT_DAEMONS, &processes) != APR_SUCCESS || processes < 1) {
        processes = 1;
    }
    return (uint32_t)processes + READERS_TO_SPARE;
}

/*
 * Anonymous shared memory from a page boundary on: `first` bytes, and `each` bytes for every area.
 * NULL: *status says why.
 */
static char *create_memory(apr_pool_t *pool, uint64_t first, uint64_t each, apr_status_t *status)
{
    const uint64_t page = page_size();
    apr_shm_t *memory;
    char *base;

    /* The address that apr_shm gives is not aligned: there is a page more than needed. */
    *status = each > (SIZE_MAX - page - first) / OCORS_EPOCH_AREAS
                  ? APR_ENOMEM
                  : apr_shm_create(&memory, (apr_size_t)(first + OCORS_EPOCH_AREAS * each + page),
                                   NULL, pool);
    if (*status != APR_SUCCESS) {
        return NULL;
    }
    base = apr_shm_baseaddr_get(memory);
    return base + (page - (uintptr_t)base % page) % page;
}

ocors_store_t *ocors_store_create(apr_pool_t *process_pool, uint64_t area_size,
                                  apr_status_t *status)
{
    const uint64_t page = page_size();
    const uint32_t reader_count = readers_wanted();
    const uint64_t readers_size = ocors_round_up(reader_count * sizeof(ocors_epoch_reader_t), page);
    ocors_store_t *store;
    apr_pool_t *pool;
    char *segment = NULL, *private_part = NULL;

    *status = APR_ENOMEM;
    if (area_size > SIZE_MAX - page) {
        return NULL; /* whole pages would be more than can be counted */
    }
    area_size = ocors_round_up(area_size, page);
    apr_pool_create(&pool, process_pool);
    segment = create_memory(pool, readers_size + page, area_size, status);
    if (segment != NULL) {
        private_part = create_memory(pool, page, area_size, status);
    }
    if (private_part != NULL) {
        *status = apr_generate_random_bytes(((private_page_t *)(void *)private_part)->secret,
                                            APR_SIPHASH_KSIZE);
    }
    if (*status != APR_SUCCESS) {
        apr_pool_destroy(pool);
        return NULL;
    }
    store = apr_pcalloc(pool, sizeof(*store));
    *store = (ocors_store_t){
        .pool = pool,
        .area_size = area_size,
        .readers = (ocors_epoch_reader_t *)(void *)segment,
        .reader_count = reader_count,
        .head = (ocors_epoch_head_t *)(void *)(segment + readers_size),
        .areas = segment + readers_size + page,
        .private_page = (private_page_t *)(void *)private_part,
        .rows = private_part + page,
    };
    return store;
}

void ocors_store_destroy(ocors_store_t *store)
{
    apr_pool_t *pool = store->pool;

    if (store == ocors_store_in_use()) {
        ocors_store_use(NULL);
    }
    apr_pool_destroy(pool);
}

uint64_t ocors_store_area_size(const ocors_store_t *store)
{
    return store->area_size;
}

uint64_t ocors_store_size(const ocors_store_t *store)
{
    return OCORS_EPOCH_AREAS * store->area_size;
}

char *ocors_store_area(const ocors_store_t *store, uint32_t area)
{
    return store->areas + area * store->area_size;
}

char *ocors_store_tables(const ocors_store_t *store, uint32_t area)
{
    return store->rows + area * store->area_size;
}

/* By the private part; OCORS_EPOCH_AREAS: nothing was published yet. */
static uint32_t current_area(const ocors_store_t *store)
{
    const uint32_t current = atomic_load_explicit(&store->private_page->current,
                                                  memory_order_acquire);

    return current > 0 ? current - 1 : OCORS_EPOCH_AREAS;
}

bool ocors_store_current(const ocors_store_t *store, ocors_snapshot_t *snapshot)
{
    const uint32_t area = current_area(store);

    return area != OCORS_EPOCH_AREAS
           && ocors_snapshot_open(ocors_store_tables(store, area), store->area_size,
                                  ocors_store_area(store, area), store->area_size, snapshot);
}

/*
 * Of a writer that was killed between the two steps of ocors_store_publish(), one area is current
 * by the epoch, and another one by the private part. Neither is free: workers read the first, and
 * the next writer goes by the second. That one publishes anew, and ends this.
 */
static bool area_is_free(const ocors_store_t *store, uint32_t area)
{
    return area != current_area(store)
           && ocors_epoch_is_free(store->head, store->readers, store->reader_count, area);
}

bool ocors_store_find_free(const ocors_store_t *store, uint32_t *area)
{
    for (*area = 0; *area < OCORS_EPOCH_AREAS; ++*area) {
        if (area_is_free(store, *area)) {
            return true;
        }
    }
    return false;
}

uint64_t ocors_store_check(const ocors_store_t *store, const void *bytes, size_t size)
{
    return apr_siphash24(bytes, size, store->private_page->secret);
}

void *ocors_store_copy(const ocors_store_t *store, const void *bytes, size_t size, uint64_t check)
{
    void *copy = aligned_alloc(OCORS_IMAGE_ALIGNMENT,
                               (size_t)ocors_round_up(size, OCORS_IMAGE_ALIGNMENT));

    if (copy != NULL) {
        memcpy(copy, bytes, size);
        if (ocors_store_check(store, copy, size) != check) {
            free(copy);
            copy = NULL;
        }
    }
    return copy;
}

void ocors_store_publish(ocors_store_t *store, uint32_t area)
{
    char *tables = ocors_store_tables(store, area);
    ocors_snapshot_header_t header;

    memcpy(&header, tables, sizeof(header));
    header.serial = atomic_fetch_add_explicit(&store->private_page->serial, 1, memory_order_relaxed)
                    + 1;
    memcpy(tables, &header, sizeof(header));
    memcpy(ocors_store_area(store, area), tables, (size_t)header.tables_size);
    ocors_epoch_publish(store->head, area, header.has_response_headers ? HINT_RESPONSE_HEADERS : 0);
    atomic_store_explicit(&store->private_page->current, area + 1, memory_order_release);
}

bool ocors_store_trim(const ocors_store_t *store)
{
    uint32_t in_use_count = 0;

    for (uint32_t area = 0; area < OCORS_EPOCH_AREAS; area++) {
        if (!area_is_free(store, area)) {
            in_use_count++;
            continue;
        }
#ifdef MADV_REMOVE
        (void)madvise(ocors_store_area(store, area), (size_t)store->area_size, MADV_REMOVE);
        (void)madvise(ocors_store_tables(store, area), (size_t)store->area_size, MADV_REMOVE);
#endif
    }
    return in_use_count <= 1;
}

/* ---- Which store is in use ------------------------------------------------------------------- */

/* What an earlier load of this module left, or begun anew. */
static void retained_find(void)
{
    retained = ap_retained_data_get(RETAINED_KEY);
    if (retained != NULL && retained->magic == RETAINED_MAGIC
        && retained->version == RETAINED_VERSION && retained->size == sizeof(*in_use)) {
        return;
    }
    if (retained != NULL && retained->magic == RETAINED_MAGIC) {
        ap_log_error(APLOG_MARK, APLOG_NOTICE, 0, NULL,
                     OCORS_LOG_OTHER_VERSION
                     "the policies in memory are of another version of this module: they are given "
                     "up, and every document is read");
        if (retained->pool != NULL) {
            apr_pool_destroy(retained->pool);
        }
    }
    retained = ap_retained_data_create(RETAINED_KEY, sizeof(*retained));
    retained->magic = RETAINED_MAGIC;
    retained->version = RETAINED_VERSION;
    retained->size = sizeof(*in_use);
}

void ocors_store_use(ocors_store_t *store)
{
    if (retained == NULL) {
        retained_find();
    }
    retained->store = in_use = store;
    retained->pool = store != NULL ? store->pool : NULL;
    /* Until a worker has its own, and for the parent: the last one, which is everybody's. */
    reader = store != NULL ? &store->readers[store->reader_count - 1] : NULL;
    view.snapshot.area = NULL; /* the next store may have the address of this one */
}

ocors_store_t *ocors_store_in_use(void)
{
    if (retained == NULL) {
        retained_find();
        ocors_store_use(retained->store);
    }
    return in_use;
}

void ocors_store_child_ended(pid_t pid)
{
    const ocors_store_t *store = ocors_store_in_use();

    if (store != NULL) {
        ocors_epoch_release(store->readers, store->reader_count, (uint64_t)pid);
    }
}

/* ---- For workers ----------------------------------------------------------------------------- */

void ocors_store_child_begins(server_rec *server)
{
    const uint64_t page = page_size();

    if (in_use == NULL) {
        return;
    }
    reader = ocors_epoch_take(in_use->readers, in_use->reader_count, (uint64_t)getpid());
    /* The private part's addresses stay taken: APR unmaps them at the end. */
    if (mprotect(in_use->head, (size_t)(page + ocors_store_size(in_use)), PROT_READ) != 0
        || mmap(in_use->private_page, (size_t)(page + OCORS_EPOCH_AREAS * in_use->area_size),
                PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_NORESERVE, -1, 0)
               == MAP_FAILED) {
        ap_log_error(APLOG_MARK, APLOG_WARNING, APR_FROM_OS_ERROR(errno), server,
                     OCORS_LOG_NOT_PROTECTED
                     "the policies cannot be made read-only for this worker");
    }
}

bool ocors_store_pin(ocors_pin_t *pin)
{
    pin->area = in_use != NULL ? ocors_epoch_pin(in_use->head, reader) : OCORS_EPOCH_AREAS;
    if (pin->area == OCORS_EPOCH_AREAS) {
        return false;
    }
    const char *area = ocors_store_area(in_use, pin->area);
    pin->view = &view;
    if (!ocors_view_open(&view, area, in_use->area_size)) {
        ocors_epoch_unpin(reader, pin->area);
        return false;
    }
    return true;
}

void ocors_store_unpin(const ocors_pin_t *pin)
{
    ocors_epoch_unpin(reader, pin->area);
}

bool ocors_store_has_response_headers(void)
{
    return in_use != NULL && (ocors_epoch_hint(in_use->head) & HINT_RESPONSE_HEADERS) != 0;
}
