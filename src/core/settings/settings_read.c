/* SPDX-License-Identifier: Apache-2.0 */
/* Walks the tree of a settings document: judges keys and types, hands values to the model. */
#include "ocors_settings_read.h"

#include <stdint.h>

#include "ocors_method.h"
#include "ocors_near_name.h"

/* What the reading of a document carries along. */
typedef struct reader_t {
    ocors_settings_t *settings;
    ocors_report_t *report;
    ocors_result_t status;   /* OCORS_NO_MEMORY ends the reading */
    ocors_methods_t methods; /* of the resource that is being read */
    ocors_json_t *clients;   /* the document's */
} reader_t;

/* Judges a value of its type, and adds what there is to say of it to the reader's report. */
typedef void judge_t(reader_t *reader, ocors_json_t *value, const ocors_path_t *path);

/* What values are in. */
typedef enum {
    NOTHING, /* the document is in nothing; what has nothing below it has no shape below */
    DOCUMENT,
    CLIENTS,
    CLIENT,
    ORIGINS,
    HEADERS,
    RESOURCES,
    RESOURCE,
    METHODS,
    RANGES,
    RANGE,
    CONFIG
} container_t;

/* Whether the policy reads a value. */
typedef enum {
    USE_ALL,   /* with all that is below it */
    USE_KNOWN, /* with what the shapes below it name */
    USE_HINT,  /* not for its decisions: one of another type is ignored */
    USE_NONE   /* not at all */
} use_t;

/* What a value should be. */
struct ocors_shape_t {
    container_t in;
    const char *name;       /* of a member; NULL: any member has it, or an element */
    ocors_json_type_t type; /* OCORS_JSON_UNKNOWN: an array, or one of its elements */
    use_t use;
    container_t below;
    judge_t *judge;       /* NULL: the type, and what is below, is all there is to say */
    const char *expected; /* "expected ..." */
};

static judge_t judge_document, judge_document_version, judge_client, judge_origins, judge_origin,
    judge_header, judge_resource, judge_method, judge_range, judge_version;

/* What a document should be, from the outside in; what is in one container is in rows together. */
static const ocors_shape_t shapes[] = {
    { NOTHING, NULL, OCORS_JSON_OBJECT, USE_KNOWN, DOCUMENT, judge_document,
      "an object such as {\"_v\":\"19.1\",\"clients\":[ ... ]}" },
    { DOCUMENT, "_v", OCORS_JSON_STRING, USE_HINT, NOTHING, judge_document_version,
      "a version as a string, such as \"19.1\"" },
    { DOCUMENT, "clients", OCORS_JSON_ARRAY, USE_KNOWN, CLIENTS, NULL,
      "an array of clients, such as [{\"client_id\":\"...\",\"allowed_origins\":[...]}]" },
    { CLIENTS, NULL, OCORS_JSON_OBJECT, USE_KNOWN, CLIENT, judge_client,
      "a client such as {\"client_id\":\"...\",\"allowed_origins\":[...]}" },
    { CLIENT, "client_id", OCORS_JSON_STRING, USE_ALL, NOTHING, NULL,
      "the client application's id as a string" },
    { CLIENT, "allowed_origins", OCORS_JSON_ARRAY, USE_ALL, ORIGINS, judge_origins,
      "an array of origins, such as [\"https://www.example.com\"]" },
    { CLIENT, "response_headers", OCORS_JSON_OBJECT, USE_ALL, HEADERS, NULL,
      "an object of header names and values, such as {\"x-foo\":\"bar\"}" },
    { CLIENT, "resources", OCORS_JSON_ARRAY, USE_KNOWN, RESOURCES, NULL,
      "an array of resources, such as [{\"resource_id\":\"/products/*\",\"methods\":[\"get\"]}]" },
    { ORIGINS, NULL, OCORS_JSON_STRING, USE_ALL, NOTHING, judge_origin,
      "an origin as a string, such as \"https://www.example.com\"" },
    { HEADERS, NULL, OCORS_JSON_STRING, USE_ALL, NOTHING, judge_header,
      "the header's value as a string" },
    { RESOURCES, NULL, OCORS_JSON_OBJECT, USE_KNOWN, RESOURCE, judge_resource,
      "a resource such as {\"resource_id\":\"/products/*\",\"methods\":[\"get\"]}" },
    { RESOURCE, "resource_id", OCORS_JSON_STRING, USE_ALL, NOTHING, NULL,
      "a path as a string, such as \"/products/*/images\"" },
    { RESOURCE, "methods", OCORS_JSON_ARRAY, USE_ALL, METHODS, NULL,
      "an array of methods, such as [\"get\",\"post\"]" },
    { RESOURCE, "read_attributes", OCORS_JSON_STRING, USE_NONE, NOTHING, NULL,
      "a string, such as \"(**)\"" },
    { RESOURCE, "write_attributes", OCORS_JSON_STRING, USE_NONE, NOTHING, NULL,
      "a string, such as \"(**)\"" },
    { RESOURCE, "cache_time", OCORS_JSON_INTEGER, USE_NONE, NOTHING, NULL,
      "a whole number of seconds, such as 60" },
    { RESOURCE, "config", OCORS_JSON_OBJECT, USE_NONE, CONFIG, NULL,
      "an object whose values are strings" },
    { RESOURCE, "version_range", OCORS_JSON_UNKNOWN, USE_ALL, RANGES, NULL, NULL },
    { RESOURCE, "personalized_caching_enabled", OCORS_JSON_BOOLEAN, USE_NONE, NOTHING, NULL,
      "true or false" },
    { METHODS, NULL, OCORS_JSON_STRING, USE_ALL, NOTHING, judge_method,
      "a method as a string, such as \"get\"" },
    { CONFIG, NULL, OCORS_JSON_STRING, USE_NONE, NOTHING, NULL, "a string" },
    { RANGES, NULL, OCORS_JSON_OBJECT, USE_ALL, RANGE, judge_range,
      "an object such as {\"from\":\"18.1\",\"until\":\"19.5\"}" },
    { RANGE, "from", OCORS_JSON_STRING, USE_ALL, NOTHING, judge_version,
      "a version as a string, such as \"18.1\"" },
    { RANGE, "until", OCORS_JSON_STRING, USE_ALL, NOTHING, judge_version,
      "a version as a string, such as \"19.5\"" },
};

