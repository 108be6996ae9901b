/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* The story of a node in the journal: an entry with a MESSAGE_ID for each turn of its life, shown by
 * `journalctl -u SCOPE` among the lines of the node itself and explained by `journalctl -x` (catalog/). */

#include "core/node.h"
#include "supervisor/journal-writer.h"

/* text: what the stem said, for MILESTONE_LAUNCH_FAILED. */
void milestone_write(JournalWriter* journal, const Node* node, NodeMilestone milestone, const char* text, bool user_mode);
