/* SPDX-License-Identifier: Apache-2.0 */
/* A settings document on disk: read, judged, and known again while it does not change. */

#include "ocors_document.h"

#include <errno.h>
#include <stdlib.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif

#include <apr_file_io.h>
#include <apr_strings.h>
#include <http_config.h>
#include <http_log.h>

#include "ocors_messages.h"
#include "ocors_digest.h"
#include "ocors_image_build.h"
#include "ocors_listing.h"
#include "ocors_settings_parse.h"

APLOG_USE_MODULE(ocapi_cors);

/* A text of so many bytes is large. */
#define LARGE_TEXT ((apr_size_t)1024 * 1024)

/* Of a file that may have changed since it was read: that of no file. */
static const ocors_snapshot_file_t doubtful = { .size = -1 };

static void line_add(ocors_document_t *document, ocors_severity_t severity, const char *text)
{
    if (severity == OCORS_SEVERITY_ERROR && document->error == NULL && document->image == NULL) {
        document->error = text;
    }
    APR_ARRAY_PUSH(document->lines, ocors_document_line_t) = (ocors_document_line_t){
        .severity = severity,
        .text = text,
    };
}

void ocors_document_add_error(ocors_document_t *document, const char *text)
{
    document->error_count++;
    line_add(document, OCORS_SEVERITY_ERROR, text);
}

void ocors_document_doubt(ocors_document_t *document)
{
    document->file = doubtful;
}

/* What the file system says of it now. */
static const ocors_listed_t *look_at(const ocors_document_t *document, apr_pool_t *scratch)
{
    return ocors_listing_stat(ocors_listing_create(scratch, NULL), document->path);
}

bool ocors_document_is_stale(const ocors_document_t *document, apr_pool_t *pool)
{
    apr_pool_t *scratch;
    bool is_stale;

    apr_pool_create(&scratch, pool);
    is_stale = !ocors_snapshot_file_is_same(&document->file, &look_at(document, scratch)->file);
    apr_pool_destroy(scratch);
    return is_stale;
}

/*
 * Whether a failure is transient: the same file may be read later. EACCES is, as SELinux, AppArmor
 * or the server of a network's file system may permit what they denied.
 */
static bool status_is_transient(apr_status_t status)
{
    return status != APR_SUCCESS && !APR_STATUS_IS_ENOENT(status) && !APR_STATUS_IS_ENOTDIR(status)
           && !APR_STATUS_IS_ENAMETOOLONG(status) && status != ELOOP;
}

/* Reads an open file whole into malloc'd memory, and says which file that was. */
static apr_status_t file_read(apr_file_t *file, ocors_document_t *document, ocors_report_t *report,
                              char **bytes, apr_size_t *length)
{
    apr_finfo_t info;
    apr_status_t status = apr_file_info_get(&info, OCORS_LISTING_WANTED, file);
    apr_interval_time_t fresh;

    if (status != APR_SUCCESS) {
        return status;
    }
    document->file = ocors_listing_file(&info);
    fresh = ocors_listing_fresh_for(&document->file, apr_time_now());
    if (fresh > 0 && fresh <= OCORS_LISTING_TICK) {
        apr_sleep(fresh); /* what is written from then on makes it another file */
    }
    if (info.size > (apr_off_t)OCORS_DOCUMENT_MAX) {
        ocors_report_add(report, OCORS_FINDING_TOO_LARGE, NULL,
                         "the file has %" APR_OFF_T_FMT
                         " bytes; a document may have %" APR_SIZE_T_FMT,
                         info.size, OCORS_DOCUMENT_MAX);
        return APR_SUCCESS;
    }
    *bytes = malloc((size_t)info.size + 1);
    if (*bytes == NULL) {
        return APR_ENOMEM;
    }
    status = apr_file_read_full(file, *bytes, (apr_size_t)info.size, length);
    if (status != APR_SUCCESS && status != APR_EOF) {
        return status;
    }
    /* What was written to meanwhile is judged as it was read, and will be found to have changed. */
    if (apr_file_info_get(&info, OCORS_LISTING_WANTED, file) == APR_SUCCESS) {
        const ocors_snapshot_file_t now = ocors_listing_file(&info);

        if (!ocors_snapshot_file_is_same(&document->file, &now)) {
            ocors_document_doubt(document);
        }
    }
    return APR_SUCCESS;
}

