/* SPDX-License-Identifier: Apache-2.0 */
/* Walks the tree of a settings document: judges keys and types, hands values to the model. */
#include "ocors_settings_read.h"

#include <stdint.h>

#include "ocors_method.h"

/* How much of a value a sentence shows. */
#define SHOWN_MAX 64

typedef struct reader_t {
    ocors_settings_t *settings;
    ocors_report_t *report;
    ocors_result_t status;   /* OCORS_NO_MEMORY ends the reading */
    ocors_methods_t methods; /* of the resource that is being read */
} reader_t;

typedef void judge_t(reader_t *reader, ocors_json_t *value, const ocors_path_t *path);

/* A key that an object may have. */
typedef struct member_t {
    const char *name;
    ocors_json_type_t type; /* OCORS_JSON_UNKNOWN: `judge` asks for it */
    const char *expected;   /* "expected ..." */
    judge_t *judge;         /* NULL: the type is all there is to say */
} member_t;

/* The keys that an object may have, and their names in a sentence. */
typedef struct shape_t {
    const member_t *members;
    size_t count;
    const char *names;
} shape_t;

#define SHAPE(members, names)                                                                      \
    {                                                                                              \
        (members), sizeof(members) / sizeof((members)[0]), (names)                                 \
    }

static const char *type_name(ocors_json_type_t type)
{
    static const char *const names[] = {
        [OCORS_JSON_NULL] = "null",        [OCORS_JSON_BOOLEAN] = "true or false",
        [OCORS_JSON_INTEGER] = "a number", [OCORS_JSON_FRACTION] = "a number with a fraction",
        [OCORS_JSON_STRING] = "a string",  [OCORS_JSON_ARRAY] = "an array",
        [OCORS_JSON_OBJECT] = "an object", [OCORS_JSON_UNKNOWN] = "something else",
    };

    return names[type];
}

static bool is_type(ocors_json_t *value, ocors_json_type_t type)
{
    return ocors_json_type(value) == type;
}

/* Whether the value has the type; if not, says what is expected and what was found. */
static bool has_type(reader_t *reader, ocors_json_t *value, ocors_json_type_t expected_type,
                     const char *expected, const ocors_path_t *path)
{
    ocors_json_type_t type = ocors_json_type(value);

    if (type != expected_type && type != OCORS_JSON_UNKNOWN) {
        ocors_report_add(reader->report, OCORS_FINDING_WRONG_TYPE, path, "expected %s, found %s",
                         expected, type_name(type));
    }
    return type == expected_type;
}

static const member_t *find_member(const shape_t *shape, ocors_span_t name)
{
    for (size_t i = 0; i < shape->count; i++) {
        if (ocors_span_is_equal(ocors_span_from_string(shape->members[i].name), name)) {
            return &shape->members[i];
        }
    }
    return NULL;
}

/* Holds every key of an object against those that it may have. */
static void walk_object(reader_t *reader, ocors_json_t *object, const shape_t *shape,
                        const ocors_path_t *path)
{
    ocors_json_member_t entry;

    for (bool has_entry = ocors_json_first(object, &entry); has_entry && reader->status == OCORS_OK;
         has_entry = ocors_json_next(&entry)) {
        const member_t *member = find_member(shape, entry.name);
        const ocors_path_t here = { .parent = path, .key = entry.name };

        if (member == NULL) {
            if (!entry.is_repeated) {
                ocors_report_add(reader->report, OCORS_FINDING_UNKNOWN_KEY, &here,
                                 "an unknown key, which is passed over; known here are %s",
                                 shape->names);
            }
            continue;
        }
        if (member->type != OCORS_JSON_UNKNOWN
            && !has_type(reader, entry.value, member->type, member->expected, &here)) {
            continue;
        }
        if (member->judge != NULL) {
            member->judge(reader, entry.value, &here);
        }
    }
}

/* Calls `judge` for each element of an array. */
static void walk_array(reader_t *reader, ocors_json_t *array, judge_t *judge,
                       const ocors_path_t *path)
{
    size_t length = ocors_json_length(array);

    for (size_t i = 0; i < length && reader->status == OCORS_OK; i++) {
        const ocors_path_t here = { .parent = path, .index = i };

        judge(reader, ocors_json_element(array, i), &here);
    }
}

/* ---- Versions ------------------------------------------------------------------------------- */

static void judge_version(reader_t *reader, ocors_json_t *value, const ocors_path_t *path)
{
    ocors_span_t text = ocors_json_string(value);
    ocors_version_t version;

    if (!ocors_version_parse(text, &version)) {
        ocors_report_add(reader->report, OCORS_FINDING_VERSION_RANGE, path,
                         "\"%.*s\" is no version; expected two numbers, such as \"18.1\"",
                         (int)(text.length < SHOWN_MAX ? text.length : SHOWN_MAX), text.bytes);
    }
}

