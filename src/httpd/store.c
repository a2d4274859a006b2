/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Segments. Owns their layout, from the first page boundary in the memory that APR gives:
 *
 *   | slots of the processes ...  | head: epoch, areas | room for snapshots and images ...
 *   | pages that workers write to | pages that workers only read
 *
 * and of the ledger beside it, which workers do not have at all: the tables of the snapshot in
 * force once more, and a draft of the next. Writers go by the ledger alone. What a worker that
 * somebody has got hold of makes writable again, and writes, can spoil answers of workers, and by
 * the slots hold up timed reloads until a restart; it cannot lead the parent, which is root,
 * anywhere.
 *
 * Anonymous memory: no name to clash with or to leak; it is gone with the last process that has it.
 */

#include "ocors_store.h"

#include <stdatomic.h>
#include <sys/mman.h>
#include <unistd.h>

#include <ap_mpm.h>
#include <apr_shm.h>
#include <http_config.h>
#include <http_core.h>
#include <http_log.h>

#include "messages.h"
#include "ocors_epoch.h"
#include "ocors_image_layout.h"

APLOG_USE_MODULE(ocapi_cors);

/* Another number whenever what is retained, or what the segment holds beside images, changes. */
#define RETAINED_KEY "mod_ocapi_cors.store.3." APR_STRINGIFY(OCORS_IMAGE_FORMAT)

/* More processes than the MPM's limit can be alive while old ones end. */
#define SLOTS_TO_SPARE 16

/* A hint to readers (ocors_epoch.h): some client has response_headers. */
#define HINT_RESPONSE_HEADERS 1u

typedef struct head_t {
    ocors_epoch_head_t epoch;
    uint64_t places[OCORS_EPOCH_AREAS]; /* of the areas' snapshots, from the head; 0: never used */
} head_t;

#define HEAD_SIZE ocors_round_up(sizeof(head_t), OCORS_ROOM_ALIGNMENT)

/* A page; two drafts follow it. */
typedef struct ledger_t {
    _Atomic uint32_t in_force; /* 1 + the number of the draft that is; 0: none */
} ledger_t;

struct ocors_store_t {
    apr_pool_t *pool;
    ocors_epoch_reader_t *slots;
    uint32_t slot_count;
    head_t *head;
    uint64_t size; /* from the head to the end */
    ledger_t *ledger;
    uint64_t ledger_size, draft_size;
};

typedef struct retained_t {
    ocors_store_t *in_force;
} retained_t;

static retained_t *retained;

/* Of this process. */
static ocors_store_t *shared;
static ocors_epoch_reader_t *slot;
static const uint32_t *settings_numbers, *tree_numbers;
static ocors_snapshot_t snapshot_in_force;

static uint64_t page_size(void)
{
    return (uint64_t)sysconf(_SC_PAGESIZE);
}

/* As many slots as this MPM may have processes. */
static uint32_t slots_wanted(void)
{
    int processes = 0;

    if (ap_mpm_query(AP_MPMQ_HARD_LIMIT_DAEMONS, &processes) != APR_SUCCESS || processes < 1) {
        processes = 1;
    }
    return (uint32_t)processes + SLOTS_TO_SPARE;
}

static void use(ocors_store_t *store)
{
    shared = store;
    slot = store != NULL ? &store->slots[store->slot_count - 1] : NULL;
    settings_numbers = tree_numbers = NULL;
}

/* Anonymous shared memory from a page boundary on; NULL: *status says why. */
static char *create_memory(apr_pool_t *pool, uint64_t size, apr_status_t *status)
{
    const uint64_t page = page_size();
    apr_shm_t *memory;
    char *base;

    /* apr_shm's own address is aligned to nothing. */
    *status = size > SIZE_MAX - page
                  ? APR_ENOMEM
                  : apr_shm_create(&memory, (apr_size_t)(size + page), NULL, pool);
    if (*status != APR_SUCCESS) {
        return NULL;
    }
    base = apr_shm_baseaddr_get(memory);
    return base + (page - (uintptr_t)base % page) % page;
}

