/* SPDX-License-Identifier: Apache-2.0 */
/* The owned model of a settings document, and the rules that its values are judged by. */
#include "ocors_settings.h"

#include <stdlib.h>

#include "ocors_arena.h"
#include "ocors_array.h"
#include "ocors_hash.h"
#include "ocors_index.h"
#include "ocors_origin_entry.h"
#include "ocors_resource.h"
#include "ocors_slots.h"

#define DEMO_CLIENT_ID "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

typedef struct ocors_settings_memory_t {
    ocors_arena_t text;
    ocors_index_t clients; /* ids -> the element of `clients` that has it first */
    bool is_dropping;      /* the client begun last is judged, and not kept */
    ocors_index_t headers; /* of the client begun last: its header names */
    /*
     * The distinct origins of the client begun last, from `first_origin` on. They are beyond the
     * settings' count while the client is dropped. Slots without keys of their own: an index would
     * take as much again as the text of a million origins does.
     */
    size_t first_origin, distinct_origins;
    ocors_slot_t *origin_slots;
    uint32_t origin_slot_count;
    uint64_t seed;
} ocors_settings_memory_t;

ocors_settings_t *ocors_settings_create(void)
{
    ocors_settings_t *settings = calloc(1, sizeof(*settings));
    ocors_settings_memory_t *memory = calloc(1, sizeof(*memory));

    if (settings == NULL || memory == NULL) {
        free(settings);
        free(memory);
        return NULL;
    }
    memory->seed = ocors_index_seed();
    ocors_index_init(&memory->clients, memory->seed);
    ocors_index_init(&memory->headers, memory->seed);
    memory->is_dropping = true; /* until a client is begun there is none to add to */
    settings->memory = memory;
    return settings;
}

/*
 * Forgets what the client begun last has. Freed and not emptied: emptying a large one for each of
 * many small clients is not linear.
 */
static void forget_client(ocors_settings_memory_t *memory)
{
    ocors_index_free(&memory->headers);
    free(memory->origin_slots);
    memory->origin_slots = NULL;
    memory->origin_slot_count = 0;
    memory->distinct_origins = 0;
}

void ocors_settings_end(ocors_settings_t *settings)
{
    forget_client(settings->memory);
}

void ocors_settings_free(ocors_settings_t *settings)
{
    if (settings == NULL) {
        return;
    }
    ocors_settings_end(settings);
    ocors_index_free(&settings->memory->clients);
    ocors_arena_free(&settings->memory->text);
    free(settings->memory);
    free(settings->clients);
    free(settings->origins);
    free(settings->resources);
    free(settings->headers);
    free(settings);
}

ocors_result_t ocors_settings_set_version(ocors_settings_t *settings, ocors_span_t version,
                                          ocors_report_t *report, const ocors_path_t *path)
{
    ocors_version_t number;
    ocors_span_t copy;

    if (!ocors_version_parse(version, &number)) {
        ocors_report_add(report, OCORS_FINDING_VERSION_ODD, path,
                         "\"%.*s\" is not a version of two numbers, such as \"19.1\", and is "
                         "ignored",
                         OCORS_SHOWN(version));
        return OCORS_OK;
    }
    copy = ocors_arena_copy(&settings->memory->text, version);
    if (copy.bytes == NULL) {
        return OCORS_NO_MEMORY;
    }
    settings->version = copy;
    return OCORS_OK;
}

/* The document's number of the element that the path leads through last. */
static uint32_t element_number(const ocors_path_t *path)
{
    while (path != NULL && path->key.bytes != NULL) {
        path = path->parent;
    }
    return path != NULL ? (uint32_t)path->index : 0;
}

