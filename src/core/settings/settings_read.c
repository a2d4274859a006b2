/* SPDX-License-Identifier: Apache-2.0 */
/* Walks the tree of a settings document: judges keys and types, hands values to the model. */
#include "ocors_settings_read.h"

#include <stdint.h>

#include "ocors_method.h"
#include "ocors_settings_shape.h"

/* ---- Versions ------------------------------------------------------------------------------- */

static void judge_version(ocors_reader_t *reader, ocors_json_t *value, const ocors_path_t *path)
{
    ocors_span_t text = ocors_json_string(value);
    ocors_version_t version;

    if (!ocors_version_parse(text, &version)) {
        ocors_report_add(reader->report, OCORS_FINDING_VERSION_RANGE, path,
                         "\"%.*s\" is not a version; expected two numbers, such as \"18.1\"",
                         OCORS_SHOWN(text));
    }
}

static const ocors_shape_t range_members[] = {
    { "from", OCORS_JSON_STRING, "a version as a string, such as \"18.1\"", OCORS_USE_ALL,
      judge_version, NULL },
    { "until", OCORS_JSON_STRING, "a version as a string, such as \"19.5\"", OCORS_USE_ALL,
      judge_version, NULL },
    OCORS_SHAPE_END,
};

static bool is_type(ocors_json_t *value, ocors_json_type_t type)
{
    return ocors_json_type(value) == type;
}

/* One bound; true: it is absent, or a version. */
static bool read_bound(ocors_json_t *range, const char *name, ocors_version_t *version)
{
    ocors_json_t *value;

    return !ocors_json_find(range, name, &value)
           || (is_type(value, OCORS_JSON_STRING)
               && ocors_version_parse(ocors_json_string(value), version));
}

/* All versions, where there is no range. False: not both bounds are versions. */
static bool read_range(ocors_json_t *range, ocors_version_t *from, ocors_version_t *until)
{
    *from = 0;
    *until = UINT32_MAX;
    return is_type(range, OCORS_JSON_OBJECT) && read_bound(range, "from", from)
           && read_bound(range, "until", until);
}

static void judge_range(ocors_reader_t *reader, ocors_json_t *value, const ocors_path_t *path)
{
    ocors_json_t *bound;
    ocors_version_t from;
    ocors_version_t until;

    ocors_shape_walk(reader, value, range_members, path);
    if (!ocors_json_find(value, "from", &bound) && !ocors_json_find(value, "until", &bound)) {
        ocors_report_add(reader->report, OCORS_FINDING_VERSION_RANGE, path,
                         "a range has \"from\", \"until\" or both, such as {\"from\":\"18.1\"}");
    }
    else if (read_range(value, &from, &until) && from >= until) {
        ocors_report_add(reader->report, OCORS_FINDING_VERSION_RANGE, path,
                         "this range contains no version: \"from\" is not before \"until\", and "
                         "\"until\" itself is outside");
    }
}

static const ocors_shape_t range[] = {
    { NULL, OCORS_JSON_OBJECT, "an object such as {\"from\":\"18.1\",\"until\":\"19.5\"}",
      OCORS_USE_ALL, judge_range, NULL },
};

static void judge_ranges(ocors_reader_t *reader, ocors_json_t *value, const ocors_path_t *path)
{
    if (!is_type(value, OCORS_JSON_ARRAY)) {
        ocors_shape_judge(reader, value, range, path);
        return;
    }
    if (ocors_json_length(value) == 0) {
        ocors_report_add(reader->report, OCORS_FINDING_VERSION_RANGE, path,
                         "this list of ranges is empty; name a range, such as "
                         "{\"from\":\"18.1\"}, or remove the key if you mean all versions");
    }
    ocors_shape_walk(reader, value, range, path);
}

/* ---- Resources ------------------------------------------------------------------------------ */

static void judge_method(ocors_reader_t *reader, ocors_json_t *value, const ocors_path_t *path)
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

static const ocors_shape_t method[] = {
    { NULL, OCORS_JSON_STRING, "a method as a string, such as \"get\"", OCORS_USE_ALL, judge_method,
      NULL },
};

static void judge_methods(ocors_reader_t *reader, ocors_json_t *value, const ocors_path_t *path)
{
    if (ocors_json_length(value) == 0) {
        ocors_report_add(reader->report, OCORS_FINDING_METHODS_MISSING, path,
                         "a resource has at least one method, such as [\"get\"]");
    }
    ocors_shape_walk(reader, value, method, path);
}

static const ocors_shape_t config_member[] = {
    { NULL, OCORS_JSON_STRING, "a string", OCORS_USE_NONE, NULL, NULL },
};

