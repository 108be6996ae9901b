/* SPDX-License-Identifier: BSD-3-Clause */
#include "zeek/status-file.h"

static const char* const zeek_status_table[_ZEEK_STATUS_MAX] = {
        [ZEEK_STATUS_INITIALIZING] = "INITIALIZING",
        [ZEEK_STATUS_RUNNING] = "RUNNING",
        [ZEEK_STATUS_TERMINATING] = "TERMINATING",
        [ZEEK_STATUS_TERMINATED] = "TERMINATED",
};

DEFINE_ENUM_TABLE(zeek_status, ZeekStatus)

ZeekStatus zeek_status_parse(const char* text, size_t size) {
        for (ZeekStatus status = 0; status < _ZEEK_STATUS_MAX; status++) {
                size_t length = strlen(zeek_status_table[status]);

                if (size >= length && memcmp(text, zeek_status_table[status], length) == 0 &&
                    (size == length || text[length] == ' ' || text[length] == '\n'))
                        return status;
        }
        return _ZEEK_STATUS_INVALID;
}

bool zeek_status_is_good_end(const char* text, size_t size) {
        static const char end[] = "TERMINATED [atexit]";

        return size >= sizeof end - 1 && memcmp(text, end, sizeof end - 1) == 0;
}