const ocors_shape_t *const ocors_document_shape = &shapes[0];

#define SHAPE_COUNT (sizeof(shapes) / sizeof(shapes[0]))

/* What there is to say of an object that lacks a member, or of a list without an element. */
static const struct {
    container_t in;
    const char *name; /* NULL: an element */
    ocors_finding_code_t code;
    const char *sentence;
} needs[] = {
    { DOCUMENT, "_v", OCORS_FINDING_VERSION_ODD,
      "\"_v\" is missing; a document says its version, such as \"_v\":\"19.1\"" },
    { CLIENTS, NULL, OCORS_FINDING_CLIENTS_EMPTY,
      "this list is empty: the document allows no origin" },
    { CLIENT, "client_id", OCORS_FINDING_CLIENT_ID_MISSING,
      "\"client_id\" is missing; each client has the id of its application, such as "
      "\"client_id\":\"1d763261-6522-4913-9d52-5d947d3b94c4\"" },
    { CLIENT, "allowed_origins", OCORS_FINDING_ORIGINS_MISSING,
      "\"allowed_origins\" is missing: no origin is allowed for this client" },
    { ORIGINS, NULL, OCORS_FINDING_ORIGINS_EMPTY,
      "this list is empty: no origin is allowed for this client" },
    { RESOURCE, "methods", OCORS_FINDING_METHODS_MISSING,
      "\"methods\" is missing; a resource lists the methods that it grants, such as "
      "\"methods\":[\"get\"]" },
    { RESOURCE, "resource_id", OCORS_FINDING_RESOURCE_ID_MISSING,
      "\"resource_id\" is missing; a resource names its path, such as "
      "\"resource_id\":\"/products/*\"" },
    { METHODS, NULL, OCORS_FINDING_METHODS_MISSING,
      "a resource has at least one method, such as [\"get\"]" },
    { RANGES, NULL, OCORS_FINDING_VERSION_RANGE,
      "this list of ranges is empty; name a range, such as {\"from\":\"18.1\"}, or remove the key "
      "if you mean all versions" },
};

/* ---- Shapes --------------------------------------------------------------------------------- */

/* The shape of the member of this name, or of an element; NULL: the name is not known. */
static const ocors_shape_t *find_shape(container_t in, ocors_span_t name)
{
    for (size_t i = 0; i < SHAPE_COUNT; i++) {
        if (shapes[i].in == in
            && (shapes[i].name == NULL
                || ocors_span_is_equal(ocors_span_from_string(shapes[i].name), name))) {
            return &shapes[i];
        }
    }
    return NULL;
}

