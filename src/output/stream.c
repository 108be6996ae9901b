/* SPDX-License-Identifier: BSD-3-Clause */
#include <syslog.h>

#include "output/stream.h"

static const char* const stream_table[_STREAM_MAX] = {
        [STREAM_STDOUT] = "stdout",
        [STREAM_STDERR] = "stderr",
};

DEFINE_ENUM_TABLE(stream, Stream)

int stream_priority(Stream stream) {
        return stream == STREAM_STDERR ? LOG_NOTICE : LOG_INFO;
}
