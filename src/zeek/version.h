/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* Which Zeek it is. Much of what a node is given depends on it; what is not known to be Zeek, or to be of which
 * version, is given only what every program takes. */

#include <stdbool.h>

typedef struct ZeekVersion {
        bool known;
        unsigned major, minor, patch; /* 0 when not known */
} ZeekVersion;

/* From what `zeek --version` printed: a line of one word (the program's name), "version" and a number with at least
 * two parts and from 3.0 on, as in "/opt/zeek/bin/zeek version 7.0.11-dev.3". Anything else is a version that is not
 * known, in particular what other programs say ("GNU bash, version 5.2.15(1)-release (x86_64-pc-linux-gnu)"). */
ZeekVersion zeek_version_parse(const char* output);

/* False for a version that is not known. A development version counts as the release that it becomes. */
bool zeek_version_at_least(ZeekVersion version, unsigned major, unsigned minor);

/* "7.0.11" or "unknown", allocated. */
char* zeek_version_to_string(ZeekVersion version);