const ocors_shape_t *ocors_shape_below(const ocors_shape_t *shape, ocors_span_t key)
{
    const ocors_shape_t *below = NULL;

    if (shape == NULL || shape->use == USE_ALL) {
        return shape;
    }
    if ((key.bytes == NULL) == (shape->type == OCORS_JSON_ARRAY)) {
        below = find_shape(shape->below, key);
    }
    return below != NULL && below->use < USE_HINT ? below : NULL;
}

/* Says of a key that it is not known, or which known one was probably meant. */
static void judge_unknown(reader_t *reader, container_t in, ocors_span_t key,
                          const ocors_path_t *path)
{
    const char *nearest = NULL;
    size_t least = OCORS_NAME_FAR;
    char names[256] = ""; /* those of a resource have 143 bytes */
    size_t length = 0;

    for (size_t i = 0; i < SHAPE_COUNT; i++) {
        if (shapes[i].in == in) {
            const size_t distance = ocors_name_distance(key, shapes[i].name);
            const bool is_last = i + 1 == SHAPE_COUNT || shapes[i + 1].in != in;
            const char *separator = length == 0 ? "" : is_last ? " and " : ", ";

            if (distance < least) {
                least = distance;
                nearest = shapes[i].name;
            }
            length += (size_t)snprintf(names + length, sizeof(names) - length, "%s%s", separator,
                                       shapes[i].name);
        }
    }
    if (nearest != NULL) {
        ocors_report_add(reader->report, OCORS_FINDING_KEY_MISTYPED, path,
                         "this key is not known and is ignored; did you mean \"%s\"?", nearest);
        return;
    }
    ocors_report_add(reader->report, OCORS_FINDING_UNKNOWN_KEY, path,
                     "this key is not known and is ignored; known here are %s", names);
}

/* Judges what a value lacks, and then what is below it, in the text's order. */
static void judge_below(reader_t *reader, ocors_json_t *value, container_t in,
                        const ocors_path_t *path);

/*
 * Judges a value by the shape that it should have where it is: if it has another type, says what is
 * expected and what was found.
 */
static void judge_value(reader_t *reader, ocors_json_t *value, container_t in,
                        const ocors_path_t *path)
{
    static const struct {
        ocors_finding_code_t code;
        const char *what_happens;
    } others[] = {
        [USE_ALL] = { OCORS_FINDING_WRONG_TYPE, "" },
        [USE_KNOWN] = { OCORS_FINDING_WRONG_TYPE, "" },
        [USE_HINT] = { OCORS_FINDING_VERSION_ODD, "; it is ignored" },
        [USE_NONE] = { OCORS_FINDING_UNUSED_VALUE, "; the policy does not use it" },
    };
    const ocors_json_type_t type = ocors_json_type(value);
    const ocors_span_t key = path != NULL ? path->key : ocors_span_make(NULL, 0);
    const ocors_shape_t *shape = find_shape(in, key);

    if (shape == NULL) {
        judge_unknown(reader, in, key, path);
    }
    else if (shape->type == OCORS_JSON_UNKNOWN && type != OCORS_JSON_ARRAY) {
        judge_value(reader, value, shape->below, path);
    }
    else if (shape->type == type || shape->type == OCORS_JSON_UNKNOWN) {
        if (shape->judge != NULL) {
            shape->judge(reader, value, path);
        }
        else if (shape->below != NOTHING) {
            judge_below(reader, value, shape->below, path);
        }
    }
    else if (type != OCORS_JSON_UNKNOWN) {
        ocors_report_add(reader->report, others[shape->use].code, path, "expected %s, found %s%s",
                         shape->expected, ocors_json_type_name(value),
                         others[shape->use].what_happens);
    }
}

static void judge_below(reader_t *reader, ocors_json_t *value, container_t in,
                        const ocors_path_t *path)
{
    ocors_json_child_t child = { .path.parent = path };

    for (size_t i = 0; i < sizeof(needs) / sizeof(needs[0]); i++) {
        if (needs[i].in == in
            && (needs[i].name != NULL ? !ocors_json_find(value, needs[i].name, NULL)
                                      : ocors_json_length(value) == 0)) {
            ocors_report_add(reader->report, needs[i].code, path, "%s", needs[i].sentence);
        }
    }
    while (reader->status == OCORS_OK && ocors_json_next(value, &child)) {
        judge_value(reader, child.value, in, &child.path);
    }
}

