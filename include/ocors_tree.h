/* SPDX-License-Identifier: Apache-2.0 */
/* A directory of settings documents in the layout of a site archive (rule C5). */
#ifndef OCORS_TREE_H
#define OCORS_TREE_H

#include <stdint.h>

#include <httpd.h>

#include "ocors_notify.h"

/*
 *   DIRECTORY/ocapi-settings/wapi_{shop,data}_config.json                the organisation's
 *   DIRECTORY/sites/{site}/ocapi-settings/wapi_{shop,data}_config.json   a site's
 */

/*
 * Reads a tree and adds its policies to the generation that is being loaded (ocors_load.h); gives
 * the tree's number. A site's folder that is gone is a removed site; one that stands without a
 * document that it had keeps the last good one. What is wrong with folders is a problem of the
 * generation: sites that cannot be listed keep what is in force, and where nothing is, the tree
 * allows nothing.
 */
uint32_t ocors_tree_load(const char *directory);

/* Watches all folders that tell which sites and documents a tree has. */
void ocors_tree_watch(apr_pool_t *pool, const char *directory, ocors_notify_t *notify);

#endif