static const member_t range_members[] = {
    { "from", OCORS_JSON_STRING, "a version as a string, such as \"18.1\"", judge_version },
    { "until", OCORS_JSON_STRING, "a version as a string, such as \"19.5\"", judge_version },
};

static const shape_t range_shape = SHAPE(range_members, "from and until");

/* One bound; true: it is absent, or a version. */
static bool read_bound(ocors_json_t *range, const char *name, ocors_version_t *version)
{
    ocors_json_t *value;

    return !ocors_json_find(range, name, &value)
           || (is_type(value, OCORS_JSON_STRING)
               && ocors_version_parse(ocors_json_string(value), version));
}

/* False: not both are versions. */
static bool read_range(ocors_json_t *range, ocors_version_t *from, ocors_version_t *until)
{
    *from = 0;
    *until = UINT32_MAX;
    return is_type(range, OCORS_JSON_OBJECT) && read_bound(range, "from", from)
           && read_bound(range, "until", until);
}

static void judge_range(reader_t *reader, ocors_json_t *value, const ocors_path_t *path)
{
    ocors_json_t *bound;
    ocors_version_t from;
    ocors_version_t until;

    if (!has_type(reader, value, OCORS_JSON_OBJECT,
                  "an object such as {\"from\":\"18.1\",\"until\":\"19.5\"}", path)) {
        return;
    }
    walk_object(reader, value, &range_shape, path);
    if (!ocors_json_find(value, "from", &bound) && !ocors_json_find(value, "until", &bound)) {
        ocors_report_add(reader->report, OCORS_FINDING_VERSION_RANGE, path,
                         "a range has \"from\", \"until\" or both, such as {\"from\":\"18.1\"}");
    }
    else if (read_range(value, &from, &until) && from >= until) {
        ocors_report_add(reader->report, OCORS_FINDING_VERSION_RANGE, path,
                         "no version is in this range: \"from\" is not before \"until\", and "
                         "\"until\" itself is outside");
    }
}

static void judge_ranges(reader_t *reader, ocors_json_t *value, const ocors_path_t *path)
{
    if (!is_type(value, OCORS_JSON_ARRAY)) {
        judge_range(reader, value, path);
        return;
    }
    if (ocors_json_length(value) == 0) {
        ocors_report_add(reader->report, OCORS_FINDING_VERSION_RANGE, path,
                         "an empty list of ranges; name one, such as {\"from\":\"18.1\"}, or "
                         "remove the key where all versions are meant");
    }
    walk_array(reader, value, judge_range, path);
}

/* ---- Resources ------------------------------------------------------------------------------ */

static void judge_method(reader_t *reader, ocors_json_t *value, const ocors_path_t *path)
{
    ocors_methods_t method;
    ocors_span_t text;

    if (!has_type(reader, value, OCORS_JSON_STRING, "a method as a string, such as \"get\"",
                  path)) {
        return;
    }
    text = ocors_json_string(value);
    method = ocors_method_parse_nocase(text);
    if (method == 0) {
        ocors_report_add(reader->report, OCORS_FINDING_METHOD_UNKNOWN, path,
                         "\"%.*s\" is no method that a resource can have; allowed are get, head, "
                         "post, put, patch, delete and options",
                         (int)(text.length < SHOWN_MAX ? text.length : SHOWN_MAX), text.bytes);
    }
    reader->methods |= method;
}

static void judge_methods(reader_t *reader, ocors_json_t *value, const ocors_path_t *path)
{
    if (ocors_json_length(value) == 0) {
        ocors_report_add(reader->report, OCORS_FINDING_METHODS_MISSING, path,
                         "a resource has at least one method, such as [\"get\"]");
    }
    walk_array(reader, value, judge_method, path);
}

static void judge_config(reader_t *reader, ocors_json_t *value, const ocors_path_t *path)
{
    ocors_json_member_t entry;

    for (bool has_entry = ocors_json_first(value, &entry); has_entry;
         has_entry = ocors_json_next(&entry)) {
        const ocors_path_t here = { .parent = path, .key = entry.name };

        (void)has_type(reader, entry.value, OCORS_JSON_STRING, "a string", &here);
    }
}

static const member_t resource_members[] = {
    { "resource_id", OCORS_JSON_STRING, "a path as a string, such as \"/products/*/images\"",
      NULL },
    { "methods", OCORS_JSON_ARRAY, "an array of methods, such as [\"get\",\"post\"]",
      judge_methods },
    { "read_attributes", OCORS_JSON_STRING, "a string, such as \"(**)\"", NULL },
    { "write_attributes", OCORS_JSON_STRING, "a string, such as \"(**)\"", NULL },
    { "cache_time", OCORS_JSON_INTEGER, "a whole number of seconds, such as 60", NULL },
    { "config", OCORS_JSON_OBJECT, "an object whose values are strings", judge_config },
    { "version_range", OCORS_JSON_UNKNOWN, NULL, judge_ranges },
    { "personalized_caching_enabled", OCORS_JSON_BOOLEAN, "true or false", NULL },
};