/* A member that is a string; bytes == NULL: it is absent, or something else. */
static ocors_span_t find_string(ocors_json_t *object, const char *name)
{
    ocors_json_t *value;

    return ocors_json_find(object, name, &value) && ocors_json_type(value) == OCORS_JSON_STRING
               ? ocors_json_string(value)
               : ocors_span_make(NULL, 0);
}

/* ---- Versions ------------------------------------------------------------------------------- */

static void judge_version(reader_t *reader, ocors_json_t *value, const ocors_path_t *path)
{
    ocors_span_t text = ocors_json_string(value);
    ocors_version_t version;

    if (!ocors_version_parse(text, &version)) {
        ocors_report_add(reader->report, OCORS_FINDING_VERSION_RANGE, path,
                         "\"%.*s\" is not a version; expected two numbers, such as \"18.1\"",
                         OCORS_SHOWN(text));
    }
}

/* A bound of a range; `none` if it is absent, or is not a version, which has been reported. */
static ocors_version_t read_bound(ocors_json_t *range, const char *name, ocors_version_t none)
{
    (void)ocors_version_parse(find_string(range, name), &none);
    return none;
}

static void judge_range(reader_t *reader, ocors_json_t *value, const ocors_path_t *path)
{
    judge_below(reader, value, RANGE, path);
    if (!ocors_json_find(value, "from", NULL) && !ocors_json_find(value, "until", NULL)) {
        ocors_report_add(reader->report, OCORS_FINDING_VERSION_RANGE, path,
                         "a range has \"from\", \"until\" or both, such as {\"from\":\"18.1\"}");
    }
    else if (read_bound(value, "from", 0) >= read_bound(value, "until", UINT32_MAX)) {
        ocors_report_add(reader->report, OCORS_FINDING_VERSION_RANGE, path,
                         "this range contains no version: \"from\" is not before \"until\", and "
                         "\"until\" itself is outside");
    }
}

/* ---- Resources ------------------------------------------------------------------------------ */

static void judge_method(reader_t *reader, ocors_json_t *value, const ocors_path_t *path)
{
    const ocors_span_t text = ocors_json_string(value);
    const ocors_methods_t method = ocors_method_parse_nocase(text);

    if (method == 0) {
        ocors_report_add(reader->report, OCORS_FINDING_METHOD_UNKNOWN, path,
                         "\"%.*s\" is not a method that a resource can have; allowed are get, "
                         "head, post, put, patch, delete and options",
                         OCORS_SHOWN(text));
    }
    reader->methods |= method;
}

/* Adds the resource for each of its ranges; once if it has none. */
static void add_resource(reader_t *reader, ocors_json_t *resource, ocors_span_t id,
                         const ocors_path_t *path)
{
    const size_t errors = reader->report->totals[OCORS_SEVERITY_ERROR];
    const ocors_path_t here = { .parent = path, .key = OCORS_SPAN_LITERAL("resource_id") };
    ocors_json_t *ranges;
    const bool is_list = ocors_json_find(resource, "version_range", &ranges)
                         && ocors_json_type(ranges) == OCORS_JSON_ARRAY;
    size_t i = 0;

    do {
        ocors_json_t *range = is_list ? ocors_json_element(ranges, i) : ranges;

        reader->status = ocors_settings_add_resource(
            reader->settings, id, reader->methods, read_bound(range, "from", 0),
            read_bound(range, "until", UINT32_MAX), reader->report, &here);
        /* A path that is wrong is wrong once, not once for each range. */
    } while (is_list && ++i < ocors_json_length(ranges) && reader->status == OCORS_OK
             && reader->report->totals[OCORS_SEVERITY_ERROR] == errors);
}

static void judge_resource(reader_t *reader, ocors_json_t *value, const ocors_path_t *path)
{
    const ocors_span_t id = find_string(value, "resource_id");

    reader->methods = 0;
    judge_below(reader, value, RESOURCE, path);
    if (reader->status == OCORS_OK && id.bytes != NULL) {
        add_resource(reader, value, id, path);
    }
}

/* ---- Clients -------------------------------------------------------------------------------- */

