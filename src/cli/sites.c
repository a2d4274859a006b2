/* SPDX-License-Identifier: Apache-2.0 */
/* The folders of a site archive: which sites and documents there are, as the server lists them. */

#include "ocors_sites.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "ocors_archive.h"
#include "ocors_file.h"
#include "ocors_finding_print.h"
#include "ocors_memory.h"
#include "ocors_progress.h"
#include "ocors_url_name.h"

const char *ocors_sites_api_name(unsigned api)
{
    return api == OCORS_API_SHOP ? "shop" : "data";
}

/* The names in a folder. */
typedef struct names_t {
    char **items;
    size_t count;
} names_t;

static char *path_join(const char *folder, const char *name)
{
    const size_t length = strlen(folder);

    return ocors_memory_format("%s%s%s", folder, length > 0 && folder[length - 1] == '/' ? "" : "/",
                               name);
}

/* Whether there is something, which may be a link that leads nowhere. */
static bool path_exists(const char *path)
{
    struct stat info;

    return lstat(path, &info) == 0 || (errno != ENOENT && errno != ENOTDIR);
}

static bool path_exists_in(const char *folder, const char *name)
{
    char *path = path_join(folder, name);
    const bool exists = path_exists(path);

    free(path);
    return exists;
}

/* Takes `path` and `text`. */
static void add_note(ocors_sites_t *list, ocors_severity_t severity, bool is_unreadable, char *path,
                     char *text)
{
    list->notes = ocors_memory_grow(list->notes, list->note_count, sizeof(*list->notes));
    list->notes[list->note_count++] = (ocors_sites_note_t){
        .path = path, .text = text, .severity = severity, .is_unreadable = is_unreadable
    };
}

static void add_error(ocors_sites_t *list, bool is_unreadable, const char *path, const char *text)
{
    add_note(list, OCORS_SEVERITY_ERROR, is_unreadable, ocors_memory_format("%s", path),
             ocors_memory_format("%s", text));
}

static void names_free(names_t *names)
{
    for (size_t i = 0; i < names->count; i++) {
        free(names->items[i]);
    }
    free(names->items);
}

static int names_compare(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The names in a folder, in byte order. Returns what errno says; 0: it was listed. */
static int names_list(const char *path, names_t *names)
{
    DIR *folder = opendir(path);
    const struct dirent *entry;
    int error;

    *names = (names_t){ .items = NULL };
    if (folder == NULL) {
        return errno;
    }
    while (errno = 0, (entry = readdir(folder)) != NULL) {
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0) {
            names->items = ocors_memory_grow(names->items, names->count, sizeof(*names->items));
            names->items[names->count++] = ocors_memory_format("%s", entry->d_name);
        }
    }
    error = errno;
    closedir(folder);
    if (names->count > 0) {
        qsort(names->items, names->count, sizeof(*names->items), names_compare);
    }
    return error;
}

/* ---- Names that were meant to be others ------------------------------------------------------ */

/* A name beside the right one (a backup, another version) was meant as what it is. */
static void judge_names(ocors_sites_t *list, const char *path, ocors_archive_folder_t kind)
{
    names_t names;

    (void)names_list(path, &names);
    for (size_t i = 0; i < names.count; i++) {
        const char *meant = ocors_archive_meant(kind, ocors_span_from_string(names.items[i]));

        if (meant != NULL && !path_exists_in(path, meant)) {
            add_note(list, OCORS_SEVERITY_WARNING, false, path_join(path, names.items[i]),
                     ocors_memory_format("nothing reads this name; was %s meant?", meant));
        }
    }
    names_free(&names);
}

/* A folder that lacks a document may have it by another name. */
static void judge_folder(ocors_sites_t *list, const char *path, ocors_archive_folder_t kind,
                         unsigned found)
{
    if (found < OCORS_API_COUNT) {
        char *documents = path_join(path, OCORS_ARCHIVE_DOCUMENTS);

        judge_names(list, path, kind);
        judge_names(list, documents, OCORS_ARCHIVE_DOCUMENT_FOLDER);
        free(documents);
    }
}

/* A site and its key (R12). */
typedef struct twin_t {
    const char *name;
    char *key;
    size_t length;
} twin_t;

static int twins_compare(const void *a, const void *b)
{
    const twin_t *left = a, *right = b;
    const size_t common = left->length < right->length ? left->length : right->length;
    const int order = memcmp(left->key, right->key, common);

    return order != 0                      ? order
           : left->length != right->length ? (left->length > right->length ? 1 : -1)
                                           : strcmp(left->name, right->name);
}

/* Warns of sites that R12 tells apart by their exact ids alone. */
static void judge_twins(ocors_sites_t *list, const names_t *names)
{
    twin_t *twins = ocors_memory_get(names->count, sizeof(*twins));

    for (size_t i = 0; i < names->count; i++) {
        char key[OCORS_SITE_KEY_MAX];

        twins[i].name = names->items[i];
        twins[i].length = ocors_site_key(ocors_span_from_string(names->items[i]), key);
        twins[i].key = ocors_memory_get(twins[i].length, 1);
        memcpy(twins[i].key, key, twins[i].length);
    }
    qsort(twins, names->count, sizeof(*twins), twins_compare);
    for (size_t i = 1; i < names->count; i++) {
        if (twins[i].length > 0
            && ocors_span_is_equal(ocors_span_make(twins[i].key, twins[i].length),
                                   ocors_span_make(twins[i - 1].key, twins[i - 1].length))) {
            add_note(
                list, OCORS_SEVERITY_WARNING, false, ocors_memory_format("%s", list->directory),
                ocors_memory_format(
                    "the sites \"%s\" and \"%s\" differ in case, blanks or dots only; each has its own policy, and a path that spells one in another way allows nothing",
                    twins[i - 1].name, twins[i].name));
        }
    }
    for (size_t i = 0; i < names->count; i++) {
        free(twins[i].key);
    }
    free(twins);
}