/*
 * Opens and reads the document. NULL: the report says why. A file that is not regular is not even
 * opened, and one that becomes a pipe meanwhile does not hold the server up.
 */
static char *document_read(ocors_document_t *document, ocors_report_t *report, apr_size_t *length,
                           apr_pool_t *scratch)
{
    const ocors_listed_t *listed = look_at(document, scratch);
    apr_status_t status = listed->status;
    apr_file_t *file;
    char message[120];
    char *bytes = NULL;

    document->file = listed->file;
    if (status == APR_SUCCESS && listed->type != APR_REG) {
        ocors_report_add(report, OCORS_FINDING_UNREADABLE, NULL, "this is not a regular file");
        return NULL;
    }
    if (status == APR_SUCCESS) {
        status = apr_file_open(&file, document->path,
                               APR_FOPEN_READ | APR_FOPEN_BINARY | APR_FOPEN_NONBLOCK,
                               APR_OS_DEFAULT, scratch);
    }
    if (status == APR_SUCCESS) {
        status = file_read(file, document, report, &bytes, length);
        apr_file_close(file);
    }
    document->is_transient = status_is_transient(status);
    if (status != APR_SUCCESS) {
        ocors_report_add(report, OCORS_FINDING_UNREADABLE, NULL, "the file cannot be read: %s",
                         apr_strerror(status, message, sizeof(message)));
        free(bytes);
        return NULL;
    }
    return bytes;
}

/* The report's findings as lines, and what was found beyond those that it keeps. */
static void lines_take(ocors_document_t *document, const ocors_report_t *report, apr_pool_t *pool)
{
    char totals[128];

    document->error_count = (uint32_t)report->totals[OCORS_SEVERITY_ERROR];
    for (size_t i = 0; i < report->count; i++) {
        const ocors_finding_t *error = &report->items[i];
        const int length = ocors_finding_format(error, document->path, NULL, 0);
        char *text = apr_palloc(pool, (apr_size_t)length + 1);

        ocors_finding_format(error, document->path, text, (size_t)length + 1);
        line_add(document, ocors_finding_severity(error->code), text);
    }
    if (!ocors_report_is_complete(report)) {
        (void)ocors_report_format_totals(report, totals, sizeof(totals));
        line_add(document,
                 ocors_report_has_errors(report)              ? OCORS_SEVERITY_ERROR
                 : report->totals[OCORS_SEVERITY_WARNING] > 0 ? OCORS_SEVERITY_WARNING
                                                              : OCORS_SEVERITY_REMARK,
                 apr_psprintf(pool, "%s: %s in all", document->path, totals));
    }
}

/*
 * Gives back to the system what a stage of reading a large text has freed: the next stage would
 * come on top of it. The memory of a small text is soon used again.
 */
static void give_back(apr_size_t length)
{
#ifdef __GLIBC__
    if (length >= LARGE_TEXT) {
        malloc_trim(0);
    }
#else
    (void)length;
#endif
}

