/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* Families of sockets by the names that socket(2) and systemd's RestrictAddressFamilies= have for them. */

#define ADDRESS_FAMILY_MAX 64 /* numbers are below it; the kernel knows 46 */

/* "AF_INET6" as its number; -EINVAL for a name that is none. */
int address_family_from_string(const char* name);
/* NULL for a number without a name. */
const char* address_family_to_string(int family);
