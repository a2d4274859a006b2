/* SPDX-License-Identifier: Apache-2.0 */
/* The path of a request: httpd's, and that of the request line. Owns nothing. */

#include "ocors_request_path.h"

#include <apr_strings.h>
#include <http_core.h>
#include <http_request.h>

#include "ocors_table.h"

/* The path of the request line as it came; httpd decodes its own copy of it in place. */
static ocors_span_t line_path_of(const request_rec *r)
{
    const char *path = r->unparsed_uri;

    if (path != NULL && path[0] != '/') { /* the absolute form */
        path += strcspn(path, ":?#");
        path = strncmp(path, "://", 3) == 0 ? path + 3 + strcspn(path + 3, "/?#") : NULL;
    }
    return path != NULL && path[0] == '/' ? ocors_span_make(path, strcspn(path, "?#"))
                                          : ocors_span_from_string(r->uri);
}

/* The URL path below a directory: the end of the URL path that is also the file's path below it. */
static ocors_span_t path_below_directory(const request_rec *r, const char *directory)
{
    const ocors_span_t whole = ocors_span_from_string(r->uri);
    const char *file = apr_pstrcat(r->pool, r->filename, r->path_info, NULL);
    size_t prefix = strlen(directory);

    if (prefix > 0 && directory[prefix - 1] == '/') {
        prefix--;
    }
    if (strncmp(file, directory, prefix) != 0 || file[prefix] != '/') {
        return whole;
    }
    const ocors_span_t below = ocors_span_from_string(file + prefix);
    return ocors_span_has_suffix(whole, below) ? below : whole;
}

/* M1: the path to match with resources if the URL has no version. */
static ocors_span_t path_below_section(const request_rec *r, const ocors_documents_t *documents)
{
    const ocors_span_t whole = ocors_span_from_string(r->uri);
    size_t prefix = strlen(documents->path);

    switch (documents->kind) {
    case OCORS_SECTION_LOCATION:
        if (prefix > 0 && documents->path[prefix - 1] == '/') {
            prefix--;
        }
        return strncmp(r->uri, documents->path, prefix) == 0
                   ? ocors_span_make(whole.bytes + prefix, whole.length - prefix)
                   : whole;
    case OCORS_SECTION_DIRECTORY:
        return r->filename != NULL ? path_below_directory(r, documents->path) : whole;
    case OCORS_SECTION_SERVER:
    case OCORS_SECTION_OTHER:
        break;
    }
    return whole;
}

/* Reads a plain path that is the request line's. False: it is another one, or has a host. */
static bool read_plain(const request_rec *r, ocors_url_path_t *path)
{
    const char *line = r->unparsed_uri;

    if (line == NULL || !ocors_url_path_read_plain(r->uri, path)
        || strncmp(line, path->whole.bytes, path->whole.length) != 0) {
        return false;
    }
    line += path->whole.length;
    return *line == '\0' || *line == '?' || *line == '#';
}

static void read_twice(const request_rec *r, ocors_span_t uri, ocors_url_path_t *path)
{
    const ocors_span_t line = line_path_of(r);

    ocors_url_path_read(uri, line, apr_palloc(r->pool, ocors_url_path_buffer_size(uri, line)),
                        path);
}

void ocors_request_path_read(const request_rec *r, bool is_tree, ocors_url_path_t *path)
{
    if (!is_tree) {
        ocors_url_path_parse(ocors_span_from_string(r->uri), path);
        return;
    }
    if (!read_plain(r, path)) {
        read_twice(r, ocors_span_from_string(r->uri), path);
    }
    if (ocors_url_path_is_outside(path) && r->parsed_uri.path != NULL
        && strcmp(r->parsed_uri.path, r->uri) != 0) {
        /* Rewritten ([PT]) to a front controller, which reads the requested path. */
        read_twice(r, ocors_span_from_string(r->parsed_uri.path), path);
    }
}

ocors_span_t ocors_request_path_resource(const request_rec *r, const ocors_documents_t *documents,
                                         const ocors_url_path_t *path, ocors_version_t *version)
{
    ocors_span_t found;

    *version = ocors_url_path_split(path, &found);
    if (*version == 0 && documents != NULL) {
        found = path_below_section(r, documents);
    }

    return ocors_url_path_has_escape(found)
               ? ocors_url_path_decode_slashes(found, apr_palloc(r->pool, found.length))
               : found;
}

ap_conf_vector_t *ocors_request_path_sections_of(request_rec *r, char *path)
{
    ap_conf_vector_t *const before = r->per_dir_config;
    char *const uri = r->uri;
    ap_conf_vector_t *sections;

    r->uri = path;
    r->per_dir_config = r->server->lookup_defaults;
    ap_location_walk(r);
    sections = r->per_dir_config;
    r->uri = uri;
    r->per_dir_config = before;
    return sections;
}

static char *resolve(char *path)
{
    ap_normalize_path(path, AP_NORMALIZE_NOT_ABOVE_ROOT | AP_NORMALIZE_MERGE_SLASHES);
    return path;
}

static char *normalise(char *path)
{
    ap_unescape_url_keep2f(path, 1);
    return resolve(path);
}

ap_conf_vector_t *ocors_request_path_sections(request_rec *r)
{
    return ocors_request_path_sections_of(r, normalise(apr_pstrdup(r->pool, r->uri)));
}

char *ocors_request_path_line(const request_rec *r)
{
    const ocors_span_t path = line_path_of(r);

    return normalise(apr_pstrmemdup(r->pool, path.bytes, path.length));
}

/* Whether the path is as sent, but for slashes at its beginning: httpd has not decoded it. */
static bool is_as_sent(const request_rec *r)
{
    const ocors_span_t uri = ocors_span_from_string(r->uri);
    ocors_span_t line = line_path_of(r);

    while (line.length > uri.length && line.bytes[0] == '/') {
        line = ocors_span_from(line, 1);
    }
    return ocors_span_is_equal(line, uri);
}

char *ocors_request_path_normal(const request_rec *r)
{
    char *const path = apr_pstrdup(r->pool, r->uri);

    return is_as_sent(r) ? normalise(path) : resolve(path);
}

bool ocors_request_path_is_unmappable(const request_rec *r)
{
    const core_dir_config *core = ap_get_core_module_config(r->per_dir_config);

    return !core->allow_encoded_slashes && ap_strcasestr(r->uri, "%2f") != NULL;
}

#define IS_SPECIAL(byte) ((byte) == '\0' || (byte) == '%' || (byte) == ';' || (byte) == '/')

const unsigned char ocors_request_path_special[256] = OCORS_TABLE(IS_SPECIAL);
