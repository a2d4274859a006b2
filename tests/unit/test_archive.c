/* SPDX-License-Identifier: Apache-2.0 */
/* The layout of a site archive, and names that were meant to be in it (C5, A37). */
#include "vectors.h"

#include <string.h>

#include "ocors_archive.h"

static void documents_have_one_name_for_each_api(void **state)
{
    (void)state;
    assert_string_equal(ocors_archive_document(OCORS_API_SHOP), "wapi_shop_config.json");
    assert_string_equal(ocors_archive_document(OCORS_API_DATA), "wapi_data_config.json");
    assert_int_equal(OCORS_API_COUNT, 2);
}

static void a_site_is_a_name_that_is_not_hidden(void **state)
{
    static const struct {
        const char *name;
        bool is_site;
    } rows[] = {
        { "SiteGenesis", true }, { "-A", true }, { "--", true },       { "s", true },
        { "a.b", true },         { " ", true },  { "\xc3\xa4", true }, { "", false },
        { "-", false },          { ".", false }, { "..", false },      { ".git", false },
        { ".A", false },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        ocors_span_t name = guarded_copy(rows[i].name, strlen(rows[i].name));

        assert_int_equal(ocors_archive_is_site(name), rows[i].is_site);
        guarded_free(name);
    }
}

#define ROOT   OCORS_ARCHIVE_ROOT
#define SITE   OCORS_ARCHIVE_SITE
#define FOLDER OCORS_ARCHIVE_DOCUMENT_FOLDER
#define SHOP   "wapi_shop_config.json"
#define DATA   "wapi_data_config.json"
#define PLACE  "ocapi-settings"

/* Each misplaced name beside right ones, and beside others that nobody means. */
static const struct {
    ocors_archive_folder_t folder;
    const char *name, *meant;
} names[] = {
    /* In the folder of documents. */
    { FOLDER, SHOP, NULL },
    { FOLDER, DATA, NULL },
    { FOLDER, "wapi_shop_config.JSON", SHOP },
    { FOLDER, "WAPI_Shop_Config.json", SHOP },
    { FOLDER, "wapi_data_config.JSON", DATA },
    { FOLDER, "wapi-shop-config.json", SHOP },
    { FOLDER, "wapi shop config.json", SHOP },
    { FOLDER, "wapi_shop_config.jso", SHOP },
    { FOLDER, "wapi_shop_config.json~", SHOP },
    { FOLDER, "api_shop_config.json", SHOP },
    { FOLDER, "wapi_shop_configs.json", SHOP },
    { FOLDER, "wapi_shop_config,json", SHOP },
    { FOLDER, "wapi_shopconfig.json", SHOP },
    { FOLDER, "ocapi_shop_config.json", NULL },
    { FOLDER, "wapi_shop_config.json.sample", NULL },
    { FOLDER, "wapi_shop_config", NULL },
    { FOLDER, "wapi_shop_config.js0m", NULL },
    { FOLDER, "wapi_meta_config.json", NULL },
    { FOLDER, "README", NULL },
    { FOLDER, "", NULL },
    { FOLDER, PLACE, NULL },
    { FOLDER, "sites", NULL },
    { FOLDER, "site", NULL },
    /* In a site's folder. */
    { SITE, PLACE, NULL },
    { SITE, "ocapi_settings", PLACE },
    { SITE, "OCAPI-Settings", PLACE },
    { SITE, "ocapi settings", PLACE },
    { SITE, "ocapi-setting", PLACE },
    { SITE, "ocapisettings", PLACE },
    { SITE, "ocapi-settings-old", NULL },
    { SITE, "settings", NULL },
    { SITE, "preferences.xml", NULL },
    { SITE, "site", NULL },
    { SITE, "sites", NULL },
    { SITE, SHOP, PLACE "/" SHOP },
    { SITE, DATA, PLACE "/" DATA },
    { SITE, "wapi_data_config.JSON", PLACE "/" DATA },
    { SITE, "wapi_meta_config.json", NULL },
    /* In the tree itself. */
    { ROOT, "sites", NULL },
    { ROOT, "site", "sites" },
    { ROOT, "Sites", "sites" },
    { ROOT, "SITES", "sites" },
    { ROOT, "site5", "sites" },
    { ROOT, "sits", "sites" },
    { ROOT, "ites", "sites" },
    { ROOT, "sit", NULL },
    { ROOT, "sitesold", NULL },
    { ROOT, "site-s", "sites" },
    { ROOT, "", NULL },
    { ROOT, PLACE, NULL },
    { ROOT, "ocapi_settings", PLACE },
    { ROOT, SHOP, PLACE "/" SHOP },
    { ROOT, "wapi_shop_config.JSON", PLACE "/" SHOP },
    { ROOT, "meta", NULL },
    { ROOT, "catalogs", NULL },
};

static void a_misplaced_name_is_told_by_the_one_that_was_meant(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        ocors_span_t name = guarded_copy(names[i].name, strlen(names[i].name));
        const char *meant = ocors_archive_meant(names[i].folder, name);

        if (meant == NULL || names[i].meant == NULL) {
            if (meant != names[i].meant) {
                fail_msg("%s: %s", names[i].name, meant == NULL ? "none was meant" : meant);
            }
        }
        else {
            assert_string_equal(meant, names[i].meant);
        }
        guarded_free(name);
    }
}

/* A name that was meant is right in its place: nothing is told in circles. */
static void what_was_meant_is_right(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        const char *meant = names[i].meant, *slash;

        if (meant == NULL) {
            continue;
        }
        slash = strchr(meant, '/');
        assert_null(ocors_archive_meant(slash != NULL ? FOLDER : names[i].folder,
                                        ocors_span_from_string(slash != NULL ? slash + 1 : meant)));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(documents_have_one_name_for_each_api),
        cmocka_unit_test(a_site_is_a_name_that_is_not_hidden),
        cmocka_unit_test(a_misplaced_name_is_told_by_the_one_that_was_meant),
        cmocka_unit_test(what_was_meant_is_right),
    };

    return cmocka_run_group_tests_name("archive", tests, NULL, NULL) != 0;
}