static const shape_t resource_shape = SHAPE(
    resource_members, "resource_id, methods, read_attributes, write_attributes, cache_time, "
                      "config, version_range and personalized_caching_enabled");

/* Adds the resource for each of its ranges: once where it has none, or none that is one. */
static void add_resource(reader_t *reader, ocors_json_t *resource, ocors_json_t *id,
                         const ocors_path_t *path)
{
    const size_t errors = reader->report->totals[OCORS_SEVERITY_ERROR];
    const ocors_path_t here = { .parent = path, .key = OCORS_SPAN_LITERAL("resource_id") };
    ocors_json_t *ranges;
    bool has_ranges = ocors_json_find(resource, "version_range", &ranges);
    bool is_list = has_ranges && is_type(ranges, OCORS_JSON_ARRAY);
    size_t count = is_list ? ocors_json_length(ranges) : 1;

    if (count == 0) {
        has_ranges = is_list = false;
        count = 1;
    }
    /* A path that is wrong is wrong once, not once for each range. */
    for (size_t i = 0; i < count && reader->status == OCORS_OK
                       && reader->report->totals[OCORS_SEVERITY_ERROR] == errors;
         i++) {
        ocors_version_t from = 0;
        ocors_version_t until = UINT32_MAX;

        if (has_ranges) {
            /* What is no range has been reported, and the document will be refused. */
            (void)read_range(is_list ? ocors_json_element(ranges, i) : ranges, &from, &until);
        }
        reader->status = ocors_settings_add_resource(reader->settings, ocors_json_string(id),
                                                     reader->methods, from, until, reader->report,
                                                     &here);
    }
}

static void judge_resource(reader_t *reader, ocors_json_t *value, const ocors_path_t *path)
{
    ocors_json_t *member;

    if (!has_type(reader, value, OCORS_JSON_OBJECT,
                  "a resource such as {\"resource_id\":\"/products/*\",\"methods\":[\"get\"]}",
                  path)) {
        return;
    }
    reader->methods = 0;
    walk_object(reader, value, &resource_shape, path);
    if (!ocors_json_find(value, "methods", &member)) {
        ocors_report_add(reader->report, OCORS_FINDING_METHODS_MISSING, path,
                         "\"methods\" is missing; a resource lists the methods that it grants, "
                         "such as \"methods\":[\"get\"]");
    }
    if (!ocors_json_find(value, "resource_id", &member)) {
        ocors_report_add(reader->report, OCORS_FINDING_RESOURCE_ID_MISSING, path,
                         "\"resource_id\" is missing; a resource names its path, such as "
                         "\"resource_id\":\"/products/*\"");
    }
    else if (is_type(member, OCORS_JSON_STRING)) {
        add_resource(reader, value, member, path);
    }
}

static void judge_resources(reader_t *reader, ocors_json_t *value, const ocors_path_t *path)
{
    walk_array(reader, value, judge_resource, path);
}

/* ---- Clients -------------------------------------------------------------------------------- */

static void judge_origin(reader_t *reader, ocors_json_t *value, const ocors_path_t *path)
{
    if (has_type(reader, value, OCORS_JSON_STRING,
                 "an origin as a string, such as \"https://www.example.com\"", path)) {
        reader->status = ocors_settings_add_origin(reader->settings, ocors_json_string(value),
                                                   reader->report, path);
    }
}

static void judge_origins(reader_t *reader, ocors_json_t *value, const ocors_path_t *path)
{
    walk_array(reader, value, judge_origin, path);
}

static void judge_headers(reader_t *reader, ocors_json_t *value, const ocors_path_t *path)
{
    ocors_json_member_t entry;

    for (bool has_entry = ocors_json_first(value, &entry); has_entry && reader->status == OCORS_OK;
         has_entry = ocors_json_next(&entry)) {
        const ocors_path_t here = { .parent = path, .key = entry.name };

        /* One that is repeated byte for byte has been reported as a duplicate key. */
        if (has_type(reader, entry.value, OCORS_JSON_STRING, "the header's value as a string",
                     &here)
            && !entry.is_repeated) {
            reader->status = ocors_settings_add_header(reader->settings, entry.name,
                                                       ocors_json_string(entry.value),
                                                       reader->report, &here);
        }
    }
}

