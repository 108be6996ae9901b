/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* What Zeek writes into the file of its option -U: the one sign of readiness that needs no messaging
 * (zeek-facts 1.8). The content is "WORD [place]\n", replaced as a whole at each change. */

#include <stdbool.h>
#include <stddef.h>

#include "util/enum-table.h"

/* In the node's working directory, under the name that ZeekControl uses too. */
#define ZEEK_STATUS_FILE ".status"
#define ZEEK_STATUS_SIZE_MAX 256U

typedef enum ZeekStatus {
        ZEEK_STATUS_INITIALIZING,
        ZEEK_STATUS_RUNNING,
        ZEEK_STATUS_TERMINATING,
        ZEEK_STATUS_TERMINATED,
        _ZEEK_STATUS_MAX,
        _ZEEK_STATUS_INVALID = -EINVAL,
} ZeekStatus;

/* "INITIALIZING" … */
DECLARE_ENUM_TABLE(zeek_status, ZeekStatus);

/* _ZEEK_STATUS_INVALID for what is no status, the empty file between Zeek's open and its write among it. */
ZeekStatus zeek_status_parse(const char* text, size_t size);

/* TERMINATED at the end of the program, and not before one by abort(), of which a core may still be being written. */
bool zeek_status_is_good_end(const char* text, size_t size);
