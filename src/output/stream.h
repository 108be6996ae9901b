/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* The two streams that a node writes to. */

#include "util/enum-table.h"

typedef enum Stream {
        STREAM_STDOUT,
        STREAM_STDERR,
        _STREAM_MAX,
        _STREAM_INVALID = -EINVAL,
} Stream;

/* "stdout", "stderr" */
DECLARE_ENUM_TABLE(stream, Stream);

/* The syslog priority of the stream's lines as long as no hook says otherwise. */
int stream_priority(Stream stream) _const_;