static const ocors_shape_t resource_members[] = {
    { "resource_id", OCORS_JSON_STRING, "a path as a string, such as \"/products/*/images\"",
      OCORS_USE_ALL, NULL, NULL },
    { "methods", OCORS_JSON_ARRAY, "an array of methods, such as [\"get\",\"post\"]", OCORS_USE_ALL,
      judge_methods, NULL },
    { "read_attributes", OCORS_JSON_STRING, "a string, such as \"(**)\"", OCORS_USE_NONE, NULL,
      NULL },
    { "write_attributes", OCORS_JSON_STRING, "a string, such as \"(**)\"", OCORS_USE_NONE, NULL,
      NULL },
    { "cache_time", OCORS_JSON_INTEGER, "a whole number of seconds, such as 60", OCORS_USE_NONE,
      NULL, NULL },
    { "config", OCORS_JSON_OBJECT, "an object whose values are strings", OCORS_USE_NONE, NULL,
      config_member },
    { "version_range", OCORS_JSON_UNKNOWN, NULL, OCORS_USE_ALL, judge_ranges, NULL },
    { "personalized_caching_enabled", OCORS_JSON_BOOLEAN, "true or false", OCORS_USE_NONE, NULL,
      NULL },
    OCORS_SHAPE_END,
};

/* Adds the resource for each of its ranges; once if it has none, or if the list is empty. */
static void add_resource(ocors_reader_t *reader, ocors_json_t *resource, ocors_json_t *id,
                         const ocors_path_t *path)
{
    const size_t errors = reader->report->totals[OCORS_SEVERITY_ERROR];
    const ocors_path_t here = { .parent = path, .key = OCORS_SPAN_LITERAL("resource_id") };
    ocors_json_t *ranges;
    const bool has_ranges = ocors_json_find(resource, "version_range", &ranges);
    const bool is_list = has_ranges && is_type(ranges, OCORS_JSON_ARRAY)
                         && ocors_json_length(ranges) > 0;
    const size_t count = is_list ? ocors_json_length(ranges) : 1;

    /* A path that is wrong is wrong once, not once for each range. */
    for (size_t i = 0; i < count && reader->status == OCORS_OK
                       && reader->report->totals[OCORS_SEVERITY_ERROR] == errors;
         i++) {
        ocors_version_t from;
        ocors_version_t until;

        /* What is not a range has been reported, and the document will be refused. */
        (void)read_range(is_list ? ocors_json_element(ranges, i) : ranges, &from, &until);
        reader->status = ocors_settings_add_resource(reader->settings, ocors_json_string(id),
                                                     reader->methods, from, until, reader->report,
                                                     &here);
    }
}