static void judge_origin(reader_t *reader, ocors_json_t *value, const ocors_path_t *path)
{
    reader->status = ocors_settings_add_origin(reader->settings, ocors_json_string(value),
                                               reader->report, path);
}

static void judge_origins(reader_t *reader, ocors_json_t *value, const ocors_path_t *path)
{
    const size_t errors = reader->report->totals[OCORS_SEVERITY_ERROR];

    judge_below(reader, value, ORIGINS, path);
    if (reader->status == OCORS_OK && ocors_json_length(value) > 0
        && reader->report->totals[OCORS_SEVERITY_ERROR] == errors) {
        ocors_settings_end_origins(reader->settings, reader->report, path);
    }
}

static void judge_header(reader_t *reader, ocors_json_t *value, const ocors_path_t *path)
{
    reader->status = ocors_settings_add_header(reader->settings, path->key,
                                               ocors_json_string(value), reader->report, path);
}

static void judge_client(reader_t *reader, ocors_json_t *value, const ocors_path_t *path)
{
    uint32_t element;
    const ocors_path_t id_path = { .parent = path, .key = OCORS_SPAN_LITERAL("client_id") };
    ocors_span_t id = find_string(value, "client_id");

    /* An earlier one of this id that is equal in all that it says. */
    if (id.length > 0 && ocors_settings_find_client(reader->settings, id, &element)
        && ocors_json_is_equal(ocors_json_element(reader->clients, element), value)) {
        ocors_report_add(reader->report, OCORS_FINDING_CLIENT_REPEATED, &id_path,
                         "this client is already defined at clients[%u], with the same content; "
                         "remove one of the two entries",
                         (unsigned)element);
        id = ocors_span_make(NULL, 0);
    }
    reader->status = ocors_settings_begin_client(reader->settings, id, reader->report, &id_path);
    judge_below(reader, value, CLIENT, path);
}

/* ---- The document --------------------------------------------------------------------------- */

static void judge_document_version(reader_t *reader, ocors_json_t *value, const ocors_path_t *path)
{
    reader->status = ocors_settings_set_version(reader->settings, ocors_json_string(value),
                                                reader->report, path);
}

static void judge_document(reader_t *reader, ocors_json_t *value, const ocors_path_t *path)
{
    if (!ocors_json_find(value, "clients", &reader->clients)) {
        const bool is_client = ocors_json_find(value, "client_id", NULL);
        const bool is_resource = !is_client && ocors_json_find(value, "resource_id", NULL);

        ocors_report_add(
            reader->report, OCORS_FINDING_CLIENTS_MISSING, path, "\"clients\" is missing%s",
            is_client     ? ": this is one client; wrap it in {\"_v\":\"19.1\",\"clients\":[ ... ]}"
            : is_resource ? ": this is one resource; it belongs into a client's resources: "
                            "{\"_v\":\"19.1\",\"clients\":[{\"client_id\":\"...\","
                            "\"resources\":[ ... ]}]}"
                          : "; a settings document is {\"_v\":\"19.1\",\"clients\":[ ... ]}");
        if (is_client || is_resource) {
            (is_client ? judge_client : judge_resource)(reader, value, path);
            return;
        }
    }
    judge_below(reader, value, DOCUMENT, path);
}

/* An array in the place of the document: of documents, or of clients. */
static void refuse_array(reader_t *reader, ocors_json_t *array)
{
    if (ocors_json_find(ocors_json_element(array, 0), "clients", NULL)) {
        ocors_report_add(reader->report, OCORS_FINDING_SEVERAL_DOCUMENTS, NULL,
                         "a file has one document, not a list of %zu; write each into a file of "
                         "its own, without the brackets (OcapiCorsSettings takes several files)",
                         ocors_json_length(array));
        return;
    }
    ocors_report_add(reader->report, OCORS_FINDING_WRONG_TYPE, NULL,
                     "expected an object, found an array; a list of clients is wrapped in "
                     "{\"_v\":\"19.1\",\"clients\":[ ... ]}");
}

ocors_result_t ocors_settings_read(ocors_settings_t *settings, ocors_json_t *root,
                                   ocors_report_t *report)
{
    reader_t reader = { .settings = settings, .report = report };

    if (ocors_json_type(root) == OCORS_JSON_ARRAY) {
        refuse_array(&reader, root);
    }
    else {
        judge_value(&reader, root, NOTHING, NULL);
    }
    ocors_settings_end(settings);
    return reader.status;
}