/* ---- Sites and documents --------------------------------------------------------------------- */

/* Adds a site with the documents of its folder; returns how many of them are there. */
static unsigned add_site(ocors_sites_t *list, const char *name, const char *path)
{
    char *documents = path_join(path, OCORS_ARCHIVE_DOCUMENTS);
    /* Something else than a folder: its documents are missed. */
    const bool is_broken = !ocors_file_is_directory(documents) && path_exists(documents);
    ocors_sites_item_t site = { .name = ocors_memory_format("%s", name) };
    unsigned found = 0;

    for (unsigned api = 0; api < OCORS_API_COUNT; api++) {
        site.paths[api] = path_join(documents, ocors_archive_document((ocors_api_t)api));
        if (path_exists(site.paths[api])) {
            found++;
        }
        else if (!is_broken) {
            free(site.paths[api]);
            site.paths[api] = NULL;
        }
    }
    free(documents);
    list->sites = ocors_memory_grow(list->sites, list->site_count, sizeof(*list->sites));
    list->sites[list->site_count++] = site;
    return found;
}

/* The names of the sites. An organisation may have no folder for them. */
static names_t list_sites(ocors_sites_t *list, const char *sites)
{
    const bool is_directory = ocors_file_is_directory(list->directory);
    names_t names = { .items = NULL };
    const int error = is_directory ? names_list(sites, &names) : ENOTDIR;
    size_t count = 0;

    for (size_t i = 0; i < names.count; i++) {
        if (ocors_archive_is_site(ocors_span_from_string(names.items[i]))) {
            names.items[count++] = names.items[i];
        }
        else {
            free(names.items[i]);
        }
    }
    names.count = count;
    if (!is_directory) {
        add_error(list, true, list->directory, "this is not a directory, or it cannot be read");
    }
    else if (error != 0 && (error != ENOENT || path_exists(sites))) {
        char *text = ocors_memory_format("the sites cannot be listed: %s", strerror(error));

        add_error(list, true, sites, text);
        free(text);
    }
    return names;
}

/* One name among the sites: a folder, a link to one, or what was one. */
static void list_site(ocors_sites_t *list, const char *sites, const char *name)
{
    char *path = path_join(sites, name);
    struct stat info;
    const bool is_there = stat(path, &info) == 0;

    if (is_there && !S_ISDIR(info.st_mode)) {
        free(path); /* a file among the sites */
        return;
    }
    const unsigned found = add_site(list, name, path);

    if (found == 0 && !is_there) {
        add_error(list, true, path, "this site leads nowhere, is not a folder, or cannot be read");
    }
    else {
        judge_folder(list, path, OCORS_ARCHIVE_SITE, found);
    }
    free(path);
}

static bool has_documents(const ocors_sites_t *list)
{
    for (size_t i = 0; i < list->site_count; i++) {
        if (list->sites[i].paths[OCORS_API_SHOP] != NULL
            || list->sites[i].paths[OCORS_API_DATA] != NULL) {
            return true;
        }
    }
    return false;
}

void ocors_sites_list(ocors_sites_t *list, const char *directory)
{
    char *sites = path_join(directory, OCORS_ARCHIVE_SITES);
    ocors_progress_t progress;
    names_t names;

    *list = (ocors_sites_t){ .directory = directory };
    names = list_sites(list, sites);
    const bool is_listed = list->note_count == 0;
    const unsigned found = add_site(list, "", directory);

    judge_folder(list, directory, OCORS_ARCHIVE_ROOT, names.count == 0 ? 0 : found);
    judge_twins(list, &names);
    progress = ocors_progress_begin("names", names.count);
    for (size_t i = 0; i < names.count; i++) {
        list_site(list, sites, names.items[i]);
        ocors_progress_step(&progress, i + 1);
    }
    ocors_progress_hide(&progress);
    if (is_listed && !has_documents(list)) {
        add_error(list, false, directory,
                  "there is no document below it; expected ocapi-settings/wapi_shop_config.json, "
                  "or the same in sites/SITE/");
    }
    names_free(&names);
    free(sites);
}

void ocors_sites_free(ocors_sites_t *list)
{
    for (size_t i = 0; i < list->site_count; i++) {
        free(list->sites[i].name);
        for (unsigned api = 0; api < OCORS_API_COUNT; api++) {
            free(list->sites[i].paths[api]);
        }
    }
    for (size_t i = 0; i < list->note_count; i++) {
        free(list->notes[i].path);
        free(list->notes[i].text);
    }
    free(list->sites);
    free(list->notes);
}

int ocors_sites_status(const ocors_sites_t *list)
{
    int status = EXIT_GOOD;

    for (size_t i = 0; i < list->note_count; i++) {
        const ocors_sites_note_t *note = &list->notes[i];
        const int own = note->is_unreadable                      ? EXIT_UNUSABLE
                        : note->severity == OCORS_SEVERITY_ERROR ? EXIT_ERRORS
                                                                 : EXIT_GOOD;

        status = own > status ? own : status;
    }
    return status;
}

void ocors_sites_print_errors(const ocors_sites_t *list, FILE *out)
{
    ocors_finding_printer_t printer = ocors_finding_print_begin(out, OCORS_FORMAT_TEXT);

    for (size_t i = 0; i < list->note_count; i++) {
        const ocors_sites_note_t *note = &list->notes[i];

        if (note->severity == OCORS_SEVERITY_ERROR) {
            ocors_finding_print_note(&printer, note->path, note->severity, note->text);
        }
    }
    ocors_finding_print_end(&printer);
}