ocors_store_t *ocors_store_create(apr_pool_t *process_pool, uint64_t room, uint64_t tables,
                                  apr_status_t *status)
{
    const uint64_t page = page_size();
    const uint32_t slot_count = slots_wanted();
    const uint64_t slots_size = ocors_round_up(slot_count * sizeof(ocors_epoch_reader_t), page);
    const uint64_t size = ocors_round_up(HEAD_SIZE + room, page);
    const uint64_t draft_size = ocors_round_up(tables, page);
    ocors_store_t *store;
    apr_pool_t *pool;
    char *base, *ledger = NULL;

    *status = APR_ENOMEM;
    if (size < room) {
        return NULL; /* more than can be counted */
    }
    apr_pool_create(&pool, process_pool);
    base = create_memory(pool, slots_size + size, status);
    if (base != NULL) {
        ledger = create_memory(pool, page + 2 * draft_size, status);
    }
    if (ledger == NULL) {
        apr_pool_destroy(pool);
        return NULL;
    }
    store = apr_pcalloc(pool, sizeof(*store));
    store->pool = pool;
    store->slots = (ocors_epoch_reader_t *)(void *)base;
    store->slot_count = slot_count;
    store->head = (head_t *)(void *)(base + slots_size);
    store->size = size;
    store->ledger = (ledger_t *)(void *)ledger;
    store->ledger_size = page + 2 * draft_size;
    store->draft_size = draft_size;
    return store;
}

void ocors_store_destroy(ocors_store_t *store)
{
    apr_pool_destroy(store->pool);
}

void ocors_store_adopt(ocors_store_t *store)
{
    ocors_store_t *before = retained->in_force;

    retained->in_force = store;
    use(store);
    if (before != NULL) {
        ocors_store_destroy(before);
    }
}

ocors_store_t *ocors_store_in_force(void)
{
    if (retained == NULL) {
        retained = ap_retained_data_get(RETAINED_KEY);
        if (retained == NULL) {
            retained = ap_retained_data_create(RETAINED_KEY, sizeof(*retained));
        }
        use(retained->in_force);
    }
    return retained->in_force;
}

static char *draft_at(const ocors_store_t *store, uint32_t number)
{
    return (char *)store->ledger + page_size() + number * store->draft_size;
}

static uint32_t draft_in_force(const ocors_store_t *store)
{
    return atomic_load_explicit(&store->ledger->in_force, memory_order_acquire);
}

/* The number of the other one. */
static uint32_t draft_to_write(const ocors_store_t *store)
{
    return draft_in_force(store) == 1;
}

const ocors_snapshot_t *ocors_store_snapshot(void)
{
    const ocors_store_t *store = ocors_store_in_force();
    const uint32_t draft = store != NULL ? draft_in_force(store) : 0;

    return draft != 0
                   && ocors_snapshot_open_tables(draft_at(store, draft - 1), store->draft_size,
                                                 store->head, store->size, &snapshot_in_force)
               ? &snapshot_in_force
               : NULL;
}

char *ocors_store_draft(const ocors_store_t *store, uint64_t *size)
{
    *size = store->draft_size;
    return draft_at(store, draft_to_write(store));
}

char *ocors_store_base(const ocors_store_t *store)
{
    return (char *)store->head;
}

uint64_t ocors_store_size(const ocors_store_t *store)
{
    return store->size;
}

static void add_room(apr_array_header_t *rooms, uint64_t offset, uint64_t size)
{
    if (size > 0) {
        APR_ARRAY_PUSH(rooms, ocors_room_t) = (ocors_room_t){ .offset = offset, .size = size };
    }
}

static void add_images(apr_array_header_t *rooms, const ocors_snapshot_t *snapshot)
{
    for (uint32_t i = 0; i < snapshot->header.document_count; i++) {
        add_room(rooms, snapshot->documents[i].image, snapshot->documents[i].image_size);
    }
    for (uint32_t i = 0; i < snapshot->header.layer_count; i++) {
        add_room(rooms, snapshot->layers[i].image, snapshot->layers[i].image_size);
    }
}

static bool area_is_free(const ocors_store_t *store, uint32_t area)
{
    return ocors_epoch_is_free(&store->head->epoch, store->slots, store->slot_count, area);
}

/* What must stay as it is; what need not, is forgotten. */
static apr_array_header_t *used_rooms(const ocors_store_t *store, apr_pool_t *pool)
{
    apr_array_header_t *rooms = apr_array_make(pool, 64, sizeof(ocors_room_t));
    const ocors_snapshot_t *in_force = store == ocors_store_in_force() ? ocors_store_snapshot()
                                                                       : NULL;

    if (in_force != NULL) {
        add_images(rooms, in_force);
    }
    for (uint32_t area = 0; area < OCORS_EPOCH_AREAS; area++) {
        const uint64_t place = store->head->places[area];
        ocors_snapshot_t snapshot;

        if (place == 0) {
            continue;
        }
        if (area_is_free(store, area)) {
            store->head->places[area] = 0; /* what was there may be written over from now on */
        }
        else if (ocors_snapshot_open(store->head, store->size, place, &snapshot)) {
            add_room(rooms, place, snapshot.header.size);
            add_images(rooms, &snapshot);
        }
    }
    return rooms;
}

