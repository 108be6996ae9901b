/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* A node's name becomes part of a unit name, an object path, a file name and a Zeek string, so it is held to
 * what is plain in all of them: 1 to 64 of A-Za-z0-9_.- and first a letter or a digit. (More than 58 of '-' are too
 * many, because each takes four characters of the unit name.) */

#define NODE_NAME_MAX 64U

/* NULL when the name is good, else why not (allocated). Zeek's wording where Zeek rejects it too. */
char* node_name_check(const char* name);

/* "zeek-node-worker\x2d1.scope" for "worker-1". */
char* node_scope_name(const char* name);
/* The name that makes this scope, or NULL if none does. Allocated. */
char* node_name_of_scope(const char* scope);