/* Finds out whether the id is new; *kept is the settings' copy of it. */
static ocors_result_t register_client(ocors_settings_memory_t *memory, ocors_span_t id,
                                      ocors_report_t *report, const ocors_path_t *path,
                                      ocors_span_t *kept)
{
    const ocors_index_entry_t *entry;
    bool is_new;

    *kept = ocors_arena_copy(&memory->text, id);
    if (kept->bytes == NULL) {
        return OCORS_NO_MEMORY;
    }
    entry = ocors_index_put(&memory->clients, 0, *kept, element_number(path), &is_new);
    if (entry == NULL) {
        return OCORS_NO_MEMORY;
    }
    if (!is_new) {
        memory->is_dropping = true;
        ocors_report_add(report, OCORS_FINDING_DUPLICATE_CLIENT, path,
                         "client \"%.*s\" is already defined at clients[%u]; merge the two entries",
                         OCORS_SHOWN(id), (unsigned)entry->value);
    }
    return OCORS_OK;
}

bool ocors_settings_find_client(const ocors_settings_t *settings, ocors_span_t id,
                                uint32_t *element)
{
    const ocors_index_entry_t *entry = ocors_index_find(&settings->memory->clients, 0, id);

    if (entry == NULL) {
        return false;
    }
    *element = entry->value;
    return true;
}

ocors_result_t ocors_settings_begin_client(ocors_settings_t *settings, ocors_span_t id,
                                           ocors_report_t *report, const ocors_path_t *path)
{
    ocors_settings_memory_t *memory = settings->memory;
    ocors_client_t *clients;
    ocors_span_t kept;

    forget_client(memory);
    memory->first_origin = settings->origin_count;
    memory->is_dropping = id.length == 0;
    if (id.length == 0) {
        if (id.bytes != NULL) {
            ocors_report_add(report, OCORS_FINDING_CLIENT_ID_EMPTY, path,
                             "an empty client_id is a placeholder and matches nothing; write the "
                             "id of the client application");
        }
        return OCORS_OK;
    }
    if (register_client(memory, id, report, path, &kept) != OCORS_OK) {
        return OCORS_NO_MEMORY;
    }
    if (ocors_span_is_equal(id, OCORS_SPAN_LITERAL(DEMO_CLIENT_ID))) {
        ocors_report_add(
            report, OCORS_FINDING_CLIENT_ID_DEMO, path,
            "this is the public demo client id, which anybody can use; use an id of your "
            "own in production");
    }
    if (memory->is_dropping) {
        return OCORS_OK;
    }
    clients = ocors_array_grow(settings->clients, settings->client_count, sizeof(*clients));
    if (clients == NULL) {
        return OCORS_NO_MEMORY;
    }
    settings->clients = clients;
    clients[settings->client_count++] = (ocors_client_t){
        .id = kept,
        .first_origin = settings->origin_count,
        .first_resource = settings->resource_count,
        .first_header = settings->header_count,
    };
    return OCORS_OK;
}

/* Whether the client begun last has an origin. */
static bool has_origin(const ocors_settings_t *settings, ocors_span_t origin, uint64_t hash)
{
    const ocors_settings_memory_t *memory = settings->memory;
    ocors_probe_t probe = ocors_slots_probe(memory->origin_slots, memory->origin_slot_count, hash);
    uint32_t number;

    while (memory->origin_slots != NULL && ocors_probe_next(&probe, &number)) {
        if (ocors_span_is_equal(settings->origins[memory->first_origin + number], origin)) {
            return true;
        }
    }
    return false;
}

/* Makes room for one slot more. The old slots are freed first: the origins tell the hashes. */
static ocors_result_t grow_slots(const ocors_settings_t *settings)
{
    ocors_settings_memory_t *memory = settings->memory;
    const size_t count = memory->distinct_origins;

    if (memory->origin_slots != NULL && count < (size_t)memory->origin_slot_count / 4 * 3) {
        return OCORS_OK;
    }
    free(memory->origin_slots);
    memory->origin_slot_count = (uint32_t)ocors_slots_count(count + 1);
    memory->origin_slots = calloc(memory->origin_slot_count, sizeof(*memory->origin_slots));
    for (size_t i = 0; memory->origin_slots != NULL && i < count; i++) {
        ocors_slots_add(memory->origin_slots, memory->origin_slot_count,
                        ocors_hash(memory->seed, settings->origins[memory->first_origin + i]),
                        (uint32_t)i);
    }
    return memory->origin_slots != NULL ? OCORS_OK : OCORS_NO_MEMORY;
}