bool ocors_store_find_gaps(const ocors_store_t *store, apr_pool_t *scratch, ocors_rooms_t *gaps)
{
    apr_array_header_t *used = used_rooms(store, scratch);

    return ocors_rooms_init(gaps, (ocors_room_t *)(void *)used->elts, (size_t)used->nelts,
                            HEAD_SIZE, store->size)
           == OCORS_OK;
}

void ocors_store_trim(apr_pool_t *scratch)
{
#ifdef MADV_REMOVE
    const ocors_store_t *store = ocors_store_in_force();
    const uint64_t page = page_size();
    ocors_rooms_t rooms;

    if (!ocors_store_find_gaps(store, scratch, &rooms)) {
        return;
    }
    for (size_t i = 0; i < rooms.count; i++) {
        const uint64_t from = ocors_round_up(rooms.gaps[i].offset, page);
        const uint64_t to = (rooms.gaps[i].offset + rooms.gaps[i].size) / page * page;

        if (from < to) {
            (void)madvise((char *)store->head + from, (size_t)(to - from), MADV_REMOVE);
        }
    }
    ocors_rooms_free(&rooms);
#else
    (void)scratch;
#endif
}

bool ocors_store_publish(ocors_store_t *store, uint64_t place)
{
    const uint32_t draft = draft_to_write(store);
    ocors_snapshot_header_t header;

    memcpy(&header, draft_at(store, draft), sizeof(header));
    for (uint32_t area = 0; area < OCORS_EPOCH_AREAS; area++) {
        if (area_is_free(store, area)) {
            memcpy((char *)store->head + place, draft_at(store, draft), (size_t)header.size);
            store->head->places[area] = place;
            ocors_epoch_publish(&store->head->epoch, area,
                                header.has_response_headers ? HINT_RESPONSE_HEADERS : 0);
            /* Of a writer that is killed before this line, the next one publishes the same again.
             */
            atomic_store_explicit(&store->ledger->in_force, draft + 1, memory_order_release);
            return true;
        }
    }
    return false;
}

void ocors_store_renumber(const uint32_t *settings, const uint32_t *trees)
{
    settings_numbers = settings;
    tree_numbers = trees;
}

void ocors_store_child_begins(server_rec *server)
{
    if (shared == NULL) {
        return;
    }
    slot = ocors_epoch_take(shared->slots, shared->slot_count, (uint64_t)getpid());
    /* Its addresses stay taken: APR unmaps them at the end. */
    if (mprotect(shared->head, (size_t)shared->size, PROT_READ) != 0
        || mmap(shared->ledger, (size_t)shared->ledger_size, PROT_NONE,
                MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_NORESERVE, -1, 0)
               == MAP_FAILED) {
        ap_log_error(APLOG_MARK, APLOG_WARNING, APR_FROM_OS_ERROR(errno), server,
                     OCORS_LOG_NOT_PROTECTED
                     "the policies cannot be made read-only for this worker");
    }
}

void ocors_store_child_ended(pid_t pid)
{
    if (shared != NULL) {
        ocors_epoch_release(shared->slots, shared->slot_count, (uint64_t)pid);
    }
}

bool ocors_store_pin(ocors_pin_t *pin)
{
    pin->area = shared != NULL ? ocors_epoch_pin(&shared->head->epoch, slot) : OCORS_EPOCH_AREAS;
    if (pin->area == OCORS_EPOCH_AREAS) {
        return false;
    }
    if (!ocors_snapshot_open(shared->head, shared->size, shared->head->places[pin->area],
                             &pin->snapshot)) {
        ocors_epoch_unpin(slot, pin->area);
        return false;
    }
    return true;
}

void ocors_store_unpin(const ocors_pin_t *pin)
{
    ocors_epoch_unpin(slot, pin->area);
}

bool ocors_store_read_settings(const ocors_pin_t *pin, uint32_t number, ocors_policy_t *policy)
{
    return ocors_snapshot_read_settings(
        &pin->snapshot, settings_numbers != NULL ? settings_numbers[number] : number, policy);
}

bool ocors_store_read_path(const ocors_pin_t *pin, uint32_t tree, const ocors_url_path_t *path,
                           ocors_span_t site, ocors_policy_t policies[OCORS_API_COUNT],
                           size_t *count)
{
    return ocors_snapshot_read_path(&pin->snapshot,
                                    tree_numbers != NULL ? tree_numbers[tree] : tree, path, site,
                                    policies, count);
}

bool ocors_store_has_response_headers(void)
{
    return shared != NULL && (ocors_epoch_hint(&shared->head->epoch) & HINT_RESPONSE_HEADERS) != 0;
}
