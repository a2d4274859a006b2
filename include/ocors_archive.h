/* SPDX-License-Identifier: Apache-2.0 */
/* The layout of a site archive: which folders and documents a tree of settings has (rule C5). */
#ifndef OCORS_ARCHIVE_H
#define OCORS_ARCHIVE_H

#include <stdbool.h>

#include "ocors_span.h"
#include "ocors_url_path.h"

/*
 *   DIRECTORY/ocapi-settings/wapi_{shop,data}_config.json                the organisation's
 *   DIRECTORY/sites/{site}/ocapi-settings/wapi_{shop,data}_config.json   a site's
 */
#define OCORS_ARCHIVE_SITES     "sites"
#define OCORS_ARCHIVE_DOCUMENTS "ocapi-settings"

/* The name of the document of shop or data in its folder. */
const char *ocors_archive_document(ocors_api_t api);

/* Whether a name in the folder of the sites is a site's: not hidden, and not "-", which is
 * nobody's. */
bool ocors_archive_is_site(ocors_span_t name);

typedef enum {
    OCORS_ARCHIVE_ROOT,           /* DIRECTORY */
    OCORS_ARCHIVE_SITE,           /* sites/{site} */
    OCORS_ARCHIVE_DOCUMENT_FOLDER /* ocapi-settings */
} ocors_archive_folder_t;

/*
 * What a name in a folder was probably meant to be, as a path from that folder: "sites" for "site",
 * "wapi_shop_config.json" for "wapi_shop_config.JSON". NULL: the name is right, or like no right
 * one.
 */
const char *ocors_archive_meant(ocors_archive_folder_t folder, ocors_span_t name);

#endif
