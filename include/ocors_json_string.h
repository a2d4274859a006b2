/* SPDX-License-Identifier: Apache-2.0 */
/* The strings of a JSON text: read, judged and repaired; and decoded. */
#ifndef OCORS_JSON_STRING_H
#define OCORS_JSON_STRING_H

#include <stdbool.h>
#include <stddef.h>

#include "ocors_json_text.h"

/* Reads a string from its quote. False: it does not end, and there is nothing more to read. */
bool ocors_json_string_read(ocors_json_text_t *json);

/*
 * Decodes what stands between the quotes of a string that ocors_json_string_read() repaired.
 * Writes at most `length` bytes and no NUL; returns how many.
 */
size_t ocors_json_string_decode(const char *string, size_t length, char *decoded);

#endif