static const member_t client_members[] = {
    { "client_id", OCORS_JSON_STRING, "the client application's id as a string", NULL },
    { "allowed_origins", OCORS_JSON_ARRAY,
      "an array of origins, such as [\"https://www.example.com\"]", judge_origins },
    { "response_headers", OCORS_JSON_OBJECT,
      "an object of header names and values, such as {\"x-foo\":\"bar\"}", judge_headers },
    { "resources", OCORS_JSON_ARRAY,
      "an array of resources, such as [{\"resource_id\":\"/products/*\",\"methods\":[\"get\"]}]",
      judge_resources },
};

static const shape_t client_shape = SHAPE(
    client_members, "client_id, allowed_origins, response_headers and resources");

static void judge_client(reader_t *reader, ocors_json_t *value, const ocors_path_t *path)
{
    const ocors_path_t id_path = { .parent = path, .key = OCORS_SPAN_LITERAL("client_id") };
    ocors_span_t id = { NULL, 0 };
    ocors_json_t *member;

    if (!has_type(reader, value, OCORS_JSON_OBJECT,
                  "a client such as {\"client_id\":\"...\",\"allowed_origins\":[...]}", path)) {
        return;
    }
    if (!ocors_json_find(value, "client_id", &member)) {
        ocors_report_add(reader->report, OCORS_FINDING_CLIENT_ID_MISSING, path,
                         "\"client_id\" is missing; each client has the id of its application, "
                         "such as \"client_id\":\"1d763261-6522-4913-9d52-5d947d3b94c4\"");
    }
    else if (is_type(member, OCORS_JSON_STRING)) {
        id = ocors_json_string(member);
    }
    reader->status = ocors_settings_begin_client(reader->settings, id, reader->report, &id_path);
    if (!ocors_json_find(value, "allowed_origins", &member)) {
        ocors_report_add(reader->report, OCORS_FINDING_ORIGINS_MISSING, path,
                         "no \"allowed_origins\": no origin is allowed for this client, as if it "
                         "were []");
    }
    walk_object(reader, value, &client_shape, path);
}

static void judge_clients(reader_t *reader, ocors_json_t *value, const ocors_path_t *path)
{
    walk_array(reader, value, judge_client, path);
}

/* ---- The document --------------------------------------------------------------------------- */

static void judge_document_version(reader_t *reader, ocors_json_t *value, const ocors_path_t *path)
{
    ocors_json_type_t type = ocors_json_type(value);

    if (type == OCORS_JSON_STRING) {
        reader->status = ocors_settings_set_version(reader->settings, ocors_json_string(value),
                                                    reader->report, path);
    }
    else if (type != OCORS_JSON_UNKNOWN) {
        ocors_report_add(reader->report, OCORS_FINDING_VERSION_ODD, path,
                         "expected a version as a string, such as \"19.1\", found %s; it is "
                         "passed over",
                         type_name(type));
    }
}

static const member_t document_members[] = {
    { "_v", OCORS_JSON_UNKNOWN, NULL, judge_document_version },
    { "clients", OCORS_JSON_ARRAY,
      "an array of clients, such as [{\"client_id\":\"...\",\"allowed_origins\":[...]}]",
      judge_clients },
};

static const shape_t document_shape = SHAPE(document_members, "_v and clients");

static void judge_members(reader_t *reader, ocors_json_t *root)
{
    ocors_json_t *member;
    bool has_clients = ocors_json_find(root, "clients", &member);

    if (!has_clients && ocors_json_find(root, "client_id", &member)) {
        ocors_report_add(reader->report, OCORS_FINDING_CLIENTS_MISSING, NULL,
                         "\"clients\" is missing; this is one client, and a settings document has "
                         "a list of them: wrap it in {\"_v\":\"19.1\",\"clients\":[ ... ]}");
        judge_client(reader, root, NULL);
        return;
    }
    if (!has_clients) {
        ocors_report_add(reader->report, OCORS_FINDING_CLIENTS_MISSING, NULL,
                         "\"clients\" is missing; a settings document is "
                         "{\"_v\":\"19.1\",\"clients\":[ ... ]}");
    }
    if (!ocors_json_find(root, "_v", &member)) {
        ocors_report_add(reader->report, OCORS_FINDING_VERSION_ODD, NULL,
                         "no \"_v\"; a document says which version it is, such as "
                         "\"_v\":\"19.1\"");
    }
    walk_object(reader, root, &document_shape, NULL);
}

ocors_result_t ocors_settings_read(ocors_settings_t *settings, ocors_json_t *root,
                                   ocors_report_t *report)
{
    reader_t reader = { .settings = settings, .report = report };

    if (has_type(&reader, root, OCORS_JSON_OBJECT,
                 is_type(root, OCORS_JSON_ARRAY)
                     ? "an object; a list of clients is wrapped in "
                       "{\"_v\":\"19.1\",\"clients\":[ ... ]}"
                     : "an object such as {\"_v\":\"19.1\",\"clients\":[ ... ]}",
                 NULL)) {
        judge_members(&reader, root);
    }
    return reader.status;
}
