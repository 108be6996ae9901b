/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* Capabilities by name (capabilities(7)). */

/* "CAP_NET_RAW", in any case, as its number; -EINVAL for a name that is none, or newer than Linux 5.9. */
int capability_from_string(const char* name);
