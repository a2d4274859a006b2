/* SPDX-License-Identifier: Apache-2.0 */
/* Names in a tree that look like mistakes. */
#ifndef OCORS_TREE_NAMES_H
#define OCORS_TREE_NAMES_H

#include <apr_tables.h>

#include "ocors_archive.h"
#include "ocors_known.h"
#include "ocors_listing.h"

/*
 * Warns of each name in a folder that nothing reads and that is near to one that is read (C5). A
 * name beside the right one, such as a backup, is meant as what it is. The warnings are in memory
 * of their array. A folder that is not there has no names.
 */
void ocors_tree_judge_misplaced(apr_array_header_t *warnings, const char *folder,
                                ocors_archive_folder_t kind, ocors_listing_t *listing);

/*
 * Warns of sites that R12 tells apart by their exact ids alone: a path that spells one in another
 * way is ambiguous. `names`, of const char *, are those of all sites of the tree. Twins that are in
 * force have been judged.
 */
void ocors_tree_judge_twins(apr_array_header_t *warnings, const char *directory,
                            const ocors_key_t *tree, const apr_array_header_t *names,
                            const ocors_known_t *known);

#endif