/* Adds an origin that the client begun last does not have. */
static ocors_result_t keep_origin(ocors_settings_t *settings, ocors_span_t origin, uint64_t hash)
{
    ocors_settings_memory_t *memory = settings->memory;
    const size_t at = memory->first_origin + memory->distinct_origins;
    const ocors_span_t kept = ocors_arena_copy(&memory->text, origin);
    ocors_span_t *origins = ocors_array_grow(settings->origins, at, sizeof(*origins));

    settings->origins = origins != NULL ? origins : settings->origins;
    if (kept.bytes == NULL || origins == NULL || grow_slots(settings) != OCORS_OK) {
        return OCORS_NO_MEMORY;
    }
    ocors_slots_add(memory->origin_slots, memory->origin_slot_count, hash,
                    (uint32_t)memory->distinct_origins++);
    origins[at] = kept;
    if (!memory->is_dropping) {
        settings->origin_count++;
        settings->clients[settings->client_count - 1].origin_count++;
    }
    return OCORS_OK;
}

ocors_result_t ocors_settings_add_origin(ocors_settings_t *settings, ocors_span_t origin,
                                         ocors_report_t *report, const ocors_path_t *path)
{
    ocors_origin_t canonical;
    ocors_span_t text;
    uint64_t hash;
    bool is_new;

    if (!ocors_origin_entry_read(origin, &canonical, report, path)) {
        return OCORS_OK;
    }
    text = ocors_span_make(canonical.bytes, canonical.length);
    hash = ocors_hash(settings->memory->seed, text);
    is_new = !has_origin(settings, text, hash);
    ocors_origin_entry_remark(origin, &canonical, is_new, report, path);
    return is_new ? keep_origin(settings, text, hash) : OCORS_OK;
}

void ocors_settings_end_origins(const ocors_settings_t *settings, ocors_report_t *report,
                                const ocors_path_t *path)
{
    if (settings->memory->distinct_origins == 0) {
        ocors_report_add(
            report, OCORS_FINDING_ORIGINS_UNUSABLE, path,
            "no entry of this list is an origin: no origin is allowed for this client");
    }
}

ocors_result_t ocors_settings_add_resource(ocors_settings_t *settings, ocors_span_t resource_id,
                                           ocors_methods_t methods, ocors_version_t from,
                                           ocors_version_t until, ocors_report_t *report,
                                           const ocors_path_t *path)
{
    ocors_settings_memory_t *memory = settings->memory;
    char pattern[OCORS_RESOURCE_ID_MAX + 1];
    size_t length;
    ocors_resource_t *resources;
    ocors_span_t kept;

    if (!ocors_resource_pattern_normalise(resource_id, pattern, &length)) {
        ocors_report_add(
            report, OCORS_FINDING_RESOURCE_ID_MALFORMED, path,
            "\"%.*s\" is not a valid resource path; a path begins with '/', closes "
            "every '{' and has at most %d bytes, such as \"/products/*/images\" or \"/baskets/**\"",
            OCORS_SHOWN(resource_id), OCORS_RESOURCE_ID_MAX);
        return OCORS_OK;
    }
    if (memory->is_dropping) {
        return OCORS_OK;
    }
    resources = ocors_array_grow(settings->resources, settings->resource_count, sizeof(*resources));
    if (resources == NULL) {
        return OCORS_NO_MEMORY;
    }
    settings->resources = resources;
    kept = ocors_span_make(pattern, length);
    /* The ranges of one resource follow each other; there may be a million. */
    if (settings->resource_count > 0
        && ocors_span_is_equal(kept, resources[settings->resource_count - 1].pattern)) {
        kept = resources[settings->resource_count - 1].pattern;
    }
    else {
        kept = ocors_arena_copy(&memory->text, kept);
    }
    if (kept.bytes == NULL) {
        return OCORS_NO_MEMORY;
    }
    resources[settings->resource_count++] =
        (ocors_resource_t){ .pattern = kept, .methods = methods, .from = from, .until = until };
    settings->clients[settings->client_count - 1].resource_count++;
    return OCORS_OK;
}

