/* SPDX-License-Identifier: BSD-3-Clause */
/* Input: what the program of nodes prints for --version, and what a node writes into its status file. Both are whoever's
 * program: anything is possible, nothing of it is believed but a number and a word. */
#include <assert.h>
#include <string.h>

#include "util/alloc.h"
#include "zeek/status-file.h"
#include "zeek/version.h"

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
        _cleanup_free_ char* text = xstrndup((const char*) data, size);
        ZeekVersion version = zeek_version_parse(text);
        _cleanup_free_ char *number = zeek_version_to_string(version), *line = xasprintf("zeek version %s\n", number);
        ZeekStatus status = zeek_status_parse((const char*) data, size);

        assert(version.known || (version.major == 0 && version.minor == 0 && version.patch == 0));
        if (version.known) {
                ZeekVersion again = zeek_version_parse(line);

                assert(again.known && again.major == version.major && again.minor == version.minor);
                assert(zeek_version_at_least(version, version.major, version.minor));
        } else
                assert(strcmp(number, "unknown") == 0 && !zeek_version_at_least(version, 0, 0));

        assert(status < _ZEEK_STATUS_MAX);
        if (status >= 0)
                assert(strncmp((const char*) data, zeek_status_to_string(status), strlen(zeek_status_to_string(status))) == 0);
        assert(!zeek_status_is_good_end((const char*) data, size) || status == ZEEK_STATUS_TERMINATED);
        return 0;
}
