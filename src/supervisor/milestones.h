/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* The story of a node in the journal: an entry with a MESSAGE_ID for each turn of its life, shown by
 * `journalctl -u SCOPE` among the lines of the node itself and explained by `journalctl -x` (catalog/). */

#include "core/node.h"
#include "output/last-output.h"
#include "supervisor/journal-writer.h"

/* Of what the node said last, the entry about its failure holds so many lines. */
#define MILESTONE_LAST_LINES_MAX 10U

/* text: what the stem said, for MILESTONE_LAUNCH_FAILED. last: what the node said, for MILESTONE_FAILED. */
void milestone_write(JournalWriter* journal, const Node* node, NodeMilestone milestone, const char* text,
                     const LastOutput* last, bool user_mode);