/* Headers of the connection, of the framing, and of this module: no document sets them. */
static bool is_reserved_header(ocors_span_t name)
{
    static const char *const reserved[] = {
        "connection",
        "keep-alive",
        "proxy-connection",
        "proxy-authenticate",
        "proxy-authorization",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
        "content-length",
        "content-encoding",
        "content-range",
    };
    const ocors_span_t own = OCORS_SPAN_LITERAL("access-control-");

    for (size_t i = 0; i < sizeof(reserved) / sizeof(reserved[0]); i++) {
        if (ocors_span_is_equal_nocase(name, ocors_span_from_string(reserved[i]))) {
            return true;
        }
    }
    return name.length >= own.length
           && ocors_span_is_equal_nocase(ocors_span_make(name.bytes, own.length), own);
}

static ocors_result_t keep_header(ocors_settings_t *settings, ocors_span_t name, ocors_span_t value)
{
    ocors_settings_memory_t *memory = settings->memory;
    ocors_response_header_t *headers;
    ocors_response_header_t kept;

    if (memory->is_dropping) {
        return OCORS_OK;
    }
    headers = ocors_array_grow(settings->headers, settings->header_count, sizeof(*headers));
    if (headers == NULL) {
        return OCORS_NO_MEMORY;
    }
    settings->headers = headers;
    kept.name = ocors_arena_copy(&memory->text, name);
    kept.value = ocors_arena_copy(&memory->text, value);
    if (kept.name.bytes == NULL || kept.value.bytes == NULL) {
        return OCORS_NO_MEMORY;
    }
    headers[settings->header_count++] = kept;
    settings->clients[settings->client_count - 1].header_count++;
    return OCORS_OK;
}

ocors_result_t ocors_settings_add_header(ocors_settings_t *settings, ocors_span_t name,
                                         ocors_span_t value, ocors_report_t *report,
                                         const ocors_path_t *path)
{
    ocors_settings_memory_t *memory = settings->memory;
    ocors_span_t lower;
    bool is_new;

    if (ocors_span_has_control(value)) {
        ocors_report_add(
            report, OCORS_FINDING_HEADER_VALUE, path,
            "a header's value has a control character (a line break, tab, NUL, ...); remove it");
    }
    if (!ocors_token_is_valid(name)) {
        ocors_report_add(report, OCORS_FINDING_HEADER_NAME, path,
                         "\"%.*s\" is not a valid header name; a name has only letters, digits and "
                         "!#$%%&'*+-.^_`|~",
                         OCORS_SHOWN(name));
        return OCORS_OK;
    }
    if (is_reserved_header(name)) {
        ocors_report_add(
            report, OCORS_FINDING_HEADER_NAME, path,
            "\"%.*s\" cannot be set here: the module makes Access-Control-* headers from "
            "allowed_origins, and the server makes connection and framing headers",
            OCORS_SHOWN(name));
        return OCORS_OK;
    }
    lower = ocors_arena_copy_lower(&memory->text, name);
    if (lower.bytes == NULL || ocors_index_put(&memory->headers, 0, lower, 0, &is_new) == NULL) {
        return OCORS_NO_MEMORY;
    }
    if (!is_new) {
        ocors_report_add(report, OCORS_FINDING_HEADER_NAME, path,
                         "\"%.*s\" is already defined here; header names have no case",
                         OCORS_SHOWN(name));
        return OCORS_OK;
    }
    return keep_header(settings, name, value);
}
