/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* Many nodes in one line. */

#include <jansson.h>

/* "5 nodes, 4 running, 1 waiting"; "5 nodes, all running"; "1 node, failed"; "No nodes"; statuses as selection_sort() has them. Allocated. */
char* summary_text(const json_t* nodes);