static void judge_resource(ocors_reader_t *reader, ocors_json_t *value, const ocors_path_t *path)
{
    ocors_json_t *member;

    reader->methods = 0;
    ocors_shape_walk(reader, value, resource_members, path);
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

static const ocors_shape_t resource[] = {
    { NULL, OCORS_JSON_OBJECT,
      "a resource such as {\"resource_id\":\"/products/*\",\"methods\":[\"get\"]}", OCORS_USE_KNOWN,
      judge_resource, resource_members },
};

/* ---- Clients -------------------------------------------------------------------------------- */

static void judge_origin(ocors_reader_t *reader, ocors_json_t *value, const ocors_path_t *path)
{
    reader->status = ocors_settings_add_origin(reader->settings, ocors_json_string(value),
                                               reader->report, path);
}

static const ocors_shape_t origin[] = {
    { NULL, OCORS_JSON_STRING, "an origin as a string, such as \"https://www.example.com\"",
      OCORS_USE_ALL, judge_origin, NULL },
};

static void judge_origins(ocors_reader_t *reader, ocors_json_t *value, const ocors_path_t *path)
{
    const size_t errors = reader->report->totals[OCORS_SEVERITY_ERROR];

    ocors_shape_walk(reader, value, origin, path);
    if (reader->report->totals[OCORS_SEVERITY_ERROR] == errors) {
        ocors_settings_end_origins(reader->settings, ocors_json_length(value), reader->report,
                                   path);
    }
}

static void judge_header(ocors_reader_t *reader, ocors_json_t *value, const ocors_path_t *path)
{
    reader->status = ocors_settings_add_header(reader->settings, path->key,
                                               ocors_json_string(value), reader->report, path);
}

static const ocors_shape_t header[] = {
    { NULL, OCORS_JSON_STRING, "the header's value as a string", OCORS_USE_ALL, judge_header,
      NULL },
};

static const ocors_shape_t client_members[] = {
    { "client_id", OCORS_JSON_STRING, "the client application's id as a string", OCORS_USE_ALL,
      NULL, NULL },
    { "allowed_origins", OCORS_JSON_ARRAY,
      "an array of origins, such as [\"https://www.example.com\"]", OCORS_USE_ALL, judge_origins,
      NULL },
    { "response_headers", OCORS_JSON_OBJECT,
      "an object of header names and values, such as {\"x-foo\":\"bar\"}", OCORS_USE_ALL, NULL,
      header },
    { "resources", OCORS_JSON_ARRAY,
      "an array of resources, such as [{\"resource_id\":\"/products/*\",\"methods\":[\"get\"]}]",
      OCORS_USE_KNOWN, NULL, resource },
    OCORS_SHAPE_END,
};

static void judge_client(ocors_reader_t *reader, ocors_json_t *value, const ocors_path_t *path)
{
    uint32_t element;
    const ocors_path_t id_path = { .parent = path, .key = OCORS_SPAN_LITERAL("client_id") };
    ocors_span_t id = { NULL, 0 };
    ocors_json_t *member;

    if (!ocors_json_find(value, "client_id", &member)) {
        ocors_report_add(reader->report, OCORS_FINDING_CLIENT_ID_MISSING, path,
                         "\"client_id\" is missing; each client has the id of its application, "
                         "such as \"client_id\":\"1d763261-6522-4913-9d52-5d947d3b94c4\"");
    }
    else if (is_type(member, OCORS_JSON_STRING)) {
        id = ocors_json_string(member);
    }
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
    if (!ocors_json_find(value, "allowed_origins", &member)) {
        ocors_report_add(reader->report, OCORS_FINDING_ORIGINS_MISSING, path,
                         "\"allowed_origins\" is missing: no origin is allowed for this client");
    }
    ocors_shape_walk(reader, value, client_members, path);
}

static const ocors_shape_t client[] = {
    { NULL, OCORS_JSON_OBJECT, "a client such as {\"client_id\":\"...\",\"allowed_origins\":[...]}",
      OCORS_USE_KNOWN, judge_client, client_members },
};

static void judge_clients(ocors_reader_t *reader, ocors_json_t *value, const ocors_path_t *path)
{
    if (ocors_json_length(value) == 0) {
        ocors_report_add(reader->report, OCORS_FINDING_CLIENTS_EMPTY, path,
                         "this list is empty: the document allows no origin");
    }
    reader->clients = value;
    ocors_shape_walk(reader, value, client, path);
}

/* ---- The document --------------------------------------------------------------------------- */

static void judge_document_version(ocors_reader_t *reader, ocors_json_t *value,
                                   const ocors_path_t *path)
{
    ocors_json_type_t type = ocors_json_type(value);

    if (type == OCORS_JSON_STRING) {
        reader->status = ocors_settings_set_version(reader->settings, ocors_json_string(value),
                                                    reader->report, path);
    }
    else if (type != OCORS_JSON_UNKNOWN) {
        ocors_report_add(reader->report, OCORS_FINDING_VERSION_ODD, path,
                         "expected a version as a string, such as \"19.1\", found %s; it is "
                         "ignored",
                         ocors_json_type_name(type));
    }
}

static const ocors_shape_t document_members[] = {
    { "_v", OCORS_JSON_UNKNOWN, NULL, OCORS_USE_NONE, judge_document_version, NULL },
    { "clients", OCORS_JSON_ARRAY,
      "an array of clients, such as [{\"client_id\":\"...\",\"allowed_origins\":[...]}]",
      OCORS_USE_KNOWN, judge_clients, client },
    OCORS_SHAPE_END,
};

static void judge_document(ocors_reader_t *reader, ocors_json_t *root, const ocors_path_t *path)
{
    ocors_json_t *member;
    const bool has_clients = ocors_json_find(root, "clients", &member);

    if (!has_clients && ocors_json_find(root, "client_id", &member)) {
        ocors_report_add(reader->report, OCORS_FINDING_CLIENTS_MISSING, path,
                         "\"clients\" is missing: this is one client; wrap it in "
                         "{\"_v\":\"19.1\",\"clients\":[ ... ]}");
        judge_client(reader, root, path);
        return;
    }
    if (!has_clients && ocors_json_find(root, "resource_id", &member)) {
        ocors_report_add(reader->report, OCORS_FINDING_CLIENTS_MISSING, path,
                         "\"clients\" is missing: this is one resource; it belongs into a client's "
                         "resources: {\"_v\":\"19.1\",\"clients\":[{\"client_id\":\"...\","
                         "\"resources\":[ ... ]}]}");
        judge_resource(reader, root, path);
        return;
    }
    if (!has_clients) {
        ocors_report_add(reader->report, OCORS_FINDING_CLIENTS_MISSING, path,
                         "\"clients\" is missing; a settings document is "
                         "{\"_v\":\"19.1\",\"clients\":[ ... ]}");
    }
    if (!ocors_json_find(root, "_v", &member)) {
        ocors_report_add(reader->report, OCORS_FINDING_VERSION_ODD, path,
                         "\"_v\" is missing; a document says its version, such as "
                         "\"_v\":\"19.1\"");
    }
    ocors_shape_walk(reader, root, document_members, path);
}

const ocors_shape_t ocors_document_shape = {
    NULL,
    OCORS_JSON_OBJECT,
    "an object such as {\"_v\":\"19.1\",\"clients\":[ ... ]}",
    OCORS_USE_KNOWN,
    judge_document,
    document_members
};

/* An array in the place of the document: of documents, or of clients. */
static void refuse_array(ocors_reader_t *reader, ocors_json_t *array)
{
    ocors_json_t *member;

    if (ocors_json_length(array) > 0 && is_type(ocors_json_element(array, 0), OCORS_JSON_OBJECT)
        && ocors_json_find(ocors_json_element(array, 0), "clients", &member)) {
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
    ocors_reader_t reader = { .settings = settings, .report = report };

    if (is_type(root, OCORS_JSON_ARRAY)) {
        refuse_array(&reader, root);
    }
    else {
        ocors_shape_judge(&reader, root, &ocors_document_shape, NULL);
    }
    return reader.status;
}