void ocors_document_judge(ocors_document_t *document, uint64_t seed, apr_pool_t *pool)
{
    ocors_report_t report;
    ocors_settings_t *settings = NULL;
    apr_pool_t *scratch;
    apr_size_t length = 0;
    char *bytes;

    ocors_document_free_image(document);
    document->state = OCORS_DOCUMENT_JUDGED;
    document->is_transient = document->has_no_room = false;
    document->error_count = 0;
    document->error = NULL;
    document->since = 0;
    apr_array_clear(document->lines);
    ocors_report_init(&report);
    apr_pool_create(&scratch, pool);
    bytes = document_read(document, &report, &length, scratch);
    if (bytes != NULL) {
        void *image;
        size_t size;
        ocors_result_t result = ocors_settings_parse(ocors_span_make(bytes, length), &report,
                                                     &settings);

        if (result == OCORS_OK) {
            ocors_digest_make(scratch, ocors_span_make(bytes, length), settings->digest);
        }
        free(bytes);
        give_back(length);
        if (result == OCORS_OK) {
            result = ocors_image_build(settings, seed, &image, &size);
        }
        if (result == OCORS_OK) {
            document->image = apr_palloc(pool, sizeof(*document->image));
            *document->image = (ocors_document_image_t){
                .bytes = image,
                .size = size,
                .is_on_heap = true,
            };
        }
        else if (!ocors_report_has_errors(&report)) {
            ocors_report_add(&report, OCORS_FINDING_UNREADABLE, NULL,
                             "there is not enough memory for this document");
            document->is_transient = true;
        }
    }
    lines_take(document, &report, pool);
    ocors_settings_free(settings);
    give_back(length);
    ocors_report_free(&report);
    apr_pool_destroy(scratch);
}

uint32_t ocors_document_tell(ocors_document_t *document)
{
    for (int i = 0; document->image == NULL && i < document->lines->nelts; i++) {
        const ocors_document_line_t line = APR_ARRAY_IDX(document->lines, i, ocors_document_line_t);

        if (line.severity == OCORS_SEVERITY_ERROR) {
            ap_log_error(APLOG_MARK, APLOG_STARTUP | APLOG_ERR, 0, NULL, "%s: %s", document->where,
                         line.text);
        }
    }
    return document->image == NULL ? document->error_count : 0;
}

const ocors_snapshot_document_t *ocors_document_same(const ocors_document_t *document)
{
    return document->before != NULL
                   && ocors_snapshot_file_is_same(&document->before->file, &document->file)
               ? document->before
               : NULL;
}

void ocors_document_log(const ocors_document_t *document, server_rec *server, bool with_errors)
{
    static const struct {
        int level;
        const char *number;
    } severities[] = {
        [OCORS_SEVERITY_ERROR] = { APLOG_ERR, OCORS_LOG_DOCUMENT_ERROR },
        [OCORS_SEVERITY_WARNING] = { APLOG_WARNING, OCORS_LOG_DOCUMENT_WARNING },
        [OCORS_SEVERITY_REMARK] = { APLOG_INFO, OCORS_LOG_DOCUMENT_REMARK },
    };
    const ocors_snapshot_document_t *before = ocors_document_same(document);

    with_errors = with_errors
                  && !(document->is_transient && before != NULL && before->is_transient);
    for (int i = 0; i < document->lines->nelts; i++) {
        const ocors_document_line_t line = APR_ARRAY_IDX(document->lines, i, ocors_document_line_t);

        if (with_errors || line.severity != OCORS_SEVERITY_ERROR) {
            ap_log_error(APLOG_MARK, severities[line.severity].level, 0, server, "%s%s",
                         severities[line.severity].number, line.text);
        }
    }
    if (document->kept_policies > 0
        && (before == NULL || document->kept_policies != before->kept_policies)) {
        ap_log_error(APLOG_MARK, APLOG_ERR, 0, server,
                     OCORS_LOG_DOCUMENT_KEPT "%s: this document cannot be used; %u %s",
                     document->path, document->kept_policies,
                     document->kept_policies == 1
                         ? "policy uses it and keeps its previous version"
                         : "policies use it and keep their previous version");
    }
    if (document->closed_policies > 0
        && (before == NULL || document->closed_policies != before->closed_policies)) {
        ap_log_error(APLOG_MARK, APLOG_ERR, 0, server,
                     OCORS_LOG_DOCUMENT_NOTHING "%s: this document cannot be used; %u %s",
                     document->path, document->closed_policies,
                     document->closed_policies == 1
                         ? "policy uses it, has no previous version, and allows nothing"
                         : "policies use it, have no previous version, and allow nothing");
    }
}

void ocors_document_free_image(ocors_document_t *document)
{
    if (document->image != NULL && document->image->is_on_heap) {
        free((void *)(uintptr_t)document->image->bytes);
    }
    document->image = NULL;
}
